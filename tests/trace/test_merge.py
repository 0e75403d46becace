"""Merging parts: whatever their clocks say, causes come before effects; where that cannot be, it is said where."""

import gzip
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Options, read_scenario, run
from emulator.checker.checker import check_trace
from emulator.errors import InputError
from emulator.protocol.events import Received, Sent
from emulator.protocol.messages import Close, Finished, Lost, Stop
from emulator.trace.format import Header, encode, encode_record
from emulator.trace.merged import source_of
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from tests.conftest import SAMPLES
from tests.trace.exports.traces import entries

HEADER = b'{"format":"swarm-trace","version":1,"clients":2}\n'
END = b'{"event":"TraceEnded","outcome":"complete","t":9,"rank":0,"thread":"main"}\n'


@pytest.fixture(
    scope="module", params=[(), ("kill client 3 at 40% and restart it after 0.05s", "kill client 5 at 60%")]
)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a run in virtual time, without faults and with deaths."""
    folder = tmp_path_factory.mktemp("whole")
    options = Options(engine="virtual", faults=request.param)
    run(read_scenario(SAMPLES), folder / "out", options, trace=folder / "run.jsonl")
    return folder / "run.jsonl"


def take_apart(trace: Path, folder: Path, ahead_s: Mapping[int, float], with_ends: bool = True) -> list[Path]:
    """A part for each rank, by a clock of its own, with the keys of each line in another order."""
    lines = trace.read_text().splitlines()
    of_rank = defaultdict[int, list[str]](list)
    for line in lines[1:-1]:
        event = json.loads(line)
        event["t"] += ahead_s.get(event["rank"], 0.0)
        of_rank[event["rank"]].append(json.dumps(dict(reversed(event.items()))))
    paths = []
    for rank, own in of_rank.items():
        paths.append(folder / f"part.{rank}.jsonl.gz")
        ends = [json.dumps(json.loads(lines[-1]) | {"rank": rank})] if with_ends else []
        paths[-1].write_bytes(gzip.compress("\n".join([lines[0], *own, *ends, ""]).encode()))
    return paths


def told(trace: Trace) -> list[Record]:
    return [Record(stamp.t, stamp.rank, stamp.thread, stamp.step, event) for _, stamp, event in trace.entries()]


def merged(folder: Path, *parts: Iterable[Record | bytes]) -> Trace:
    """A part of each of these, which may begin with a header and end with an end."""
    paths = [folder / f"part.{number}" for number in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(b"".join(each if isinstance(each, bytes) else encode_record(each) + b"\n" for each in part))
    return Trace(source_of(paths))


def sent(time_s: float, rank: int, to: int, message: Close | Finished | Stop = Close()) -> Record:  # noqa: B008
    return Record(time_s, rank, "download", "", Sent("upload", to, message))


def received(time_s: float, rank: int, source: int, message: Close | Finished | Stop | Lost = Close()) -> Record:  # noqa: B008
    return Record(time_s, rank, "upload", "", Received("upload", source, message))


CLOCKS = st.dictionaries(st.integers(0, 5), st.sampled_from([-86_400.0, -1.0, -0.0005, 0.25, 3e6]))


@settings(max_examples=12)
@given(ahead_s=CLOCKS)
def test_a_run_that_was_taken_apart_is_valid_again_whatever_its_clocks_say(
    whole: Path, ahead_s: dict[int, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = source_of(take_apart(whole, tmp_path_factory.mktemp("parts"), ahead_s))
    assert not source.notes
    assert check_trace(Trace(source)).verdict == check_trace(Trace(whole)).verdict == "valid"
    after = told(Trace(source))
    assert len(after) == len(entries(whole))
    for rank in range(6):
        before = [event for _, stamp, event in entries(whole) if stamp.rank == rank]
        assert [record.event for record in after if record.rank == rank] == before


@settings(max_examples=12)
@given(ahead_s=CLOCKS)
def test_clocks_that_differ_are_set_by_the_messages(
    whole: Path, ahead_s: dict[int, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = told(Trace(source_of(take_apart(whole, tmp_path_factory.mktemp("parts"), ahead_s))))
    spans = [record.time_s for record in records]
    assert max(spans) - min(spans) < 10
    at = defaultdict[object, list[float]](list)
    for record in records:
        if isinstance(record.event, Sent):
            at[record.event.on, record.rank, record.event.to, type(record.event.message)].append(record.time_s)
        if isinstance(record.event, Received) and not isinstance(record.event.message, Lost):
            way = record.event.on, record.event.source, record.rank, type(record.event.message)
            if at[way]:
                assert record.time_s >= at[way].pop(0) - 1e-6


def test_each_line_keeps_its_place(whole: Path, tmp_path: Path) -> None:
    source = source_of(take_apart(whole, tmp_path, {1: 50.0}))
    trace = Trace(source)
    lines = {path.name: gzip.decompress(path.read_bytes()).splitlines() for path in tmp_path.iterdir()}
    for number, stamp, event in trace.entries():
        name, _, place = source.place(number).rpartition("/")[2].rpartition(":")
        line = json.loads(lines[name][int(place) - 1])
        assert (line["event"], line["rank"]) == (type(event).__name__, stamp.rank)


def test_parts_need_neither_headers_nor_ends(tmp_path: Path) -> None:
    stops = [received(3.0, rank, 0, Stop()) for rank in (1, 2)]
    trace = merged(tmp_path, [sent(1.0, 0, 1, Stop()), sent(2.0, 0, 2, Stop())], [stops[0]], [stops[1]])
    assert len(told(trace)) == 4
    assert trace.header == Header(format="swarm-trace", version=1, clients=2)
    assert trace.end is not None
    assert trace.end.outcome == "complete"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([HEADER, sent(1.0, 0, 1, Stop())], [], "no part has a last line, and client 1 has received no stop"),
        ([HEADER, END], [HEADER], "part.1 has no last line"),
        ([HEADER, END.replace(b'"complete"', b'"cut","reason":"killed"')], [END], "part.0: killed"),
        ([HEADER, END], [HEADER, b'{"event":"Se'], "part.1 ends in the middle of a line"),
    ],
)
def test_how_the_run_ended_is_what_the_parts_say(
    tmp_path: Path, first: list[Record | bytes], second: list[Record | bytes], reason: str
) -> None:
    trace = merged(tmp_path, first, second)
    told(trace)
    assert trace.end is not None
    assert (trace.end.outcome, trace.end.reason.replace(f"{tmp_path}/", "")) == ("cut", reason)


def test_a_receipt_waits_for_as_many_sendings_of_its_kind(tmp_path: Path) -> None:
    """Another kind of message may overtake it: programs receive by tags."""
    one: list[Record | bytes] = [HEADER, sent(1.0, 1, 2), sent(2.0, 1, 2, Finished()), sent(3.0, 1, 2), END]
    other: list[Record | bytes] = [
        HEADER,
        received(0.1, 2, 1, Finished()),
        received(0.2, 2, 1),
        received(0.3, 2, 1),
        END,
    ]
    trace = merged(tmp_path, one, other)
    kinds = [(type(record.event).__name__, type(record.event.message).__name__) for record in told(trace)]  # type: ignore[union-attr]
    assert kinds == [
        ("Sent", "Close"),
        ("Sent", "Finished"),
        ("Received", "Finished"),
        ("Received", "Close"),
        ("Sent", "Close"),
        ("Received", "Close"),
    ]


def test_a_receipt_without_a_sending_is_told_with_its_place_and_the_rest_is_merged(tmp_path: Path) -> None:
    trace = merged(
        tmp_path,
        [HEADER, sent(1.0, 1, 2), END],
        [HEADER, received(1.5, 2, 1), received(2.0, 2, 1), sent(3.0, 2, 1), END],
    )
    assert [record.time_s for record in told(trace)] == [1.0, 1.5, 2.0, 3.0]
    note = f"{tmp_path}/part.1:3: a Close from rank 1 is received too early: no part has a sending for it"
    assert trace.source.notes == ("no part has events of rank 0; give the parts of all ranks", note)


def test_parts_that_wait_for_each_other_are_told_with_their_places(tmp_path: Path) -> None:
    trace = merged(
        tmp_path,
        [HEADER, received(1.0, 0, 1), sent(2.0, 0, 1), END],
        [HEADER, received(1.5, 1, 0), sent(2.5, 1, 0), END],
        [HEADER, sent(0.5, 2, 1, Stop()), END],
    )
    assert [record.rank for record in told(trace)] == [2, 0, 0, 1, 1]
    place = f"{tmp_path}/part"
    note = f"{place}.0:2: a Close from rank 1 is received too early: it is sent later, after {place}.1:2"
    assert trace.source.notes == (note,)


def test_one_sending_that_was_not_recorded_costs_one_note(tmp_path: Path) -> None:
    """What was received without it leaves the later sendings to later receipts."""
    asks = [(sent(float(number), 1, 2), received(number + 0.5, 2, 1)) for number in range(50)]
    answers = [(sent(number + 0.6, 2, 1, Stop()), received(number + 0.9, 1, 2, Stop())) for number in range(50)]
    one = [each for ask, answer in zip(asks, answers, strict=True) for each in (ask[0], answer[1])]
    two = [each for ask, answer in zip(asks, answers, strict=True) for each in (ask[1], answer[0])]
    two.remove(answers[10][0])
    trace = merged(tmp_path, [HEADER, *one, END], [HEADER, *two, END])
    assert len(told(trace)) == 199
    note = next(note for note in trace.source.notes if "too early" in note)
    assert note.startswith(f"{tmp_path}/part.0:23: a Stop")


def test_a_death_comes_before_all_that_are_told_of_it(whole: Path, tmp_path: Path) -> None:
    records = told(Trace(source_of(take_apart(whole, tmp_path, {3: 1000.0, 5: 1000.0}))))
    dead: set[int] = set()
    for record in records:
        if type(record.event).__name__ == "Died":
            dead.add(record.rank)
        if isinstance(record.event, Received) and isinstance(record.event.message, Lost):
            assert record.event.source in dead


def test_parts_of_different_runs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as problem:
        merged(tmp_path, [HEADER, END], [HEADER.replace(b"2", b"3"), END])
    [line] = str(problem.value).splitlines()
    assert line == f"{tmp_path}/part.1:1: 3 clients, but {tmp_path}/part.0 has 2; give parts of one run"


@pytest.mark.parametrize("bad", [b"{}\n", b"\n", b'{"event":"Sent","t":1,"rank":1,"thread":"main"}\n', END + END])
def test_a_line_that_is_no_event_is_told_with_its_part(tmp_path: Path, bad: bytes) -> None:
    with pytest.raises(InputError, match=r"part\.1:[23]: "):
        merged(tmp_path, [HEADER, END], [HEADER, bad])


def test_one_part_alone_is_told_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "part.0.jsonl"
    path.write_bytes(encode_record(sent(1.0, 0, 1)) + b"\n")
    with pytest.raises(InputError, match=r"part\.0\.jsonl:1: an event, and no header before it; if this is one part"):
        Trace(source_of([path]))


def test_time_grows_with_the_events_and_not_with_their_square(tmp_path: Path) -> None:
    """Many messages are in flight, and many receipts wait."""
    rng = random.Random(1)

    def seconds(num: int) -> float:
        sends = [sent(rng.random(), 1, 2) for _ in range(num)]
        receipts = [received(rng.random() - 5, 2, 1) for _ in range(num)]
        began_s = time.process_time()
        told(merged(tmp_path, [HEADER, *sends, END], [HEADER, *receipts, END]))
        return time.process_time() - began_s

    seconds(1_000)
    assert seconds(40_000) < 12 * seconds(8_000)


def test_header_lines_of_parts_are_no_events(tmp_path: Path) -> None:
    trace = merged(tmp_path, [encode(Header(format="swarm-trace", version=1, clients=2, quota=4)) + b"\n", END], [END])
    assert (told(trace), trace.header.quota) == ([], 4)
