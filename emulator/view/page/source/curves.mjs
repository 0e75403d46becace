// Curves over the whole run.

import { Chart, LEFT } from "./chart.mjs";
import { NUM_SAMPLES } from "./series.mjs";
import { count, percent, seconds } from "./words.mjs";

export class Curve extends Chart {
  // `lines` gives [name, colour, dash, values]; `format` writes a value; `most` is the top of the axis, if that is fixed.
  constructor(page, canvas, { title, lines, format, most }) {
    super(page, canvas, 150);
    Object.assign(this, { title, lines, format, most });
  }

  draw() {
    const { page, surface } = this;
    surface.begin();
    const { colours, width, height } = surface;
    const lines = this.lines();
    const top = this.most ?? lines.reduce((most, [, , , values]) => values.reduce((one, other) => Math.max(one, other), most), 1e-9);
    const y = (value) => height - 20 - (value / top) * (height - 44);
    surface.text(this.title, 4, 10, { weight: "bold", scale: 0.8 });
    this.drawAxis([0, top / 2, top], y, this.format);
    for (const [, colour, dash, values] of lines) this.drawCurve(values, y, colours[colour], dash);
    surface.text("0", LEFT, height - 8, { colour: colours.soft, scale: 0.72 });
    surface.text(seconds(page.run.duration), width - 2, height - 8, { align: "right", colour: colours.soft, scale: 0.72 });
    this.drawClock(20, height - 16);
  }

  describeAt(event) {
    return this.valuesAt(this.timeAt(event));
  }

  describe() {
    return `${this.title}. ${this.valuesAt(this.page.clock.now)}`;
  }

  valuesAt(time) {
    const sample = this.page.series.sampleAt(time);
    const told = this.lines().map(([name, , , values]) => `${name} ${this.format(values[sample])}`);
    return `At ${seconds(time)}: ${told.join(", ")}`;
  }
}

// Every curve of a run; where a client is chosen, with a line for it.
export function curvesOf(page) {
  const size = page.run.numClients + 1;
  const rate = (values) => rateOf(values, page.run.duration);
  const withClient = (lines, value) => {
    if (!page.selected) return lines;
    const values = Float64Array.from({ length: NUM_SAMPLES + 1 }, (_, sample) => value(sample * size + page.selected));
    return [...lines, [`client ${page.selected}`, "other", [2, 2], values]];
  };
  return [
    {
      title: "Completion",
      most: 1,
      format: percent,
      lines: () => {
        const { bands, shares } = page.series;
        const lines = [["median client", "ink", [], bands[3]], ["first", "good", [6, 3], bands[6]], ["last", "bad", [2, 3], bands[0]]];
        return withClient(lines, (at) => shares[at] / 255);
      },
    },
    {
      title: "Segments a second",
      format: count,
      lines: () => [["from peers", "peer", [6, 3], rate(page.series.fromPeers)], ["from seeds", "seed", [], rate(page.series.fromSeeds)]],
    },
    {
      title: "Open connections",
      format: count,
      lines: () => withClient([["all", "ink", [], page.series.open]], (at) => page.series.openOf[at]),
    },
    {
      title: "Segments given by the busiest client, of all so far",
      most: 1,
      format: percent,
      lines: () => [["busiest", "ink", [], page.series.busiest]],
    },
  ];
}

// Segments a second, over a thirtieth of the run, so that single segments make no spikes.
function rateOf(values, duration) {
  const reach = Math.max(1, Math.round(NUM_SAMPLES / 60));
  const step = (duration || 1) / NUM_SAMPLES;
  return values.map((_, sample) => {
    const [from, to] = [Math.max(0, sample - reach), Math.min(NUM_SAMPLES, sample + reach)];
    return (values[to] - values[from]) / ((to - from) * step);
  });
}
