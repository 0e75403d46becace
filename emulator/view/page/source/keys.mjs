// The keys of the page: those of the terminal's replay, and some of its own.

import { byId, element } from "./dom.mjs";
import { MARKS } from "./index.mjs";

const KEYS = [
  [" ", "space", "play or pause; at the end, from the beginning", (page) => page.clock.playOrPause()],
  ["+", "+", "faster", (page) => page.clock.faster()],
  ["-", "-", "slower", (page) => page.clock.slower()],
  ["n", "n →", "step to the next event", (page) => page.clock.step()],
  ["ArrowRight", "", "", (page) => page.clock.step()],
  ["p", "p ←", "step back", (page) => page.clock.stepBack()],
  ["ArrowLeft", "", "", (page) => page.clock.stepBack()],
  ["s", "s", "by steps, every event equally long; or by time again", (page) => page.clock.toggleSteps()],
  ["g", "g", "go to a time or percentage", (page) => askForMoment(page)],
  ["Home", "Home", "to the beginning", (page) => page.clock.stopAt(0)],
  ["End", "End", "to the end", (page) => page.clock.stopAt(page.run.length)],
  ...Object.entries(MARKS).flatMap(([kind, mark]) => [
    [mark.key, `${mark.key} ${mark.key.toUpperCase()}`, `the next of the ${mark.title}; the one before`, (page) => page.clock.jump(kind, false)],
    [mark.key.toUpperCase(), "", "", (page) => page.clock.jump(kind, true)],
  ]),
  ["ArrowDown", "↓ ↑", "the next client; the one before", (page) => selectNext(page, 1)],
  ["ArrowUp", "", "", (page) => selectNext(page, -1)],
  ["a", "a", "all messages in the story, or none", (page) => (page.withMessages = !page.withMessages)],
  ["Escape", "Esc", "no client", (page) => (page.selected = null)],
  ["[", "[ ]", "the view before; the next view", (page) => page.views.showNext(-1)],
  ["]", "", "", (page) => page.views.showNext(1)],
  ["b", "b", "large type, for the back row", () => byId("projector").click()],
  ["l", "l", "light, dark, or as the system is", () => byId("theme").click()],
  ["?", "?", "these keys", () => showKeys()],
];
const TYPED = 800; // milliseconds within which a second digit belongs to the first
let digits = { text: "", at: 0 };

export function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || byId("keys").open || isTaken(event)) return;
    if (/^[0-9]$/.test(event.key)) typeDigit(page, event);
    else {
      const found = KEYS.find(([key]) => key === event.key);
      if (!found) return;
      found[3](page);
    }
    event.preventDefault();
    page.redraw();
  });
  byId("help").addEventListener("click", showKeys);
  byId("close-keys").addEventListener("click", () => byId("keys").close());
  const rows = KEYS.filter(([, name]) => name).map(([, name, text]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "text" }, text)));
  byId("key-table").replaceChildren(element("tbody", {}, ...rows, element("tr", {}, element("th", { scope: "row" }, "0 … 9"), element("td", { class: "text" }, "a client by its number; 0 is the tracker"))));
}

// Whether the element with the focus has a use of its own for this key.
function isTaken({ key, target }) {
  if (target.matches("select, input[type=text]")) return true;
  if (target.matches("button, input[type=checkbox], summary") && (key === " " || key === "Enter")) return true;
  if (target.matches("[role=tab]") && key.startsWith("Arrow")) return true;
  return target.matches("#told, .scroll") && (key === "ArrowUp" || key === "ArrowDown" || key === "Home" || key === "End");
}

function typeDigit(page, { key, timeStamp }) {
  const text = timeStamp - digits.at < TYPED ? digits.text + key : key;
  digits = { text, at: timeStamp };
  page.select(Number(text));
}

function selectNext(page, step) {
  const size = page.run.numClients + 1;
  if (page.selected === null) page.selected = step > 0 ? 1 : size - 1;
  else page.selected = (page.selected + step + size) % size;
}

function askForMoment(page) {
  const wish = window.prompt("Go to a percentage of the run or a time in seconds, such as 40% or 0.12");
  const match = /^\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(%|s|)\s*$/.exec(wish ?? "");
  if (!match) return;
  page.seekTo(match[2] === "%" ? (Number(match[1]) / 100) * page.run.duration : Number(match[1]));
}

function showKeys() {
  byId("keys").showModal();
}
