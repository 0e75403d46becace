// A large swarm over time: a row of the picture for each client, and bands of percentiles.

import { Chart, LEFT } from "./chart.mjs";
import { NUM_SAMPLES } from "./series.mjs";
import { percent, plural, seconds } from "./words.mjs";

const BELOW = 18; // pixels below the picture

export class HeatView extends Chart {
  // `value` gives what a client has at a sample, from 0 to 1.
  constructor(page, canvas, { title, value }) {
    super(page, canvas, 280);
    Object.assign(this, { title, value });
    this.picture = document.createElement("canvas");
    this.pictureOf = "";
  }

  draw() {
    const { page, surface } = this;
    const context = surface.begin();
    const { colours, width, height } = surface;
    const bottom = height - BELOW;
    this.paint();
    context.drawImage(this.picture, LEFT, 0, width - LEFT, bottom);
    surface.text(this.title, LEFT, height - 8, { scale: 0.75, colour: colours.soft });
    surface.text("first", LEFT - 6, 8, { align: "right", scale: 0.7, colour: colours.soft });
    surface.text("last", LEFT - 6, bottom - 8, { align: "right", scale: 0.7, colour: colours.soft });
    this.drawClock(0, bottom);
    if (!page.selected) return;
    const y = ((page.order.indexOf(page.selected) + 0.5) / page.order.length) * bottom;
    surface.line(LEFT, y, width, y, colours.bad, 1.5, [6, 4]);
    surface.text(`▸ ${page.selected}`, LEFT - 4, y, { align: "right", scale: 0.7, weight: "bold" });
  }

  // A pixel for each client and sample, from the colour of nothing to that of everything.
  paint() {
    const { page, surface } = this;
    const key = [surface.colours.card, page.series.version].join();
    if (key === this.pictureOf) return;
    this.pictureOf = key;
    const rows = page.order.length;
    Object.assign(this.picture, { width: NUM_SAMPLES + 1, height: rows });
    const context = this.picture.getContext("2d");
    const image = context.createImageData(NUM_SAMPLES + 1, rows);
    const [low, high] = [rgb(surface.colours.faint), rgb(surface.colours.peer)];
    page.order.forEach((rank, row) => {
      for (let sample = 0; sample <= NUM_SAMPLES; sample++) {
        const share = Math.sqrt(this.value(sample, rank)); // so that a little is seen
        const at = 4 * (row * (NUM_SAMPLES + 1) + sample);
        for (let part = 0; part < 3; part++) image.data[at + part] = low[part] + share * (high[part] - low[part]);
        image.data[at + 3] = 255;
      }
    });
    context.putImageData(image, 0, 0);
  }

  rankAt(event) {
    const { height } = this.surface;
    return this.page.order[Math.floor((this.heightAt(event) * height * this.page.order.length) / (height - BELOW))];
  }

  choose(event) {
    const rank = this.rankAt(event);
    if (rank) this.page.select(rank);
    super.choose(event);
  }

  describeAt(event) {
    const [rank, time] = [this.rankAt(event), this.timeAt(event)];
    return rank ? `client ${rank} at ${seconds(time)}: ${percent(this.value(this.page.series.sampleAt(time), rank))}` : "";
  }

  describe() {
    return `A picture with a row for each of ${plural(this.page.order.length, "client")}, over time: ${this.title}.`;
  }
}

// How completion is spread over the clients: the median, and bands around it.
export class BandsView extends Chart {
  constructor(page, canvas) {
    super(page, canvas, 170);
  }

  draw() {
    const { surface, page } = this;
    const context = surface.begin();
    const { colours, height } = surface;
    const { bands } = page.series;
    const y = (share) => height - 14 - share * (height - 34);
    surface.text("Completion: the median, the middle half, 10 to 90 %, and all", 4, 8, { weight: "bold", scale: 0.78 });
    this.drawAxis([0, 0.5, 1], y, percent);
    context.fillStyle = colours.peer;
    [[0, 6, 0.18], [1, 5, 0.3], [2, 4, 0.45]].forEach(([low, high, alpha]) => {
      context.globalAlpha = alpha;
      context.beginPath();
      for (let sample = 0; sample <= NUM_SAMPLES; sample++) context.lineTo(this.x(sample), y(bands[high][sample]));
      for (let sample = NUM_SAMPLES; sample >= 0; sample--) context.lineTo(this.x(sample), y(bands[low][sample]));
      context.fill();
    });
    context.globalAlpha = 1;
    this.drawCurve(bands[3], y, colours.ink);
    this.drawClock(18, height - 12);
  }

  describeAt(event) {
    return this.bandsAt(this.timeAt(event));
  }

  describe() {
    return `Completion over time. ${this.bandsAt(this.page.clock.now)}`;
  }

  bandsAt(time) {
    const { series } = this.page;
    const share = (band) => percent(series.bands[band][series.sampleAt(time)]);
    return `At ${seconds(time)}: the last client has ${share(0)}, a tenth at most ${share(1)}, the median ${share(3)}, a tenth at least ${share(5)}, the first ${share(6)}.`;
  }
}

function rgb(colour) {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
