// What colours and lines mean.

import { element } from "./dom.mjs";

// Of curves, as `Curve` has them.
export function legendOf(lines) {
  return legend(lines.map(([name, colour, dash]) => [`line ${colour} ${["", "dashed", "dotted"][dash.length ? (dash[0] > 3 ? 1 : 2) : 0]}`, name]));
}

// What colours and lines mean: pairs of the classes of a small sample and a text; a text alone has no sample.
export function legend(entries) {
  const items = entries.map(([classes, text]) => element("span", {}, classes ? element("i", { class: `sample ${classes}` }) : null, ` ${text}`));
  return element("div", { class: "legend" }, ...items);
}

export const SEGMENT_LEGEND = [
  ["box peer low", "from a peer (low)"],
  ["box seed middle", "from a seed (higher)"],
  ["box owned", "own from the start (full)"],
  ["box faint", "missing"],
];
