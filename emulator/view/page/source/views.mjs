// The views, one tab each.

import { Curve, curvesOf } from "./curves.mjs";
import { byId, element, makeCanvas } from "./dom.mjs";
import { LanesView } from "./lanes.mjs";
import { legendOf } from "./legend.mjs";
import { extraViews, pictures } from "./registry.mjs";
import { RulesView } from "./rules.mjs";
import { TablesView } from "./tables.mjs";

export function makeViews(page) {
  return new Views(page);
}

class Views {
  constructor(page) {
    this.page = page;
    this.views = [
      { name: "swarm", title: "Swarm", make: pictures[0] },
      { name: "lanes", title: "Lanes", make: lanes },
      { name: "curves", title: "Curves", make: curves },
      ...extraViews,
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

  get parts() {
    return this.views.find((view) => view.name === this.shown).parts;
  }

  draw() {
    for (const part of this.parts) part.draw?.();
  }

  // Put into words what is shown; and draw what consists of words.
  tell() {
    for (const part of this.parts) part.tell();
  }

  // For paper, where there are no tabs.
  drawAll() {
    for (const view of this.views) {
      const wasHidden = view.place.hidden;
      view.place.hidden = false;
      for (const part of view.parts) {
        part.draw?.();
        part.tell();
      }
      view.place.hidden = wasHidden;
    }
  }
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
    const chart = makeCanvas();
    place.append(chart, legendOf(curve.lines()));
    return new Curve(page, chart, curve);
  });
}
