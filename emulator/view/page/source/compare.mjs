// The page of a comparison: strategies side by side on one clock.

import { readAddress } from "./address.mjs";
import { frames } from "./decode.mjs";
import { byId, element, setText, table } from "./dom.mjs";
import { Completion, Race, styleOf } from "./race.mjs";
import { applyTheme, listenToThemes } from "./theme.mjs";
import { count, percent, plural, printable, seconds } from "./words.mjs";

const SECONDS_TO_WATCH = 10;
const SLIDER_STEPS = 1000;
const FORMATS = {
  s: seconds,
  x: (value) => value.toPrecision(3),
  segments: count,
  "per segment": (value) => value.toPrecision(3),
  "per s": (value) => value.toPrecision(3),
  index: (value) => value.toPrecision(2),
};

class ComparePage {
  constructor(facts) {
    this.facts = facts;
    for (const swarm of facts.swarms) swarm.strategies.forEach((strategy) => Object.assign(strategy, { name: printable(strategy.name), number: facts.strategies.indexOf(strategy.name) }));
    this.hidden = new Set();
    this.race = new Race(this, byId("race"));
    this.completion = new Completion(this, byId("curve"));
    setText(byId("title"), `${plural(facts.strategies.length, "strategy").replace("strategys", "strategies")} compared`);
    const swarms = facts.swarms.map((swarm, at) => element("option", { value: at }, this.nameOf(swarm)));
    byId("swarm").replaceChildren(...swarms);
    this.listen();
    const wish = readAddress(location.hash);
    const asked = Number(/swarm=([0-9]{1,6})/.exec(location.hash)?.[1] ?? 0);
    this.choose(Math.min(asked, facts.swarms.length - 1));
    if (wish.time !== undefined) this.seek(wish.time);
  }

  nameOf(swarm) {
    return `${plural(swarm.clients, "client")}, ${printable(swarm.scenario)}`;
  }

  // Show another swarm, from its middle on.
  choose(at) {
    this.at = at;
    this.swarm = this.facts.swarms[at];
    const ends = this.swarm.strategies.flatMap(({ rows }) => rows.map((row) => row.times_s.at(-1) ?? 0));
    this.span = Math.max(this.swarm.bound_s ?? 0, ...ends) || 1;
    this.isPlaying = false;
    byId("swarm").value = at;
    const { bound_s: bound } = this.swarm;
    setText(byId("subtitle"), `${this.nameOf(this.swarm)} · ${plural(this.swarm.strategies[0].rows.length, "run")} of each${bound ? ` · no strategy can be faster than ${seconds(bound)} (${this.swarm.bound})` : ""}`);
    byId("findings").replaceChildren(...this.findings().map((text) => element("li", {}, text)));
    byId("toggles").replaceChildren(...this.swarm.strategies.map((strategy) => this.toggle(strategy)));
    byId("table").replaceChildren(this.table());
    this.seek(this.span / 2);
  }

  findings() {
    const found = this.swarm.verdicts.map(printable);
    const lacking = this.swarm.strategies.filter(({ rows }) => rows.some((row) => !row.is_proven));
    if (lacking.length) found.push(`Not every run got everything: ${lacking.map(({ name }) => name).join(", ")}.`);
    for (const failure of this.facts.failures) found.push(`A run failed: ${printable(failure)}.`);
    return found.length ? found : ["Nothing is certain: the intervals of all strategies touch."];
  }

  toggle(strategy) {
    const { colour, dash } = styleOf(strategy.number);
    const kind = dash.length ? (dash[0] > 3 ? "dashed" : "dotted") : "";
    const box = element("input", { type: "checkbox", onchange: (event) => this.setShown(strategy.name, event.target.checked) });
    box.checked = !this.hidden.has(strategy.name);
    return element("label", {}, box, element("i", { class: `sample line ${colour} ${kind}` }), strategy.name);
  }

  setShown(name, isShown) {
    if (isShown) this.hidden.delete(name);
    else this.hidden.add(name);
    this.redraw();
  }

  shownStrategies() {
    return this.swarm.strategies.filter(({ name }) => !this.hidden.has(name));
  }

  // A row for each strategy; each number is the median of its runs, with its 95 % interval where there is one.
  table() {
    const measures = this.facts.measures.filter(({ name }) => this.swarm.strategies.some(({ measures: found }) => found[name]));
    const rows = this.swarm.strategies.map((strategy) => [strategy.name, ...measures.map(({ name, unit }) => cell(strategy.measures[name], FORMATS[unit]))]);
    return table(["strategy", ...measures.map(({ title }) => title)], rows);
  }

  seek(time) {
    this.now = Math.max(0, Math.min(time, this.span));
    this.redraw();
  }

  redraw() {
    this.asked ??= requestAnimationFrame((time) => this.frame(time));
  }

  frame(time) {
    this.asked = undefined;
    if (this.isPlaying) {
      const passed = this.lastFrame === undefined ? 0 : Math.min(0.25, (time - this.lastFrame) / 1000);
      this.now = Math.min(this.span, this.now + (passed * this.span) / SECONDS_TO_WATCH);
      if (this.now === this.span) this.isPlaying = false;
    }
    this.lastFrame = this.isPlaying ? time : undefined;
    this.draw();
    if (this.isPlaying) this.redraw();
    else history.replaceState(null, "", `#t=${this.now.toFixed(6)}&swarm=${this.at}`);
  }

  draw() {
    this.race.draw();
    this.completion.draw();
    setText(byId("now"), `${seconds(this.now)} · ${percent(this.now / this.span)}`);
    byId("slider").value = Math.round((SLIDER_STEPS * this.now) / this.span);
    byId("slider").setAttribute("aria-valuetext", seconds(this.now));
    setText(byId("play"), this.isPlaying ? "‖" : "▶");
    byId("play").setAttribute("aria-label", this.isPlaying ? "Pause" : "Play");
  }

  playOrPause() {
    if (this.now === this.span) this.now = 0;
    this.isPlaying = !this.isPlaying;
    this.redraw();
  }

  listen() {
    byId("play").addEventListener("click", () => this.playOrPause());
    byId("slider").addEventListener("input", (event) => this.seek((event.target.value / SLIDER_STEPS) * this.span));
    byId("swarm").addEventListener("change", (event) => this.choose(Number(event.target.value)));
    window.addEventListener("resize", () => this.redraw());
    const keys = {
      " ": () => this.playOrPause(),
      Home: () => this.seek(0),
      End: () => this.seek(this.span),
      ArrowRight: () => this.seek(this.now + this.span / 100),
      ArrowLeft: () => this.seek(this.now - this.span / 100),
      b: () => byId("projector").click(),
      l: () => byId("theme").click(),
    };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) return;
      if (event.target.matches("select, input[type=range], .scroll") || (event.key === " " && event.target.matches("button, input"))) return;
      event.preventDefault();
      keys[event.key]();
    });
  }
}

function cell(estimate, format) {
  if (!estimate) return "–";
  const { median, low, high } = estimate;
  return low === null || low === high ? format(median) : `${format(median)} (${format(low)} – ${format(high)})`;
}

async function beginComparison() {
  applyTheme();
  const [{ facts }] = frames(new Uint8Array(await window.pageData));
  const page = (window.page = new ComparePage(facts));
  listenToThemes(() => page.redraw());
  requestAnimationFrame(() => (document.documentElement.dataset.ready = Math.round(performance.now())));
}

beginComparison();
