// Events in plain sentences. What is not worth a sentence has none: single messages have words of their own.

import { plural, printable, ranges, who } from "./words.mjs";

const SENTENCES = {
  Reported: (event) => `${event.who} reports ${plural(event.num_files, "file")} to the tracker`,
  BarrierOpened: (event) => `the tracker opens barrier ${event.number}: every client has reached it`,
  BarrierPassed: (event) => `${event.who} passes barrier ${event.number}`,
  RoleChanged: (event) => `the tracker lists client ${event.client} as a ${event.role} of ${event.file}`,
  ClientFinished: (event) => `the tracker learns that client ${event.client} has finished`,
  DownloadStarted: (event) => {
    const present = event.num_present ? `, ${event.num_present} of them there already` : "";
    return `${event.who} begins ${event.file}: ${plural(event.num_segments, "segment")}${present}`;
  },
  RoundBegan: (event) =>
    `${event.who} begins round ${event.round} of ${event.file}: the tracker lists ` +
    `${plural(event.seeds.length, "seed")} and ${plural(event.peers.length, "peer")}`,
  RoundEnded: (event) =>
    `${event.who} ends round ${event.round} of ${event.file} with ${plural(event.num_segments, "segment")}`,
  DownloadsFinished: (event) => `${event.who} has all that it can get, and goes on giving`,
  PeerChosen: (event) => {
    const before = event.num_misses ? `after ${plural(event.num_misses, "miss").replace("misss", "misses")} in a row, ` : "";
    return `${event.who} tries peer ${event.peer} for ${event.file}: ${before}drawn at random from ${plural(event.candidates.length, "peer")}`;
  },
  SeedChosen: (event) => {
    const counts = Array.from(event.asked, (seed, at) => `seed ${seed} has ${event.counts[at] ?? "?"}`).join(", ");
    return `${event.who} takes seed ${event.seed} for ${event.file}: fewest connections (${counts || "not asked"})`;
  },
  SegmentsTaken: (event) => {
    const from = `${event.is_seed ? "seed" : "peer"} ${event.uploader}`;
    const miss = event.is_missed ? ", then a miss" : "";
    if (!event.segments.length) return `${event.who} gets nothing of ${event.file} from ${from}: a miss`;
    const numbers = `${event.segments.length === 1 ? "segment" : "segments"} ${ranges(event.segments)}`;
    return `${event.who} got ${numbers} of ${event.file} from ${from}${miss}`;
  },
  SegmentRejected: (event) =>
    `${event.who} rejects segment ${event.segment} of ${event.file} from client ${event.uploader}: wrong hash`,
  FileWritten: (event) => `${event.who} has all of ${event.file} and writes it`,
  FileNotWritten: (event) => `${event.who} has all of ${event.file} and cannot write it: its disk is full`,
  FileUnavailable: (event) => {
    const why = event.num_lost ? `nobody alive has ${plural(event.num_lost, "segment")} of it` : "nobody alive knows it";
    return `${event.who} gives up ${event.file} with ${plural(event.num_present, "segment")}: ${why}`;
  },
  Arrived: (event) => `${event.who} comes to the swarm`,
  ClientLeft: (event) => `the tracker takes client ${event.client} out of all swarms: it has departed`,
  ThreadEnded: (event) => (event.thread === "main" ? `${event.who} ends` : ""),
  ThreadFailed: (event) => `${event.who} fails in its ${event.thread} thread: ${event.error}`,
  Died: (event) => `${event.who} is dead: it ${event.cause}`,
  Restarted: (event) => `${event.who} is started again ${event.is_state_kept ? "with" : "without"} what it had on its disk`,
  FaultBegan: (event) => `a fault begins: ${event.fault}`,
  FaultEnded: (event) => `a fault ends: ${event.fault}`,
  MessageFaulted: (event) => `${event.message} from ${event.who} to ${who(event.to)} is ${event.verdict} on its way`,
};
const TEXTS = new Set(["file", "role", "error", "cause", "fault", "verdict", "on", "message"]);
const LISTS = new Set(["seeds", "peers", "candidates", "asked", "counts", "segments", "holders", "distrusted", "files"]);

export function isTold(table) {
  return table.name in SENTENCES;
}

// An event as an object whose texts are safe to show.
export function eventAt(run, index) {
  const table = run.tableOf(index);
  const lane = run.lane.at(index);
  const event = {
    index,
    kind: table.name,
    time: run.time.at(index),
    step: printable(run.texts[run.step.at(index)]),
    rank: Math.floor(lane / 3),
    thread: ["main", "download", "upload"][lane % 3],
  };
  event.who = who(event.rank);
  for (const name of table.names) {
    const value = run.number(index, name);
    event[name] = LISTS.has(name) ? run.lists[value] : TEXTS.has(name) ? printable(String(run.texts[value])) : value;
  }
  if (table.message) event.message = table.message;
  event.on = table.message || table.name === "Received" ? ["download", "upload"][run.number(index, "on")] : event.on;
  return event;
}

// What happened, with the reason where a choice was made; empty for what is not worth a sentence.
export function sentence(run, index) {
  const event = eventAt(run, index);
  return SENTENCES[event.kind]?.(event) ?? "";
}
