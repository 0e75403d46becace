// The state at any position, quickly: copies are kept along the way, and the nearest one is taken on from.

import { Fold } from "./fold.mjs";
import { Places } from "./places.mjs";
import { State } from "./state.mjs";

const EVENTS_BETWEEN_COPIES = 4096;
const MAX_COPIED_BYTES = 96 << 20;

export class Moments {
  constructor(run) {
    this.run = run;
    this.places = new Places(run);
    this.fold = new Fold(run, this.places);
    this.copies = [];
    this.extend();
  }

  // Take in the events that have come since.
  extend() {
    this.places.extend();
    if (this.places.isMoved || !this.copies.length) {
      this.copies = [new State(this.places)];
      this.state = this.copies[0].copy();
      this.places.isMoved = false;
    }
    for (const state of [...this.copies, this.state]) state.fit(this.places);
    const room = Math.max(1, Math.floor(MAX_COPIED_BYTES / this.state.numBytes));
    this.spacing = Math.max(EVENTS_BETWEEN_COPIES, Math.ceil(this.run.length / room));
  }

  // The state at this position, good until the next call.
  at(position) {
    const kept = this.copies.findLast((copy) => copy.position <= position);
    if (position < this.state.position || kept.position > this.state.position) this.state = kept.copy();
    while (this.state.position < position) {
      const next = this.copies.at(-1).position + this.spacing;
      this.fold.advance(this.state, Math.min(position, Math.max(next, this.state.position)));
      if (this.state.position >= next) this.copies.push(this.state.copy());
    }
    return this.state;
  }
}
