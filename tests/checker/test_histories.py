"""The checker on histories written by hand: right ones keep every rule; each wrong one breaks one rule, and no other.

In most of them client 1 owns a file of three segments, and the others want it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.checker import rules
from emulator.checker.findings import Violation, shown
from emulator.protocol.events import FileWritten, RoleChanged, ThreadEnded
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.histories import HandWritten, blame, invalid, unknown, violations
from tests.protocol.scripted import WRONG, file_of

F, G = "file1", "file2"
FILE, OTHER = file_of(3, F), file_of(2, G)
EMPTY, ONE, ELEVEN = file_of(0, F), file_of(1, F), file_of(11, F)


def crowd(
    clients: int = 2,
    file: FileMetadata = FILE,
    *,
    seeds: int = 1,
    quota: int = 10,
    numwant: int | None = None,
    strategy: str = "peers-first",
) -> HandWritten:
    """The first clients own the file and the others want it; all are past the second barrier."""
    h = HandWritten(clients, quota=quota, numwant=numwant, strategy=strategy)
    owners, others = range(1, seeds + 1), range(seeds + 1, clients + 1)
    h.begin({rank: [file] for rank in owners}, {rank: [file.name] for rank in others})
    return h


def crowd_with_a_beginner(clients: int = 3) -> HandWritten:
    """Client 2 has got segment 0 of three from seed 1, and is still there."""
    h = crowd(clients)
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    return h


def end_of_the_beginner(h: HandWritten) -> None:
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)


def rest_from_seed(h: HandWritten, rank: int, *segments: int, connected: int = 1) -> None:
    """The rest of the file from seed 1, while so many others have a connection there."""
    h.count(rank, 1, connected)
    h.hit(rank, 1, F, *segments)
    h.close(rank, 1)
    h.complete(rank, F)


# Right histories

RIGHT: dict[str, Callable[[], HandWritten]] = {}


def right(write: Callable[[], HandWritten]) -> Callable[[], HandWritten]:
    RIGHT[write.__name__.replace("_", " ")] = write
    return write


@right
def a_client_downloads_from_the_only_seed() -> HandWritten:
    h = crowd()
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_file_of_two_rounds() -> HandWritten:
    h = crowd(file=ELEVEN)
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(10))
    h.swarm(2, F)
    h.from_seed(2, 1, F, (10,))
    h.complete(2, F)
    h.end()
    return h


@right
def a_file_that_ends_with_its_round() -> HandWritten:
    h = crowd(quota=3)
    h.download(2, 1, F)
    h.end()
    return h


@right
def nobody_wants_anything() -> HandWritten:
    h = HandWritten(3)
    h.begin()
    h.end()
    return h


@right
def a_client_alone_has_what_it_wants() -> HandWritten:
    h = HandWritten(1)
    h.begin({1: [FILE]}, {1: [F]})
    h.record(1, FileWritten(F, 3), "download")
    h.end()
    return h


@right
def a_file_without_segments_is_complete_at_once() -> HandWritten:
    h = crowd(3, EMPTY)
    h.complete(2, F)
    h.complete(3, F)
    h.end()
    return h


@right
def a_wanted_file_that_is_owned_is_written_and_not_told() -> HandWritten:
    h = HandWritten(2)
    h.begin({1: [FILE], 2: [FILE]}, {1: [F], 2: [F]})
    h.record(2, FileWritten(F, 3), "download")
    h.record(1, FileWritten(F, 3), "download")
    h.end()
    return h


@right
def files_come_in_the_order_of_the_wants_and_not_of_their_names() -> HandWritten:
    h = HandWritten(3)
    h.begin({1: [FILE], 3: [OTHER]}, {2: [G, F]})
    h.download(2, 3, G)
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_client_is_finished_while_others_have_not_begun() -> HandWritten:
    h = crowd()
    h.finish(1)
    h.download(2, 1, F)
    h.end(2)
    return h


@right
def a_miss_as_the_first_answer_of_the_only_peer_ends_the_search() -> HandWritten:
    h = crowd(3)
    h.swarm(2, F)
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    h.from_seed(3, 1, F, range(3))
    h.complete(3, F)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return h


@right
def after_a_miss_as_the_very_first_answer_a_second_peer_is_tried() -> HandWritten:
    h = crowd_with_a_beginner(4)
    h.swarm(3, F)
    h.swarm(4, F)
    h.miss(4, 3, F, 0)
    h.hit(4, 2, F, 0)
    h.miss(4, 2, F, 1)  # its second miss in all, its first in a row
    h.close(4, 2)
    h.miss(4, 3, F, 1)
    rest_from_seed(h, 4, 1, 2)
    end_of_the_beginner(h)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return h


@right
def two_misses_end_the_search_though_a_third_peer_would_have_it() -> HandWritten:
    h = crowd_with_a_beginner(5)
    h.swarm(3, F)
    h.swarm(4, F)
    h.swarm(5, F)
    h.miss(5, 3, F, 0)
    h.miss(5, 4, F, 0)
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginner(h)
    for rank in (3, 4):
        h.hit(rank, 2, F, 0, 1, 2)
        h.close(rank, 2)
        h.complete(rank, F)
    h.end()
    return h


@right
def the_least_connected_of_three_of_four_seeds_is_taken() -> HandWritten:
    h = crowd(6, seeds=4)
    h.swarm(5, F)
    for seed in (4, 2, 3):
        h.count(5, seed, 0)
    h.hit(5, 2, F, 0)
    h.swarm(6, F)
    h.hit(6, 5, F, 0)
    h.miss(6, 5, F, 1)
    h.close(6, 5)
    for seed, num_open in ((2, 1), (1, 0), (4, 0)):
        h.count(6, seed, num_open)
    h.hit(6, 4, F, 1, 2)
    h.close(6, 4)
    h.complete(6, F)
    h.hit(5, 2, F, 1, 2)
    h.close(5, 2)
    h.complete(5, F)
    h.end()
    return h


@right
def numwant_limits_each_role_and_any_may_be_drawn() -> HandWritten:
    h = crowd(5, seeds=3, numwant=1)
    h.swarm(4, F)
    h.message(5, TRACKER, SwarmRequest(F))
    h.role(5, F, "peer")
    h.message(TRACKER, 5, SwarmAnswer(F, (3,), (4,)))
    h.miss(5, 4, F, 0)
    h.from_seed(5, 3, F, range(3))
    h.complete(5, F)
    h.from_seed(4, 1, F, range(3))
    h.complete(4, F)
    h.end()
    return h


@right
def what_is_received_and_not_stored_yet_may_be_missed() -> HandWritten:
    h = crowd_with_a_beginner()
    h.swarm(3, F)
    h.miss(3, 2, F, 0)  # its upload thread was quicker than its download thread
    rest_from_seed(h, 3, 0, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return h


@right
def what_is_received_and_not_stored_yet_may_be_given() -> HandWritten:
    h = crowd_with_a_beginner()
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    h.close(3, 2)
    rest_from_seed(h, 3, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return h


@right
def what_is_stored_after_it_was_asked_for_may_be_missed() -> HandWritten:
    h = crowd_with_a_beginner()
    h.swarm(3, F)
    h.message(3, 2, SegmentRequest(F, 0))
    h.sent(2, 1, SegmentRequest(F, 1))  # so segment 0 is stored
    h.message(2, 3, Miss(F, 0))
    h.received(1, 2, SegmentRequest(F, 1))
    h.message(1, 2, h.right(F, 1))
    rest_from_seed(h, 3, 0, 1, 2)
    h.hit(2, 1, F, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return h


@right
def a_stop_overtakes_another_clients_close() -> HandWritten:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.complete(2, F)
    h.end()
    return h


@right
def an_overtaking_between_different_senders_is_none() -> HandWritten:
    h = crowd()
    h.download(2, 1, F)
    h.sent(1, TRACKER, Finished())
    h.sent(2, TRACKER, Finished())
    h.received(TRACKER, 2, Finished())
    h.received(TRACKER, 1, Finished())
    h.stop()
    return h


@right
def two_messages_of_one_sender_are_in_flight() -> HandWritten:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.record(2, FileWritten(F, 3), "download")
    h.sent(2, TRACKER, FileCompleted(F))
    h.sent(2, TRACKER, Finished())
    h.received(TRACKER, 2, FileCompleted(F))
    h.role(2, F, "seed")
    h.received(TRACKER, 2, Finished())
    h.received(1, 2, Close())
    h.end(1)
    return h


@right
def another_strategy_chooses_otherwise_and_keeps_the_rest() -> HandWritten:
    h = crowd_with_a_beginner()
    h.header = HandWritten(3, strategy="another").header
    h.swarm(3, F)
    h.hit(3, 1, F, 2, 1)  # no counts, a seed first, the last segment first
    h.close(3, 1)
    h.hit(3, 2, F, 0)
    h.close(3, 2)
    h.complete(3, F)
    end_of_the_beginner(h)
    h.end()
    return h


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_is_valid(name: str, tmp_path: Path) -> None:
    h = RIGHT[name]()
    report = h.check(tmp_path, h.inputs())
    assert violations(report) == []
    assert {judged.verdict for judged in report.rules} == {"valid"}
    assert (report.verdict, report.exit_status, report.end) == ("valid", 0, "complete")
    assert report.num_events == len(h.records)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_that_is_cut_anywhere_is_unknown_and_never_invalid(name: str, tmp_path: Path) -> None:
    whole = RIGHT[name]()
    for length in range(len(whole.records)):
        report = whole.judge_first(length, whole.inputs())
        assert violations(report) == []
        assert unknown(report) == {judged.rule for judged in report.rules}
        assert (report.verdict, report.exit_status, report.num_events) == ("unknown", 3, length)
    assert whole.check(tmp_path, whole.inputs(), None).end == "cut, without a last line"


# Wrong histories

Blame = Violation | list[Violation]


class Wrong(NamedTuple):
    name: str
    write: Callable[[HandWritten], Blame]
    start: Callable[[], HandWritten]
    rule: rules.Rule


WRONG_ONES: list[Wrong] = []


def wrong(
    rule: rules.Rule, start: Callable[[], HandWritten] = crowd
) -> Callable[[Callable[[HandWritten], Blame]], Callable[[HandWritten], Blame]]:
    """A history that goes on from `start` and breaks this rule; it gives what the checker has to say."""

    def add(write: Callable[[HandWritten], Blame]) -> Callable[[HandWritten], Blame]:
        WRONG_ONES.append(Wrong(f"{rule.name}: {write.__name__.replace('_', ' ')}", write, start, rule))
        return write

    return add


def two() -> HandWritten:
    """Two clients that have said nothing yet."""
    return HandWritten(2)


@wrong(rules.INPUTS)
def a_client_declares_less_than_it_owns(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.end()
    line = h.at_sent(1, Metadata((FILE,)))
    h.owned[1] = (FILE, OTHER)
    return blame(
        rules.INPUTS,
        "client 1 declares 'file1' with 3 segments, not what its input says",
        "it declares 'file1' with 3 segments, 'file2' with 2 segments, with their hashes (P2)",
        line,
    )


@wrong(rules.INPUTS)
def a_client_asks_for_less_than_it_wants(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.end()
    line = h.at_sent(1, MetadataRequest(()))
    h.wanted[1] = (F,)
    return blame(rules.INPUTS, "client 1 asks for nothing", "its input wants file1 (D1)", line)


@wrong(rules.INPUTS)
def there_is_an_input_too_many(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.end()
    h.more_inputs = 1
    return blame(
        rules.INPUTS, "the trace is of 2 clients, and there are inputs for 3", "each client has one input (P1)", 1
    )


@wrong(rules.DELIVERY)
def a_message_is_lost(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.sent(2, TRACKER, FileCompleted(F))
    h.end()
    return [
        blame(
            rules.DELIVERY,
            "rank 0 receives Finished() from rank 2 on download",
            "FileCompleted(file='file1') was sent earlier and comes first",
            h.at_received(TRACKER, 2, Finished()),
        ),
        blame(
            rules.DELIVERY,
            "rank 0 never receives FileCompleted(file='file1') from rank 2 on download",
            "all that is sent arrives",
        ),
    ]


@wrong(rules.DELIVERY)
def a_message_arrives_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    line = h.received(1, 2, Close())
    h.end(1)
    return blame(
        rules.DELIVERY,
        "rank 1 receives Close() from rank 2 on upload",
        "nothing is received that was not sent before",
        line,
    )


@wrong(rules.DELIVERY)
def a_later_message_comes_first(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.sent(2, TRACKER, FileCompleted(F))
    h.sent(2, TRACKER, Finished())
    line = h.received(TRACKER, 2, Finished())
    h.received(TRACKER, 2, FileCompleted(F))
    h.role(2, F, "seed")
    h.end(1)
    return blame(
        rules.DELIVERY,
        "rank 0 receives Finished() from rank 2 on download",
        "FileCompleted(file='file1') was sent earlier and comes first",
        line,
    )


@wrong(rules.DELIVERY)
def a_message_is_another_one_when_it_arrives(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.sent(2, TRACKER, FileCompleted(F))
    line = h.received(TRACKER, 2, FileCompleted(G))
    h.role(2, G, "seed")
    h.finish(1)
    h.sent(2, TRACKER, Finished())
    h.received(TRACKER, 2, Finished())
    h.stop()
    # One message was altered: those behind it arrive in their order, and are no violations.
    return blame(
        rules.DELIVERY,
        "rank 0 receives FileCompleted(file='file2') from rank 2 on download",
        "FileCompleted(file='file1') was sent, and comes next",
        line,
    )


@wrong(rules.DELIVERY)
def a_message_changes_its_communicator(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    h.sent(1, TRACKER, Finished())
    line = h.received(TRACKER, 1, Finished(), on="upload")
    h.stop()
    # What is left on the way it was sent is the same message again, which the tracker knows.
    return blame(
        rules.DELIVERY,
        "rank 0 receives Finished() from rank 1 on upload",
        "nothing is received that was not sent before",
        line,
    )


@wrong(rules.FIRST_BARRIER, two)
def the_tracker_does_not_wait_for_all_reports(h: HandWritten) -> Blame:
    h.own(1, [FILE])
    line = h.message(TRACKER, 1, Barrier(1))
    h.own(2, [])
    h.message(TRACKER, 2, Barrier(1))
    h.ask({})
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "the tracker opens barrier 1 when client 2 has not reached it",
        "it waits until every client has (T2, T4)",
        line,
    )


@wrong(rules.FIRST_BARRIER, two)
def a_client_does_not_wait_for_the_first_signal(h: HandWritten) -> Blame:
    h.own(1, [FILE])
    h.own(2, [])
    asked = h.sent(2, TRACKER, MetadataRequest(()))
    h.barrier(1)
    h.received(TRACKER, 2, MetadataRequest(()))
    h.message(TRACKER, 2, MetadataAnswer(()))
    h.want(1, ())
    h.barrier(2)
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "client 2 asks for metadata before it got the tracker's first signal",
        "it waits for the signal (P3), then asks (D1)",
        h.at_sent(2, Metadata(())),
        asked,
    )


@wrong(rules.FIRST_BARRIER, two)
def a_client_reports_twice(h: HandWritten) -> Blame:
    h.own(1, [])
    h.own(2, [])
    line = h.message(2, TRACKER, Metadata(()))
    h.barrier(1)
    h.ask({})
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "client 2 reports its files twice",
        "it reports once (P2)",
        h.at_sent(2, Metadata(())),
        line,
    )


@wrong(rules.FIRST_BARRIER, two)
def the_first_signal_comes_twice(h: HandWritten) -> Blame:
    h.report({})
    line = h.message(TRACKER, 1, Barrier(1))
    h.ask({})
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "the tracker signals barrier 1 twice to client 1",
        "it signals once",
        h.at_sent(TRACKER, Barrier(1)),
        line,
    )


@wrong(rules.SECOND_BARRIER, two)
def the_tracker_does_not_wait_for_all_requests(h: HandWritten) -> Blame:
    h.report({})
    h.want(2, ())
    line = h.message(TRACKER, 2, Barrier(2))
    h.want(1, ())
    h.message(TRACKER, 1, Barrier(2))
    h.end()
    return blame(
        rules.SECOND_BARRIER,
        "the tracker opens barrier 2 when client 1 has not reached it",
        "it waits until every client has (T2, T4)",
        line,
    )


@wrong(rules.SECOND_BARRIER, two)
def a_client_does_not_wait_for_the_second_signal(h: HandWritten) -> Blame:
    h.report({1: [FILE]})
    h.want(1, ())
    h.want(2, [F])
    h.swarm(2, F)
    h.barrier(2)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SECOND_BARRIER,
        "client 2 asks for the swarm of 'file1' before it got the tracker's second signal",
        "it waits for the signal (D2), then downloads (D3)",
        h.at_sent(2, MetadataRequest((F,))),
        h.at_sent(2, SwarmRequest(F)),
    )


@wrong(rules.SECOND_BARRIER)
def there_is_a_third_signal(h: HandWritten) -> Blame:
    line = h.message(TRACKER, 2, Barrier(3))
    h.download(2, 1, F)
    h.end()
    return blame(rules.SECOND_BARRIER, "the tracker signals barrier 3", "there are barriers 1 and 2", line)


@wrong(rules.METADATA, two)
def the_tracker_changes_a_hash(h: HandWritten) -> Blame:
    h.report({1: [FILE]})
    h.want(1, ())
    h.wanted[2] = (F,)
    asked = h.message(2, TRACKER, MetadataRequest((F,)))
    line = h.message(TRACKER, 2, MetadataAnswer((FileMetadata(F, FILE.hashes[:64] + WRONG),)))
    h.barrier(2)
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.METADATA,
        "the tracker gives client 2 metadata of 'file1' that no owner declared",
        "it answers with what the owners declared (T1)",
        asked + 1,
        line,
    )


@wrong(rules.METADATA, two)
def the_tracker_answers_more_than_it_was_asked(h: HandWritten) -> Blame:
    h.report({1: [FILE, OTHER]})
    h.want(1, ())
    h.wanted[2] = (F,)
    asked = h.message(2, TRACKER, MetadataRequest((F,)))
    line = h.message(TRACKER, 2, MetadataAnswer((FILE, OTHER)))
    h.barrier(2)
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.METADATA,
        "the tracker answers client 2 with the metadata of file1, file2",
        "it answers for file1 (T3)",
        asked + 1,
        line,
    )


@wrong(rules.METADATA, two)
def two_owners_disagree(h: HandWritten) -> Blame:
    h.own(1, [FILE])
    h.own(2, [FileMetadata(F, WRONG)])
    h.barrier(1)
    h.ask({})
    h.end()
    return blame(
        rules.METADATA,
        "client 2 declares 'file1' otherwise than another owner",
        "all owners of a file declare the same hashes (P2)",
        h.at_sent(2, Metadata((FileMetadata(F, WRONG),))),
    )


def told(h: HandWritten, client: int, seeds: tuple[int, ...], peers: tuple[int, ...]) -> int:
    """The tracker makes `client` a peer and names these, whatever it knows; gives the line of the list."""
    h.message(client, TRACKER, SwarmRequest(F))
    h.role(client, F, "peer")
    return h.message(TRACKER, client, SwarmAnswer(F, seeds, peers))


@wrong(rules.SWARM_LIST)
def the_asker_is_named(h: HandWritten) -> Blame:
    line = told(h, 2, (1,), (2,))
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as peers of 'file1': (2,)",
        "client 2 is the one who asked (T6)",
        line,
    )


@wrong(rules.SWARM_LIST)
def a_seed_is_missing(h: HandWritten) -> Blame:
    line = told(h, 2, (), ())
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as seeds of 'file1': nobody",
        "it names 1 of the 1 that it knows (T6)",
        line,
    )


@wrong(rules.SWARM_LIST, lambda: crowd(3))
def a_leecher_is_named(h: HandWritten) -> Blame:
    line = told(h, 2, (1,), (3,))
    h.miss(2, 3, F, 0)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as peers of 'file1': (3,)",
        "client 3 is no peer of it (T6)",
        line,
    )


@wrong(rules.SWARM_LIST)
def one_is_named_twice(h: HandWritten) -> Blame:
    line = told(h, 2, (1, 1), ())
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 2 as seeds of 'file1': (1, 1)",
        "each is named once (T6)",
        line,
    )


@wrong(rules.SWARM_LIST, lambda: crowd(4, seeds=3, numwant=2))
def more_are_named_than_wanted(h: HandWritten) -> Blame:
    line = told(h, 4, (1, 2, 3), ())
    for seed in (1, 2, 3):
        h.count(4, seed, 0)
    h.hit(4, 1, F, 0, 1, 2)
    h.close(4, 1)
    h.complete(4, F)
    h.end()
    return blame(
        rules.SWARM_LIST,
        "the tracker names to client 4 as seeds of 'file1': (1, 2, 3)",
        "it names 2 of the 3 that it knows (T6)",
        line,
    )


@wrong(rules.ROLES)
def a_client_is_never_made_a_seed(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.message(2, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.ROLES, "the tracker never makes client 2 a seed of 'file1'", "it does when it is told so (T6, T7)"
    )


@wrong(rules.ROLES)
def a_client_is_made_a_seed_too_early(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.record(TRACKER, RoleChanged(2, F, "seed"))
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.message(2, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.ROLES,
        "the tracker makes client 2 a seed of 'file1'; it was peer",
        "by what it was told, the client is a peer (T6, T7)",
        line,
    )


@wrong(rules.ROLES)
def a_client_is_made_a_peer_twice(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.role(2, F, "peer")
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.ROLES,
        "the tracker makes client 2 a peer of 'file1'; it was peer",
        "each role comes once (T6, T7)",
        line,
    )


@wrong(rules.ROLES)
def a_seed_asks_for_the_swarm_of_its_file(h: HandWritten) -> Blame:
    line = h.message(1, TRACKER, SwarmRequest(F))
    h.message(TRACKER, 1, SwarmAnswer(F, (), ()))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.ROLES,
        "client 1 asks for the swarm of 'file1', which it seeds",
        "a client turns from peer into seed, not back (T7)",
        line + 1,
    )


@wrong(rules.TRACKER_HOLDS_NOTHING)
def a_client_asks_the_tracker_for_a_segment(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.message(2, TRACKER, SegmentRequest(F, 0))
    h.outcome = "cut"  # whatever the tracker answers is wrong
    return blame(
        rules.TRACKER_HOLDS_NOTHING,
        "client 2 asks the tracker: SegmentRequest(file='file1', segment=0)",
        "only other clients are asked",
        line,
    )


@wrong(rules.TRACKER_HOLDS_NOTHING)
def a_client_asks_itself_for_its_connections(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.message(2, 2, ConnectionCountRequest())
    h.message(2, 2, ConnectionCount(0))
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.TRACKER_HOLDS_NOTHING,
        "client 2 asks itself: ConnectionCountRequest()",
        "only other clients are asked",
        line,
    )


@wrong(rules.ONE_OUTSTANDING, lambda: crowd(3, seeds=2))
def two_seeds_are_asked_at_once(h: HandWritten) -> Blame:
    h.swarm(3, F)
    first, second = (h.message(3, seed, ConnectionCountRequest()) for seed in (1, 2))
    h.message(1, 3, ConnectionCount(0))
    h.message(2, 3, ConnectionCount(0))
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return blame(
        rules.ONE_OUTSTANDING,
        "client 3 asks rank 2 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        second,
    )


@wrong(rules.ONE_OUTSTANDING)
def two_segments_are_asked_for_at_once(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    first, second = (h.message(2, 1, SegmentRequest(F, segment)) for segment in (0, 1))
    h.message(1, 2, h.right(F, 0))
    h.message(1, 2, h.right(F, 1))
    h.hit(2, 1, F, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONE_OUTSTANDING,
        "client 2 asks rank 1 while rank 1 has not answered",
        "it waits for the answer before it asks again",
        first,
        second,
    )


@wrong(rules.ONE_ANSWER)
def a_request_is_answered_twice(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    line = h.message(1, 2, h.right(F, 0))
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    answer = shown(h.right(F, 0))
    return [
        blame(
            rules.ONE_ANSWER,
            f"client 1 answers {answer} to client 2, which has asked nothing",
            "one answer to each request, and of its kind",
            line,
        ),
        blame(
            rules.ONE_ANSWER,
            f"client 2 gets {answer} from rank 1, but has asked nothing",
            "one answer to each request, from the rank that was asked",
            line + 1,
        ),
    ]


@wrong(rules.ONE_ANSWER, lambda: crowd(3))
def an_answer_goes_to_the_wrong_client(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.message(2, 1, ConnectionCountRequest())
    line = h.message(1, 3, ConnectionCount(0))
    h.message(1, 2, ConnectionCount(0))
    h.hit(2, 1, F, 0, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.hit(3, 1, F, 0, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return [
        blame(
            rules.ONE_ANSWER,
            "client 1 answers ConnectionCount(count=0) to client 3, which has asked nothing",
            "one answer to each request, and of its kind",
            line,
        ),
        blame(
            rules.ONE_ANSWER,
            "client 3 gets ConnectionCount(count=0) from rank 1, but has asked nothing",
            "one answer to each request, from the rank that was asked",
            line + 1,
        ),
    ]


@wrong(rules.ONE_ANSWER)
def an_answer_is_about_another_segment(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    asked = h.message(2, 1, SegmentRequest(F, 0))
    line = h.message(1, 2, Miss(F, 1))
    h.outcome = "cut"
    return [
        blame(
            rules.ONE_ANSWER,
            "client 1 answers Miss(file='file1', segment=1) to client 2, "
            "which has asked SegmentRequest(file='file1', segment=0)",
            "one answer to each request, and of its kind",
            asked + 1,
            line,
        ),
        blame(
            rules.ONE_ANSWER,
            "client 2 gets Miss(file='file1', segment=1) from rank 1, "
            "but waits for rank 1 to answer SegmentRequest(file='file1', segment=0)",
            "one answer to each request, from the rank that was asked",
            asked,
            line + 1,
        ),
    ]


@wrong(rules.ONE_ANSWER)
def a_list_comes_unasked(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.message(TRACKER, 2, SwarmAnswer(F, (1,), ()))
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONE_ANSWER,
        "client 2 gets SwarmAnswer(file='file1', seeds=(1,), peers=()) from rank 0, but has asked nothing",
        "one answer to each request, from the rank that was asked",
        line + 1,
    )


@wrong(rules.FRESH_LIST, crowd_with_a_beginner)
def one_is_asked_who_is_not_in_the_list(h: HandWritten) -> Blame:
    h.close(2, 1)
    line = h.message(2, 3, SegmentRequest(F, 1))
    h.message(3, 2, Miss(F, 1))
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.swarm(3, F)
    for seed in (1, 2):
        h.count(3, seed, 0)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return blame(
        rules.FRESH_LIST,
        "client 2 asks rank 3, which is not in its list of 'file1'",
        "it asks those that are in the list of this round (D3)",
        h.at_received(2, TRACKER, SwarmAnswer(F, (1,), ())),
        line,
    )


@wrong(rules.FRESH_LIST)
def a_segment_is_asked_for_without_a_list(h: HandWritten) -> Blame:
    line = h.message(2, 1, SegmentRequest(F, 0))
    h.message(1, 2, h.right(F, 0))
    h.close(2, 1)
    h.swarm(2, F)
    h.from_seed(2, 1, F, (1, 2))
    h.complete(2, F)
    h.end()
    return blame(
        rules.FRESH_LIST,
        "client 2 asks rank 1 for a segment of 'file1' without a list of its swarm",
        "it asks the tracker for the swarm first (D3)",
        line,
    )


@wrong(rules.FRESH_LIST)
def a_seed_is_counted_without_a_list(h: HandWritten) -> Blame:
    line = h.message(2, 1, ConnectionCountRequest())
    h.message(1, 2, ConnectionCount(0))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.FRESH_LIST,
        "client 2 asks rank 1 for its connections without a swarm list",
        "it asks the tracker for the swarm first (D3)",
        line,
    )


@wrong(rules.QUOTA, lambda: crowd(file=ELEVEN))
def one_segment_too_many(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(11))
    h.complete(2, F)
    h.end()
    return blame(
        rules.QUOTA,
        "client 2 asks for a segment when it has got 10 since its last swarm list",
        "after 10 segments it asks the tracker again (D3)",
        h.at_received(2, TRACKER, SwarmAnswer(F, (1,), ())),
        h.at_sent(2, SegmentRequest(F, 10)),
    )


@wrong(rules.FULL_ROUND)
def a_round_ends_early(h: HandWritten) -> Blame:
    h.swarm(2, F)
    began = h.line
    h.from_seed(2, 1, F, (0,))
    ended = h.line + 1
    h.swarm(2, F)
    h.from_seed(2, 1, F, (1, 2))
    h.complete(2, F)
    h.end()
    return blame(
        rules.FULL_ROUND,
        "client 2 ends a round of 'file1' with 1 segments",
        "it takes the rest of 10 segments from a seed of its list (D5, D6)",
        began,
        ended,
    )


@wrong(rules.FULL_ROUND, crowd_with_a_beginner)
def a_round_ends_without_a_seed(h: HandWritten) -> Blame:
    h.swarm(3, F)
    began = h.line
    h.miss(3, 2, F, 0)
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    h.close(3, 2)
    rest_from_seed(h, 3, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.FULL_ROUND,
        "client 3 ends a round of 'file1' with 0 segments",
        "it takes the rest of 10 segments from a seed of its list (D5, D6)",
        began,
        began + 5,
    )


@wrong(rules.PEERS_FIRST_RULE, crowd_with_a_beginner)
def a_peer_is_asked_after_a_seed(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    turned = h.line + 1
    h.count(3, 1, 1)
    h.hit(3, 1, F, 0)
    h.close(3, 1)
    end_of_the_beginner(h)
    line = h.message(3, 2, SegmentRequest(F, 1))
    h.message(2, 3, h.right(F, 1))
    h.close(3, 2)
    h.hit(3, 1, F, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return blame(
        rules.PEERS_FIRST_RULE,
        "client 3 asks peer 2 when it has turned to the seeds",
        "peers come first (D4)",
        turned,
        line,
    )


def crowd_of_beginners() -> HandWritten:
    """Client 2 has got segment 0, clients 3 and 4 are peers that have nothing, and client 5 begins a round."""
    h = crowd_with_a_beginner(5)
    for rank in (3, 4, 5):
        h.swarm(rank, F)
    return h


def end_of_the_beginners(h: HandWritten) -> None:
    end_of_the_beginner(h)
    for rank in (3, 4):
        h.hit(rank, 2, F, 0, 1, 2)
        h.close(rank, 2)
        h.complete(rank, F)
    h.end()


LIST_OF_5 = SwarmAnswer(F, (1,), (2, 3, 4))


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def a_third_peer_is_asked_after_two_misses(h: HandWritten) -> Blame:
    h.miss(5, 3, F, 0)
    h.miss(5, 4, F, 0)
    line = h.message(5, 2, SegmentRequest(F, 0))
    h.message(2, 5, Miss(F, 0))
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 asks peer 2 after two misses in a row",
        "it turns to the seeds (D5)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def the_search_is_given_up_after_one_miss(h: HandWritten) -> Blame:
    h.miss(5, 3, F, 0)
    line = h.line + 1
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 gives up the peers of 'file1' after 1 misses in a row",
        "it goes on with another peer of its list (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def the_peers_are_not_asked_at_all(h: HandWritten) -> Blame:
    line = h.line + 1
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 gives up the peers of 'file1' after 0 misses in a row",
        "it goes on with a peer of its list (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def the_same_peer_misses_twice(h: HandWritten) -> Blame:
    h.miss(5, 3, F, 0)
    line = h.line + 1
    h.miss(5, 3, F, 0)
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 asks peer 3 again right after its miss",
        "it takes another peer (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


@wrong(rules.TWO_MISSES, crowd_of_beginners)
def a_peer_is_left_without_a_miss(h: HandWritten) -> Blame:
    h.hit(5, 2, F, 0)
    h.close(5, 2)
    line = h.line + 1
    h.miss(5, 3, F, 1)
    h.miss(5, 4, F, 1)
    rest_from_seed(h, 5, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.TWO_MISSES,
        "client 5 asks peer 3 and leaves peer 2 without a miss",
        "it stays with a peer until a miss (D4)",
        h.at_received(5, TRACKER, LIST_OF_5),
        line,
    )


def two_seeds() -> HandWritten:
    h = crowd(4, seeds=2)
    h.swarm(3, F)
    return h


def end_of_two_seeds(h: HandWritten) -> None:
    """Client 4 comes when client 3 seeds too."""
    h.complete(3, F)
    h.swarm(4, F)
    for seed in (1, 2, 3):
        h.count(4, seed, 0)
    h.hit(4, 3, F, 0, 1, 2)
    h.close(4, 3)
    h.complete(4, F)
    h.end()


LIST_OF_3 = SwarmAnswer(F, (1, 2), ())


@wrong(rules.THREE_COUNTS, two_seeds)
def one_of_two_seeds_is_asked(h: HandWritten) -> Blame:
    h.count(3, 2, 0)
    line = h.line + 1
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    end_of_two_seeds(h)
    return blame(
        rules.THREE_COUNTS,
        "client 3 takes seed 2 and has asked 1 of 2 seeds",
        "it asks 2 seeds first (D5)",
        h.at_received(3, TRACKER, LIST_OF_3),
        line,
    )


@wrong(rules.THREE_COUNTS, two_seeds)
def a_seed_is_asked_twice(h: HandWritten) -> Blame:
    first = h.line + 1
    h.count(3, 2, 0)
    second = h.line + 1
    h.count(3, 2, 0)
    h.count(3, 1, 0)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    end_of_two_seeds(h)
    return blame(
        rules.THREE_COUNTS,
        "client 3 asks seed 2 twice in one round for its connections",
        "each seed is asked once (D5)",
        first,
        second,
    )


@wrong(rules.THREE_COUNTS, crowd_with_a_beginner)
def a_peer_is_asked_for_its_connections(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    line = h.line + 1
    h.count(3, 2, 0)
    rest_from_seed(h, 3, 0, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.THREE_COUNTS,
        "client 3 asks peer 2 for its connections",
        "it asks seeds (D5)",
        h.at_received(3, TRACKER, SwarmAnswer(F, (1,), (2,))),
        line,
    )


@wrong(rules.THREE_COUNTS, lambda: crowd(5, seeds=4))
def a_fourth_seed_is_asked_when_one_is_taken(h: HandWritten) -> Blame:
    h.swarm(5, F)
    for seed in (1, 2, 3):
        h.count(5, seed, 0)
    h.hit(5, 1, F, 0)
    h.close(5, 1)
    line = h.line + 1
    h.count(5, 4, 0)
    h.hit(5, 1, F, 1, 2)
    h.close(5, 1)
    h.complete(5, F)
    h.end()
    return blame(
        rules.THREE_COUNTS,
        "client 5 asks seed 4 for its connections when it has taken seed 1",
        "it asks before it takes one (D5)",
        h.at_received(5, TRACKER, SwarmAnswer(F, (1, 2, 3, 4), ())),
        line,
    )


@wrong(rules.LEAST_CONNECTED, two_seeds)
def the_busiest_seed_is_taken(h: HandWritten) -> Blame:
    h.swarm(4, F)
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 1, F, 0)
    h.hit(4, 3, F, 0)
    h.miss(4, 3, F, 1)
    h.close(4, 3)
    first, second = h.line + 1, h.line + 5
    h.count(4, 1, 1)
    h.count(4, 2, 0)
    line = h.line + 1
    h.hit(4, 1, F, 1, 2)
    h.close(4, 1)
    h.complete(4, F)
    h.hit(3, 1, F, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    h.end()
    return blame(
        rules.LEAST_CONNECTED,
        "client 4 takes seed 1, when the seeds have told these connections: {1: 1, 2: 0}",
        "it takes the seed with the fewest (D5)",
        first,
        second,
        line,
    )


@wrong(rules.LEAST_CONNECTED, two_seeds)
def two_seeds_are_taken_in_one_round(h: HandWritten) -> Blame:
    h.count(3, 1, 0)
    h.count(3, 2, 0)
    h.hit(3, 1, F, 0)
    h.close(3, 1)
    line = h.line + 1
    h.hit(3, 2, F, 1, 2)
    h.close(3, 2)
    end_of_two_seeds(h)
    return blame(
        rules.LEAST_CONNECTED,
        "client 3 turns from seed 1 to seed 2 in one round",
        "it takes one seed a round (D5, D6)",
        h.at_received(3, TRACKER, LIST_OF_3),
        line,
    )


@wrong(rules.TRUE_COUNT, crowd_with_a_beginner)
def an_uploader_hides_a_connection(h: HandWritten) -> Blame:
    opened = h.at_sent(1, h.right(F, 0))
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    line = h.line + 1
    rest_from_seed(h, 3, 0, 1, 2, connected=0)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.TRUE_COUNT,
        "client 1 tells client 3 of 0 connections, when 1 are open",
        "it tells of 1 (U3)",
        opened,
        line + 1,
        line + 2,
    )


@wrong(rules.CLOSED_ONCE)
def a_connection_is_not_closed_at_the_end_of_a_round(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.complete(2, F)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 2 has not closed its connection with rank 1 when it ends its round",
        "it sends a close when it leaves an uploader (D4, D6)",
        h.at_received(2, 1, h.right(F, 0)),
        h.at_sent(2, FileCompleted(F)),
    )


@wrong(rules.CLOSED_ONCE, crowd_with_a_beginner)
def a_connection_is_not_closed_when_seeds_are_asked(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    line = h.line + 1
    h.count(3, 1, 1)
    h.hit(3, 1, F, 1, 2)
    h.close(3, 1)
    h.complete(3, F)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 3 has not closed its connection with rank 2 when it asks rank 1 for its connections",
        "it sends a close when it leaves an uploader (D4, D6)",
        h.at_received(3, 2, h.right(F, 0)),
        line,
    )


@wrong(rules.CLOSED_ONCE, crowd_of_beginners)
def a_connection_is_not_closed_when_another_peer_is_asked(h: HandWritten) -> Blame:
    h.hit(5, 2, F, 0)
    h.miss(5, 2, F, 1)
    line = h.line + 1
    h.miss(5, 3, F, 1)
    rest_from_seed(h, 5, 1, 2)
    end_of_the_beginners(h)
    return blame(
        rules.CLOSED_ONCE,
        "client 5 has not closed its connection with rank 2 when it turns to rank 3",
        "it sends a close when it leaves an uploader (D4, D6)",
        h.at_received(5, 2, h.right(F, 0)),
        line,
    )


@wrong(rules.CLOSED_ONCE)
def a_connection_is_closed_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.line + 1
    h.close(2, 1)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 2 closes a connection with rank 1 that it does not have",
        "a close follows a connection that a hit has opened, once (U4)",
        line,
    )


@wrong(rules.CLOSED_ONCE, crowd_with_a_beginner)
def a_peer_that_only_missed_gets_a_close(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    line = h.line + 1
    h.close(3, 2)
    rest_from_seed(h, 3, 0, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.CLOSED_ONCE,
        "client 3 closes a connection with rank 2 that it does not have",
        "a close follows a connection that a hit has opened, once (U4)",
        line,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES, crowd_with_a_beginner)
def a_segment_is_given_that_is_not_held(h: HandWritten) -> Blame:
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    asked = h.message(3, 2, SegmentRequest(F, 1))
    given = h.message(2, 3, h.right(F, 1))
    h.miss(3, 2, F, 2)
    h.close(3, 2)
    rest_from_seed(h, 3, 2)
    end_of_the_beginner(h)
    h.end()
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 2 gives segment 1 of 'file1' to client 3 and does not hold it",
        "it answers with a miss (U2)",
        asked + 1,
        given,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES)
def a_segment_is_refused_that_is_held(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    line = h.line + 1
    h.miss(2, 1, F, 0)
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 1 has no segment 0 of 'file1' for client 2, but holds it",
        "it answers with the segment (U2)",
        line + 1,
        line + 2,
    )


@wrong(rules.HOLDS_WHAT_IT_GIVES, crowd_with_a_beginner)
def a_segment_is_refused_that_is_stored_for_certain(h: HandWritten) -> Blame:
    h.hit(2, 1, F, 1)
    h.swarm(3, F)
    line = h.line + 1
    h.miss(3, 2, F, 0)
    rest_from_seed(h, 3, 0, 1, 2)
    h.hit(2, 1, F, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.HOLDS_WHAT_IT_GIVES,
        "client 2 has no segment 0 of 'file1' for client 3, but holds it",
        "it answers with the segment (U2)",
        line + 1,
        line + 2,
    )


def bad_hash(uploader: int, client: int, asked: int) -> Violation:
    return blame(
        rules.RIGHT_HASH,
        f"client {uploader} gives {WRONG!r} to client {client} for segment 0 of 'file1'",
        f"it gives {FILE.segment(0)!r}",
        asked + 1,
        asked + 2,
    )


@wrong(rules.RIGHT_HASH)
def a_wrong_segment_of_a_seed_counts_as_a_miss(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    asked = h.message(2, 1, SegmentRequest(F, 0))
    h.message(1, 2, Hit(F, 0, WRONG))
    h.close(2, 1)
    h.download(2, 1, F)
    h.end()
    return bad_hash(1, 2, asked)


@wrong(rules.RIGHT_HASH, crowd_of_beginners)
def a_wrong_segment_of_a_peer_counts_as_a_miss(h: HandWritten) -> Blame:
    asked = h.message(5, 2, SegmentRequest(F, 0))
    h.message(2, 5, Hit(F, 0, WRONG))
    h.close(5, 2)
    h.miss(5, 3, F, 0)
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginners(h)
    return bad_hash(2, 5, asked)


@wrong(rules.ONCE_EACH)
def a_segment_is_asked_for_that_is_there(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    line = h.line + 1
    h.hit(2, 1, F, 0, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONCE_EACH,
        "client 2 asks for segment 0 of 'file1', which it has",
        "only missing segments are asked for",
        line,
    )


@wrong(rules.ONCE_EACH)
def a_segment_is_asked_for_that_the_file_does_not_have(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0)
    line = h.line + 1
    h.miss(2, 1, F, 3)
    h.hit(2, 1, F, 1, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.ONCE_EACH,
        "client 2 asks for segment 3 of 'file1', which has 3",
        "only segments of the file are asked for, counted from 0",
        line,
    )


@wrong(rules.FILE_ORDER)
def a_later_segment_comes_first(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    line = h.line + 1
    h.hit(2, 1, F, 1, 0, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return blame(
        rules.FILE_ORDER,
        "client 2 asks for segment 1 of 'file1' while 0 is missing",
        "it asks for segment 0, the first that is missing",
        line,
    )


@wrong(rules.FILE_ORDER, two)
def a_later_file_comes_first(h: HandWritten) -> Blame:
    h.begin({1: [FILE, OTHER]}, {2: [F, G]})
    h.download(2, 1, G)
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.FILE_ORDER,
        "client 2 turns to 'file2' while 'file1', which it wants earlier, is not complete",
        "it downloads 'file1' first (D3)",
        h.at_sent(2, MetadataRequest((F, G))),
        h.at_sent(2, SwarmRequest(G)),
    )


ONCE = "it tells it once, when all segments are there (D7)"


@wrong(rules.COMPLETION)
def completion_is_told_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    first = h.at_sent(2, FileCompleted(F))
    second = h.message(2, TRACKER, FileCompleted(F))
    h.end()
    return blame(rules.COMPLETION, "client 2 tells twice that it has 'file1'", ONCE, first, second)


@wrong(rules.COMPLETION)
def completion_is_told_of_a_file_that_was_owned(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.message(1, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.COMPLETION,
        "client 1 tells that it has 'file1', which it did not have to download",
        ONCE,
        h.at_sent(1, Metadata((FILE,))),
        h.at_sent(1, MetadataRequest(())),
        line,
    )


@wrong(rules.COMPLETION, lambda: crowd(quota=2))
def completion_is_told_too_early(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, (0, 1))
    line = h.sent(2, TRACKER, FileCompleted(F))
    h.outcome = "cut"
    return blame(rules.COMPLETION, "client 2 tells that it has 'file1', but 1 segments are missing", ONCE, line)


@wrong(rules.COMPLETION)
def completion_is_told_before_the_output_is_written(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    line = h.message(2, TRACKER, FileCompleted(F))
    h.role(2, F, "seed")
    h.record(2, FileWritten(F, 3), "download")
    h.end()
    return blame(
        rules.COMPLETION,
        "client 2 tells that it has 'file1' before its output is written",
        "the output is written first (D7)",
        line,
    )


@wrong(rules.COMPLETION)
def completion_is_never_told(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(3))
    h.record(2, FileWritten(F, 3), "download")
    h.end()
    return blame(
        rules.COMPLETION,
        "client 2 is finished and has never told that it has 'file1'",
        "it tells the tracker when a file is complete (D7)",
        h.at_sent(2, Finished()),
    )


DONE = "it is finished once, when every wanted file is there (D8)"


@wrong(rules.FINISHED)
def a_client_is_finished_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    first, second = (h.message(2, TRACKER, Finished()) for _ in range(2))
    h.end(1)
    return blame(rules.FINISHED, "client 2 is finished twice", DONE, first, second)


@wrong(rules.FINISHED)
def the_last_client_is_finished_twice_and_nobody_hears_it(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(1)
    first = h.message(2, TRACKER, Finished())
    second = h.sent(2, TRACKER, Finished())
    h.stop()
    return blame(rules.FINISHED, "client 2 is finished twice", DONE, first, second)


@wrong(rules.FINISHED, lambda: crowd(file=ONE))
def a_client_is_finished_before_it_begins(h: HandWritten) -> Blame:
    line = h.message(2, TRACKER, Finished())
    h.download(2, 1, F)
    h.end(1)
    asked = (SwarmRequest(F), ConnectionCountRequest(), SegmentRequest(F, 0))
    return [
        blame(rules.FINISHED, "client 2 is finished without 'file1'", DONE, h.at_sent(2, MetadataRequest((F,))), line),
        *(
            blame(
                rules.FINISHED,
                f"client 2 asks rank {TRACKER if isinstance(message, SwarmRequest) else 1} when it is finished",
                "its download thread has ended (D8)",
                line,
                h.at_sent(2, message),
            )
            for message in asked
        ),
    ]


@wrong(rules.STOP)
def a_client_is_stopped_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish()
    h.stop(1)
    line = h.sent(TRACKER, 1, Stop())  # which a thread that has ended never reads
    h.stop(2)
    return blame(
        rules.STOP,
        "the tracker stops client 1 twice",
        "it sends each client one stop (T9)",
        h.at_sent(TRACKER, Stop()),
        line,
    )


@wrong(rules.STOP)
def a_client_is_stopped_before_all_are_finished(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(1)
    h.stop(1)
    h.finish(2)
    h.stop(2)
    return blame(
        rules.STOP,
        "the tracker stops client 1 when client 2 is not finished",
        "it waits until every client is finished (T9)",
        h.at_sent(TRACKER, Stop()),
    )


@wrong(rules.STOP)
def a_client_gets_no_stop(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish()
    h.stop(1)
    return blame(rules.STOP, "client 2 gets no stop", "the tracker stops every client when all have finished (T9)")


@wrong(rules.STOP)
def an_upload_thread_ends_early(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.record(2, ThreadEnded(), "upload")
    h.finish()
    h.stop(1)
    h.sent(TRACKER, 2, Stop())
    return blame(
        rules.STOP,
        "the upload thread of client 2 ends before the tracker's stop",
        "it serves until the stop (U5)",
        line,
    )


@wrong(rules.STOP)
def an_upload_thread_goes_on_after_the_stop(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.complete(2, F)
    h.finish()
    h.message(TRACKER, 1, Stop())
    line = h.received(1, 2, Close())
    h.stop(2)
    return blame(
        rules.STOP,
        "the upload thread of client 1 goes on after the tracker's stop",
        "the thread ends with the first stop (U5)",
        h.at_received(1, TRACKER, Stop()),
        line,
    )


FOR_ALL = "all clients come to their end"


@wrong(rules.EVERYTHING_COMPLETE)
def a_request_is_never_answered(h: HandWritten) -> Blame:
    h.finish(1)
    h.swarm(2, F)
    line = h.message(2, 1, ConnectionCountRequest())
    return blame(
        rules.EVERYTHING_COMPLETE,
        "client 2 waits for ever for rank 1 to answer ConnectionCountRequest()",
        FOR_ALL,
        line,
    )


@wrong(rules.EVERYTHING_COMPLETE)
def a_client_never_completes_a_file(h: HandWritten) -> Blame:
    h.finish(1)
    return blame(
        rules.EVERYTHING_COMPLETE,
        "client 2 never completes 'file1'",
        FOR_ALL,
        h.at_sent(2, MetadataRequest((F,))),
    )


@wrong(rules.EVERYTHING_COMPLETE)
def a_client_is_never_finished(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    return blame(rules.EVERYTHING_COMPLETE, "client 1 is never finished", FOR_ALL, h.at_sent(1, MetadataRequest(())))


@pytest.mark.parametrize("case", WRONG_ONES, ids=lambda case: case.name)
def test_a_wrong_history_is_condemned_by_one_rule(case: Wrong, tmp_path: Path) -> None:
    h = case.start()
    expected = case.write(h)
    report = h.check(tmp_path, h.inputs(), h.outcome)
    assert violations(report) == ([expected] if isinstance(expected, Violation) else expected)
    assert invalid(report) == {case.rule.name}
    assert (report.verdict, report.exit_status) == ("invalid", 1)


def test_a_violation_says_its_rule_and_the_steps_it_comes_from(tmp_path: Path) -> None:
    h = crowd()
    completion_is_told_twice(h)
    [violation] = violations(h.check(tmp_path))
    assert (violation.rule, violation.steps) == ("completion", ("D7", "T7"))
