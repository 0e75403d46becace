// The page of a run: what is shown, and what happens at a click or a key.

import { readAddress, writeAddress } from "./address.mjs";
import { Clock } from "./clock.mjs";
import { byId, element, setText } from "./dom.mjs";
import { findingsOf } from "./findings.mjs";
import { Index, MARKS } from "./index.mjs";
import { listenToKeys } from "./keys.mjs";
import { Mail } from "./messages.mjs";
import { Moments } from "./moments.mjs";
import { sentence } from "./sentences.mjs";
import { Series } from "./series.mjs";
import { DOES } from "./state.mjs";
import { Story } from "./story.mjs";
import { applyTheme } from "./theme.mjs";
import { Timeline } from "./timeline.mjs";
import { Tip } from "./tip.mjs";
import { makeViews } from "./views.mjs";
import { capital, count, exactSeconds, percent, plural, printable, seconds, who } from "./words.mjs";

const SLIDER_STEPS = 10000;
const WORDS_MS = 30;
const WORDS_PLAYING_MS = 200;

export class Page {
  constructor(run) {
    this.run = run;
    this.moments = new Moments(run);
    this.index = new Index(run);
    this.mail = new Mail(run, this.index);
    this.clock = new Clock(run, this.index);
    this.selected = null; // a client whose story is told; 0 is the tracker
    this.withMessages = false;
    this.isStale = false;
    this.stepTexts = run.about.steps;
    this.tips = new Tip(byId("tip"));
    this.look();
    this.story = new Story(this);
    this.timeline = new Timeline(this, byId("timeline"));
    this.views = makeViews(this);
    this.listen();
    this.tell();
    this.go(readAddress(location.hash));
    this.isReady = true;
  }

  // What is found in the run as a whole.
  look() {
    this.series = new Series(this.run, this.moments);
    this.series.version = this.run.length;
    this.order = this.series.order();
    this.index.addViolations(this.run.report ?? { rules: [] });
  }

  // More has happened since. A page that is at the end stays there; to look at all anew takes longer, so not every time.
  grow(isLook) {
    const isAtEnd = this.clock.now >= this.timeBefore || this.clock.isAtEnd;
    this.moments.extend();
    this.index.extend();
    if (isLook) {
      this.look();
      this.tell();
    }
    if (isAtEnd && !this.clock.isPlaying) this.clock.goTo(this.run.length);
    this.timeBefore = this.run.duration;
    this.redraw();
  }

  // What is true at all times: the head of the page, its findings, its marks, its clients.
  tell() {
    const { header } = this.run;
    setText(byId("title"), printable(header.scenario || this.run.about.name));
    setText(byId("subtitle"), this.subtitle(header));
    byId("findings").replaceChildren(...findingsOf(this).map((parts) => element("li", {}, ...parts.map((part) => this.part(part)))));
    byId("marks").replaceChildren(...Object.entries(MARKS).map(([kind, mark]) => this.markButton(kind, mark)));
    const clients = Array.from({ length: this.run.numClients + 1 }, (_, rank) => element("option", { value: rank }, capital(who(rank))));
    byId("client").replaceChildren(element("option", { value: "" }, "none"), ...clients);
  }

  subtitle(header) {
    const facts = [plural(header.clients, "client"), `strategy ${printable(header.strategy ?? "peers-first")}`];
    if (header.engine) facts.push(header.engine === "virtual" ? "virtual time" : `engine ${printable(header.engine)}`);
    if (header.rng_seed !== undefined) facts.push(`rng seed ${header.rng_seed}`);
    facts.push(`${count(this.run.length)} events`);
    if (header.program) facts.push(printable(header.program));
    return facts.join(" · ");
  }

  part(part) {
    if (typeof part === "string") return part;
    return element("button", { class: "moment", onclick: () => this.show(part.position, part.client) }, part.text);
  }

  markButton(kind, mark) {
    const number = this.index.marks[kind].length;
    const button = element("button", { title: `To the next: ${mark.sentence} (${mark.key}; ${mark.key.toUpperCase()} for the one before)`, onclick: () => this.jump(kind, false) });
    button.append(`${mark.glyph} ${mark.title} ${count(number)}`);
    button.disabled = !number;
    return button;
  }

