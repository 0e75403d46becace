"""Programs that do nothing, too little or too much, and traces that contradict themselves: each is noticed."""

import msgspec
import pytest

from emulator.checker import rules
from emulator.protocol.events import BarrierOpened, ConnectionOpened, Died, FileWritten, Received, RoleChanged, Sent
from emulator.protocol.files import ClientInput
from emulator.protocol.messages import (
    TRACKER,
    FileCompleted,
    Finished,
    Leave,
    MetadataRequest,
    SegmentRequest,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.corpus import RIGHT
from tests.checker.corpus.beginnings import FILE, OTHER, F, G, crowd
from tests.checker.histories import HandWritten, invalid, violations

PAIR = (ClientInput((FILE,)), ClientInput((), (F,)))


def downloaded() -> HandWritten:
    """Client 2 gets the file from client 1."""
    return RIGHT["a client downloads from the only seed"]()


def said_of(h: HandWritten, inputs: tuple[ClientInput, ...] | None = None) -> list[tuple[str, str, int]]:
    return [(each.rule, each.text, each.count) for each in violations(h.judge_whole(inputs))]


def test_a_run_in_which_nobody_downloads_what_is_wanted_is_invalid() -> None:
    h = HandWritten(2)
    h.report({1: [FILE]})
    h.end()
    report = h.judge_whole(PAIR)
    assert (report.verdict, report.exit_status) == ("invalid", 1)
    assert invalid(report) == {
        rules.INPUTS.name,
        rules.SECOND_BARRIER.name,
        rules.FINISHED.name,
        rules.EVERYTHING_COMPLETE.name,
    }
    said = {judged.rule: judged.verdict for judged in report.rules}
    assert {said[rule.name] for rule in (rules.QUOTA, rules.RIGHT_HASH, rules.ONE_ANSWER)} == {"not exercised"}


def test_clients_that_report_finish_and_leave_have_not_done_what_they_wanted() -> None:
    h = HandWritten(2)
    h.begin({1: [FILE]}, {})
    for rank in h.clients:
        h.message(rank, TRACKER, Finished())
        h.message(rank, TRACKER, Leave())
    h.stop()
    said = said_of(h, PAIR)
    assert ("inputs", "client 2 asks for nothing", 1) in said
    assert ("finished", "client 2 is finished without 'file1'", 1) in said


def test_without_inputs_a_client_wants_what_it_asks_for() -> None:
    h = crowd()
    h.swarm(2, F)
    h.end()
    assert ("everything-complete", "client 2 never completes 'file1'", 1) in said_of(h)


def test_what_nobody_wants_needs_no_exercise() -> None:
    h = HandWritten(2)
    h.begin({1: [FILE]}, {})
    h.end()
    report = h.judge_whole((ClientInput((FILE,)), ClientInput()))
    assert (report.verdict, report.exit_status) == ("valid", 0)
    assert any(judged.verdict == "not exercised" for judged in report.rules)


def test_a_run_that_had_to_exercise_a_rule_and_did_not_is_not_valid() -> None:
    """The client finds all of the file on its disk, in a run that says nothing of being resumed."""
    h = HandWritten(2, strategy="own.py:Own")
    h.begin({1: [FILE]}, {2: [F]})
    h.records = [each for each in h.records if not isinstance(each.event, RoleChanged)]
    h.header = msgspec.structs.replace(h.header, events=None)
    h.end()
    assert h.judge_whole().verdict == "invalid"


def test_the_tracker_cannot_answer_before_it_is_asked() -> None:
    h = crowd()
    h.sent(2, TRACKER, SwarmRequest(F))
    line = h.sent(TRACKER, 2, SwarmAnswer(F, (1,), ()))
    h.received(TRACKER, 2, SwarmRequest(F))
    found = violations(h.judge_first(len(h.records)))
    assert [(each.rule, each.lines) for each in found] == [("one-answer", (line,))]


def test_a_client_is_a_peer_before_it_is_a_seed_and_before_it_gets_the_list() -> None:
    h = downloaded()
    h.records = [each for each in h.records if each.event != RoleChanged(2, F, "peer")]
    assert said_of(h) == [
        ("roles", "the tracker gives client 2 the list of 'file1' and has not made it a peer", 1),
        ("roles", "the tracker makes client 2 a seed of 'file1'; it was leecher", 1),
    ]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (FileWritten(F, 0), "client 2 writes 'file1' with 0 segments"),
        (FileWritten(G, 3), "client 2 writes 'file2', which it does not want"),
    ],
)
def test_an_output_has_all_segments_of_a_wanted_file(event: FileWritten, text: str) -> None:
    h = downloaded()
    place = next(n for n, each in enumerate(h.records) if isinstance(each.event, FileWritten))
    h.records.insert(place, msgspec.structs.replace(h.records[place], event=event))
    assert text in [each for _, each, _ in said_of(h)]


def test_an_output_that_is_written_after_it_was_told_is_wrong_whatever_the_header_lists() -> None:
    h = downloaded()
    place = next(n for n, each in enumerate(h.records) if isinstance(each.event, FileWritten))
    h.records.insert(place + 2, h.records.pop(place))
    h.header = msgspec.structs.replace(h.header, events=None)
    assert said_of(h) == [("completion", "client 2 writes 'file1' after it has told that it has it", 1)]


def test_the_dead_serve_nobody() -> None:
    """All lines of client 1 are gone, and its death stands where it cannot have sent what others receive of it."""
    h = downloaded()
    records = [each for each in h.records if each.rank != 1]
    died = msgspec.structs.replace(h.records[0], event=Died("was killed"), rank=1)
    h.records = [died, *records]
    found = violations(h.judge_whole())
    deaths = next(each for each in found if each.rule == "deaths")
    assert "which was dead before that could be sent" in deaths.text
    assert deaths.lines[0] == 2
    assert deaths.count > 5


