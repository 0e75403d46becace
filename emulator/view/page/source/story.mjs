// One client's story: what it does now and why, and what led there.

import { byId, element, setText } from "./dom.mjs";
import { eventAt, sentence } from "./sentences.mjs";
import { sendingOf } from "./messages.mjs";
import { capital, plural, ranges, seconds } from "./words.mjs";

const MOST_TOLD = 60;
const CHOICES = new Set(["PeerChosen", "SeedChosen"]);

export class Story {
  constructor(app) {
    this.app = app;
    this.shown = "";
    byId("all").addEventListener("change", (event) => {
      app.withMessages = event.target.checked;
      app.redraw();
    });
  }

  draw() {
    const { app } = this;
    const key = [app.selected, app.clock.position, app.withMessages, app.run.length].join();
    if (key === this.shown) return;
    this.shown = key;
    byId("all").checked = app.withMessages;
    setText(byId("story-title"), app.selected === null ? "What happened last" : app.selected ? `Client ${app.selected}` : "The tracker");
    byId("why").replaceChildren(...this.why());
    byId("told").replaceChildren(...this.told());
  }

  // What it does at this moment, and the choice that led to it with all that it was made from.
  why() {
    const { app } = this;
    const { state, selected: rank } = app;
    if (rank === null) return [element("p", { class: "caption" }, "Choose a client for its own story, and for why it chose whom.")];
    if (rank === 0) return [element("p", {}, `Barrier ${state.barrier || "–"} is open. It has given ${plural(state.numLists, "swarm list")}.`)];
    const files = app.filesOf(rank);
    return [
      element("p", {}, `${capital(app.doing(rank))}. It has ${app.shareText(rank)}, and ${plural(state.open[rank], "connection")} open to those that it gives to.`),
      ...(files.length ? [element("p", { class: "caption" }, files.join(" · "))] : []),
      ...this.choice(rank),
    ];
  }

  choice(rank) {
    const { app } = this;
    const { run } = app;
    const chosen = app.index.lastOfLane(3 * rank + 1, app.clock.position, (event) => CHOICES.has(run.tableOf(event).name));
    if (chosen < 0) return [];
    const event = eventAt(run, chosen);
    const text = event.kind === "PeerChosen" ? peerWhy(event) : seedWhy(event);
    return [element("p", {}, element("strong", {}, "Why: "), text, " ", ...app.steps([event.kind === "PeerChosen" ? "D4" : "D5"]), " ", app.positionButton(chosen + 1, `at ${seconds(event.time)}`))];
  }

  told() {
    const { app } = this;
    const positions = app.selected === null ? app.index.lastTold(app.clock.position, MOST_TOLD) : app.index.toldBefore(app.selected, app.clock.position, MOST_TOLD);
    let list = [...positions];
    if (app.withMessages) list = this.withMessages(list);
    return list.reverse().map((position) => this.item(position - 1));
  }

  // The same with the client's messages among them.
  withMessages(positions) {
    const { index, clock, selected } = this.app;
    const lanes = selected === null ? [0] : [0, 1, 2].map((thread) => 3 * selected + thread);
    const all = new Set(positions);
    for (const lane of lanes) {
      const events = index.ofLane(lane);
      const end = index.countOfLane(lane, clock.position - 1);
      for (let at = Math.max(0, end - MOST_TOLD); at < end; at++) all.add(events[at] + 1);
    }
    return [...all].sort((one, other) => one - other).slice(-MOST_TOLD);
  }

  item(index) {
    const { app } = this;
    const { run, mail } = app;
    const sending = sendingOf(run, index);
    const received = sending >= 0 && sending !== index ? "received: " : "";
    const text = sending >= 0 ? `${received}${mail.words(sending)}` : sentence(run, index);
    const step = run.texts[run.step.at(index)];
    return element("li", {}, app.positionButton(index + 1, seconds(run.time.at(index))), " ", ...(step ? app.steps([step]) : []), " ", text || run.tableOf(index).name);
  }
}

function peerWhy(event) {
  const drawn = `it drew peer ${event.peer} at random from ${plural(event.candidates.length, "peer")} (${ranges(event.candidates)})`;
  return event.num_misses ? `after ${event.num_misses} in a row that answered with a miss, ${drawn}` : drawn;
}

function seedWhy(event) {
  const told = Array.from(event.asked, (seed, at) => `seed ${seed}: ${event.counts[at] ?? "no answer"}`).join(", ");
  return `it took seed ${event.seed}, which had the fewest open connections of those it asked (${told})`;
}
