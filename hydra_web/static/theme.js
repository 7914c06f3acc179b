// Applies the remembered colours before the first paint; a classic script in the head, so that nothing flashes.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("hydra.theme");
  } catch {
    // storage may be forbidden: follow the system
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
