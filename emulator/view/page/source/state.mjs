// What a run is like at one moment: flat arrays, so that a copy is cheap.

export const SOURCES = { peer: 1, seed: 2, owned: 3 }; // where a segment came from
export const ROLES = ["", "leecher", "peer", "seed"];
export const DOES = [
  "starting",
  "reading its input",
  "waiting at barrier 1",
  "waiting at barrier 2",
  "downloading",
  "finished, uploading",
  "ended",
  "died",
  "restarted",
  "failed in its main thread",
  "failed in its download thread",
  "failed in its upload thread",
];

const COUNTS = [
  "fromPeers",
  "fromSeeds",
  "held",
  "misses",
  "rejected",
  "uploaded",
  "given",
  "open",
  "mostOpen",
  "rounds",
  "round",
  "restarts",
  "isDead",
  "does",
  "downloading", // the number of the file's name, and 1 more; 0 for none
  "source", // the rank that it takes segments from; 0 for none
  "sourceIsSeed",
  "pause", // the number of the fault that makes it stand still, and 1 more
  "gaveUp", // how many wanted files it has given up
];
const TIMES = ["finished", "arrived", "left", "died", "restarted"];
const slots = (places) => places.files.length;
const BY_PLACE = [
  ["role", Uint8Array, slots, 0], // a place in ROLES
  ["roleSince", Float64Array, slots, 0],
  ["written", Float64Array, slots, NaN],
  ["numLost", Int32Array, slots, -1], // -1 where the file is not given up
  ["numSegments", Int32Array, slots, -1], // -1 where the file is not begun
  ["numPresent", Int32Array, slots, 0],
  ["present", Uint8Array, (places) => places.numMapped, 0], // by segment: a number of SOURCES, or 0
  ["exchanged", Int32Array, (places) => places.pairList.length, 0], // segments given
  ["active", Int32Array, (places) => places.faults.size, 0], // on how many ranks the fault is going on
];

export class State {
  constructor(places) {
    this.position = 0;
    this.barrier = 0;
    this.numLists = 0;
    this.numReported = 0;
    this.began = NaN; // when the second barrier opened
    const size = places.run.numClients + 1;
    for (const name of COUNTS) this[name] = new Int32Array(size);
    for (const name of TIMES) this[name] = new Float64Array(size).fill(NaN);
    for (const [name, Type] of BY_PLACE) this[name] = new Type(0);
    this.fit(places);
  }

  // Make room for what has been found since.
  fit(places) {
    for (const [name, Type, size, nothing] of BY_PLACE) {
      const old = this[name];
      if (old.length >= size(places)) continue;
      this[name] = new Type(size(places)).fill(nothing, old.length);
      this[name].set(old);
    }
  }

  copy() {
    const copy = Object.create(State.prototype);
    for (const [name, value] of Object.entries(this)) copy[name] = ArrayBuffer.isView(value) ? value.slice() : value;
    return copy;
  }

  get numBytes() {
    return Object.values(this).reduce((sum, value) => sum + (ArrayBuffer.isView(value) ? value.byteLength : 8), 0);
  }

  get numTransferred() {
    return total(this.fromPeers) + total(this.fromSeeds);
  }

  // The time at which a client left all swarms, by its death or by its own will; before everything where it never did.
  gone(rank) {
    return Math.max(Number.isNaN(this.died[rank]) ? -Infinity : this.died[rank], Number.isNaN(this.left[rank]) ? -Infinity : this.left[rank]);
  }
}

export function total(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
