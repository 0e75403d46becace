"""What each kind of input is fed to, as the command line does it, and what may come of it.

A feed returns for what was accepted, and raises `InputError`, or what else it says in `FEEDS`, for what was refused. It
raises `Unclear` where what was accepted, or said, is not as it has to be; any other exception is a failure as well.
"""

import argparse
import contextlib
import gzip
import io
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from emulator.checker.grade import read_points
from emulator.commands import values as cli_values
from emulator.commands.answers import print_json
from emulator.commands.command_line import make_parser
from emulator.comparison.compare import Comparison, _cells
from emulator.comparison.results import Results
from emulator.comparison.tables import facts_of, write_table
from emulator.engines.processes.communicators import decode_letter
from emulator.engines.processes.packet_queue import PART, SPLIT, PacketQueue
from emulator.errors import InputError
from emulator.faults import parse_fault
from emulator.protocol.files import ClientInput
from emulator.running.prepare import Source, prepare
from emulator.scenario.inputs import parse_input
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario, format_input, output_name, read_scenario
from emulator.scenario.setup import Setup
from emulator.scenario.storage import DirectoryStorage
from emulator.scenario.verify import verify
from emulator.strategies import find_strategy, loader
from emulator.trace.exports import EXPORTS
from emulator.trace.exports.output import export_trace
from emulator.trace.sources import TraceSource
from emulator.view.console import make_console, print_all
from emulator.view.summary.comparison import comparison_summary
from tests.fuzzing import samples

MAX_PATH = 4_095
NUM_CLIENTS = 6
SWARM = Scenario(Path("swarm"), (ClientInput(),) * NUM_CLIENTS)
VALUES: tuple[Callable[[str], object], ...] = (
    cli_values.positive,
    cli_values.whole,
    cli_values.above_zero,
    cli_values.rate,
    cli_values.byte_size,
    cli_values.time_s,
    cli_values.span,
    cli_values.moment,
    cli_values.size,
    cli_values.words,
)


class Unclear(Exception):
    """Nothing was raised, but something is wrong."""


class Place(NamedTuple):
    """Where one input is fed: a folder of its own, in which nothing is, and what else is to be chosen."""

    folder: Path
    rng: random.Random

    def write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


def as_argument(data: bytes) -> str:
    """Bytes as Python has them from a command line, where no NUL can be."""
    return os.fsdecode(data.replace(b"\0", b""))


def feed_input(_: Place, data: bytes) -> None:
    content = parse_input(data, "in1.txt").content
    if parse_input(format_input(content), "again").content != content:
        raise Unclear("written and read again, it is another input")
    if any("/" in output_name(1, name) or "\0" in name for name in content.wanted):
        raise Unclear("an output could be written elsewhere")


def feed_inputs(place: Place, data: bytes) -> None:
    place.write("in1.txt", data)
    place.write("in2.txt", samples.OTHER_INPUT)
    scenario = read_scenario(place.folder)
    place.write("client1_file1", data)
    verify(scenario, place.folder).summary()


def feed_plan(place: Place, data: bytes) -> None:
    place.write("in1.txt", samples.OTHER_INPUT)
    place.write("in2.txt", samples.INPUT[0])
    path = place.write("plan.toml", data)
    num_clients = place.rng.choice((None, None, None, 1, 5))
    prepare(Source(plan=path, num_clients=num_clients), {"engine": "virtual"})


def feed_fault(place: Place, data: bytes) -> None:
    text = as_argument(data)
    Setup.of(SWARM, Options(engine=place.rng.choice(("virtual", "processes")), faults=(text,)))
    fault = parse_fault(text, NUM_CLIENTS)
    if parse_fault(str(fault), NUM_CLIENTS) != fault:
        raise Unclear(f"written and read again, it is another fault: {fault}")


def feed_word(place: Place, data: bytes) -> None:
    try:
        place.rng.choice(VALUES)(as_argument(data))
    except argparse.ArgumentTypeError as error:
        raise InputError([str(error)]) from None


def feed_points(place: Place, data: bytes) -> None:
    read_points(place.write("points.toml", data))


def feed_strategy(place: Place, data: bytes) -> None:
    path = place.write(f"mine{place.rng.getrandbits(64):x}.py", data)
    known = sys.modules.copy()
    try:
        find_strategy(f"{path}:Mine")
    finally:
        loader._load.cache_clear()
        for name in sys.modules.keys() - known.keys():
            del sys.modules[name]


def feed_strategy_path(place: Place, data: bytes) -> None:
    place.write("mine.py", samples.STRATEGY[0])
    with contextlib.chdir(place.folder):
        try:
            Options(strategy=as_argument(data))
        finally:
            loader._load.cache_clear()


def feed_stored(place: Place, data: bytes) -> None:
    (place.folder / ".resume").mkdir()
    place.write("client1_file1" if place.rng.random() < 0.3 else ".resume/client1_file1", data)
    storage = DirectoryStorage(place.folder, place.folder, 1, is_storing=True)
    for segment, content in storage.read_stored(samples.STORED_FILE):
        if not 0 <= segment < samples.STORED_FILE.num_segments or len(content) != len(samples.HASHES[0]):
            raise Unclear(f"no segment of that file: {segment}")


