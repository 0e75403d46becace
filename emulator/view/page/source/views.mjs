// The views, one tab each. Of a large swarm there are other pictures, not smaller ones.

import { Curve, curvesOf } from "./curves.mjs";
import { byId, element } from "./dom.mjs";
import { BandsView, HeatView } from "./heat.mjs";
import { LanesView } from "./lanes.mjs";
import { RulesView } from "./rules.mjs";
import { SegmentsView } from "./segments.mjs";
import { SwarmView } from "./swarm.mjs";
import { TablesView } from "./tables.mjs";
import { ZonesView } from "./zones.mjs";

export const MAX_IN_GRAPH = 60;

export function makeViews(page) {
  return new Views(page);
}

class Views {
  constructor(page) {
    this.page = page;
    const isLarge = page.run.numClients > MAX_IN_GRAPH;
    this.views = [
      { name: "swarm", title: "Swarm", make: isLarge ? largeSwarm : smallSwarm },
      { name: "lanes", title: "Lanes", make: lanes },
      { name: "curves", title: "Curves", make: curves },
      ...(page.run.header.zones?.length ? [{ name: "zones", title: "Zones", make: zones }] : []),
      { name: "tables", title: "Tables", make: (page_, place) => [new TablesView(page_, place)] },
      { name: "rules", title: "Rules", make: (page_, place) => [new RulesView(page_, place)] },
    ];
    for (const view of this.views) this.build(view);
    this.shown = "swarm";
    this.show("swarm");
  }

  build(view) {
    view.tab = element("button", { role: "tab", id: `tab-${view.name}`, "aria-controls": `view-${view.name}`, onclick: () => this.choose(view.name) }, view.title);
    view.tab.addEventListener("keydown", (event) => this.key(event));
    view.place = element("section", { class: "view", role: "tabpanel", id: `view-${view.name}`, "aria-labelledby": `tab-${view.name}` });
    byId("tabs").append(view.tab);
    byId("views").append(view.place);
    view.parts = view.make(this.page, view.place);
  }

  choose(name) {
    this.show(name);
    this.page.redraw();
  }

  // A view by its name; a name that is none changes nothing.
  show(name) {
    if (!this.views.some((view) => view.name === name)) return;
    this.shown = name;
    for (const view of this.views) {
      const isShown = view.name === name;
      view.place.hidden = !isShown;
      view.tab.setAttribute("aria-selected", isShown);
      view.tab.tabIndex = isShown ? 0 : -1;
    }
  }

  showNext(step) {
    const at = this.views.findIndex((view) => view.name === this.shown);
    this.show(this.views[(at + step + this.views.length) % this.views.length].name);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.showNext(step);
    this.views.find((view) => view.name === this.shown).tab.focus();
    this.page.redraw();
  }

  draw() {
    for (const part of this.views.find((view) => view.name === this.shown).parts) part.draw();
  }

  // For paper, where there are no tabs.
  drawAll() {
    for (const view of this.views) {
      const wasHidden = view.place.hidden;
      view.place.hidden = false;
      for (const part of view.parts) part.draw();
      view.place.hidden = wasHidden;
    }
  }
}

function canvas() {
  return element("canvas", { role: "img" });
}

function everybody(page) {
  return Array.from({ length: page.run.numClients }, (_, at) => at + 1);
}

function smallSwarm(page, place) {
  const [graph, grid] = [canvas(), canvas()];
  place.append(
    element(
      "div",
      { class: "pair" },
      element("div", {}, element("h2", {}, "Who takes segments from whom"), legend(GRAPH_LEGEND), graph),
      element("div", {}, element("h2", {}, "Which segments are there"), legend(SEGMENT_LEGEND), grid),
    ),
  );
  return [new SwarmView(page, graph), new SegmentsView(page, grid, () => everybody(page))];
}

function largeSwarm(page, place) {
  const [bands, heat, load, grid] = [canvas(), canvas(), canvas(), canvas()];
  place.append(
    element("p", { class: "caption" }, "Each row is a client, the first to be done on top. Click one for its own story."),
    bands,
    element("h3", {}, "How much of what it wants each client has: grey nothing, blue everything"),
    heat,
    element("h3", {}, "How many connections are open to each client: grey none, blue the most"),
    load,
    element("h3", {}, "The segments of the chosen client"),
    legend(SEGMENT_LEGEND),
    grid,
  );
  const { series, run } = page;
  const size = run.numClients + 1;
  const open = () => page.series.openOf.reduce((most, one) => Math.max(most, one), 1);
  const most = open();
  return [
    new BandsView(page, bands),
    new HeatView(page, heat, { title: "completion", value: (sample, rank) => page.series.share(sample, rank) }),
    new HeatView(page, load, { title: `connections, up to ${most}`, value: (sample, rank) => page.series.openOf[sample * size + rank] / most }),
    new SegmentsView(page, grid, () => (page.selected ? [page.selected] : page.order.slice(-8))),
  ].filter(() => series);
}

function lanes(page, place) {
  const chart = element("canvas", { role: "img", tabindex: "0" });
  const chosen = element("p", { "aria-live": "polite" });
  const view = new LanesView(page, chart, chosen);
  const buttons = [
    ["Zoom in", 1 / 1.6],
    ["Zoom out", 1.6],
  ].map(([text, factor]) => element("button", { onclick: () => view.zoom(factor) }, text));
  const scroll = [
    ["◂ Earlier", -0.5],
    ["Later ▸", 0.5],
  ].map(([text, share]) => element("button", { onclick: () => view.scroll(share) }, text));
  const back = element("button", { onclick: () => view.release() }, "Follow the clock");
  place.append(
    element("p", { class: "caption" }, "A lane for each thread, an arrow for each message. Drag to scroll, Ctrl and the wheel to zoom; click an arrow."),
    element("div", { class: "legend" }, ...buttons, ...scroll, back),
    chosen,
    chart,
  );
  return [view];
}

function curves(page, place) {
  return curvesOf(page).map((curve) => {
    const chart = canvas();
    place.append(chart, legendOf(curve.lines()));
    return new Curve(page, chart, curve);
  });
}

function legendOf(lines) {
  return legend(lines.map(([name, colour, dash]) => [`line ${colour} ${["", "dashed", "dotted"][dash.length ? (dash[0] > 3 ? 1 : 2) : 0]}`, name]));
}

// What colours and lines mean: pairs of the classes of a small sample and a text; a text alone has no sample.
function legend(entries) {
  const items = entries.map(([classes, text]) => element("span", {}, classes ? element("i", { class: `sample ${classes}` }) : null, ` ${text}`));
  return element("div", { class: "legend" }, ...items);
}

function zones(page, place) {
  return [new ZonesView(page, place)];
}

const GRAPH_LEGEND = [
  ["line seed", "from a seed"],
  ["line peer dashed", "from a peer"],
  ["", "ring: how much it has · inner ring: seeds a file · † dead · ‖ paused · dots: messages, with the segment's number"],
];
const SEGMENT_LEGEND = [
  ["box peer low", "from a peer (low)"],
  ["box seed middle", "from a seed (higher)"],
  ["box owned", "own from the start (full)"],
  ["box faint", "missing"],
];
