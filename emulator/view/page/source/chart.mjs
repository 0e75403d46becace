// A picture over the time of the whole run, with the clock's line in it. A click goes to a time.

import { NUM_SAMPLES } from "./series.mjs";
import { Surface } from "./surface.mjs";

export const LEFT = 58; // where the picture begins, to the right of its numbers

export class Chart {
  constructor(page, canvas, height) {
    this.page = page;
    this.surface = new Surface(canvas, height);
    canvas.addEventListener("click", (event) => this.choose(event));
    canvas.addEventListener("mousemove", (event) => page.tip(event, this.describeAt(event)));
    canvas.addEventListener("mouseleave", () => page.tip(null));
  }

  choose(event) {
    this.page.seekTo(this.timeAt(event));
  }

  timeAt(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left - LEFT) / (box.width - LEFT))) * this.page.run.duration;
  }

  // The share of a value's axis at a place of the canvas, from 0 on top to 1.
  heightAt(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    return (event.clientY - box.top) / box.height;
  }

  x(sample) {
    return LEFT + (sample / NUM_SAMPLES) * (this.surface.width - LEFT);
  }

  drawClock(top, bottom) {
    const x = LEFT + (this.page.clock.now / (this.page.run.duration || 1)) * (this.surface.width - LEFT);
    this.surface.line(x, top, x, bottom, this.surface.colours.ink, 1.5);
  }

  // A line through these values, one for each sample; `y` says how high a value is.
  drawCurve(values, y, colour, dash = []) {
    const { context } = this.surface;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    values.forEach((value, sample) => context.lineTo(this.x(sample), y(value)));
    context.stroke();
    context.setLineDash([]);
  }

  // The values that the axis names, with a faint line for each.
  drawAxis(values, y, format) {
    const { surface } = this;
    for (const value of values) {
      surface.line(LEFT, y(value), surface.width, y(value), surface.colours.faint);
      surface.text(format(value), LEFT - 6, y(value), { align: "right", colour: surface.colours.soft, scale: 0.72 });
    }
  }

  tell() {
    this.surface.canvas.setAttribute("aria-label", this.describe());
  }
}
