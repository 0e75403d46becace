// Every segment of every client and file: there or not, and where it came from.

import { SOURCES } from "./state.mjs";
import { Surface } from "./surface.mjs";
import { plural, printable } from "./words.mjs";

const HEIGHTS = { [SOURCES.peer]: 0.55, [SOURCES.seed]: 0.8, [SOURCES.owned]: 1 }; // not by colour alone

export class SegmentsView {
  constructor(app, canvas, ranks) {
    this.app = app;
    this.surface = new Surface(canvas);
    this.ranks = ranks;
    canvas.addEventListener("click", (event) => this.choose(event));
    canvas.addEventListener("mousemove", (event) => app.tip(event, this.describeAt(event)));
    canvas.addEventListener("mouseleave", () => app.tip(null));
  }

  // The files that somebody has a map of, or that the tracker knows seeds of.
  get files() {
    return [...new Set(this.app.moments.places.files)].sort((one, other) => this.name(one).localeCompare(this.name(other), "en", { numeric: true }));
  }

  name(file) {
    return printable(this.app.run.texts[file]);
  }

  draw() {
    const { surface, app } = this;
    const ranks = this.ranks();
    this.files_ = this.files;
    this.rowHeight = Math.max(9, Math.min(26, 460 / (ranks.length + 1)));
    surface.begin((ranks.length + 1) * this.rowHeight + 8);
    this.left = 3.2 * surface.colours.size * 0.8 + 6;
    this.columnWidth = (surface.width - this.left) / Math.max(1, this.files_.length);
    this.files_.forEach((file, at) => {
      surface.font(0.75);
      surface.text(surface.cut(this.name(file), this.columnWidth - 6), this.left + at * this.columnWidth, this.rowHeight / 2, { colour: surface.colours.soft, scale: 0.75 });
    });
    ranks.forEach((rank, row) => this.drawRow(rank, (row + 1) * this.rowHeight + 4));
  }

  tell() {
    this.surface.canvas.setAttribute("aria-label", `Segments: ${plural(this.app.state.numTransferred, "segment")} got so far by all clients. The table of clients has the numbers.`);
  }

  drawRow(rank, y) {
    const { surface, app } = this;
    const { colours, context } = surface;
    if (app.selected === rank) {
      context.fillStyle = colours.faint;
      context.fillRect(0, y - 1, surface.width, this.rowHeight);
    }
    const colour = app.state.isDead[rank] ? colours.bad : colours.ink;
    surface.text(`${app.state.isDead[rank] ? "†" : ""}${rank}`, this.left - 8, y + this.rowHeight / 2 - 1, { align: "right", scale: Math.min(0.8, this.rowHeight / 15), colour });
    this.files_.forEach((file, at) => {
      const slot = app.moments.places.slot(rank, file);
      if (slot >= 0) this.drawFile(slot, this.left + at * this.columnWidth, y, this.columnWidth - 6, this.rowHeight - 3);
    });
  }

  drawFile(slot, x, y, width, height) {
    const { state, moments } = this.app;
    const { context, colours } = this.surface;
    const size = state.numSegments[slot];
    const fill = { [SOURCES.peer]: colours.peer, [SOURCES.seed]: colours.seed, [SOURCES.owned]: colours.owned };
    if (size <= 0) {
      if (state.role[slot] !== 3) return;
      context.fillStyle = colours.owned;
      context.fillRect(x, y, width, height);
      return;
    }
    context.fillStyle = colours.faint;
    context.fillRect(x, y, width, height);
    const offset = moments.places.offsets[slot];
    // Equal neighbours are one rectangle.
    for (let first = 0; first < size; ) {
      const source = state.present[offset + first];
      let end = first + 1;
      while (end < size && state.present[offset + end] === source) end++;
      if (source) {
        const high = height * HEIGHTS[source];
        context.fillStyle = fill[source];
        context.fillRect(x + (first / size) * width, y + height - high, Math.max(0.6, ((end - first) / size) * width - (size < width / 4 ? 0.6 : 0)), high);
      }
      first = end;
    }
  }

  // The client, file and segment at a place of the canvas.
  find(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const rank = this.ranks()[Math.floor((y - 4) / this.rowHeight) - 1];
    const column = Math.floor((x - this.left) / this.columnWidth);
    return { rank, file: this.files_?.[column], share: (x - this.left - column * this.columnWidth) / (this.columnWidth - 6) };
  }

  choose(event) {
    const { rank } = this.find(event);
    if (rank) this.app.select(rank);
  }

  describeAt(event) {
    const { rank, file, share } = this.find(event);
    const { state, moments } = this.app;
    if (!rank || file === undefined) return "";
    const slot = moments.places.slot(rank, file);
    if (slot < 0) return `client ${rank} has nothing to do with ${this.name(file)}`;
    const size = state.numSegments[slot];
    if (size <= 0) return `client ${rank}: ${this.name(file)}, ${state.role[slot] === 3 ? "its own from the start" : "not begun"}`;
    const segment = Math.max(0, Math.min(size - 1, Math.floor(share * size)));
    const source = ["missing", "from a peer", "from a seed", "there from the start"][state.present[moments.places.offsets[slot] + segment]];
    return `client ${rank}: ${this.name(file)}, ${state.numPresent[slot]} of ${plural(size, "segment")}; segment ${segment} ${source}`;
  }
}
