// The page of a run that is going on: its server tells what is new.

import { frames } from "./decode.mjs";
import { byId, setText } from "./dom.mjs";
import { Page } from "./page.mjs";
import { Run } from "./run.mjs";
import { applyTheme, listenToThemes } from "./theme.mjs";

const LOOK_EVERY = 10; // times as long as it takes to look at the run as a whole

let [run, page, queue, nextLook] = [null, null, Promise.resolve(), 0];

// In the order in which they came: each is inflated first.
function takeEvent(event) {
  queue = queue.then(async () => {
    const stream = new Blob([Uint8Array.from(atob(event.data), (character) => character.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    for (const frame of frames(new Uint8Array(await new Response(stream).arrayBuffer()))) takeFrame(frame);
  });
}

function takeFrame(frame) {
  if (frame.facts.schema) run = new Run(frame.facts);
  else if (frame.facts.problem) say(frame.facts.problem);
  else if (frame.facts.report) run.judge(frame.facts);
  else run.addBlock(frame);
  if (run.length || run.report) showRun();
}

function showRun() {
  if (!page) {
    page = window.page = new Page(run);
    listenToThemes(() => page.redraw());
    page.clock.stopAt(run.length);
    document.documentElement.dataset.ready = Math.round(performance.now());
  }
  const began = performance.now();
  const isLook = began >= nextLook || run.report !== null;
  page.grow(isLook);
  if (isLook) nextLook = performance.now() + LOOK_EVERY * (performance.now() - began);
}

function say(text) {
  const place = byId("live");
  place.hidden = false;
  setText(place, text);
}

applyTheme();
say("● live");
const source = new EventSource("events");
source.addEventListener("message", takeEvent);
source.addEventListener("over", () => {
  source.close();
  queue = queue.then(() => say("the run has ended"));
});
source.addEventListener("error", () => {
  source.close();
  say("the connection is lost: reload the page");
});
