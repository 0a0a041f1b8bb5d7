// Runs before the first paint, so that a chosen theme never flashes. A file of its own: the CSP allows no inline script.
try {
  const chosen = localStorage.getItem("lamppost.theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
    // the frame of an installed app is coloured by the system's wish, or by the choice
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) meta.media = meta.dataset.of === chosen ? "all" : "not all";
  }
} catch {
  // storage may be forbidden: the system's theme then stands
}
