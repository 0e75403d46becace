// Where the state of a run has room for what: a slot for each client and file that belong together, and one for each
// pair of clients that exchange segments. Found in one pass, so that the state at any moment is a few flat arrays.

const MAX_MAPPED = 1 << 26; // segments, of all clients together; what comes after them has no map

export class Places {
  constructor(run) {
    this.run = run;
    this.position = 0;
    this.slots = new Map(); // rank and file → slot
    this.slotsOf = Array.from({ length: run.numClients + 1 }, () => []);
    this.files = []; // by slot
    this.offsets = []; // by slot: where its segments begin
    this.sizes = []; // by slot: how many segments there is room for
    this.numMapped = 0;
    this.isMoved = false; // whether a file turned out to be larger than it was, so that its segments are elsewhere
    this.pairs = new Map(); // uploader and downloader → number
    this.pairList = []; // by number: [uploader, downloader]
    this.faults = new Map(); // text → number
    this.reads = new Map([
      ["DownloadStarted", (index, rank) => this.addMap(index, rank)],
      ["RoleChanged", (index) => this.addSlot(run.number(index, "client"), run.number(index, "file"))],
      ["FileWritten", (index, rank) => this.addSlot(rank, run.number(index, "file"))],
      ["FileUnavailable", (index, rank) => this.addSlot(rank, run.number(index, "file"))],
      ["SegmentsTaken", (index, rank) => this.addPair(run.number(index, "uploader"), rank)],
      ["FaultBegan", (index) => this.addFault(run.number(index, "fault"))],
      ["FaultEnded", (index) => this.addFault(run.number(index, "fault"))],
    ]);
  }

  // Look at the events that have come since.
  extend() {
    const { run } = this;
    const reads = run.tables.map((table) => this.reads.get(table.name));
    for (; this.position < run.length; this.position++) {
      reads[run.kind.at(this.position)]?.(this.position, run.rankOf(this.position));
    }
  }

  isClient(rank) {
    return rank >= 1 && rank <= this.run.numClients;
  }

  key(rank, number) {
    return rank * 4294967296 + number;
  }

  addSlot(rank, file) {
    if (!this.isClient(rank)) return -1;
    const key = this.key(rank, file);
    if (!this.slots.has(key)) {
      this.slots.set(key, this.files.length);
      this.slotsOf[rank].push(this.files.length);
      this.files.push(file);
      this.offsets.push(0);
      this.sizes.push(0);
    }
    return this.slots.get(key);
  }

  addMap(index, rank) {
    const slot = this.addSlot(rank, this.run.number(index, "file"));
    const size = this.run.number(index, "num_segments");
    if (slot < 0 || size <= this.sizes[slot] || this.numMapped + size > MAX_MAPPED) return;
    this.isMoved ||= this.sizes[slot] > 0;
    this.offsets[slot] = this.numMapped;
    this.sizes[slot] = size;
    this.numMapped += size;
  }

  addPair(uploader, downloader) {
    const key = this.key(uploader, downloader);
    if (!this.isClient(uploader) || !this.isClient(downloader) || this.pairs.has(key)) return;
    this.pairs.set(key, this.pairList.length);
    this.pairList.push([uploader, downloader]);
  }

  addFault(text) {
    if (!this.faults.has(text)) this.faults.set(text, this.faults.size);
  }

  slot(rank, file) {
    return this.slots.get(this.key(rank, file)) ?? -1;
  }

  pair(uploader, downloader) {
    return this.pairs.get(this.key(uploader, downloader)) ?? -1;
  }
}
