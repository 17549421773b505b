// Runs before the first paint (a classic script, not deferred), so that a chosen theme never flashes the other one.
(() => {
  try {
    const chosen = localStorage.getItem("trainscope.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage can be forbidden; the system's theme is used then.
  }
})();
