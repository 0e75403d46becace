"""What the fuzzer begins with: right inputs of every kind, small ones, and between them all that is ever read."""

import tempfile
from functools import cache
from pathlib import Path

import msgspec

from emulator.comparison.grid import Grid, Job
from emulator.comparison.measure import Row
from emulator.protocol import messages
from emulator.protocol.files import FileMetadata
from emulator.running.run import run
from emulator.scenario.generate import Shape, generate
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario

SCENARIOS = Path(__file__).parent.parent.parent / "samples" / "scenarios"
HASHES = [f"{number:032x}" for number in range(12)]

INPUT = (
    "\n".join(("2", "file1 3", *HASHES[:3], "file2 0", "1", "file3", "")).encode(),
    b"0 \r\n2\r\nfile1\r\nfile2  \r\n\r\n",
    "\n".join(("1", "name-of-a-file \t 12", *HASHES, "0")).encode(),
)
OTHER_INPUT = "\n".join(("3", "file1 3", *HASHES[:3], "file2 0", "file3 1", HASHES[3], "0", "")).encode()
"""The other client's, where an input is read with all others of its swarm."""

PLAN = (
    *(path.read_bytes() for path in sorted(SCENARIOS.glob("*.toml"))),
    b"""\
faults = ["kill client 3 at 40%", 'pause client 2 at 2s for 1s']
[swarm]
clients = 6
owners = 2
seeds = 2
files = 3
segments = "2-6"
wants = 0.5
overlap = 1.0
rng_seed = 7
[network]
up = "10 Mbit/s"
down = 2_000_000
segment_bytes = "64 KiB"
delay = "20 ms"
[[zones]]
name = "A"
clients = "1-3"
up = "1 MB/s"
[[zones]]
name = "B"
clients = "4-6"
[[links]]
between = ["A", "B"]
delay = "0.1 s"
rate = "2 Gbit/s"
[arrivals]
kind = "poisson"
per_s = 2.5
rng_seed = 1
[departures]
stays_s = 3
[run]
strategy = "rarest-first"
quota = 5
numwant = 20
rng_seed = -3
""",
    b'[swarm]\ninputs = "."\n[arrivals]\nkind = "flash-crowd"\nat_s = 2.0\nclients = "2-"\n',
)

FAULT = (
    b"kill client 3 at 40%",
    b"kill client 3 at 2s and restart it after 0.5s",
    b"kill clients 1-3,5 after 25 segments and restart them after 20ms without their state",
    b"kill tracker at message 17",
    b"pause client 3 at 2s for 1s",
    b"slow client 3 by 4 at 40% for 1s",
    b"cut off clients 1-3 from client 5 at 2s for 1s",
    b"drop 10% of messages of client 3 at 0.5s for 1s",
    b"duplicate 5% of messages of tracker",
    b"delay 10.5% of messages by 20ms",
    b"reorder 10% of messages within 5ms at 40%",
    b"corrupt 5% of segments of clients 1-2",
    b"free riders clients 4-5",
    b"liar client 4",
    b"flash crowd of clients 5-6 at 2s",
)

WORD = (
    *(b"5", b"-17", b"0.25", b"100 Mbit/s", b"12.5 MB/s", b"256 KiB", b"1.5 s", b"20-60", b"40%", b"120x40"),
    *(b"peers-first,rarest-first", b"10,100,1000"),
)

POINTS = (
    b"[points]\ndelivery = 2\n'channels' = 1.5\n\"deaths\" = 0\n",
    b"# none\n[points]\ninputs = 1_000\n",
)

STRATEGY = (
    b"class Mine:\n    def run_round(self, round):\n        pass\n",
    b'"""Asks nobody."""\nONE = 1\n\nclass Mine:\n    one = ONE\n    def run_round(self, round):\n        return 1\n',
)

STORED = (
    "".join(f"\n{segment} {HASHES[segment]}" for segment in (3, 0, 7, 3, 11)).encode(),
    "\n".join(HASHES).encode() + b"\n",
)
STORED_FILE = FileMetadata("file1", "".join(HASHES))

GRID = Grid(strategies=("peers-first", "seeds-only"), clients=(4, 9), num_segments=3, repeat=3)


def _row(job: Job, number: int) -> Row:
    return Row(
        job=job,
        num_clients=4,
        is_proven=number != 5,
        makespan_s=None if number == 5 else 2.0 + number / 7,
        bound_s=1.0,
        bound="rounds",
        num_leechers=3,
        num_done=3,
        times_s=(1.0, 1.5, 2.0),
        p50_s=1.5,
        p95_s=2.0,
        p99_s=2.0,
        segment_bytes=262_144,
        num_segments=9,
        num_from_origin=5,
        num_cross_zone=None,
        num_wasted=0,
        jain_index=0.5,
        num_misses=3,
        num_messages=40 + number,
        num_tracker_messages=20,
    )


RESULTS = (
    b"".join(
        msgspec.json.encode({"key": f"{number:032x}", "row": _row(job, number)}) + b"\n"
        for number, job in enumerate(GRID.jobs())
    ),
)
RESULTS_PLAN = msgspec.json.encode({"format": "swarm-comparison", "version": 1, "program": "", "grid": GRID})

LETTER = tuple(
    msgspec.msgpack.encode((3, message))
    for message in (
        messages.Metadata((STORED_FILE,)),
        messages.MetadataRequest(("file1", "file2"), 1),
        messages.MetadataAnswer((STORED_FILE,), 1),
        messages.SwarmRequest("file1", 2),
        messages.SwarmAnswer("file1", (1, 2), (4,), 2),
        messages.Hit("file1", 3, HASHES[3], 3),
        messages.Holdings("file1", b"\xff\x0f", 4),
        messages.Stuck("file1", b"\x01\x08", (1, 2), 5),
        messages.StuckAnswer("file1", 1, (2,), 5),
        messages.Lost(is_coming_back=True),
        messages.Finished(),
    )
)

RUNS = (
    Options(engine="virtual"),
    Options(engine="virtual", strategy="rarest-first", faults=("kill client 4 at 40% and restart it after 20ms",)),
    Options(engine="virtual", strategy="endgame", faults=("drop 5% of messages", "liar client 1")),
    Options(engine="virtual", faults=("kill client 1 at 30%",), network=Network.uniform(5, 1e7)),
)
"""What traces are samples of."""


@cache
def traces() -> tuple[bytes, ...]:
    """Traces of small runs: between them, all kinds of events that are common."""
    shape = Shape(clients=4, files=1, segments=(3, 3), rng_seed=3)
    scenario = Scenario(Path("made"), generate(shape), is_on_disk=False)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, options in enumerate(RUNS):
            path = Path(folder) / f"{number}.jsonl"
            run(scenario, None, options, trace=path)
            found.append(path.read_bytes())
    return tuple(found)
