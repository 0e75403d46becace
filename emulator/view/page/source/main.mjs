// Where the page begins: read the data that is in it, and show it.

import { frames } from "./decode.mjs";
import { byId, setText } from "./dom.mjs";
import { Page } from "./page.mjs";
import { Run } from "./run.mjs";
import { applyTheme, listenToThemes } from "./theme.mjs";

async function begin() {
  applyTheme();
  const [about, ...rest] = frames(new Uint8Array(await window.pageData));
  const run = new Run(about.facts);
  for (const frame of rest) {
    if (frame.facts.report) run.judge(frame.facts);
    else run.addBlock(frame);
  }
  const page = new Page(run);
  listenToThemes(() => page.redraw());
  window.page = page; // for tests, and for the curious at the console
  // Drawn, and ready to be used: so many milliseconds after loading began.
  requestAnimationFrame(() => (document.documentElement.dataset.ready = Math.round(performance.now())));
}

begin().catch((error) => {
  setText(byId("subtitle"), `This page cannot show its run: ${error}. It needs a browser from 2023 or newer.`);
  throw error;
});