  get state() {
    return this.moments.at(this.clock.position);
  }

  // Ways to go

  go(wish) {
    if (wish.position !== undefined) this.clock.goTo(Math.min(wish.position, this.run.length));
    else if (wish.time !== undefined) this.clock.seek(wish.time);
    else if (wish.share !== undefined) this.clock.seek(wish.share * this.run.duration);
    else if (!this.isReady) this.clock.seek(this.run.duration / 2);
    if (wish.client !== undefined && wish.client <= this.run.numClients) this.selected = wish.client;
    if (wish.view) this.views.show(wish.view);
    if (wish.isProjector !== undefined) applyTheme({ isProjector: wish.isProjector });
    this.redraw();
  }

  show(position, client = null) {
    if (client !== null) this.selected = client;
    this.clock.stopAt(position);
    this.redraw();
  }

  seekTo(time) {
    this.clock.isPlaying = false;
    this.clock.seek(time);
    this.redraw();
  }

  jump(kind, isBack) {
    this.clock.jump(kind, isBack);
    this.redraw();
  }

  // A rank that there is, or null for none.
  select(rank) {
    if (rank !== null && (rank < 0 || rank > this.run.numClients)) {
      this.clock.notice = `there is no client ${rank}: they are 1 to ${this.run.numClients}`;
    } else {
      this.selected = rank;
    }
    this.redraw();
  }

  // Drawing

  redraw() {
    if (this.isStale) return;
    this.isStale = true;
    requestAnimationFrame((time) => this.frame(time));
  }

  frame(time) {
    this.isStale = false;
    const passed = this.lastFrame === undefined ? 0 : Math.min(0.25, (time - this.lastFrame) / 1000);
    this.lastFrame = this.clock.isPlaying ? time : undefined;
    this.clock.advance(passed);
    this.draw();
    if (this.clock.isPlaying) this.redraw();
    else this.remember();
  }

  draw() {
    const { clock } = this;
    this.timeline.draw();
    this.views.draw();
    setText(byId("now"), `${exactSeconds(clock.now)} · ${percent(clock.now / (this.run.duration || 1))}`);
    setText(byId("speed"), `${clock.speed}×${clock.bySteps ? " steps" : ""}`);
    const slider = byId("slider");
    slider.value = Math.round((SLIDER_STEPS * clock.now) / (this.run.duration || 1));
    slider.setAttribute("aria-valuetext", `${seconds(clock.now)}, ${percent(clock.now / (this.run.duration || 1))}`);
    const play = byId("play");
    setText(play, clock.isPlaying ? "‖" : "▶");
    play.setAttribute("aria-label", clock.isPlaying ? "Pause" : "Play");
    if (!clock.isPlaying) this.drawEvent();
    byId("client").value = this.selected === null ? "" : `${this.selected}`;
    this.wordsAt ??= setTimeout(() => this.drawWords(), clock.isPlaying ? WORDS_PLAYING_MS : WORDS_MS);
  }

  // What is read rather than looked at may come a little later: the story, the tables, what a screen reader says.
  drawWords() {
    this.wordsAt = undefined;
    this.story.draw();
    this.views.tell();
  }

  // The event that has just happened, and what the checker has against it.
  drawEvent() {
    const { clock, index } = this;
    const found = index.violations.find((one) => one.position === clock.position);
    const told = clock.position ? sentence(this.run, clock.position - 1) || this.messageAt(clock.position - 1) : "the run begins";
    setText(byId("event"), clock.notice || (found ? `✗ ${found.rule.rule}: ${printable(found.text)}` : `Event ${count(clock.position)} of ${count(this.run.length)}: ${told}`));
  }

  messageAt(index) {
    const table = this.run.tableOf(index);
    const sending = table.name === "Received" ? this.run.partner.at(index) : index;
    return table.isSent || table.isStrange || table.name === "Received" ? `${table.isSent ? "" : "received: "}${this.mail.words(sending)}` : table.name;
  }

