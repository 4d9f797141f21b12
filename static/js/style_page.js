/** The style page: swatches take their colours from the tokens, so the page cannot disagree with them. */
import { t } from "./i18n.js";
import { toast } from "./toast.js";

for (const swatch of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-colour]"))) {
  swatch.style.background = `var(${swatch.dataset.colour})`;
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-toast]"))) {
  button.addEventListener("click", () => {
    if (button.dataset.toast === "alarm") toast(t("The server cannot be reached."), { kind: "alarm" });
    else toast(t("Visit recorded."), { action: { label: t("Undo"), run: () => toast(t("Taken back.")) } });
  });
}
