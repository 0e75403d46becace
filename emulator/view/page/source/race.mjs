// The pictures of a comparison: strategies side by side at one moment, and their curves.

import { Surface } from "./surface.mjs";
import { count, percent, seconds } from "./words.mjs";

const COLOURS = ["seed", "peer", "good", "owned", "other", "miss", "tracker", "ink"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [14, 4], [1, 4], [6, 2, 1, 2]];
const ROW = 46;

// How a strategy is drawn; its number says which it is.
export function styleOf(number) {
  return { colour: COLOURS[number % COLOURS.length], dash: DASHES[number % DASHES.length] };
}

// How many of a run's clients are done at a time. Of very many clients only some times are kept, at even distances.
export function doneAt(row, time) {
  const { times_s: times } = row;
  let done = 0;
  while (done < times.length && times[done] <= time) done++;
  return times.length ? (done / times.length) * row.num_done : 0;
}

// The run whose last client is neither early nor late among the strategy's runs.
export function middleRow(strategy) {
  const last = (row) => (row.num_done < row.num_leechers ? Infinity : (row.times_s.at(-1) ?? 0));
  const rows = strategy.rows.toSorted((one, other) => last(one) - last(other));
  return rows[Math.floor((rows.length - 1) / 2)];
}

// A row for each strategy: a bar that fills as clients are done, and the time at which the last one is.
export class Race {
  constructor(page, canvas) {
    this.page = page;
    this.surface = new Surface(canvas);
  }

  draw() {
    const { page, surface } = this;
    const shown = page.shownStrategies();
    const context = surface.begin(Math.max(1, shown.length) * ROW);
    const { colours, width } = surface;
    const left = 9.5 * colours.size;
    const reach = width - left - 8;
    shown.forEach((strategy, at) => {
      const y = at * ROW;
      const row = middleRow(strategy);
      const done = doneAt(row, page.now);
      const share = row.num_leechers ? done / row.num_leechers : 1;
      surface.text(strategy.name, left - 8, y + 18, { align: "right", weight: "bold" });
      context.fillStyle = colours.faint;
      context.fillRect(left, y + 4, reach, 24);
      context.fillStyle = colours[styleOf(strategy.number).colour];
      context.fillRect(left, y + 4, reach * share, 24);
      const end = row.num_done < row.num_leechers ? "not all got everything" : `all done after ${seconds(row.times_s.at(-1))}`;
      surface.text(`${count(done)} of ${count(row.num_leechers)} done · ${end}`, left, y + 37, { colour: colours.soft, scale: 0.75 });
    });
    const told = shown.map((strategy) => `${strategy.name} ${count(doneAt(middleRow(strategy), page.now))} of ${count(middleRow(strategy).num_leechers)}`);
    surface.canvas.setAttribute("aria-label", `Done after ${seconds(page.now)}: ${told.join(", ")}.`);
  }
}

export class Completion {
  constructor(page, canvas) {
    this.page = page;
    this.surface = new Surface(canvas, 320);
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      page.seek(Math.max(0, (event.clientX - box.left - 50) / (box.width - 60)) * page.span);
    });
  }

  x(time) {
    return 50 + (time / (this.page.span || 1)) * (this.surface.width - 60);
  }

  y(share) {
    return this.surface.height - 26 - share * (this.surface.height - 44);
  }

  draw() {
    const { page, surface } = this;
    surface.begin();
    const { colours, width, height } = surface;
    for (const share of [0, 0.5, 1]) {
      surface.line(50, this.y(share), width, this.y(share), colours.faint);
      surface.text(percent(share), 44, this.y(share), { align: "right", scale: 0.72, colour: colours.soft });
    }
    for (const strategy of page.shownStrategies()) this.drawStrategy(strategy);
    if (page.swarm.bound_s) {
      const x = this.x(page.swarm.bound_s);
      surface.line(x, 14, x, height - 26, colours.bad, 2, [3, 3]);
      surface.text(`bound ${seconds(page.swarm.bound_s)}`, x + 4, 10, { colour: colours.bad, scale: 0.75 });
    }
    surface.text("0", 50, height - 10, { scale: 0.72, colour: colours.soft });
    surface.text(seconds(page.span), width - 4, height - 10, { align: "right", scale: 0.72, colour: colours.soft });
    surface.line(this.x(page.now), 14, this.x(page.now), height - 26, colours.ink, 1.5);
    surface.canvas.setAttribute("aria-label", `Curves of the share of clients that are done, from 0 to ${seconds(page.span)}. The table has the times at which half, 95 and 99 percent are done.`);
  }

  drawStrategy(strategy) {
    const middle = middleRow(strategy);
    for (const row of strategy.rows) if (row !== middle) this.drawRun(row, strategy.number, 0.8, 0.35);
    this.drawRun(middle, strategy.number, 3, 1);
    const last = middle.times_s.at(-1);
    if (last === undefined) return;
    const { colour } = styleOf(strategy.number);
    const isRight = this.x(last) > this.surface.width - 120;
    const y = this.y(middle.num_done / middle.num_leechers) + 12 + 15 * strategy.number;
    this.surface.text(strategy.name, this.x(last) + (isRight ? -6 : 6), y, { colour: this.surface.colours[colour], align: isRight ? "right" : "left", scale: 0.78, weight: "bold" });
  }

  drawRun(row, number, width, alpha) {
    const { context, colours } = this.surface;
    const { colour, dash } = styleOf(number);
    context.globalAlpha = alpha;
    context.strokeStyle = colours[colour];
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(this.x(0), this.y(0));
    row.times_s.forEach((time, at) => {
      context.lineTo(this.x(time), this.y(((at / row.times_s.length) * row.num_done) / row.num_leechers));
      context.lineTo(this.x(time), this.y((((at + 1) / row.times_s.length) * row.num_done) / row.num_leechers));
    });
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
}
