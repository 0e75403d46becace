// The whole run in a few hundred samples: for curves, heat maps and bands. One pass over the moments of a run.

import { total } from "./state.mjs";

export const NUM_SAMPLES = 300;
export const BANDS = [0, 10, 25, 50, 75, 90, 100];

export class Series {
  constructor(run, moments) {
    this.run = run;
    this.places = moments.places;
    this.goals = goalsOf(run, moments);
    this.times = Float64Array.from({ length: NUM_SAMPLES + 1 }, (_, at) => (run.duration * at) / NUM_SAMPLES);
    const curve = () => new Float64Array(NUM_SAMPLES + 1);
    this.fromPeers = curve();
    this.fromSeeds = curve();
    this.open = curve();
    this.misses = curve();
    this.finished = curve();
    this.busiest = curve(); // the largest share of all segments that one client has given
    this.shares = new Uint8Array((NUM_SAMPLES + 1) * (run.numClients + 1)); // by sample and rank, in 1/255
    this.openOf = new Uint16Array((NUM_SAMPLES + 1) * (run.numClients + 1));
    for (let sample = 0; sample <= NUM_SAMPLES; sample++) this.take(sample, moments);
    this.bands = this.percentiles();
    this.mostOpen = this.openOf.reduce((most, one) => Math.max(most, one), 1); // connections of one client at once
  }

  take(sample, moments) {
    const position = sample === NUM_SAMPLES ? this.run.length : this.run.positionAt(this.times[sample]);
    const state = moments.at(position);
    this.fromPeers[sample] = total(state.fromPeers);
    this.fromSeeds[sample] = total(state.fromSeeds);
    this.open[sample] = total(state.open);
    this.misses[sample] = total(state.misses);
    const given = this.fromPeers[sample] + this.fromSeeds[sample];
    this.busiest[sample] = given ? state.given.reduce((most, one) => Math.max(most, one), 0) / given : 0;
    const row = sample * (this.run.numClients + 1);
    for (let rank = 1; rank <= this.run.numClients; rank++) {
      if (state.finished[rank] >= 0) this.finished[sample]++;
      this.shares[row + rank] = Math.round(255 * this.shareOf(state, rank));
    }
    this.openOf.set(state.open, row);
  }

  // How much of what it wants a client has; 1 for a client that wants nothing.
  shareOf(state, rank) {
    const goal = this.goals.of[rank];
    if (!goal) return 1;
    let present = 0;
    for (const slot of this.places.slotsOf[rank]) {
      if (this.goals.isWanted[slot] && state.numSegments[slot] > 0) present += state.numPresent[slot];
    }
    return Math.min(1, present / goal);
  }

  share(sample, rank) {
    return this.shares[sample * (this.run.numClients + 1) + rank] / 255;
  }

  // For each band a curve: the share that so many percent of the clients that want something have not more than.
  percentiles() {
    const wanting = [...this.goals.of.keys()].filter((rank) => this.goals.of[rank] > 0);
    const bands = BANDS.map(() => new Float64Array(NUM_SAMPLES + 1));
    for (let sample = 0; sample <= NUM_SAMPLES; sample++) {
      const shares = Float64Array.from(wanting, (rank) => this.share(sample, rank)).sort();
      BANDS.forEach((band, at) => {
        bands[at][sample] = shares.length ? shares[Math.round(((shares.length - 1) * band) / 100)] : 1;
      });
    }
    return bands;
  }

  sampleAt(time) {
    return Math.max(0, Math.min(NUM_SAMPLES, Math.round((NUM_SAMPLES * time) / (this.run.duration || 1))));
  }

  // Clients in the order in which they got everything; those that never did last, those that wanted nothing first.
  order() {
    const key = (rank) => {
      if (!this.goals.of[rank]) return -1;
      for (let sample = 0; sample <= NUM_SAMPLES; sample++) if (this.share(sample, rank) === 1) return sample;
      return NUM_SAMPLES + 2 - this.share(NUM_SAMPLES, rank);
    };
    const keys = Array.from({ length: this.run.numClients }, (_, at) => [key(at + 1), at + 1]);
    return keys.sort((one, other) => one[0] - other[0] || one[1] - other[1]).map(([, rank]) => rank);
  }
}

// How many segments each client wants, of files that it did not own from the start.
function goalsOf(run, moments) {
  const { places } = moments;
  const isWanted = new Uint8Array(places.files.length);
  const seen = new Uint8Array(places.files.length);
  const started = run.table("DownloadStarted");
  const number = run.tables.indexOf(started);
  for (let index = 0; index < run.length && started.length; index++) {
    if (run.kind.at(index) !== number) continue;
    const slot = places.slot(run.rankOf(index), run.number(index, "file"));
    if (slot < 0 || seen[slot]) continue;
    seen[slot] = 1;
    isWanted[slot] = run.number(index, "num_present") < run.number(index, "num_segments") ? 1 : 0;
  }
  const of = new Int32Array(run.numClients + 1);
  places.slotsOf.forEach((slots, rank) => {
    for (const slot of slots) if (isWanted[slot]) of[rank] += places.sizes[slot];
  });
  return { of, isWanted };
}
