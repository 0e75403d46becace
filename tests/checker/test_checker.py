"""The checker as a whole: its verdicts when something is missing, and on traces that no program would write."""

import random
import tempfile
import tracemalloc
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.checker import rules
from emulator.checker.checker import Checker, check_trace
from emulator.checker.rules import RULES
from emulator.errors import InputError
from emulator.protocol.events import (
    AnyEvent,
    ClientLeft,
    Died,
    DownloadStarted,
    FaultBegan,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    Received,
    Restarted,
    RoleChanged,
    Sent,
    ThreadEnded,
)
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Leave,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stop,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace.format import Stamp, encode_end, encode_record
from emulator.trace.reader import Trace
from emulator.trace.records import Record
from tests.checker.corpus import RIGHT, WRONG_ONES, Wrong
from tests.checker.histories import HandWritten, invalid, unknown, violations
from tests.protocol.scripted import file_of

F = "file1"
STORY = "the least connected of three of four seeds is taken"
NAMES = {rule.name for rule in RULES}


# What is missing


@pytest.mark.parametrize("kind", ["Sent", "Received", "RoleChanged", "FileWritten", "ThreadEnded"])
def test_exactly_the_rules_that_need_a_missing_kind_are_unknown(tmp_path: Path, kind: str) -> None:
    h = RIGHT[STORY]()
    report = h.without(kind).check(tmp_path, h.inputs())
    needing = {rule.name for rule in RULES if kind in rule.needs}
    assert unknown(report) == needing
    assert violations(report) == []
    assert (report.verdict, report.exit_status) == (("unknown", 3) if needing else ("valid", 0))
    assert {judged.reason for judged in report.rules if judged.verdict == "unknown"} == (
        {f"the trace has no {kind} events"} if needing else set()
    )


def test_two_missing_kinds_are_both_named(tmp_path: Path) -> None:
    report = RIGHT[STORY]().without("Sent", "RoleChanged").check(tmp_path)
    reasons = {judged.rule: judged.reason for judged in report.rules}
    assert reasons[rules.ROLES.name] == "the trace has no RoleChanged and no Sent events"


def test_a_kind_that_a_program_says_it_records_is_not_missing_where_it_does_not_occur(tmp_path: Path) -> None:
    h = HandWritten(2, events=("Sent", "Received", "RoleChanged"))
    h.begin()
    h.end()
    assert h.check(tmp_path).verdict == "valid"
    h.header = msgspec.structs.replace(h.header, events=("Sent", "Received"))
    assert unknown(h.check(tmp_path)) == {rules.ROLES.name}


def test_an_output_that_is_never_said_to_be_written_matters_only_to_who_records_outputs(tmp_path: Path) -> None:
    h = HandWritten(2, events=None)
    h.begin({1: [file_of(3, F)]}, {2: [F]})
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.message(2, TRACKER, FileCompleted(F))
    h.role(2, F, "seed")
    h.end()
    assert h.check(tmp_path).verdict == "valid"
    h.header = msgspec.structs.replace(h.header, events=("FileWritten",))
    assert invalid(h.check(tmp_path)) == {rules.COMPLETION.name}


@pytest.mark.parametrize("outcome", [None, "cut", "complete"])
def test_a_trace_of_nothing_says_nothing(tmp_path: Path, outcome: str | None) -> None:
    end = [] if outcome is None else [f'{{"event":"TraceEnded","outcome":"{outcome}","t":0,"rank":0,"thread":"main"}}']
    path = tmp_path / "trace.jsonl"
    path.write_text("\n".join(['{"format":"swarm-trace","version":1,"clients":3}', *end]) + "\n")
    report = check_trace(Trace(path))
    assert (report.verdict, report.exit_status, report.num_events) == ("unknown", 3, 0)
    assert {judged.verdict for judged in report.rules} == {"unknown"}


def test_a_client_that_is_never_heard_of_is_missed_at_the_end(tmp_path: Path) -> None:
    h = HandWritten(2)
    h.own(1, [])
    report = h.check(tmp_path)
    assert [(violation.rule, violation.text) for violation in violations(report)] == [
        ("first-barrier", "in this program no client ever gets the signal of the first barrier"),
        (
            "second-barrier",
            "this program has no second barrier: no client asks for metadata, and the tracker never signals",
        ),
        ("finished", "in this program no client ever says that it is finished"),
        ("everything-complete", "client 2 is never heard of"),
    ]


