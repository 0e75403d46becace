// The picture of a swarm that is small enough for a graph.

import { element, makeCanvas } from "./dom.mjs";
import { legend, SEGMENT_LEGEND } from "./legend.mjs";
import { pictures } from "./registry.mjs";
import { SegmentsView } from "./segments.mjs";
import { SwarmView } from "./swarm.mjs";

const GRAPH_LEGEND = [
  ["line seed", "from a seed"],
  ["line peer dashed", "from a peer"],
  ["", "ring: how much it has · inner ring: seeds a file · † dead · ‖ paused · dots: messages, with the segment's number"],
];

function smallSwarm(page, place) {
  const [graph, grid] = [makeCanvas(), makeCanvas()];
  place.append(
    element(
      "div",
      { class: "pair" },
      element("div", {}, element("h2", {}, "Who takes segments from whom"), legend(GRAPH_LEGEND), graph),
      element("div", {}, element("h2", {}, "Which segments are there"), legend(SEGMENT_LEGEND), grid),
    ),
  );
  return [new SwarmView(page, graph), new SegmentsView(page, grid, () => Array.from({ length: page.run.numClients }, (_, at) => at + 1))];
}

pictures.push(smallSwarm);