def feed_letter(place: Place, data: bytes) -> None:
    """What a process of the swarm sends to another. Whatever decodes is a message; all else is an error at once."""
    packet = data
    if place.rng.random() < 0.5:
        packet = PART.pack(SPLIT, *(place.rng.choice((0, 1, 2, 2**32 - 1)) for _ in range(4))) + data
    try:
        whole = PacketQueue(-1, -1)._join(packet) if packet[:1] in (b"", bytes([SPLIT])) else packet
        if whole is not None:
            decode_letter(whole)
    except (EOFError, msgspec.DecodeError, ValueError) as error:
        raise InputError([type(error).__name__]) from None


def feed_results(place: Place, data: bytes) -> None:
    is_plan = place.rng.random() < 0.2
    place.write("plan.json", data if is_plan else samples.RESULTS_PLAN)
    place.write("runs.jsonl", samples.RESULTS[0] if is_plan else data)
    results = Results(place.folder, samples.GRID)
    results.close()
    rows = dict(zip(samples.GRID.jobs(), results.rows.values(), strict=False))
    comparison = Comparison(samples.GRID, _cells(samples.GRID, rows), (), len(rows))
    with _said():
        print_json(facts_of(comparison))
        print_all(make_console(), comparison_summary(comparison))
    write_table(comparison, place.folder / "runs.csv")


def feed_check(place: Place, data: bytes) -> None:
    path, as_json = _trace(place, data), place.rng.random() < 0.3
    with _said():
        if _call("check", str(path), *["--json"] * as_json) not in (0, 1, 3):
            raise Unclear("the exit status is none of a check")


def feed_export(place: Place, data: bytes) -> None:
    path, to = _trace(place, data), place.rng.choice(list(EXPORTS))
    name = place.rng.choice(("made", "made.gz"))
    try:
        export_trace(TraceSource(path), to, place.folder / name)
    except InputError:
        if [each.name for each in place.folder.iterdir()] != [path.name]:
            raise Unclear("something was left of an export that failed") from None
        raise


def feed_replay(place: Place, data: bytes) -> None:
    path, at = _trace(place, data), place.rng.choice(("0", "0.02", "40", "100"))
    told = io.StringIO()
    with _said(), contextlib.redirect_stderr(told):
        _call("replay", str(path), "--at", at + place.rng.choice(("", "%")), "--frame")
    if told.getvalue().count("\n") > 1:
        raise Unclear(f"more than a line: {told.getvalue()}")


def _call(*arguments: str) -> int:
    """Call a command as `run_command` does, but let its errors out."""
    parsed = make_parser().parse_args(arguments)
    return int(parsed.call(parsed))


def _trace(place: Place, data: bytes) -> Path:
    """Some are compressed, and damaged after that."""
    if place.rng.random() < 0.1:
        data = gzip.compress(data, 1)
        at = place.rng.randrange(len(data))
        data = place.rng.choice((data, data[:at], data[:at] + b"\0" + data[at + 1 :], data * 2, data + b"junk"))
    return place.write("trace.jsonl", data)


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What goes to stdout is text that can be written, and in which no terminal finds anything to obey."""
    stdout = sys.stdout
    sys.stdout = said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
    try:
        yield
        said.flush()
    finally:
        sys.stdout = stdout
    text = said.buffer.getvalue().decode(errors="surrogateescape")
    unsafe = {character for character in text if character != "\n" and not character.isprintable()}
    if unsafe - set(map(chr, range(0xDC80, 0xDD00))):
        raise Unclear(f"a terminal might obey: {sorted(unsafe)!r:.200}")


class Feed(NamedTuple):
    """One kind of input."""

    weight: int
    """How many of all inputs are of this kind, in proportion."""
    samples: Callable[[], Sequence[bytes]]
    feed: Callable[[Place, bytes], None]
    most_characters: int = 1_000
    """Of a line that says what is wrong."""


FEEDS = {
    "input": Feed(200, lambda: samples.INPUT, feed_input),
    "inputs": Feed(30, lambda: samples.INPUT, feed_inputs),
    "plan": Feed(120, lambda: samples.PLAN, feed_plan),
    "fault": Feed(200, lambda: samples.FAULT, feed_fault),
    "word": Feed(60, lambda: samples.WORD, feed_word),
    "points": Feed(40, lambda: samples.POINTS, feed_points),
    "strategy": Feed(30, lambda: samples.STRATEGY, feed_strategy),
    "strategy path": Feed(
        20, lambda: (b"mine.py:Mine", b"./mine.py:Mine", b"peers-first"), feed_strategy_path, MAX_PATH + 1_000
    ),
    "stored": Feed(40, lambda: samples.STORED, feed_stored),
    "letter": Feed(60, lambda: samples.LETTER, feed_letter),
    "results": Feed(30, lambda: samples.RESULTS, feed_results),
    "check": Feed(110, samples.traces, feed_check),
    "export": Feed(40, samples.traces, feed_export),
    "replay": Feed(20, samples.traces, feed_replay),
}