def test_rules_of_a_strategy_are_not_applied_to_another(tmp_path: Path) -> None:
    h = HandWritten(2, strategy="own.py:Own")
    h.begin()
    h.end()
    report = h.check(tmp_path)
    said = {judged.rule: (judged.verdict, judged.reason) for judged in report.rules}
    reason = "the strategy 'own.py:Own' chooses in its own way"
    assert {name for name, verdict in said.items() if verdict == ("not exercised", reason)} == {
        rule.name for rule in RULES if rule.is_strategy
    }
    assert report.verdict == "valid"


def test_a_violation_is_invalid_though_the_trace_is_cut(tmp_path: Path) -> None:
    h = HandWritten(2)
    h.own(1, [])
    h.message(TRACKER, 1, Barrier(1))
    report = h.check(tmp_path, outcome=None)
    others = NAMES - {rules.FIRST_BARRIER.name, rules.INPUTS.name}
    assert (invalid(report), unknown(report)) == ({rules.FIRST_BARRIER.name}, others)
    assert (report.verdict, report.exit_status) == ("invalid", 1)


def test_one_cause_is_one_violation_with_its_first_lines_and_how_often_it_was_found(tmp_path: Path) -> None:
    h = HandWritten(2)
    h.begin()
    first, *_ = [h.received(1, 2, Close()) for _ in range(25)]
    [judged] = [each for each in h.check(tmp_path, outcome="cut").rules if each.rule == rules.DELIVERY.name]
    assert judged.num_violations == 1
    assert [(violation.lines, violation.count) for violation in judged.violations] == [((first,), 25)]


