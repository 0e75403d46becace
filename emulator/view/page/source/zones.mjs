// What flows from zone to zone: segments given so far, each way.

import { element } from "./dom.mjs";
import { extraViews } from "./registry.mjs";
import { Surface } from "./surface.mjs";
import { count, percent, printable } from "./words.mjs";

const NO_ZONE = "no zone";

export class ZonesView {
  constructor(app, place) {
    this.app = app;
    this.canvas = element("canvas", { role: "img" });
    this.table = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Segments between zones" });
    this.surface = new Surface(this.canvas);
    const { zones } = app.run.header;
    this.names = [...zones.map(({ name }) => printable(name)), NO_ZONE];
    this.zoneOf = new Uint16Array(app.run.numClients + 1).fill(zones.length);
    zones.forEach((zone, number) => {
      for (const rank of zone.ranks) if (rank <= app.run.numClients) this.zoneOf[rank] = number;
    });
    if (!this.zoneOf.subarray(1).includes(zones.length)) this.names.pop();
    place.append(element("p", { class: "caption" }, "Segments that clients of one zone (left) have given to clients of another (right), up to this moment."), this.canvas, this.table);
  }

  flows() {
    const { state, moments } = this.app;
    const size = this.names.length;
    const flows = this.names.map(() => new Float64Array(size));
    moments.places.pairList.forEach(([uploader, downloader], pair) => {
      flows[this.zoneOf[uploader]][this.zoneOf[downloader]] += state.exchanged[pair];
    });
    return flows;
  }

  draw() {
    const flows = this.flows();
    this.drawRibbons(flows, sumOf(flows));
  }

  tell() {
    const flows = this.flows();
    const all = sumOf(flows);
    const heads = ["from \\ to", ...this.names].map((name) => element("th", { scope: "col" }, name));
    const rows = flows.map((row, at) => element("tr", {}, element("th", { scope: "row" }, this.names[at]), ...Array.from(row, (number) => element("td", {}, count(number)))));
    this.table.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)));
    const across = flows.reduce((sum, row, at) => sum + row.reduce((one, number, to) => one + (to === at ? 0 : number), 0), 0);
    this.canvas.setAttribute("aria-label", `Flows between ${this.names.length} zones: ${count(across)} of ${count(all)} segments went from one zone to another. The table below has all numbers.`);
  }

  drawRibbons(flows, all) {
    const { surface } = this;
    const context = surface.begin(Math.max(160, 60 * this.names.length));
    const { colours, width, height } = surface;
    if (!all) {
      surface.text("nothing has been given yet", width / 2, height / 2, { align: "center", colour: colours.soft });
      return;
    }
    const gap = 14;
    const scale = (height - gap * (this.names.length + 1)) / all;
    const [left, right] = [0.2 * width, 0.8 * width];
    const tops = (sums) => sums.reduce((list, sum) => [...list, list.at(-1) + sum * scale + gap], [gap]);
    const outs = flows.map((row) => row.reduce((one, other) => one + other, 0));
    const ins = flows.map((_, to) => flows.reduce((sum, row) => sum + row[to], 0));
    const [fromY, toY] = [tops(outs), tops(ins)];
    this.names.forEach((name, at) => {
      surface.text(`${name}: ${count(outs[at])}`, left - 8, fromY[at] + (outs[at] * scale) / 2, { align: "right", scale: 0.8 });
      surface.text(`${name}: ${count(ins[at])} (${percent(ins[at] / all)})`, right + 8, toY[at] + (ins[at] * scale) / 2, { scale: 0.8 });
    });
    flows.forEach((row, from) => row.forEach((number, to) => {
      const thick = number * scale;
      if (thick <= 0) return;
      context.globalAlpha = from === to ? 0.35 : 0.75;
      context.fillStyle = from === to ? colours.peer : colours.seed;
      const middle = (left + right) / 2;
      context.beginPath();
      context.moveTo(left, fromY[from]);
      context.bezierCurveTo(middle, fromY[from], middle, toY[to], right, toY[to]);
      context.lineTo(right, toY[to] + thick);
      context.bezierCurveTo(middle, toY[to] + thick, middle, fromY[from] + thick, left, fromY[from] + thick);
      context.fill();
      fromY[from] += thick;
      toY[to] += thick;
    }));
    context.globalAlpha = 1;
  }
}

function sumOf(flows) {
  return flows.reduce((sum, row) => sum + row.reduce((one, other) => one + other, 0), 0);
}

extraViews.push({ name: "zones", title: "Zones", make: (page, place) => [new ZonesView(page, place)] });
