// A classic script in the head: the theme is known before the first pixel is drawn, so that nothing flashes.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("gridpatrol.theme");
  } catch {
    // Storage may be switched off: the system's choice is taken.
  }
  const dark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
