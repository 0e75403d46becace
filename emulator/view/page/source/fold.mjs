// The state of a run after each of its events. The same as trace/statistics.py, event by event: tests compare them.

import { DOES, SOURCES } from "./state.mjs";

const does = (text) => DOES.indexOf(text);

export class Fold {
  constructor(run, places) {
    this.run = run;
    this.places = places;
    this.ofClient = run.tables.map((table) => CLIENT[table.name]);
    this.ofTracker = run.tables.map((table) => TRACKER[table.name]);
  }

  // Let the events up to this position happen.
  advance(state, position) {
    const { run } = this;
    for (let index = state.position; index < position; index++) {
      const lane = run.lane.at(index);
      const kind = run.kind.at(index);
      const rank = Math.floor(lane / 3);
      const happen = (rank ? this.ofClient : this.ofTracker)[kind];
      if (happen) happen(this, state, rank, index);
    }
    state.position = position;
  }

  number(index, field) {
    return this.run.number(index, field);
  }

  slot(rank, index) {
    return this.places.slot(rank, this.number(index, "file"));
  }

  // The client that an event of the tracker is about; 0 for one that cannot be.
  subject(index) {
    const client = this.number(index, "client");
    return this.places.isClient(client) ? client : 0;
  }
}

const TRACKER = {
  BarrierOpened(fold, state, _, index) {
    state.barrier = fold.number(index, "number");
    if (state.barrier === 2) state.began = fold.run.time.at(index);
  },
  RoleChanged(fold, state, _, index) {
    const client = fold.subject(index);
    const time = fold.run.time.at(index);
    if (!client || time <= state.gone(client)) return;
    const slot = fold.slot(client, index);
    state.role[slot] = ROLE_NUMBERS[fold.run.text(index, "role")];
    state.roleSince[slot] = time;
  },
  ClientFinished(fold, state, _, index) {
    const client = fold.subject(index);
    const time = fold.run.time.at(index);
    if (client && !(time < state.restarted[client])) state.finished[client] = time;
  },
  ClientLeft(fold, state, _, index) {
    const client = fold.subject(index);
    if (!client) return;
    const time = fold.run.time.at(index);
    if (!(time < state.restarted[client])) state.left[client] = time;
    leaveSwarms(fold, state, client);
  },
  FaultBegan: beginFault,
  FaultEnded: endFault,
};
const ROLE_NUMBERS = { leecher: 1, peer: 2, seed: 3 };

