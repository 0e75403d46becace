// The line of the whole run below the controls: how far all are, what happened when, and where the page is.

import { MARKS } from "./index.mjs";
import { NUM_SAMPLES } from "./series.mjs";
import { Surface } from "./surface.mjs";

const ROWS = ["violation", "death", "fault", "completion", "miss"];

export class Timeline {
  constructor(app, canvas) {
    this.app = app;
    this.surface = new Surface(canvas);
    this.still = document.createElement("canvas"); // all but the cursor, which alone moves
    this.stillOf = "";
  }

  draw() {
    const { app, surface } = this;
    const context = surface.begin();
    const key = [surface.width, surface.canvas.width, surface.colours.ink, surface.colours.size, app.run.length, app.series.version].join();
    if (key !== this.stillOf) {
      this.drawStill();
      this.still.width = surface.canvas.width;
      this.still.height = surface.canvas.height;
      this.still.getContext("2d").drawImage(surface.canvas, 0, 0);
      this.stillOf = key;
    } else if (this.still.width) {
      context.drawImage(this.still, 0, 0, surface.width, surface.height);
    }
    const x = this.x(app.clock.now);
    surface.line(x, 0, x, surface.height, surface.colours.ink, 2);
    surface.dot(x, 5, 5, surface.colours.ink);
  }

  x(time) {
    return (time / (this.app.run.duration || 1)) * this.surface.width;
  }

  drawStill() {
    const { app, surface } = this;
    const { context, colours, height, width } = surface;
    context.fillStyle = colours.faint;
    context.fillRect(0, 0, width, height);
    context.fillStyle = colours.line;
    context.beginPath();
    context.moveTo(0, height);
    const median = app.series.bands[3];
    for (let sample = 0; sample <= NUM_SAMPLES; sample++) {
      context.lineTo((sample / NUM_SAMPLES) * width, height - 2 - median[sample] * (height - 6));
    }
    context.lineTo(width, height);
    context.fill();
    for (const kind of ROWS.toReversed()) this.drawMarks(kind);
  }

  // A thing of a kind per few pixels: more would not be seen.
  drawMarks(kind) {
    const { surface, app } = this;
    const { colours } = surface;
    const y = 8 + ((surface.height - 14) * ROWS.indexOf(kind)) / (ROWS.length - 1);
    const colour = { violation: colours.bad, death: colours.bad, fault: colours.miss, completion: colours.good, miss: colours.soft }[kind];
    let last = -9;
    for (const position of app.index.marks[kind].values()) {
      const x = this.x(app.run.timeAt(position));
      if (x - last < 3) continue;
      last = x;
      surface.text(MARKS[kind].glyph, x, y, { colour, align: "center", weight: "bold", scale: 0.75 });
    }
  }
}
