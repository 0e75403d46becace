// A large swarm over time: a row of the picture for each client, or for several, and bands of percentiles.

import { LEFT } from "./curves.mjs";
import { BANDS, NUM_SAMPLES } from "./series.mjs";
import { Surface } from "./surface.mjs";
import { percent, plural, seconds } from "./words.mjs";

const HEIGHT = 300;

export class HeatView {
  // `value` gives what a client has at a sample, from 0 to 1.
  constructor(app, canvas, { title, value }) {
    this.app = app;
    this.surface = new Surface(canvas, HEIGHT);
    Object.assign(this, { title, value });
    this.picture = document.createElement("canvas");
    this.pictureOf = "";
    canvas.addEventListener("click", (event) => this.choose(event));
    canvas.addEventListener("mousemove", (event) => this.point(event));
    canvas.addEventListener("mouseleave", () => app.tip(null));
  }

  draw() {
    const { app, surface } = this;
    const context = surface.begin();
    const { colours, width, height } = surface;
    this.paint();
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, LEFT, 0, width - LEFT, height - 18);
    surface.text(this.title, 4, height - 8, { scale: 0.75, colour: colours.soft });
    surface.text("first done", LEFT - 4, 8, { align: "right", scale: 0.65, colour: colours.soft });
    surface.text("last", LEFT - 4, height - 26, { align: "right", scale: 0.65, colour: colours.soft });
    const x = LEFT + (app.clock.now / (app.run.duration || 1)) * (width - LEFT);
    surface.line(x, 0, x, height - 18, colours.accent, 2);
    if (app.selected) {
      const y = ((app.order.indexOf(app.selected) + 0.5) / app.order.length) * (height - 18);
      surface.line(LEFT, y, width, y, colours.bad, 1.5, [6, 4]);
      surface.text(`client ${app.selected}`, LEFT - 4, y, { align: "right", scale: 0.7, weight: "bold" });
    }
    surface.canvas.setAttribute("aria-label", `${this.title}, ${plural(app.run.numClients, "client")} over time. ${this.describe(app.clock.now)}`);
  }

  // A pixel for each client and sample, from the colour of nothing to that of everything.
  paint() {
    const { app, surface } = this;
    const key = [surface.colours.card, app.run.length, app.series.version].join();
    if (key === this.pictureOf) return;
    this.pictureOf = key;
    const rows = app.order.length;
    Object.assign(this.picture, { width: NUM_SAMPLES + 1, height: rows });
    const context = this.picture.getContext("2d");
    const image = context.createImageData(NUM_SAMPLES + 1, rows);
    const [low, high] = [rgb(surface.colours.faint), rgb(surface.colours.peer)];
    app.order.forEach((rank, row) => {
      for (let sample = 0; sample <= NUM_SAMPLES; sample++) {
        const share = this.value(sample, rank);
        const at = 4 * (row * (NUM_SAMPLES + 1) + sample);
        for (let part = 0; part < 3; part++) image.data[at + part] = low[part] + share * (high[part] - low[part]);
        image.data[at + 3] = 255;
      }
    });
    context.putImageData(image, 0, 0);
  }

  find(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / (HEIGHT - 18)) * this.app.order.length);
    const time = Math.max(0, (event.clientX - box.left - LEFT) / (box.width - LEFT)) * this.app.run.duration;
    return { rank: this.app.order[row], time };
  }

  choose(event) {
    const { rank, time } = this.find(event);
    if (!rank) return;
    this.app.select(rank);
    this.app.seekTo(time);
  }

  point(event) {
    const { rank, time } = this.find(event);
    const share = rank ? this.value(this.app.series.sampleAt(time), rank) : 0;
    this.app.tip(event, rank ? `client ${rank} at ${seconds(time)}: ${percent(share)}` : "");
  }

  describe(time) {
    const sample = this.app.series.sampleAt(time);
    const told = BANDS.map((band, at) => `${band} % of clients have at most ${percent(this.app.series.bands[at][sample])}`);
    return `At ${seconds(time)}: ${[told[1], told[3], told[5]].join(", ")}.`;
  }
}

// How completion is spread over the clients: the median, and bands around it.
export class BandsView {
  constructor(app, canvas) {
    this.app = app;
    this.surface = new Surface(canvas, 170);
    canvas.addEventListener("click", (event) => app.seekTo(this.timeAt(event)));
  }

  timeAt(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    return Math.max(0, (event.clientX - box.left - LEFT) / (box.width - LEFT)) * this.app.run.duration;
  }

  draw() {
    const { app, surface } = this;
    const context = surface.begin();
    const { colours, width, height } = surface;
    const { bands } = app.series;
    const x = (sample) => LEFT + (sample / NUM_SAMPLES) * (width - LEFT);
    const y = (share) => height - 14 - share * (height - 34);
    surface.text("Completion: median, middle half, 10 to 90 %, and all", 4, 8, { weight: "bold", scale: 0.78 });
    [[0, 6, 0.18], [1, 5, 0.3], [2, 4, 0.45]].forEach(([low, high, alpha]) => {
      context.globalAlpha = alpha;
      context.fillStyle = colours.peer;
      context.beginPath();
      for (let sample = 0; sample <= NUM_SAMPLES; sample++) context.lineTo(x(sample), y(bands[high][sample]));
      for (let sample = NUM_SAMPLES; sample >= 0; sample--) context.lineTo(x(sample), y(bands[low][sample]));
      context.fill();
    });
    context.globalAlpha = 1;
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.beginPath();
    for (let sample = 0; sample <= NUM_SAMPLES; sample++) context.lineTo(x(sample), y(bands[3][sample]));
    context.stroke();
    for (const share of [0, 0.5, 1]) surface.text(percent(share), LEFT - 4, y(share), { align: "right", scale: 0.7, colour: colours.soft });
    const now = LEFT + (app.clock.now / (app.run.duration || 1)) * (width - LEFT);
    surface.line(now, 18, now, height - 12, colours.ink, 1.5);
    const sample = app.series.sampleAt(app.clock.now);
    surface.canvas.setAttribute("aria-label", `Completion over time: the median client has ${percent(bands[3][sample])}, the last ${percent(bands[0][sample])}, the first ${percent(bands[6][sample])}.`);
  }
}

function rgb(colour) {
  const digits = colour.replace("#", "");
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
