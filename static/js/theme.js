/** Light by day, dark at night and on the big screen: kept per browser, followed by the map. theme_start.js sets it first. */

const KEY = "gridpatrol.theme";

/** @returns {"light" | "dark"} */
export function theme() {
  return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

/** @param {"light" | "dark"} name */
export function useTheme(name) {
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Storage may be switched off: the theme then lasts as long as the page.
  }
  document.dispatchEvent(new CustomEvent("theme-changed", { detail: name }));
}

/**
 * @param {HTMLElement} button
 * @returns {() => void} undo
 */
export function mountThemeButton(button) {
  const show = () => button.setAttribute("aria-pressed", String(theme() === "dark"));
  const press = () => {
    useTheme(theme() === "dark" ? "light" : "dark");
    show();
  };
  button.addEventListener("click", press);
  show();
  return () => button.removeEventListener("click", press);
}
