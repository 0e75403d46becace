// The pictures of a large swarm: not smaller ones, but other ones.

import { element, makeCanvas } from "./dom.mjs";
import { BandsView, HeatView } from "./heat.mjs";
import { legend, SEGMENT_LEGEND } from "./legend.mjs";
import { pictures } from "./registry.mjs";
import { SegmentsView } from "./segments.mjs";

function largeSwarm(page, place) {
  const [bands, heat, load, grid] = [makeCanvas(), makeCanvas(), makeCanvas(), makeCanvas()];
  place.append(
    element("p", { class: "caption" }, "Each row is a client, the first to be done on top. Click one for its own story."),
    bands,
    element("h3", {}, "How much of what it wants each client has: grey nothing, blue everything"),
    heat,
    element("h3", {}, "How many connections are open to each client: grey none, blue the most"),
    load,
    element("h3", {}, "The segments of the chosen client"),
    legend(SEGMENT_LEGEND),
    grid,
  );
  const size = page.run.numClients + 1;
  return [
    new BandsView(page, bands),
    new HeatView(page, heat, { title: "completion", value: (sample, rank) => page.series.share(sample, rank) }),
    new HeatView(page, load, { title: "open connections", value: (sample, rank) => page.series.openOf[sample * size + rank] / page.series.mostOpen }),
    new SegmentsView(page, grid, () => (page.selected ? [page.selected] : page.order.slice(-8))),
  ];
}

pictures.push(largeSwarm);
