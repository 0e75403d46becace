// A sequence diagram: a lane for each thread, an arrow for each message. It scrolls and zooms.

import { Column, countUpTo } from "./column.mjs";
import { messageName, sendingOf } from "./messages.mjs";
import { Surface } from "./surface.mjs";
import { exactSeconds, plural, seconds } from "./words.mjs";

const LANE_HEIGHT = 26;
const MAX_ARROWS = 2500; // in one picture; where more would be in it, it shows how many there are instead
const MAX_LANES = 64;
const EVENTS_OF_A_LANE = 6; // at first
const MARK_WIDTH = 90; // pixels between two marks of the ruler
const NEAR = 9; // pixels at which an arrow is pointed at
const ZOOM = 1.6;
const CODES = {
  SegmentRequest: "?",
  Hit: "hit",
  Miss: "miss",
  SwarmRequest: "swarm?",
  SwarmAnswer: "swarm",
  ConnectionCountRequest: "conn?",
  ConnectionCount: "conn",
  Close: "close",
};

export class LanesView {
  constructor(app, canvas, chosen) {
    this.app = app;
    this.surface = new Surface(canvas);
    this.chosen = chosen;
    this.span = 0; // seconds that are in view
    this.start = 0;
    this.message = -1; // the sending that is explained
    this.arrows = [];
    this.listen(canvas);
  }