const CLIENT = {
  SegmentsTaken(fold, state, rank, index) {
    const segments = fold.run.list(index, "segments");
    const isSeed = fold.number(index, "is_seed");
    (isSeed ? state.fromSeeds : state.fromPeers)[rank] += segments.length;
    state.held[rank] += segments.length;
    state.misses[rank] += fold.number(index, "is_missed");
    if (!segments.length) return;
    store(fold, state, fold.slot(rank, index), segments, isSeed ? SOURCES.seed : SOURCES.peer);
    const uploader = fold.number(index, "uploader");
    if (!fold.places.isClient(uploader)) return;
    state.exchanged[fold.places.pair(uploader, rank)] += segments.length;
    state.given[uploader] += segments.length;
  },
  SegmentRejected(_, state, rank) {
    state.rejected[rank]++;
  },
  RoundBegan(fold, state, rank, index) {
    state.rounds[rank]++;
    state.round[rank] = fold.number(index, "round");
    state.source[rank] = 0;
    state.numLists++;
  },
  PeerChosen(fold, state, rank, index) {
    state.source[rank] = fold.number(index, "peer");
    state.sourceIsSeed[rank] = 0;
  },
  SeedChosen(fold, state, rank, index) {
    state.source[rank] = fold.number(index, "seed");
    state.sourceIsSeed[rank] = 1;
  },
  ConnectionOpened(fold, state, rank, index) {
    state.open[rank] = fold.number(index, "num_open");
    state.mostOpen[rank] = Math.max(state.mostOpen[rank], state.open[rank]);
  },
  ConnectionClosed(fold, state, rank, index) {
    state.open[rank] = fold.number(index, "num_open");
    state.uploaded[rank] += fold.number(index, "num_segments");
  },
  DownloadStarted(fold, state, rank, index) {
    const slot = fold.slot(rank, index);
    const size = Math.max(0, Math.min(fold.number(index, "num_segments"), fold.places.sizes[slot]));
    const numPresent = Math.max(0, Math.min(fold.number(index, "num_present"), size));
    const offset = fold.places.offsets[slot];
    state.does[rank] = does("downloading");
    state.downloading[rank] = fold.places.files[slot] + 1;
    state.numSegments[slot] = size;
    state.numPresent[slot] = numPresent;
    state.present.fill(SOURCES.owned, offset, offset + numPresent);
    state.present.fill(0, offset + numPresent, offset + size);
    // A file that is whole from the start of a first life is the client's own; all else it has got at some time.
    if (state.restarts[rank] || numPresent < size) state.held[rank] += numPresent;
  },
  FileWritten(fold, state, rank, index) {
    state.written[fold.slot(rank, index)] = fold.run.time.at(index);
    state.downloading[rank] = state.source[rank] = 0;
  },
  FileNotWritten(_, state, rank) {
    state.downloading[rank] = state.source[rank] = 0;
  },
  FileUnavailable(fold, state, rank, index) {
    const slot = fold.slot(rank, index);
    state.gaveUp[rank] += state.numLost[slot] < 0 ? 1 : 0;
    state.numLost[slot] = fold.number(index, "num_lost");
    state.downloading[rank] = state.source[rank] = 0;
  },
  Reported(_, state, rank) {
    if (!state.restarts[rank]) state.numReported++;
    state.does[rank] = does("waiting at barrier 1");
  },
  BarrierPassed(fold, state, rank, index) {
    state.does[rank] = does(fold.number(index, "number") === 1 ? "waiting at barrier 2" : "downloading");
  },
  Arrived(fold, state, rank, index) {
    state.arrived[rank] = fold.run.time.at(index);
  },
  DownloadsFinished(_, state, rank) {
    state.does[rank] = does("finished, uploading");
  },
  ThreadStarted(fold, state, rank, index) {
    if (fold.run.lane.at(index) % 3 === 0) state.does[rank] = does("reading its input");
  },
  ThreadEnded(fold, state, rank, index) {
    if (fold.run.lane.at(index) % 3 === 0) state.does[rank] = does("ended");
  },
  ThreadFailed(fold, state, rank, index) {
    state.does[rank] = does("failed in its main thread") + (fold.run.lane.at(index) % 3);
  },
  Died(fold, state, rank, index) {
    state.died[rank] = fold.run.time.at(index);
    state.isDead[rank] = 1;
    state.does[rank] = does("died");
    state.open[rank] = state.downloading[rank] = state.source[rank] = 0;
    if (state.pause[rank]) state.active[state.pause[rank] - 1]--;
    state.pause[rank] = 0;
    leaveSwarms(fold, state, rank);
  },
  Restarted(fold, state, rank, index) {
    const time = fold.run.time.at(index);
    state.restarted[rank] = time;
    state.isDead[rank] = 0;
    state.does[rank] = does("restarted");
    state.restarts[rank]++;
    state.held[rank] = state.gaveUp[rank] = 0; // until it says what it finds on its disk
    if (state.left[rank] < time) state.left[rank] = NaN;
    if (state.finished[rank] < time) state.finished[rank] = NaN;
    for (const slot of fold.places.slotsOf[rank]) {
      state.numLost[slot] = -1;
      state.numSegments[slot] = -1;
      if (!fold.number(index, "is_state_kept")) state.written[slot] = NaN;
    }
  },
  FaultBegan: beginFault,
  FaultEnded: endFault,
};

function store(fold, state, slot, segments, source) {
  if (slot < 0 || state.numSegments[slot] < 0) return;
  const offset = fold.places.offsets[slot];
  for (const segment of segments) {
    if (segment < 0 || segment >= state.numSegments[slot]) continue;
    if (!state.present[offset + segment]) state.numPresent[slot]++;
    state.present[offset + segment] = source;
  }
}

// The client is in no swarm any more in which it was before it went.
function leaveSwarms(fold, state, client) {
  const gone = state.gone(client);
  for (const slot of fold.places.slotsOf[client]) if (state.roleSince[slot] <= gone) state.role[slot] = 0;
}

function beginFault(fold, state, rank, index) {
  if (fold.number(index, "is_fatal")) return; // the death that follows tells
  const fault = fold.places.faults.get(fold.number(index, "fault"));
  state.active[fault]++;
  if (rank && fold.number(index, "stops")) state.pause[rank] = fault + 1;
}

function endFault(fold, state, rank, index) {
  const fault = fold.places.faults.get(fold.number(index, "fault"));
  if (rank && fold.number(index, "stops")) {
    if (state.pause[rank] !== fault + 1) return; // its death was the end of it
    state.pause[rank] = 0;
  }
  state.active[fault]--;
}
