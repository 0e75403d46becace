// Light or dark, and the large type of the projector mode.

import { byId, setText } from "./dom.mjs";
import { forgetColours } from "./surface.mjs";

const THEMES = ["system", "light", "dark"];
const isDark = window.matchMedia("(prefers-color-scheme: dark)");
let theme = "system";

export function applyTheme({ isNext = false, isProjector = null } = {}) {
  const root = document.documentElement;
  if (isNext) theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  if (isProjector !== null) {
    root.toggleAttribute("data-projector", isProjector);
    byId("summary").open = !isProjector; // to make room
  }
  root.dataset.theme = theme === "system" ? (isDark.matches ? "dark" : "light") : theme;
  setText(byId("theme"), `Theme: ${theme}`);
  byId("projector").setAttribute("aria-pressed", root.hasAttribute("data-projector"));
  forgetColours();
}

// `redraw` is called after every change.
export function listenToThemes(redraw) {
  const change = (wish) => {
    applyTheme(wish);
    redraw();
  };
  byId("theme").addEventListener("click", () => change({ isNext: true }));
  byId("projector").addEventListener("click", () => change({ isProjector: !document.documentElement.hasAttribute("data-projector") }));
  isDark.addEventListener("change", () => change({}));
}
