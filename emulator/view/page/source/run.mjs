// A run: every event of the trace in columns, and which receipt belongs to which sending.
//
// A position is a number of events: at position 5, the events 0 to 4 have happened.

import { BlockReader } from "./decode.mjs";
import { Column, countUpTo } from "./column.mjs";

const SENT = "Sent ";
const STRANGE = "Received ";

// One kind of event: its name, its columns, and what it does to the message that it may be about.
class Table {
  constructor([name, columns]) {
    this.name = name;
    this.names = columns;
    this.columns = columns.map(() => new Column());
    this.isSent = name.startsWith(SENT);
    this.isStrange = name.startsWith(STRANGE);
    this.message = this.isSent || this.isStrange ? name.slice(name.indexOf(" ") + 1) : "";
    this.segmentAt = columns.indexOf("segment");
    this.length = 0;
  }

  column(name) {
    const at = this.names.indexOf(name);
    return at < 0 ? null : this.columns[at];
  }
}

export class Run {
  constructor(about) {
    this.about = about;
    this.header = about.header;
    this.numClients = about.header.clients;
    this.tables = about.schema.map((kind) => new Table(kind));
    this.received = this.tables.findIndex((table) => table.name === "Received");
    this.texts = [];
    this.lists = [];
    this.length = 0;
    this.time = new Column();
    this.lane = new Column(Int32Array);
    this.kind = new Column(Uint8Array);
    this.step = new Column(Uint16Array);
    this.row = new Column(Uint32Array);
    this.partner = new Column(Int32Array); // of a sending its receipt, of a receipt its sending; -1 where there is none
    this.ticks = 0;
    this.report = null;
    this.derived = []; // by derived event: the line that it is derived from
    this.inboxes = []; // by reader and communicator: what was sent there, in order
    this.lastOf = []; // by lane: what its last message was about
  }

  // What the checker says, when the run has ended.
  judge({ report, derived }) {
    this.report = report;
    this.derived = derived;
  }

  table(name) {
    return this.tables.find((table) => table.name === name);
  }

  get duration() {
    return this.length ? this.time.at(this.length - 1) : 0;
  }

  positionAt(time) {
    return countUpTo(this.time.data, time, this.length);
  }

  timeAt(position) {
    return position ? this.time.at(position - 1) : 0;
  }

  // Right after the event of a line of the trace; the end for no line. Events derived from it come after it.
  positionOf(line) {
    if (line === undefined) return this.length;
    return Math.min(line - 1 + countUpTo(this.derived, line - 1), this.length);
  }

  rankOf(index) {
    return Math.floor(this.lane.at(index) / 3);
  }

  tableOf(index) {
    return this.tables[this.kind.at(index)];
  }

  // The value of one field of an event, as the number that it is kept as.
  number(index, field) {
    const table = this.tableOf(index);
    return table.columns[table.names.indexOf(field)].at(this.row.at(index));
  }

  text(index, field) {
    return this.texts[this.number(index, field)];
  }

  list(index, field) {
    return this.lists[this.number(index, field)];
  }

  addBlock(frame) {
    const { facts } = frame;
    const reader = new BlockReader(frame);
    const first = this.length;
    const length = facts.events;
    this.texts.push(...facts.texts);
    this.addTimes(reader.column(length, false));
    const lanes = this.addLanes(reader, length);
    const order = byLane(lanes);
    this.addKinds(order, reader);
    this.lists.push(...reader.lists(facts.lists));
    this.length += length;
    this.partner.append(new Int32Array(length).fill(-1));
    for (let index = first; index < this.length; index++) this.follow(index);
  }

  addTimes(ticks) {
    this.time.append(ticks.map((passed) => ((this.ticks += passed) * this.about.tick_us) / 1e6));
  }

  addLanes(reader, length) {
    const changes = reader.column(length, false);
    const others = reader.column(changes.reduce((sum, change) => sum + (change === 2 ? 1 : 0), 0), false);
    const lanes = new Int32Array(length);
    let [last, before, other] = [-1, -1, 0];
    for (let index = 0; index < length; index++) {
      if (changes[index]) [last, before] = [changes[index] === 1 ? before : others[other++], last];
      lanes[index] = last;
    }
    this.lane.append(lanes);
    return lanes;
  }

  // Everything but times and lanes is in the order of the lanes.
  addKinds(order, reader) {
    const length = order.length;
    const kinds = reader.column(length, false);
    const steps = reader.column(length, false);
    const counts = new Map();
    const lastStep = [];
    const [kind, step, row] = [new Uint8Array(length), new Uint16Array(length), new Uint32Array(length)];
    order.forEach((event, at) => {
      const count = counts.get(kinds[at]) ?? 0;
      kind[event] = kinds[at];
      step[event] = lastStep[kinds[at]] = steps[at] ? steps[at] - 1 : lastStep[kinds[at]];
      row[event] = this.tables[kinds[at]].length + count;
      counts.set(kinds[at], count + 1);
    });
    for (const [number, count] of counts) {
      const table = this.tables[number];
      for (const column of table.columns) column.append(reader.column(count));
      table.length += count;
    }
    this.kind.append(kind);
    this.step.append(step);
    this.row.append(row);
  }

  // Messages are written as what is new in them since the lane's last one: put them together again.
  follow(index) {
    const table = this.tableOf(index);
    if (!table.message && this.kind.at(index) !== this.received) return;
    const lane = this.lane.at(index);
    const last = (this.lastOf[lane] ??= { other: 0, segment: 0 });
    if (table.message) this.followContent(index, table, last);
    else this.followReceipt(index, table, last);
  }

  followContent(index, table, last) {
    const row = this.row.at(index);
    const other = table.columns[1].data;
    last.other = other[row] += last.other;
    if (table.segmentAt >= 0) last.segment = table.columns[table.segmentAt].data[row] += last.segment;
    if (table.isSent) this.inbox(table.columns[0].at(row), last.other).sent.push(index);
  }

  followReceipt(index, table, last) {
    const row = this.row.at(index);
    const inbox = this.inbox(table.columns[0].at(row), this.rankOf(index));
    const sending = inbox.sent.at(inbox.numReceived++ + table.columns[1].at(row));
    this.partner.data[index] = sending;
    if (this.partner.at(sending) < 0) this.partner.data[sending] = index;
    last.other = this.rankOf(sending);
    const sent = this.tableOf(sending);
    if (sent.segmentAt >= 0) last.segment = sent.columns[sent.segmentAt].at(this.row.at(sending));
  }

  inbox(channel, rank) {
    // A stranger's message may be for a rank that cannot be.
    const key = Math.max(-1, Math.min(2 * rank + channel, 2 * this.numClients + 2));
    return (this.inboxes[key + 1] ??= { sent: new Column(Int32Array), numReceived: 0 });
  }
}

// The events of a block lane by lane, those of a lane in their order.
function byLane(lanes) {
  const ends = new Int32Array(lanes.reduce((most, lane) => Math.max(most, lane), 0) + 2);
  for (const lane of lanes) ends[lane + 1]++;
  for (let lane = 1; lane < ends.length; lane++) ends[lane] += ends[lane - 1];
  const order = new Int32Array(lanes.length);
  lanes.forEach((lane, index) => (order[ends[lane]++] = index));
  return order;
}
