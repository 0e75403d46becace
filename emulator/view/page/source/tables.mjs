// The tables of the summary, as of the moment that is shown.

import { element, table } from "./dom.mjs";
import { total } from "./state.mjs";
import { count, printable, seconds } from "./words.mjs";

const MAX_ROWS = 300;
const HEADS = ["client", "has", "from peers", "from seeds", "misses", "uploaded", "connections", "most", "finished", "does"];

export class TablesView {
  constructor(app, place) {
    this.app = app;
    this.place = place;
    this.isByTime = true;
  }

  tell() {
    const { app, place } = this;
    const ranks = app.order.length > MAX_ROWS ? app.order.slice(-MAX_ROWS) : app.order.toSorted((one, other) => one - other);
    const clients = table(HEADS, ranks.map((rank) => this.client(rank)), "What each client did");
    clients.querySelectorAll("tbody tr").forEach((row, at) => row.setAttribute("aria-current", app.selected === ranks[at]));
    const note = app.order.length > MAX_ROWS ? `The ${MAX_ROWS} clients that took longest, of ${count(app.order.length)}.` : "";
    place.replaceChildren(
      element("p", { class: "caption" }, this.sums(), note ? ` ${note}` : ""),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What each client did" }, clients),
      element("h3", {}, "When each file was written"),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "When each file was written" }, this.written(ranks)),
    );
  }

  sums() {
    const { state, clock } = this.app;
    const [peers, seeds] = [total(state.fromPeers), total(state.fromSeeds)];
    return `At ${seconds(clock.now)}: ${count(peers + seeds)} segments got, ${count(peers)} from peers and ${count(seeds)} from seeds; ${count(total(state.misses))} misses, ${count(state.numLists)} swarm lists. Evenness of uploads (Jain's index): ${evenness(state)}. Finished times count from the second barrier.`;
  }

  client(rank) {
    const { app } = this;
    const { state } = app;
    const pick = element("button", { class: "moment", onclick: () => app.select(rank) }, `${rank}`);
    return [
      pick,
      `${Math.round(100 * app.series.shareOf(state, rank))} %`,
      ...["fromPeers", "fromSeeds", "misses", "given", "open", "mostOpen"].map((name) => count(state[name][rank])),
      seconds(state.finished[rank] - (state.began || 0)),
      app.doing(rank),
    ];
  }

  written(ranks) {
    const { app } = this;
    const { state, moments, run } = app;
    const rows = [];
    for (const rank of ranks) {
      for (const slot of moments.places.slotsOf[rank]) {
        if (!(state.written[slot] >= 0)) continue;
        const time = state.written[slot];
        rows.push([time, `${rank}`, printable(run.texts[moments.places.files[slot]])]);
      }
    }
    rows.sort((one, other) => one[0] - other[0]);
    const shown = rows.slice(-MAX_ROWS).map(([time, rank, file]) => [rank, file, app.momentButton(time, seconds(time - (state.began || 0)))]);
    return table(["client", "file", "written"], shown);
  }
}

// How evenly uploads are spread: 1 for all equal (Jain, Chiu and Hawe, 1984).
export function evenness(state) {
  const given = state.given.subarray(1);
  const squares = given.reduce((sum, one) => sum + one * one, 0);
  const index = squares ? total(given) ** 2 / (given.length * squares) : 1;
  return index < 0.1 ? index.toPrecision(1) : index.toFixed(2);
}
