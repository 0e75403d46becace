// Where to find things in a run: the events of each lane, those worth a sentence, and those that get a mark.

import { Column, countUpTo } from "./column.mjs";
import { isTold } from "./sentences.mjs";

export const MARKS = {
  miss: { glyph: "·", key: "m", title: "misses", sentence: "an uploader did not have the segment" },
  completion: { glyph: "◆", key: "c", title: "completed files", sentence: "a client wrote a whole file" },
  fault: { glyph: "!", key: "f", title: "faults", sentence: "something went wrong on purpose, or a file was given up" },
  death: { glyph: "†", key: "d", title: "deaths", sentence: "a process died" },
  violation: { glyph: "✗", key: "v", title: "violations", sentence: "a rule of the protocol was broken" },
};
const MARKED = {
  SegmentRejected: "miss",
  FileWritten: "completion",
  Died: "death",
  FaultBegan: "fault",
  FaultEnded: "fault",
  Restarted: "fault",
  FileNotWritten: "fault",
  FileUnavailable: "fault",
};
const ABOUT_CLIENT = new Set(["RoleChanged", "ClientFinished", "ClientLeft"]);

export class Index {
  constructor(run) {
    this.run = run;
    this.position = 0;
    this.lanes = new Map();
    this.told = new Column(Uint32Array); // positions at which something worth a sentence has just happened
    this.toldOf = new Map(); // the same for each rank
    this.marks = Object.fromEntries(Object.keys(MARKS).map((kind) => [kind, new Column(Uint32Array)]));
    this.extend();
  }

  // Take in the events that have come since.
  extend() {
    const { run } = this;
    const told = run.tables.map(isTold);
    for (; this.position < run.length; this.position++) {
      const index = this.position;
      const lane = run.lane.at(index);
      this.column(this.lanes, lane).push(index);
      if (told[run.kind.at(index)]) this.tell(index, Math.floor(lane / 3));
    }
  }

  tell(index, rank) {
    const { run } = this;
    const { name } = run.tableOf(index);
    if (name === "ThreadEnded" && run.lane.at(index) % 3) return;
    this.told.push(index + 1);
    this.column(this.toldOf, rank).push(index + 1);
    if (ABOUT_CLIENT.has(name)) this.column(this.toldOf, run.number(index, "client")).push(index + 1);
    const mark = name === "SegmentsTaken" && run.number(index, "is_missed") ? "miss" : MARKED[name];
    if (mark && !(name === "FaultBegan" && run.number(index, "is_fatal"))) this.marks[mark].push(index + 1);
  }

  column(map, key) {
    let column = map.get(key);
    if (!column) map.set(key, (column = new Column(Uint32Array)));
    return column;
  }

  // What the checker has against the run: at the last line that shows it, or at the end.
  addViolations(report) {
    this.violations = report.rules.flatMap((rule) =>
      rule.violations.map((found) => ({
        rule,
        text: found.text,
        expected: found.expected,
        count: found.count,
        lines: found.lines,
        position: this.run.positionOf(found.lines.at(-1)),
      })),
    );
    this.violations.sort((one, other) => one.position - other.position);
    this.marks.violation = new Column(Uint32Array);
    for (const found of this.violations) this.marks.violation.push(found.position);
  }

  // The events of a lane, in order.
  ofLane(lane) {
    return this.lanes.get(lane)?.values() ?? new Uint32Array(0);
  }

  // How many of them come before this event, itself included.
  countOfLane(lane, index) {
    return countUpTo(this.ofLane(lane), index);
  }

  // The last event of a lane before this position of one of these kinds; -1 for none. Looks back at most so far.
  lastOfLane(lane, position, isWanted, most = 2000) {
    const events = this.ofLane(lane);
    const end = countUpTo(events, position - 1);
    for (let at = end - 1; at >= Math.max(0, end - most); at--) if (isWanted(events[at])) return events[at];
    return -1;
  }

  // The last positions up to this one at which something worth a sentence has just happened.
  lastTold(position, most) {
    const told = this.told.values();
    const end = countUpTo(told, position);
    return told.subarray(Math.max(0, end - most), end);
  }

  toldBefore(rank, position, most) {
    const told = this.toldOf.get(rank)?.values() ?? new Uint32Array(0);
    const end = countUpTo(told, position);
    return told.subarray(Math.max(0, end - most), end);
  }
}