  // The address of what is shown, without a new entry in the browser's history.
  remember() {
    const hash = this.address();
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  address() {
    const { clock } = this;
    return writeAddress({
      time: clock.now,
      position: clock.position,
      isExact: this.run.positionAt(Number(clock.now.toFixed(6))) === clock.position,
      client: this.selected,
      view: this.views.shown,
      isProjector: document.documentElement.hasAttribute("data-projector"),
    });
  }

  // Words that several views need

  doing(rank) {
    const { state } = this;
    if (state.pause[rank]) return "stands still, as a fault wants it";
    const does = DOES[state.does[rank]];
    if (does !== "downloading" || !state.downloading[rank]) return does;
    const source = state.source[rank] ? ` from ${state.sourceIsSeed[rank] ? "seed" : "peer"} ${state.source[rank]}` : "";
    return `downloading ${printable(this.run.texts[state.downloading[rank] - 1])}${source}, round ${state.round[rank]}`;
  }

  shareText(rank) {
    const goal = this.series.goals.of[rank];
    return goal ? `${percent(this.series.shareOf(this.state, rank))} of the ${plural(goal, "segment")} that it wants` : "wanted nothing";
  }

  filesOf(rank) {
    const { state, moments, run } = this;
    return moments.places.slotsOf[rank].map((slot) => {
      const name = printable(run.texts[moments.places.files[slot]]);
      const role = ["", "leecher", "peer", "seed"][state.role[slot]];
      const size = state.numSegments[slot];
      return `${name}${role ? ` (${role})` : ""}${size > 0 ? ` ${state.numPresent[slot]}/${size}` : ""}`;
    });
  }

  // Step numbers that say their text.
  steps(steps) {
    return steps.flatMap((step, at) => {
      const text = this.stepTexts[step];
      const button = text ? element("button", { class: "step", "aria-label": `${step}: ${text}` }, step) : printable(step);
      if (text) this.tips.attach(button, `${step}. ${text}`);
      return at ? [", ", button] : [button];
    });
  }

  positionButton(position, text) {
    return element("button", { class: "moment", onclick: () => this.show(position) }, text);
  }

  momentButton(time, text) {
    return this.positionButton(this.run.positionAt(time), text);
  }

  tip(event, text) {
    this.tips.show(event, text);
  }

  // A message in words, below the lanes.
  explain(place, sending) {
    if (place.dataset.sending === String(sending)) return;
    place.dataset.sending = sending;
    if (sending < 0) {
      place.replaceChildren("Choose an arrow for what it says, and what came of it.");
      return;
    }
    const step = this.run.texts[this.run.step.at(sending)];
    place.replaceChildren(`${capital(this.mail.words(sending))}. ${this.mail.outcome(sending)} Sent at step `, ...this.steps([step || "–"]), " ", this.positionButton(sending + 1, "go there"));
  }

  listen() {
    const on = (id, action) => byId(id).addEventListener("click", () => (action(), this.redraw()));
    on("begin", () => this.clock.stopAt(0));
    on("end", () => this.clock.stopAt(this.run.length));
    on("play", () => this.clock.playOrPause());
    on("step", () => this.clock.step());
    on("back", () => this.clock.stepBack());
    on("slower", () => this.clock.slower());
    on("faster", () => this.clock.faster());
    on("link", () => this.copyLink());
    byId("slider").addEventListener("input", (event) => this.seekTo((event.target.value / SLIDER_STEPS) * this.run.duration));
    byId("client").addEventListener("change", (event) => this.select(event.target.value === "" ? null : Number(event.target.value)));
    window.addEventListener("hashchange", () => this.go(readAddress(location.hash)));
    window.addEventListener("resize", () => this.redraw());
    window.addEventListener("beforeprint", () => this.views.drawAll());
    listenToKeys(this);
  }

  async copyLink() {
    this.remember();
    this.clock.notice = "the link to this moment is in the address bar";
    try {
      await navigator.clipboard.writeText(location.href);
      this.clock.notice = "the link is copied";
    } catch {
      // A browser may refuse: then the address bar has it.
    }
    this.redraw();
  }
}
