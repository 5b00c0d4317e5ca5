// Before the first paint: follow the system's theme unless the reader has chosen one.
// `theme`, `getThemeVariant` and `inDarkMode` are Solara's, defined just above.
if (!localStorage.getItem(":solara:theme.variant")) theme.variant = "auto";
document.documentElement.dataset.theme = inDarkMode() ? "dark" : "light";
document.documentElement.lang = "en";