def test_rules_have_names_steps_and_texts_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len({rule.text for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.steps
        assert rule.text.endswith(".")
        assert rule.needs >= {"Sent", "Received"}


def peak_of_checking(folder: Path, num_rounds: int) -> tuple[int, int]:
    """How many events a trace of that many fruitless rounds has, and the most memory that checking it takes."""
    h = HandWritten(2)
    h.begin({1: [file_of(3, F)]}, {2: [F]})
    for _ in range(num_rounds):
        h.swarm(2, F)
        h.count(2, 1, 0)
        h.miss(2, 1, F, 0)
    trace = Trace(h.write(folder / "trace.jsonl", None))
    tracemalloc.start()
    try:
        report = check_trace(trace)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    [held] = [judged for judged in report.rules if judged.rule == rules.HOLDS_WHAT_IT_GIVES.name]
    assert (held.num_violations, held.violations[0].count) == (1, num_rounds)
    return report.num_events, peak


def test_a_longer_trace_takes_no_more_memory_though_all_of_it_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.trace.lines.BLOCK_BYTES", 1 << 15)
    (num_few, peak_of_few), (num_many, peak_of_many) = (peak_of_checking(tmp_path, num) for num in (250, 1_000))
    assert num_many > 3.9 * num_few
    assert peak_of_many < 1.25 * peak_of_few  # it would be four times as much


def test_a_header_that_claims_a_million_clients_takes_no_room_for_them(tmp_path: Path) -> None:
    h = HandWritten(1_000_000)
    h.own(1, [file_of(3, F)])
    trace = Trace(h.write(tmp_path / "trace.jsonl", None))
    tracemalloc.start()
    try:
        report = check_trace(trace)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.verdict == "unknown"
    assert peak < 3_000_000


def test_clients_that_are_never_heard_of_are_missed_whatever_their_number(tmp_path: Path) -> None:
    h = HandWritten(1_000_000)
    h.own(1, [])
    line = h.message(TRACKER, 1, Barrier(1))
    for _ in range(200):
        h.message(TRACKER, 1, Barrier(1))
    [judged] = [each for each in h.check(tmp_path, None, None).rules if each.rule == rules.FIRST_BARRIER.name]
    assert [(each.text, each.lines, each.count) for each in judged.violations] == [
        ("the tracker opens barrier 1 when client 2 has not reached it", (line,), 1),
        ("the tracker signals barrier 1 twice to client 1", (line, line + 2), 200),
    ]


@pytest.mark.parametrize("case", WRONG_ONES, ids=lambda case: case.name)
def test_a_run_that_is_told_while_it_lasts_is_judged_as_its_trace(case: Wrong, tmp_path: Path) -> None:
    h = case.start()
    case.write(h)
    said = violations(h.check(tmp_path, h.inputs(), None))
    assert violations(h.judge_first(len(h.records), h.inputs())) == said


def test_all_that_is_wrong_is_told_without_a_report(tmp_path: Path) -> None:
    h = HandWritten(2)
    h.begin()
    h.received(1, 2, Close())
    checker = Checker(h.header)
    checker.add(2, [Stamp(each.time_s, each.rank, each.thread) for each in h.records], [e.event for e in h.records])
    found = checker.violations(is_cut=True)
    assert [each.is_earliest for each in found] == [True]
    assert [each.text for each in found] == [each.text for each in violations(h.check(tmp_path, None, None))]
    assert [(each.rule, each.count) for each in checker.violations()] == [("finished", 2), ("delivery", 1)]


# Traces that no program would write

HISTORIES = [RIGHT[STORY], RIGHT["after a miss as the very first answer a second peer is tried"]]
LINES = [write().lines() for write in HISTORIES]


def check_anything(data: bytes, inputs: tuple[ClientInput, ...] | None = None) -> None:
    """Whatever it is, there is a report, or a problem with its line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.jsonl")
        path.write_bytes(data)
        try:
            report = check_trace(Trace(path), inputs)
        except InputError as error:
            [problem] = error.problems
            assert problem.startswith(f"{path}:")
        else:
            assert report.exit_status == {"valid": 0, "invalid": 1, "unknown": 3, "not exercised": 3}[report.verdict]
            num_lines = data.count(b"\n") + 1
            assert all(1 <= line <= num_lines for violation in violations(report) for line in violation.lines)


@given(st.sampled_from(LINES), st.randoms(use_true_random=False), st.integers(1, 8))
def test_bytes_that_are_changed_are_a_problem_or_another_trace(
    lines: list[bytes], rng: random.Random, num_changes: int
) -> None:
    data = bytearray(b"\n".join(lines) + b"\n")
    for _ in range(num_changes):
        place, length = rng.randrange(len(data)), rng.choice([0, 1, 1, 2, 50])
        data[place : place + length] = rng.choice([b"", b"\n", b"0", b"9" * 30, b"-1", b'"', b"null", rng.randbytes(3)])
    check_anything(bytes(data))


@given(st.sampled_from(LINES), st.randoms(use_true_random=False), st.integers(1, 8))
def test_lines_that_are_lost_repeated_or_moved_are_another_trace(
    lines: list[bytes], rng: random.Random, num_changes: int
) -> None:
    header, *events, end = lines
    for _ in range(num_changes):
        line = events[rng.randrange(len(events))]
        if rng.random() < 0.7:
            events.remove(line)
        if rng.random() < 0.7:
            events.insert(rng.randrange(len(events) + 1), line)
    check_anything(b"\n".join([header, *events, end]) + b"\n", HISTORIES[0]().inputs())


numbers = st.one_of(st.integers(-1, 4), st.sampled_from([-(10**30), 2**63, 10**4_000]))
names = st.sampled_from([F, "file2", ""])
files = st.lists(
    st.sampled_from([file_of(3, F), file_of(2, "file2"), file_of(0, "file2"), FileMetadata(F, "short")]), max_size=2
).map(tuple)
ranks = st.lists(numbers, max_size=3).map(tuple)
messages: st.SearchStrategy[AnyMessage] = st.one_of(
    st.builds(Metadata, files),
    st.builds(Barrier, numbers),
    st.builds(MetadataRequest, st.lists(names, max_size=2).map(tuple)),
    st.builds(MetadataAnswer, files),
    st.builds(SwarmRequest, names),
    st.builds(SwarmAnswer, names, ranks, ranks),
    st.builds(FileCompleted, names),
    st.just(Finished()),
    st.builds(SegmentRequest, names, numbers),
    st.builds(Hit, names, numbers, st.sampled_from(["", file_of(3, F).segment(0)])),
    st.builds(Miss, names, numbers),
    st.just(ConnectionCountRequest()),
    st.builds(ConnectionCount, numbers),
    st.just(Close()),
    st.just(Stop()),
    st.builds(HoldingsRequest, names, numbers),
    st.builds(Holdings, names, st.binary(max_size=2), numbers),
    st.builds(Stuck, names, st.binary(max_size=2), ranks, numbers),
    st.builds(StuckAnswer, names, numbers, ranks, numbers),
    st.just(Leave()),
    st.builds(Lost, st.booleans()),
    st.just(Returned()),
)
channels = st.sampled_from(["download", "upload"])
events: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Sent, channels, numbers, messages),
    st.builds(Received, channels, numbers, messages),
    st.builds(RoleChanged, numbers, names, st.sampled_from(["leecher", "peer", "seed"])),
    st.builds(FileWritten, names, numbers),
    st.just(ThreadEnded()),
    st.builds(Died, st.just("was killed")),
    st.builds(Restarted, st.booleans()),
    st.builds(
        FaultBegan, st.sampled_from(["drop 10% of messages", "free rider client 2", "liars clients 1-999999999,3"])
    ),
    st.builds(
        MessageFaulted,
        st.sampled_from(get_args(get_type_hints(MessageFaulted)["verdict"])),
        channels,
        numbers,
        messages,
    ),
    st.builds(FileUnavailable, names, numbers, numbers),
    st.builds(DownloadStarted, names, numbers, numbers),
    st.builds(ClientLeft, numbers),
)
records = st.builds(Record, st.just(0.5), st.integers(0, 3), st.sampled_from(["main", "upload"]), st.just(""), events)


@given(st.lists(records, max_size=40), st.booleans(), st.booleans())
def test_any_events_in_any_order_are_judged(drawn: list[Record], is_peers_first: bool, is_complete: bool) -> None:
    h = HandWritten(3, strategy="peers-first" if is_peers_first else "own.py:Own")
    h.records += drawn
    check_anything(b"\n".join(h.lines("complete" if is_complete else None)) + b"\n", (ClientInput(),) * 3)


@given(st.sampled_from(HISTORIES), st.lists(records, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_events_in_the_midst_of_a_history_are_judged(
    write: object, drawn: list[Record], rng: random.Random
) -> None:
    assert callable(write)
    h = write()
    assert isinstance(h, HandWritten)
    for record in drawn:
        h.records.insert(rng.randrange(len(h.records)), record)
    check_anything(b"\n".join(h.lines()) + b"\n", h.inputs())


@pytest.mark.parametrize("case", WRONG_ONES, ids=lambda case: case.name)
def test_half_of_the_messages_is_not_enough_to_condemn(case: object, tmp_path: Path) -> None:
    start, write = case.start, case.write  # type: ignore[attr-defined]
    h = start()
    write(h)
    for missing in ("Sent", "Received"):
        report = h.without(missing).check(tmp_path, h.inputs(), h.outcome)
        assert (report.verdict, violations(report)) == ("unknown", [])


def test_the_order_of_time_is_not_looked_at(tmp_path: Path) -> None:
    """The order of the lines is; a program may have a clock of any kind."""
    h = RIGHT[STORY]()
    records = [msgspec.structs.replace(record, time_s=-float(n)) for n, record in enumerate(h.records)]
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"\n".join([h.lines()[0], *map(encode_record, records), encode_end("complete", "", 0.0)]) + b"\n")
    assert check_trace(Trace(path)).verdict == "valid"


def test_a_trace_without_an_event_shows_nothing_though_it_promises_all_kinds_and_an_end(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    end = b'{"event":"TraceEnded","outcome":"complete","t":0,"rank":0,"thread":"main"}\n'
    path.write_bytes(
        b'{"format":"swarm-trace","version":1,"clients":2,"events":["Sent","Received","RoleChanged"]}\n' + end
    )
    report = check_trace(Trace(path))
    assert (report.verdict, unknown(report)) == ("unknown", {judged.rule for judged in report.rules})
