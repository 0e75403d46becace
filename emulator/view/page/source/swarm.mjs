// The swarm as a graph: who takes segments from whom, how far each client is, and the messages on their way.

import { flightsAt } from "./flights.mjs";
import { ROLES } from "./state.mjs";
import { Surface } from "./surface.mjs";
import { percent } from "./words.mjs";

const MIN_HEIGHT = 320;
const MAX_HEIGHT = 620;
const ABOVE = 480; // pixels that the rest of the page takes above the graph
const SHORT = { Hit: "hit", Miss: "miss", Close: "close", Stop: "stop" };

export class SwarmView {
  constructor(app, canvas) {
    this.app = app;
    this.surface = new Surface(canvas);
    this.spots = [];
    canvas.addEventListener("click", (event) => this.choose(event));
  }

  draw() {
    const { app, surface } = this;
    const room = Math.min(MAX_HEIGHT, window.innerHeight - ABOVE, surface.width || surface.canvas.clientWidth);
    surface.begin(Math.max(MIN_HEIGHT, room));
    this.place();
    this.drawSources();
    for (let rank = 0; rank <= app.run.numClients; rank++) this.drawNode(rank);
    this.drawFlights();
  }

  // Clients on a circle from the top on, the tracker in its middle.
  place() {
    const { app, surface } = this;
    const { numClients } = app.run;
    const [x, y] = [surface.width / 2, surface.height / 2];
    this.radius = Math.max(9, Math.min(30, (surface.height * 1.15) / (numClients + 3)));
    const reach = Math.min(x, y) - this.radius - 12;
    this.spots = [[x, y]];
    for (let rank = 1; rank <= numClients; rank++) {
      const angle = (2 * Math.PI * (rank - 1)) / numClients - Math.PI / 2;
      this.spots.push([x + reach * Math.cos(angle), y + reach * Math.sin(angle)]);
    }
  }

  drawSources() {
    const { app, surface } = this;
    const { state } = app;
    for (let rank = 1; rank <= app.run.numClients; rank++) {
      const source = state.source[rank];
      if (!source || !this.spots[source]) continue;
      const isSeed = state.sourceIsSeed[rank];
      const colour = isSeed ? surface.colours.seed : surface.colours.peer;
      const [x1, y1, x2, y2] = this.between(source, rank);
      surface.line(x1, y1, x2, y2, colour, 2, isSeed ? [] : [7, 4]);
      surface.head(x1, y1, x2, y2, colour, 10);
    }
  }

  // From edge to edge of two nodes.
  between(from, to) {
    const [[x1, y1], [x2, y2]] = [this.spots[from], this.spots[to]];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [dx, dy] = [((x2 - x1) / length) * (this.radius + 3), ((y2 - y1) / length) * (this.radius + 3)];
    return [x1 + dx, y1 + dy, x2 - dx, y2 - dy];
  }

  drawNode(rank) {
    const { app, surface, radius } = this;
    const { context, colours } = surface;
    const { state } = app;
    const [x, y] = this.spots[rank];
    context.lineWidth = app.selected === rank ? 4 : 1.5;
    const edge = app.selected === rank ? colours.accent : colours.tracker;
    if (rank === 0) {
      context.fillStyle = colours.card;
      context.strokeStyle = edge;
      context.fillRect(x - radius, y - radius * 0.7, 2 * radius, 1.4 * radius);
      context.strokeRect(x - radius, y - radius * 0.7, 2 * radius, 1.4 * radius);
      surface.text("tracker", x, y, { align: "center", scale: Math.min(0.75, radius / 28) });
      return;
    }
    surface.dot(x, y, radius, colours.card, edge);
    if (radius > 13 && this.isSeed(rank)) surface.dot(x, y, radius - 4, null, colours.seed);
    this.drawShare(x, y, app.series.shareOf(state, rank));
    const sign = state.isDead[rank] ? "†" : state.pause[rank] ? "‖" : "";
    surface.text(`${rank}${sign}`, x, y, { align: "center", scale: Math.min(0.95, radius / 16), weight: "bold", colour: state.isDead[rank] ? colours.bad : colours.ink });
  }

  drawShare(x, y, share) {
    const { surface, radius } = this;
    const { context, colours } = surface;
    context.strokeStyle = share === 1 ? colours.good : colours.accent;
    context.lineWidth = Math.max(3, radius / 6);
    context.beginPath();
    context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
    context.stroke();
    context.lineWidth = 1.5;
  }

  isSeed(rank) {
    const { state, moments } = this.app;
    return moments.places.slotsOf[rank].some((slot) => ROLES[state.role[slot]] === "seed");
  }

  drawFlights() {
    const { app, surface } = this;
    const { colours } = surface;
    const ranks = Array.from({ length: app.run.numClients }, (_, at) => at + 1);
    const trail = app.clock.isPlaying ? 0.35 * app.clock.speed : 0;
    for (const { sending, from, to, share, isLost } of flightsAt(app, ranks, trail)) {
      if (!this.spots[from] || !this.spots[to] || from === to) continue;
      const { message } = app.run.tableOf(sending);
      const [x1, y1, x2, y2] = this.between(from, to);
      const [x, y] = [x1 + share * (x2 - x1), y1 + share * (y2 - y1)];
      const colour = message === "Hit" ? colours.good : message === "Miss" || isLost ? colours.bad : colours.soft;
      surface.dot(x, y, message === "Hit" ? 7 : 4, colour);
      const label = message === "Hit" ? `${app.run.number(sending, "segment")}` : (SHORT[message] ?? "");
      if (label && app.run.numClients <= 24) surface.text(label, x + 9, y - 7, { colour, scale: 0.7, weight: "bold" });
    }
  }

  choose(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const rank = this.spots.findIndex(([left, top]) => Math.hypot(left - x, top - y) <= this.radius + 6);
    if (rank >= 0) this.app.select(rank);
  }

  tell() {
    const { app } = this;
    const parts = [];
    for (let rank = 1; rank <= app.run.numClients; rank++) {
      const source = app.state.source[rank];
      const from = source ? `, takes from ${app.state.sourceIsSeed[rank] ? "seed" : "peer"} ${source}` : "";
      parts.push(`client ${rank} has ${percent(app.series.shareOf(app.state, rank))}${app.state.isDead[rank] ? ", dead" : from}`);
    }
    this.surface.canvas.setAttribute("aria-label", `The swarm: ${parts.join("; ")}.`);
  }
}
