// What happened, and why, in a few sentences: each a list of texts and places to go to.

import { isQuestion } from "./messages.mjs";
import { evenness } from "./tables.mjs";
import { total } from "./state.mjs";
import { capital, count, percent, plural, printable, ranges, seconds, who } from "./words.mjs";

const MAX_NAMED = 6;

// A place in the run, as a part of a sentence.
const at = (position, text, client = null) => ({ position, text, client });

export function findingsOf(app) {
  const { run, moments } = app;
  const state = moments.at(run.length);
  return [whole(app, state), sources(app, state), last(app, state), ...wrong(app, state), ...waiting(app), verdict(app)].filter((finding) => finding.length);
}

function whole({ run, series, moments }, state) {
  const { header } = run;
  const files = new Set([...moments.places.slots.keys()].map((key) => key % 4294967296));
  const ended = state.finished.reduce((most, time) => (time > most ? time : most), 0);
  const span = ended ? ended - (state.began || 0) : run.duration;
  const clock = header.engine === "virtual" ? " of virtual time" : "";
  return [
    `${plural(run.numClients, "client")} got ${plural(state.numTransferred, "segment")} of ${plural(files.size, "file")} in ${seconds(span)}${clock}, ` +
      `with the strategy ${printable(header.strategy ?? "peers-first")}. ${wanting(series.goals, run)}`,
  ];
}

function wanting(goals, run) {
  const idle = [];
  for (let rank = 1; rank <= run.numClients; rank++) if (!goals.of[rank]) idle.push(rank);
  if (!idle.length) return "All of them wanted something.";
  return `${capital(idle.length === 1 ? `client ${idle[0]}` : `clients ${ranges(idle)}`)} wanted nothing and only gave.`;
}

function sources({ run }, state) {
  const [peers, seeds] = [total(state.fromPeers), total(state.fromSeeds)];
  if (!peers && !seeds) return ["No segment was transferred, or the trace does not tell of any."];
  const busiest = state.given.indexOf(state.given.reduce((most, one) => Math.max(most, one), 0));
  const why = peers < seeds ? "clients had little that others still missed" : "clients had much that others still missed";
  return [
    `${percent(peers / (peers + seeds))} of the segments came from peers, that is from clients that were still downloading the file; the rest came from seeds: ${why}. `,
    `Client ${busiest} gave the most, ${count(state.given[busiest])} (${percent(state.given[busiest] / (peers + seeds))}); `,
    `uploads were spread with evenness ${evenness(state)} (1 is even), and ${plural(total(state.misses), "visit")} ended with a miss.`,
  ];
}

// The client that ended last, and what it waited for.
function last(app, state) {
  const { run, index } = app;
  const ends = [...state.finished].map((time, rank) => [time, rank]).filter(([time, rank]) => rank && time >= 0 && app.series.goals.of[rank]);
  if (!ends.length) return [];
  const [time, rank] = ends.reduce((late, one) => (one[0] > late[0] ? one : late));
  const median = ends.map(([end]) => end).sort((one, other) => one - other)[Math.floor(ends.length / 2)];
  const began = state.began || 0;
  const parts = [
    at(run.positionAt(time), `Client ${rank} was the last`, rank),
    `, after ${seconds(time - began)} (half of all were done after ${seconds(median - began)}): it wanted ${plural(app.series.goals.of[rank], "segment")}`,
  ];
  const waits = waitsOf(app, rank);
  if (!waits.total) return [...parts, "."];
  const [most, waited] = [...waits.of].reduce((best, one) => (one[1] > best[1] ? one : best));
  const line = index.ofLane(3 * rank + 1);
  const share = waited / (run.time.at(line.at(-1)) - run.time.at(line[0]) || 1);
  return [...parts, ` and spent ${percent(share)} of its time waiting for answers of ${who(most)}${busy(state, most)}.`];
}

function busy(state, rank) {
  return rank && state.mostOpen[rank] > 1 ? `, which had up to ${state.mostOpen[rank]} connections at once` : "";
}

// How long a client waited for the answers of each rank.
function waitsOf({ run, index, mail }, rank) {
  const of = new Map();
  let sum = 0;
  for (const event of index.ofLane(3 * rank + 1)) {
    if (!run.tableOf(event).isSent || !isQuestion(run.tableOf(event))) continue;
    const answer = mail.answer(event);
    if (answer < 0 || run.partner.at(answer) < 0) continue;
    const other = run.number(event, "other");
    const waited = run.time.at(run.partner.at(answer)) - run.time.at(event);
    of.set(other, (of.get(other) ?? 0) + waited);
    sum += waited;
  }
  return { of, total: sum };
}

// Deaths, faults and files that were given up.
function wrong({ run, index }, state) {
  const findings = [];
  const deaths = index.marks.death.values();
  const dead = [...state.isDead].map((isDead, rank) => (isDead ? rank : 0)).filter(Boolean);
  if (deaths.length) {
    const named = Array.from(deaths.subarray(0, MAX_NAMED), (position) => at(position, `${who(run.rankOf(position - 1))} at ${seconds(run.timeAt(position))}`, run.rankOf(position - 1)));
    const back = dead.length < deaths.length ? " Some came back." : "";
    findings.push([`${plural(deaths.length, "process")} died: `.replace("processs", "processes"), ...between(named), deaths.length > MAX_NAMED ? ", …" : "", `.${back}`]);
  }
  const begun = [...index.marks.fault.values()].filter((position) => run.tableOf(position - 1).name === "FaultBegan");
  if (begun.length) {
    const texts = new Map(begun.toReversed().map((position) => [printable(run.text(position - 1, "fault")), position]));
    const named = [...texts].reverse().slice(0, MAX_NAMED).map(([text, position]) => at(position, text));
    findings.push(["Faults on purpose: ", ...between(named), texts.size > MAX_NAMED ? ", …" : "", "."]);
  }
  const lost = [...state.gaveUp].map((files, rank) => (files ? rank : 0)).filter(Boolean);
  if (lost.length) findings.push([`Not everything was got: ${lost.length === 1 ? `client ${lost[0]}` : `clients ${ranges(lost)}`} gave files up, as nobody alive had all of them.`]);
  return findings;
}

// Who waits for whom where the trace ends before the run did.
function waiting({ run }) {
  const waits = run.report?.waits ?? [];
  if (!waits.length) return [];
  const named = waits.slice(0, MAX_NAMED).map((wait) => at(run.positionOf(wait.line), printable(wait.text), wait.rank));
  return [["Where the trace ends, ", ...between(named), waits.length > MAX_NAMED ? ", …" : "", "."]];
}

function between(parts) {
  return parts.flatMap((part, number) => (number ? [", ", part] : [part]));
}

function verdict({ run, index }) {
  const { report } = run;
  if (!report) return [];
  if (!index.violations.length) {
    const open = report.rules.filter((rule) => rule.verdict === report.verdict);
    if (report.verdict === "valid") return [`No rule of the protocol was broken: ${open.length} of ${report.rules.length} are valid, the others not exercised.`];
    const what = report.verdict === "unknown" ? "The checker cannot tell whether all rules of the protocol hold" : "The run shows less of the protocol than it should";
    return [`${what}: ${plural(open.length, "rule")} ${open.length === 1 ? "is" : "are"} ${report.verdict}, such as ${open[0].rule} (${printable(open[0].reason)}).`];
  }
  const first = index.violations[0];
  const names = new Set(index.violations.map((found) => found.rule.rule));
  return [`${plural(names.size, "rule")} of the protocol ${names.size === 1 ? "was" : "were"} broken, first ${first.rule.rule}: `, at(first.position, printable(first.text)), "."];
}