  listen(canvas) {
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.grab(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.drop(event));
    canvas.addEventListener("mouseleave", () => this.app.tip(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // The lanes that there is room for: the tracker, and both threads of the clients that matter now.
  lanes() {
    const { app } = this;
    const { numClients } = app.run;
    let ranks = Array.from({ length: numClients }, (_, at) => at + 1);
    if (2 * numClients >= MAX_LANES) ranks = app.selected ? this.partners(app.selected) : ranks.slice(0, MAX_LANES / 2 - 1);
    return [0, ...ranks.flatMap((rank) => [3 * rank + 1, 3 * rank + 2])];
  }

  // Of a large swarm: the selected client, and whom it exchanges messages with in this window.
  partners(rank) {
    const { run, index } = this.app;
    const partners = new Set([rank]);
    for (const lane of [3 * rank + 1, 3 * rank + 2]) {
      const events = index.ofLane(lane);
      for (let at = this.firstIn(events); at < events.length && partners.size < MAX_LANES / 2 - 1; at++) {
        if (run.time.at(events[at]) > this.start + this.span) break;
        const sending = sendingOf(run, events[at]);
        if (sending < 0) continue;
        partners.add(run.rankOf(sending)).add(run.number(sending, "other"));
      }
    }
    partners.delete(0);
    return [...partners].filter((one) => one >= 1 && one <= run.numClients).sort((one, other) => one - other);
  }

  firstIn(events) {
    const { run } = this.app;
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (run.time.at(events[middle]) < this.start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  draw() {
    const { app, surface } = this;
    if (!this.span) this.span = this.pleasantSpan();
    this.follow();
    const lanes = this.lanes();
    this.rows = new Map(lanes.map((lane, row) => [lane, row]));
    surface.begin(lanes.length * LANE_HEIGHT + 30);
    this.left = 7.2 * surface.colours.size;
    this.drawRuler();
    lanes.forEach((lane, row) => this.drawLane(lane, row));
    this.drawArrows(lanes);
    const x = this.x(app.clock.now);
    surface.line(x, 0, x, surface.height, surface.colours.accent, 2);
  }

  // So much of the run that each lane has a few messages in it.
  pleasantSpan() {
    const { run } = this.app;
    const events = EVENTS_OF_A_LANE * (2 * run.numClients + 1);
    return Math.max((run.duration * events) / Math.max(events, run.length), 1e-6);
  }

  // Keep the moment in view.
  follow() {
    const { now } = this.app.clock;
    if (this.isHeld) return;
    if (now < this.start + 0.02 * this.span || now > this.start + 0.9 * this.span) this.start = now - 0.5 * this.span;
  }

  x(time) {
    return this.left + ((time - this.start) / this.span) * (this.surface.width - this.left);
  }

  y(lane) {
    return 20 + (this.rows.get(lane) + 0.5) * LANE_HEIGHT;
  }

  drawRuler() {
    const { surface } = this;
    const least = (this.span * MARK_WIDTH) / (surface.width - this.left);
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].find((factor) => factor * power >= least) * power;
    for (let at = Math.ceil(this.start / step) * step; at < this.start + this.span; at += step) {
      const x = this.x(at);
      if (x < this.left || at < 0) continue;
      surface.line(x, 16, x, surface.height, surface.colours.faint);
      surface.text(`${at.toFixed(Math.max(0, -Math.floor(Math.log10(step))))} s`, x + 3, 8, { colour: surface.colours.soft, scale: 0.7 });
    }
  }

  drawLane(lane, row) {
    const { surface, app } = this;
    const rank = Math.floor(lane / 3);
    const y = this.y(lane);
    const isSelected = app.selected === rank;
    if (isSelected) {
      surface.context.fillStyle = surface.colours.faint;
      surface.context.fillRect(0, y - LANE_HEIGHT / 2, surface.width, LANE_HEIGHT);
    }
    surface.line(this.left, y, surface.width, y, surface.colours.line, lane % 3 === 1 || !rank ? 1.5 : 1, lane % 3 === 2 ? [2, 3] : []);
    const text = rank ? `${rank} ${lane % 3 === 1 ? "download" : "upload"}` : "tracker";
    surface.text(text, this.left - 8, y, { align: "right", scale: 0.75, weight: isSelected ? "bold" : "" });
    if (row && lane % 3 === 1) surface.line(0, y - LANE_HEIGHT / 2, surface.width, y - LANE_HEIGHT / 2, surface.colours.faint);
  }

  drawArrows(lanes) {
    const { surface } = this;
    this.arrows = [];
    const { context } = surface;
    context.save();
    context.beginPath();
    context.rect(this.left, 16, surface.width, surface.height);
    context.clip();
    const sendings = this.sendings(lanes);
    if (sendings.length > MAX_ARROWS) {
      this.drawDensity(lanes);
    } else {
      for (const sending of sendings) this.drawMessage(sending, sendings.length < 150);
    }
    context.restore();
  }

  drawMessage(sending, isRoomy) {
    const { run } = this.app;
    const [from, to] = [run.lane.at(sending), this.goal(sending)];
    if (!this.rows.has(from) || !this.rows.has(to)) return;
    const receipt = run.partner.at(sending);
    const [x1, y1] = [this.x(run.time.at(sending)), this.y(from)];
    const [x2, y2] = [receipt < 0 ? x1 + 12 : this.x(run.time.at(receipt)), this.y(to)];
    this.drawArrow(sending, [x1, y1, x2, y2], receipt < 0, isRoomy);
    this.arrows.push({ sending, x1, y1, x2, y2 });
  }

  drawArrow(sending, [x1, y1, x2, y2], isLost, isRoomy) {
    const { app, surface } = this;
    const { colours } = surface;
    const name = messageName(app.run, sending);
    const colour = { Hit: colours.good, Miss: colours.bad, SegmentRequest: colours.peer }[name] ?? colours.soft;
    const isChosen = sending === this.message;
    surface.line(x1, y1, x2, y2, isChosen ? colours.accent : colour, isChosen ? 3.5 : 1.2, isLost ? [3, 3] : []);
    if (isLost) surface.text("✗", x2, (y1 + y2) / 2, { colour: colours.bad, align: "center" });
    else surface.head(x1, y1, x2, y2, isChosen ? colours.accent : colour, isRoomy ? 8 : 5);
    const label = CODES[name] ?? name;
    const segment = app.run.tableOf(sending).segmentAt >= 0 ? app.run.number(sending, "segment") : "";
    if (isRoomy && Math.abs(y2 - y1) > 16) {
      surface.text(`${segment}${segment === "" ? "" : " "}${label}`, (x1 + x2) / 2 + 4, (y1 + y2) / 2, { colour, scale: 0.68 });
    }
  }

  // The lane on which a sending arrives.
  goal(sending) {
    const { run } = this.app;
    const receipt = run.partner.at(sending);
    if (receipt >= 0) return run.lane.at(receipt);
    const other = run.number(sending, "other");
    return other ? 3 * other + 1 + run.number(sending, "on") : 0;
  }

  // What is sent or received in the window, on one of these lanes.
  sendings(lanes) {
    const { run, index } = this.app;
    const found = new Set();
    for (const lane of lanes) {
      const events = index.ofLane(lane);
      for (let at = this.firstIn(events); at < events.length && found.size <= MAX_ARROWS; at++) {
        if (run.time.at(events[at]) > this.start + this.span) break;
        const sending = sendingOf(run, events[at]);
        if (sending >= 0 && run.tableOf(sending).isSent) found.add(sending);
      }
    }
    return [...found];
  }

  drawDensity(lanes) {
    const { run, index } = this.app;
    const { surface } = this;
    const bins = Math.max(1, Math.floor((surface.width - this.left) / 4));
    for (const lane of lanes) {
      const events = index.ofLane(lane);
      const counts = new Column(Uint32Array, bins);
      counts.length = bins;
      for (let at = this.firstIn(events); at < events.length; at++) {
        const bin = Math.floor(((run.time.at(events[at]) - this.start) / this.span) * bins);
        if (bin >= bins) break;
        counts.data[bin]++;
      }
      const most = counts.values().reduce((one, other) => Math.max(one, other), 1);
      surface.context.fillStyle = lane % 3 === 2 ? surface.colours.seed : surface.colours.peer;
      counts.values().forEach((number, bin) => {
        const height = (number / most) * (LANE_HEIGHT - 6);
        if (number) surface.context.fillRect(this.left + bin * 4, this.y(lane) + LANE_HEIGHT / 2 - 3 - height, 3, height);
      });
    }
    surface.text("too many messages for arrows: zoom in (+)", surface.width - 8, 8, { align: "right", colour: surface.colours.soft, scale: 0.75 });
  }

  zoom(factor, at = this.app.clock.now) {
    const { run } = this.app;
    const share = Math.max(0, Math.min(1, (at - this.start) / this.span));
    this.span = Math.max(2e-6, Math.min((run.duration || 1e-5) * 1.1, this.span * factor));
    this.start = at - share * this.span;
    this.app.redraw();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX)) return;
    event.preventDefault();
    const box = this.surface.canvas.getBoundingClientRect();
    const time = this.start + ((event.clientX - box.left - this.left) / (box.width - this.left)) * this.span;
    if (event.ctrlKey) this.zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, time);
    else this.scroll((event.deltaX || event.deltaY) / box.width);
  }

  scroll(share) {
    this.isHeld = true;
    this.start += share * this.span;
    this.app.redraw();
  }

  // Keep the moment of the page in view again.
  release() {
    this.isHeld = false;
    this.app.redraw();
  }

  grab(event) {
    this.held = { x: event.clientX, start: this.start, isMoved: false };
    this.surface.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.held) {
      const arrow = this.arrowAt(event);
      this.app.tip(event, arrow ? this.app.mail.words(arrow.sending) : "");
      return;
    }
    const moved = event.clientX - this.held.x;
    if (Math.abs(moved) > 4) this.held.isMoved = true;
    if (!this.held.isMoved) return;
    this.isHeld = true;
    this.start = this.held.start - (moved / (this.surface.width - this.left)) * this.span;
    this.app.redraw();
  }

