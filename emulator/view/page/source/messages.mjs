// Single messages in words: what it is, its step, how long it was on its way, and what came of it.

import { eventAt } from "./sentences.mjs";
import { exactSeconds, plural, printable, ranges, seconds, who } from "./words.mjs";

const ANSWERS = {
  MetadataRequest: ["MetadataAnswer"],
  SwarmRequest: ["SwarmAnswer"],
  SegmentRequest: ["Hit", "Miss"],
  ConnectionCountRequest: ["ConnectionCount"],
  HoldingsRequest: ["Holdings"],
  Stuck: ["StuckAnswer"],
};

const WORDS = {
  Metadata: (m) => `reports ${plural(m.files.length / 2, "file")} that it owns (P2)`,
  MetadataRequest: (m) => `asks for the metadata of ${plural(m.files.length, "file")} (D1)`,
  MetadataAnswer: (m) => `answers with the metadata of ${plural(m.files.length / 2, "file")} (T3)`,
  Barrier: (m) => `signals barrier ${m.number} (${m.number === 1 ? "T2" : "T4"})`,
  SwarmRequest: (m) => `asks for the swarm of ${m.file} (D3)`,
  SwarmAnswer: (m) =>
    `lists the swarm of ${m.file}: seeds ${ranges(m.seeds) || "none"}, peers ${ranges(m.peers) || "none"} (T6)`,
  FileCompleted: (m) => `tells that it has all of ${m.file} (D7)`,
  Finished: () => "tells that it has everything it wanted (D8)",
  SegmentRequest: (m) => `asks for segment ${m.segment} of ${m.file} (${m.step || "D4, D6"})`,
  Hit: (m) => `gives segment ${m.segment} of ${m.file}: a hit (U2)`,
  Miss: (m) => `does not have segment ${m.segment} of ${m.file}: a miss (U2)`,
  ConnectionCountRequest: () => "asks how many connections it has open (D5)",
  ConnectionCount: (m) => `answers that it has ${plural(m.count, "connection")} open (U3)`,
  Close: () => "closes its connection (D4, D6)",
  Stop: () => "says stop (T9)",
  HoldingsRequest: (m) => `asks what it holds of ${m.file} (D4)`,
  Holdings: (m) => `answers that it holds ${plural(m.segments, "segment")} of ${m.file} (U2)`,
  Stuck: (m) => `tells that it is stuck with ${m.file}: ${plural(m.missing, "segment")} missing (D3)`,
  StuckAnswer: (m) => (m.num_lost ? `answers that ${plural(m.num_lost, "segment")} of ${m.file} are lost` : `answers: try ${m.file} again`) + " (T5)",
  Leave: () => "departs (D8)",
  Lost: () => "is reported dead by the engine",
  Returned: () => "is reported to be back by the engine",
};

// The sending that an event is about: itself, or that of which it is the receipt; -1 for an event that is no message.
export function sendingOf(run, index) {
  const table = run.tableOf(index);
  if (table.isSent || table.isStrange) return index;
  return table.name === "Received" ? run.partner.at(index) : -1;
}

export function messageName(run, index) {
  return run.tableOf(sendingOf(run, index)).message;
}

// Whether this table is of messages that get an answer.
export function isQuestion(table) {
  return table.message in ANSWERS;
}

export class Mail {
  constructor(run, index) {
    this.run = run;
    this.index = index; // of the lanes
  }

  // Who said what to whom.
  words(sending) {
    const message = eventAt(this.run, sending);
    const [from, to] = this.run.tableOf(sending).isSent ? [message.rank, message.other] : [message.other, message.rank];
    const said = WORDS[message.message]?.(message) ?? `sends ${message.message}`;
    return from === to ? `${who(from)} ${said}` : `${who(from)} → ${who(to)}: ${said}`;
  }

  // How long it was on its way, and what came of it.
  outcome(sending) {
    const { run } = this;
    if (!run.tableOf(sending).isSent) return "The trace does not have its sending.";
    const receipt = run.partner.at(sending);
    if (receipt < 0) return `Sent at ${exactSeconds(run.time.at(sending))}, and never received${this.fate(sending)}.`;
    const [sent, received] = [run.time.at(sending), run.time.at(receipt)];
    const way = `Sent at ${exactSeconds(sent)}, received ${seconds(received - sent)} later.`;
    const answer = this.answer(sending);
    if (answer < 0) return isQuestion(run.tableOf(sending)) ? `${way} There was no answer to it.` : way;
    const arrived = run.partner.at(answer);
    if (arrived < 0) return `${way} Its answer, ${run.tableOf(answer).message}, was never received.`;
    return `${way} Answered with a ${run.tableOf(answer).message}, which arrived ${seconds(run.time.at(arrived) - sent)} after the question.`;
  }

  // The sending of the answer to a question: the next one of its kind from there to the asker; -1 for none.
  answer(sending) {
    const { run } = this;
    const kinds = ANSWERS[run.tableOf(sending).message];
    const receipt = run.partner.at(sending);
    if (!kinds || receipt < 0) return -1;
    const asker = run.rankOf(sending);
    const lane = this.index.ofLane(run.lane.at(receipt));
    for (let at = this.index.countOfLane(run.lane.at(receipt), receipt); at < lane.length; at++) {
      const table = run.tableOf(lane[at]);
      if (table.isSent && kinds.includes(table.message) && run.number(lane[at], "other") === asker) return lane[at];
    }
    return -1;
  }

  // What a fault did to it, where the event right after its sending tells.
  fate(sending) {
    const { run } = this;
    const next = sending + 1;
    if (next >= run.length || run.tableOf(next).name !== "MessageFaulted") return "";
    return `: it was ${printable(run.text(next, "verdict"))}`;
  }
}
