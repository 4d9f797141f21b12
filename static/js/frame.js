/** The frame of every signed-in page: top bar, tray, search, place switcher, theme, sheet. */
import { listen } from "./dom.js";
import { formatInstant, t } from "./i18n.js";
import { echoDates } from "./iso_echo.js";
import { mountPlaceSwitch } from "./place_switch.js";
import { mountPopover } from "./popover.js";
import { mountSearch } from "./search.js";
import { mountSheet } from "./sheet.js";
import { mountThemeButton } from "./theme.js";
import { toast } from "./toast.js";
import { mountTray } from "./tray.js";

/**
 * Call the mount for the element if the page has it.
 * @template T
 * @param {string} selector
 * @param {(element: HTMLElement) => T} mount
 * @returns {T | null}
 */
function mountIf(selector, mount) {
  const element = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  return element && mount(element);
}

echoDates();
mountIf("[data-place-switch]", mountPlaceSwitch);
mountIf("[data-tray]", mountTray);
mountIf("[data-person-button]", mountPopover);
document.querySelectorAll("[data-theme-button]").forEach((button) => mountThemeButton(/** @type {HTMLElement} */ (button)));

const bar = /** @type {HTMLElement | null} */ (document.querySelector(".bar"));
const search = /** @type {HTMLElement | null} */ (document.querySelector("[data-search]"));
if (bar && search) {
  mountSearch(search);
  mountIf("[data-search-open]", (button) => listen(button, "click", () => {
    bar.classList.add("bar--searching");
    search.querySelector("input")?.focus();
  }));
  const close = () => bar.classList.remove("bar--searching");
  mountIf("[data-search-close]", (button) => listen(button, "click", close));
  listen(document, "place-found", close);
}

/** The sheet of the page's panel, for pages that move it (null on pages without one). */
export const sheet = mountIf(".panel", (panel) => mountSheet(panel, { half: Number(panel.dataset.half) || undefined }));

// "/" goes to the search from everywhere except a field, as people know it from other maps.
listen(document, "keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  search?.querySelector("input")?.focus();
});

// Paper carries the minute it was printed, not the one the page was loaded.
listen(window, "beforeprint", () => mountIf("[data-print-time]", (time) => {
  time.textContent = formatInstant(Date.now());
}));

/** @type {(() => void) | null} */
let closeSignedOut = null;
listen(document, "signed-in", () => {
  closeSignedOut?.();
  closeSignedOut = null;
});
listen(document, "signed-out", () => {
  if (closeSignedOut) return;
  closeSignedOut = toast(t("You are signed out. Press “Sign in”; afterwards close that page and you are back here. What you typed is kept."), {
    kind: "alarm",
    action: { label: t("Sign in"), run: () => void open("/login", "_blank", "noopener") },
  });
});
