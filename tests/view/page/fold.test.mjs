// The page's fold against that of Python, at a hundred moments of one trace. The environment says where both are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { SOURCE, DATA, MOMENTS } = process.env;
const load = (name) => import(pathToFileURL(join(SOURCE, name)));
const { frames } = await load("decode.mjs");
const { Run } = await load("run.mjs");
const { Moments } = await load("moments.mjs");
const { DOES, ROLES } = await load("state.mjs");

const [about, ...blocks] = frames(new Uint8Array(readFileSync(DATA)));
const run = new Run(about.facts);
for (const block of blocks) run.addBlock(block);
const expected = JSON.parse(readFileSync(MOMENTS));
const tick = about.facts.tick_us / 1e6;

const COUNTS = ["fromPeers", "fromSeeds", "held", "misses", "rejected", "uploaded", "given", "open", "mostOpen", "rounds", "round", "restarts", "gaveUp"];

function clientFacts({ places }, state, rank) {
  const facts = Object.fromEntries(COUNTS.map((name) => [name, state[name][rank]]));
  facts.isDead = Boolean(state.isDead[rank]);
  facts.does = DOES[state.does[rank]];
  facts.downloading = state.downloading[rank] ? run.texts[state.downloading[rank] - 1] : null;
  facts.source = state.source[rank] ? `${state.sourceIsSeed[rank] ? "seed" : "peer"} ${state.source[rank]}` : "";
  const fault = [...places.faults].find(([, number]) => number === state.pause[rank] - 1);
  facts.pause = fault ? run.texts[fault[0]] : "";
  facts.times = ["finished", "arrived", "left", "died", "restarted"].map((name) => state[name][rank]);
  Object.assign(facts, { roles: {}, written: {}, numLost: {}, present: {} });
  for (const slot of places.slotsOf[rank]) {
    const file = run.texts[places.files[slot]];
    if (state.role[slot]) facts.roles[file] = ROLES[state.role[slot]];
    if (!Number.isNaN(state.written[slot])) facts.written[file] = state.written[slot];
    if (state.numLost[slot] >= 0) facts.numLost[file] = state.numLost[slot];
    if (state.numSegments[slot] < 0) continue;
    const offset = places.offsets[slot];
    facts.present[file] = [...state.present.subarray(offset, offset + state.numSegments[slot])];
    assert.equal(state.numPresent[slot], facts.present[file].filter(Boolean).length);
  }
  return facts;
}

// Times are as exact as the page's clock.
function sameTime(actual, wanted, what) {
  if (wanted === null) assert.ok(Number.isNaN(actual), `${what}: ${actual} where there is none`);
  else assert.ok(Math.abs(actual - wanted) <= tick, `${what}: ${actual} is not ${wanted}`);
}

function compare(state, wanted) {
  const where = `at ${wanted.position} of ${run.length}`;
  const { places } = moments;
  for (const name of ["barrier", "numLists", "numReported", "numTransferred"]) assert.equal(state[name], wanted[name], `${name} ${where}`);
  sameTime(state.began, wanted.began, `began ${where}`);
  const exchanged = [...state.exchanged].map((number, pair) => [...places.pairList[pair], number]).filter(([, , number]) => number);
  assert.deepEqual(exchanged.sort((one, other) => one[0] - other[0] || one[1] - other[1]), wanted.exchanged, where);
  const active = [...places.faults].filter(([, number]) => state.active[number]).map(([text, number]) => [run.texts[text], state.active[number]]);
  assert.deepEqual(Object.fromEntries(active), wanted.active, where);
  wanted.clients.forEach((client, at) => {
    const { times, written, ...facts } = clientFacts(moments, state, at + 1);
    const { times: wantedTimes, written: wantedWritten, ...wantedFacts } = client;
    assert.deepEqual(facts, wantedFacts, `client ${at + 1} ${where}`);
    wantedTimes.forEach((time, which) => sameTime(times[which], time, `time ${which} of client ${at + 1} ${where}`));
    assert.deepEqual(Object.keys(written).sort(), Object.keys(wantedWritten).sort());
    for (const [file, time] of Object.entries(wantedWritten)) sameTime(written[file], time, file);
  });
}

const moments = new Moments(run);
const orders = {
  forwards: expected.moments,
  backwards: expected.moments.toReversed(),
  "here and there": expected.moments.map((_, at, all) => all[(at * 37) % all.length]),
};

test("the page has every event, at its time", () => {
  assert.equal(run.length, expected.times.length);
  let latest = 0;
  expected.times.forEach((time, index) => {
    latest = Math.max(latest, time);
    sameTime(run.time.at(index), latest, `event ${index}`);
  });
});

for (const [name, list] of Object.entries(orders)) {
  test(`the fold is Python's, ${name}`, () => {
    for (const wanted of list) compare(moments.at(wanted.position), wanted);
  });
}

test("a run that grows block by block has the same state in the end", () => {
  const grown = new Run(about.facts);
  const growing = new Moments(grown);
  for (const block of frames(new Uint8Array(readFileSync(DATA)))) {
    if (block.facts.events === undefined) continue;
    grown.addBlock(block);
    growing.extend();
    growing.at(grown.length);
  }
  compare(growing.at(grown.length), expected.moments.at(-1));
});