  drop(event) {
    const arrow = this.held && !this.held.isMoved ? this.arrowAt(event) : null;
    this.held = null;
    if (arrow) this.explain(arrow.sending);
  }

  // The arrow that is nearest to the pointer, if any is near.
  arrowAt(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, nearest] = [null, NEAR];
    for (const arrow of this.arrows) {
      const distance = toSegment(x, y, arrow);
      if (distance < nearest) [best, nearest] = [arrow, distance];
    }
    return best;
  }

  // From message to message of the selected client, or of all.
  key(event) {
    const ways = { ArrowLeft: -1, ArrowRight: 1 };
    if (!(event.key in ways)) return;
    event.preventDefault();
    event.stopPropagation();
    const shown = this.arrows.map(({ sending }) => sending).sort((one, other) => one - other);
    const mine = shown.filter((sending) => this.isOfSelected(sending));
    const list = mine.length ? mine : shown;
    const at = countUpTo(list, this.message);
    const next = ways[event.key] > 0 ? list[at] : list[at - (list[at - 1] === this.message ? 2 : 1)];
    if (next !== undefined) this.explain(next);
    else this.scroll(0.5 * ways[event.key]);
  }

  isOfSelected(sending) {
    const { run, selected } = this.app;
    return selected !== null && (run.rankOf(sending) === selected || run.number(sending, "other") === selected);
  }

  explain(sending) {
    this.message = sending;
    this.app.redraw();
  }

  // In words: what is in view, and the message that is chosen.
  tell() {
    const { app, surface } = this;
    const window = `from ${exactSeconds(Math.max(0, this.start))} on, ${seconds(this.span)} wide`;
    surface.canvas.setAttribute("aria-label", `Lanes ${window}: ${plural(this.arrows.length, "message")}. The left and right arrow keys go from message to message.`);
    app.explain(this.chosen, this.message < 0 ? -1 : this.message);
  }
}

// The distance of a point from a line that ends.
function toSegment(x, y, { x1, y1, x2, y2 }) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
}

