// The clock, the address and the words of the page, by themselves.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const load = (name) => import(pathToFileURL(join(process.env.SOURCE, name)));
const { Clock } = await load("clock.mjs");
const { Column, countUpTo } = await load("column.mjs");
const { readAddress, writeAddress } = await load("address.mjs");
const { percent, plural, printable, ranges, seconds } = await load("words.mjs");

const TIMES = [0, 1, 1, 2, 4, 8];

function column(...values) {
  const made = new Column();
  made.append(values);
  return made;
}

function makeClock() {
  const run = {
    length: TIMES.length,
    duration: 8,
    positionAt: (time) => countUpTo(TIMES, time),
    timeAt: (position) => (position ? TIMES[position - 1] : 0),
  };
  const marks = { miss: column(2, 5), death: column() };
  return new Clock(run, { told: column(1, 3, 5), marks });
}

test("a short run is slowed so that it lasts about ten seconds", () => {
  assert.equal(makeClock().speed, 0.5);
});

test("seeking goes to a time, with all that happened by then", () => {
  const clock = makeClock();
  clock.seek(1);
  assert.deepEqual([clock.position, clock.now], [3, 1]);
  clock.seek(99);
  assert.deepEqual([clock.position, clock.now, clock.isAtEnd], [6, 8, true]);
  clock.seek(-1);
  assert.deepEqual([clock.position, clock.now], [0, 0]);
});

test("steps go from one event worth a sentence to the next, and back", () => {
  const clock = makeClock();
  const visited = [];
  for (let at = 0; at < 4; at++) {
    clock.step();
    visited.push(clock.position);
  }
  assert.deepEqual(visited, [1, 3, 5, 6]);
  clock.stepBack();
  assert.equal(clock.position, 5);
  clock.stepBack();
  clock.stepBack();
  clock.stepBack();
  assert.equal(clock.position, 0);
});

test("jumps go to the next mark and the one before, and say where there is none", () => {
  const clock = makeClock();
  clock.jump("miss", false);
  assert.equal(clock.position, 2);
  clock.jump("miss", false);
  assert.equal(clock.position, 5);
  clock.jump("miss", false);
  assert.deepEqual([clock.position, clock.notice], [5, "no miss after this"]);
  clock.jump("miss", true);
  assert.equal(clock.position, 2);
  clock.jump("death", true);
  assert.equal(clock.notice, "no death before this");
});

test("playing takes the time that it should, and stops at the end", () => {
  const clock = makeClock();
  clock.playOrPause();
  clock.advance(4);
  assert.deepEqual([clock.now, clock.position], [2, 4]);
  clock.advance(100);
  assert.deepEqual([clock.now, clock.isPlaying], [8, false]);
  clock.playOrPause();
  assert.deepEqual([clock.position, clock.isPlaying], [0, true]);
});

test("by steps every event takes equally long", () => {
  const clock = makeClock();
  clock.toggleSteps();
  clock.playOrPause();
  clock.advance(0.4);
  assert.equal(clock.position, 1);
  clock.advance(0.4);
  assert.equal(clock.position, 3);
});

test("speeds go up and down, within limits", () => {
  const clock = makeClock();
  clock.faster();
  assert.equal(clock.speed, 1);
  for (let at = 0; at < 30; at++) clock.slower();
  assert.equal(clock.speed, 0.001);
  for (let at = 0; at < 30; at++) clock.faster();
  assert.equal(clock.speed, 100);
});

test("what an address says comes back from it", () => {
  const view = { time: 0.64, position: 12, isExact: true, client: 4, view: "lanes", isProjector: true };
  assert.equal(writeAddress(view), "#t=0.64&client=4&view=lanes&projector=1");
  assert.deepEqual(readAddress(writeAddress(view)), { time: 0.64, client: 4, view: "lanes", isProjector: true });
  assert.deepEqual(readAddress(writeAddress({ ...view, isExact: false })).position, 12);
});

test("an address that says nonsense asks for nothing", () => {
  for (const hash of ["", "#", "#t=x&client=-1", "#t=1e9", "#client=%3Cb%3E", "#t=1.2.3", "#t=%"]) {
    assert.deepEqual(readAddress(hash), {}, hash);
  }
  assert.deepEqual(readAddress("#t=40%"), { share: 0.4 });
  assert.deepEqual(readAddress("#t=400%"), { share: 1 });
});

test("numbers are written for people", () => {
  assert.deepEqual([0.01234, 0.1234, 1.234, 12.34, Number.NaN].map(seconds), ["0.0123 s", "0.123 s", "1.23 s", "12.3 s", "–"]);
  assert.deepEqual([0, 0.001, 0.5, 0.999, 1].map(percent), ["0 %", "less than 1 %", "50 %", "99 %", "100 %"]);
  assert.deepEqual([plural(1, "seed"), plural(1234, "seed")], ["1 seed", "1,234 seeds"]);
  assert.equal(ranges([3, 1, 2, 7]), "1–3, 7");
  assert.equal(ranges([]), "");
});

test("what would change the text around it is made visible", () => {
  assert.equal(printable("a\u0000b\u001b[31m"), "a\\x00b\\x1b[31m");
  assert.equal(printable("x\u202ey\u2028"), "x\\u{202e}y\\u{2028}");
  assert.equal(printable("<b>Straße 文件</b>"), "<b>Straße 文件</b>");
});
