// Curves over the whole run, all on the clock of the page.

import { NUM_SAMPLES } from "./series.mjs";
import { Surface } from "./surface.mjs";
import { count, percent, seconds } from "./words.mjs";

export const LEFT = 58; // where the picture begins, to the right of its numbers

export class Curve {
  // `lines` are [name, colour, dash, values]; `format` says how a value is written.
  constructor(app, canvas, { title, lines, format, most }) {
    this.app = app;
    this.surface = new Surface(canvas, 150);
    Object.assign(this, { title, lines, format, most });
    canvas.addEventListener("click", (event) => app.seekTo(this.timeAt(event)));
    canvas.addEventListener("mousemove", (event) => app.tip(event, this.describeAt(this.timeAt(event))));
    canvas.addEventListener("mouseleave", () => app.tip(null));
  }

  draw() {
    const { app, surface } = this;
    surface.begin();
    const { colours, width, height } = surface;
    const lines = this.lines();
    const top = this.most ?? Math.max(1e-9, ...lines.flatMap(([, , , values]) => Array.from(values)));
    const y = (value) => height - 20 - (value / top) * (height - 44);
    surface.text(this.title, 4, 10, { weight: "bold", scale: 0.8 });
    for (const share of [0, 0.5, 1]) {
      surface.line(LEFT, y(top * share), width, y(top * share), colours.faint);
      surface.text(this.format(top * share), LEFT - 6, y(top * share), { align: "right", colour: colours.soft, scale: 0.72 });
    }
    for (const [, colour, dash, values] of lines) this.drawLine(values, y, colours[colour], dash);
    surface.text("0", LEFT, height - 8, { colour: colours.soft, scale: 0.72 });
    surface.text(seconds(app.run.duration), width - 2, height - 8, { align: "right", colour: colours.soft, scale: 0.72 });
    const x = LEFT + (app.clock.now / (app.run.duration || 1)) * (width - LEFT);
    surface.line(x, 20, x, height - 16, colours.ink, 1.5);
    surface.canvas.setAttribute("aria-label", `${this.title}. ${this.describeAt(app.clock.now)}`);
  }

  drawLine(values, y, colour, dash) {
    const { context, width } = this.surface;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    values.forEach((value, sample) => context.lineTo(LEFT + (sample / NUM_SAMPLES) * (width - LEFT), y(value)));
    context.stroke();
    context.setLineDash([]);
  }

  timeAt(event) {
    const box = this.surface.canvas.getBoundingClientRect();
    return Math.max(0, (event.clientX - box.left - LEFT) / (box.width - LEFT)) * this.app.run.duration;
  }

  describeAt(time) {
    const sample = this.app.series.sampleAt(time);
    const told = this.lines().map(([name, , , values]) => `${name} ${this.format(values[sample])}`);
    return `At ${seconds(time)}: ${told.join(", ")}`;
  }
}

// Every curve of a run.
export function curvesOf(app) {
  const { series } = app;
  const rate = (values) => rateOf(values, app.run.duration);
  const mine = (values) => Float64Array.from({ length: NUM_SAMPLES + 1 }, (_, sample) => values(sample, app.selected));
  const withClient = (lines, name, values) => (app.selected ? [...lines, [`client ${app.selected}`, "other", [2, 2], mine(values)]] : lines);
  const size = app.run.numClients + 1;
  return [
    {
      title: "Completion",
      most: 1,
      format: percent,
      lines: () =>
        withClient(
          [
            ["median client", "ink", [], series.bands[3]],
            ["first", "good", [6, 3], series.bands[6]],
            ["last", "bad", [2, 3], series.bands[0]],
          ],
          "",
          (sample, rank) => series.share(sample, rank),
        ),
    },
    {
      title: "Segments a second",
      format: count,
      lines: () => [
        ["from peers", "peer", [6, 3], rate(series.fromPeers)],
        ["from seeds", "seed", [], rate(series.fromSeeds)],
      ],
    },
    {
      title: "Open connections",
      format: count,
      lines: () => withClient([["all", "ink", [], series.open]], "", (sample, rank) => series.openOf[sample * size + rank]),
    },
    {
      title: "Segments given by the busiest client, of all so far",
      most: 1,
      format: percent,
      lines: () => [["busiest", "ink", [], series.busiest]],
    },
  ];
}

// Segments a second: over a tenth of the samples' half, so that single segments make no spikes.
function rateOf(values, duration) {
  const reach = Math.max(1, Math.round(NUM_SAMPLES / 60));
  const step = (duration || 1) / NUM_SAMPLES;
  return values.map((_, sample) => {
    const [from, to] = [Math.max(0, sample - reach), Math.min(NUM_SAMPLES, sample + reach)];
    return (values[to] - values[from]) / ((to - from) * step);
  });
}
