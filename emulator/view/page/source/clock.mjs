// Where the page is in the run and how it goes on, without keys and without a screen.

import { countUpTo } from "./column.mjs";

export const SPEEDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const PLEASANT_S = 10;
const STEPS_PER_S = 5;

export class Clock {
  constructor(run, index) {
    this.run = run;
    this.index = index;
    this.position = 0;
    this.now = 0;
    this.isPlaying = false;
    this.bySteps = false;
    this.owedSteps = 0;
    this.notice = "";
    this.speed = SPEEDS.findLast((speed) => speed <= 1 && run.duration / speed >= PLEASANT_S) ?? SPEEDS[0];
  }

  get isAtEnd() {
    return this.position === this.run.length && this.now >= this.run.duration;
  }

  // Let so much time pass for the person who watches; whether anything is different now.
  advance(passed) {
    if (!this.isPlaying) return false;
    if (this.bySteps) {
      this.owedSteps += passed * this.speed * STEPS_PER_S;
      for (; this.owedSteps >= 1; this.owedSteps--) this.goTo(this.stepAfter(this.position));
    } else {
      this.now = Math.min(this.now + passed * this.speed, this.run.duration);
      this.position = this.run.positionAt(this.now);
    }
    if (this.isAtEnd) this.isPlaying = false;
    return true;
  }

  playOrPause() {
    if (!this.isPlaying && this.isAtEnd) this.goTo(0);
    this.isPlaying = !this.isPlaying;
    this.owedSteps = 0;
    this.notice = "";
  }

  faster() {
    this.speed = SPEEDS.find((speed) => speed > this.speed) ?? this.speed;
  }

  slower() {
    this.speed = SPEEDS.findLast((speed) => speed < this.speed) ?? this.speed;
  }

  toggleSteps() {
    this.bySteps = !this.bySteps;
    this.owedSteps = 0;
    this.notice = this.bySteps ? "every event takes equally long" : "events take as long as they took";
  }

  seek(time) {
    this.notice = "";
    this.now = Math.max(0, Math.min(time, this.run.duration));
    this.position = this.now > 0 ? this.run.positionAt(this.now) : 0;
  }

  // To where so many events have happened.
  stopAt(position) {
    this.isPlaying = false;
    this.notice = "";
    this.goTo(Math.max(0, Math.min(position, this.run.length)));
  }

  goTo(position) {
    this.position = position;
    this.now = this.run.timeAt(position);
  }

  step() {
    this.stopAt(this.stepAfter(this.position));
  }

  stepBack() {
    const told = this.index.told.values();
    const before = countUpTo(told, this.position - 1);
    this.stopAt(before ? told[before - 1] : 0);
  }

  stepAfter(position) {
    const told = this.index.told.values();
    const after = countUpTo(told, position);
    return after < told.length ? told[after] : this.run.length;
  }

  // To the next, or the last, thing of a kind.
  jump(kind, isBack) {
    const marks = this.index.marks[kind].values();
    const at = isBack ? countUpTo(marks, this.position - 1) - 1 : countUpTo(marks, this.position);
    if (at >= 0 && at < marks.length) this.stopAt(marks[at]);
    else this.notice = `no ${kind} ${isBack ? "before" : "after"} this`;
  }
}
