// Applies the remembered colours before the first paint; a classic script in the head, so that nothing flashes.
(() => {
  let theme = null;
  let palette = null;
  try {
    theme = localStorage.getItem("hydra.theme");
    palette = localStorage.getItem("hydra.palette");
  } catch {
    // storage may be forbidden: follow the system
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  if (palette === "blue") document.documentElement.dataset.palette = palette;
})();