def test_a_run_whose_clients_are_all_dead_is_not_complete() -> None:
    h = HandWritten(2)
    h.report({})
    h.die(1)
    h.die(2)
    report = h.judge_whole()
    assert (report.verdict, report.is_cut, report.outcome) == ("unknown", True, "cut")
    assert report.end == "complete, it says, but every client is dead"


def test_every_thread_does_its_own_work() -> None:
    h = downloaded()
    place = next(n for n, each in enumerate(h.records) if isinstance(each.event, Sent) and each.thread == "upload")
    h.records[place] = msgspec.structs.replace(h.records[place], thread="download")
    assert [(rule, count) for rule, _, count in said_of(h)] == [("channels", 1)]
    h.records = [msgspec.structs.replace(each, thread="main") for each in downloaded().records]
    assert {rule for rule, _, _ in said_of(h)} == {"stop"}, "one thread may do all; but then none is known to end"


@pytest.mark.parametrize(
    ("rank", "event", "text"),
    [
        (2, BarrierOpened(1), "the download thread of client 2 records BarrierOpened"),
        (TRACKER, FileWritten(F, 3), "the tracker records FileWritten"),
        (1, ConnectionOpened(2, 1), "the download thread of client 1 records ConnectionOpened"),
    ],
)
def test_everyone_tells_of_its_own_doings(rank: int, event: BarrierOpened, text: str) -> None:
    h = downloaded()
    h.record(rank, event, "download")
    assert text in [each for _, each, _ in said_of(h)]


def test_a_thread_ends_if_the_program_tells_of_ends() -> None:
    h = downloaded()
    h.records.pop()
    assert said_of(h) == [("stop", "client 2 never ends its upload thread", 1)]


def test_a_receipt_vanishes_only_by_a_fault_that_is_told() -> None:
    h = HandWritten(2, strategy="own.py:Own", faults=("drop 10% of messages",))
    h.begin({1: [FILE]}, {2: [F]})
    h.swarm(2, F)
    h.hit(2, 1, F, 0, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    assert said_of(h) == []
    completed = Received("download", 2, FileCompleted(F))
    h.records = [each for each in h.records if each.event != completed]
    assert {rule for rule, _, _ in said_of(h)} >= {"delivery"}


def test_a_missing_step_is_one_sentence() -> None:
    h = HandWritten(3)
    h.report({1: [FILE, OTHER]})
    h.wanted = {2: (F, G), 3: (F,)}
    for rank, files in h.wanted.items():
        for file in files:
            h.swarm(rank, file)
            h.hit(rank, 1, file, *range(h.files[file].num_segments))
            h.complete(rank, file)
    h.end()
    said = {text: count for _, text, count in said_of(h)}
    assert said["this program never sends a close"] == 3
    assert said["this program never asks seeds for their connections"] == 3
    told = "this program has no second barrier: no client asks for metadata, and the tracker never signals"
    assert said[told] == 3
    assert not any("before it got the tracker's second signal" in text for text in said)
    assert "holds-what-it-gives" not in {rule for rule, _, _ in said_of(h)}


@pytest.mark.parametrize(
    ("dropped", "text"),
    [
        ("Metadata", "in this program no client ever reports what it owns"),
        ("Finished", "in this program no client ever says that it is finished"),
        ("Stop", "in this program no client ever gets the stop"),
        ("MetadataRequest", "in this program no client ever asks for metadata"),
    ],
)
def test_each_step_that_no_client_does_is_told_once(dropped: str, text: str) -> None:
    h = downloaded()
    h.records = [
        each
        for each in h.records
        if not (isinstance(each.event, Sent | Received) and type(each.event.message).__name__ == dropped)
    ]
    assert [each for _, each, _ in said_of(h)].count(text) == 1


def test_a_client_that_never_asked_for_metadata_holds_what_it_received() -> None:
    h = HandWritten(3)
    h.report({1: [FILE]})
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    assert "holds-what-it-gives" not in invalid(h.judge_first(len(h.records)))
    h.message(3, 2, SegmentRequest(F, 1))
    h.miss(3, 2, F, 2)
    assert "holds-what-it-gives" in invalid(h.judge_first(len(h.records)))


def test_owned_files_are_compared_as_a_set_and_wants_in_order() -> None:
    h = HandWritten(1)
    h.begin({1: [FILE, OTHER]}, {1: [F, G]})
    for file in (F, G):
        h.record(1, FileWritten(file, h.files[file].num_segments), "download")
    h.end()
    assert said_of(h, (ClientInput((OTHER, FILE), (F, G)),)) == []
    assert said_of(h, (ClientInput((OTHER, FILE), (G, F)),)) == [("inputs", "client 1 asks for 'file1', 'file2'", 1)]
    assert MetadataRequest((F, G)) in [each.event.message for each in h.records if isinstance(each.event, Sent)]


def test_a_strategy_that_is_not_known_excuses_nothing_and_proves_nothing() -> None:
    h = crowd(strategy="mystery")
    h.download(2, 1, F)
    h.end()
    report = h.judge_whole()
    assert (report.verdict, report.exit_status) == ("unknown", 3)
    reasons = {rule.rule: rule.reason for rule in report.rules if rule.verdict == "unknown"}
    assert reasons.keys() == {rule.name for rule in rules.RULES if rule.is_strategy}
    assert all("'mystery' is none of: peers-first, " in reason for reason in reasons.values())
