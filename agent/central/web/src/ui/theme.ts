/** Light, dark, or as the system wishes. `public/theme.js` applies the choice before the first paint. */

export type Theme = "auto" | "light" | "dark";

const KEY = "lamppost.theme";

export function themeNow(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

export function chooseTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "auto") delete dataset["theme"];
  else dataset["theme"] = theme;
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    meta.media = theme === "auto" ? `(prefers-color-scheme: ${meta.dataset["of"]})` : meta.dataset["of"] === theme ? "all" : "not all";
  }
  try {
    if (theme === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // storage may be forbidden: the choice then lasts as long as the page
  }
}
