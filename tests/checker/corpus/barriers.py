"""Wrong histories of P1 to D2 and T1 to T4: inputs, the two barriers, and the metadata of files."""

from emulator.checker import rules
from emulator.protocol.events import FileWritten
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import TRACKER, Barrier, Metadata, MetadataAnswer, MetadataRequest, SwarmRequest
from tests.checker.corpus.beginnings import FILE, OTHER, Blame, F, two, wrong
from tests.checker.histories import HandWritten, blame
from tests.protocol.scripted import WRONG


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
    h.record(1, FileWritten(F, 3), "download")
    h.download(2, 1, F)
    h.end()
    line = h.at_sent(1, MetadataRequest(()))
    h.wanted[1] = (F,)
    return blame(rules.INPUTS, "client 1 asks for nothing", "its input wants 'file1' (D1)", line)


@wrong(rules.INPUTS)
def there_is_an_input_too_many(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.end()
    h.more_inputs = 1
    return blame(
        rules.INPUTS, "the trace is of 2 clients, and there are inputs for 3", "each client has one input (P1)", 1
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
    return blame(rules.SECOND_BARRIER, "the tracker signals barrier 3", "there are two barriers, 1 and 2", line)


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
        "the tracker answers client 2 with the metadata of 'file1', 'file2'",
        "it answers for 'file1' (T3)",
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


@wrong(rules.FIRST_BARRIER, lambda: HandWritten(3))
def a_barrier_opens_before_a_living_client_has_come(h: HandWritten) -> Blame:
    h.own(1, [])
    h.die(3)
    line = h.message(TRACKER, 1, Barrier(1))
    h.own(2, [])
    h.message(TRACKER, 2, Barrier(1))
    h.want(1, ())
    h.want(2, ())
    for rank in (1, 2):
        h.message(TRACKER, rank, Barrier(2))
    h.end()
    return blame(
        rules.FIRST_BARRIER,
        "the tracker opens barrier 1 when client 2 has not reached it",
        "it waits until every client has (T2, T4)",
        line,
    )


@wrong(rules.FIRST_BARRIER, lambda: HandWritten(2))
def a_barrier_does_not_wait_for_who_is_coming_back(h: HandWritten) -> Blame:
    h.own(1, [])
    h.die(2, is_coming_back=True)
    line = h.message(TRACKER, 1, Barrier(1))
    h.restart(2)
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


@wrong(rules.METADATA, lambda: HandWritten(3))
def metadata_is_withheld_though_an_owner_lives(h: HandWritten) -> Blame:
    h.own(1, [FILE])
    h.own(2, [])
    h.die(3)
    for rank in (1, 2):
        h.message(TRACKER, rank, Barrier(1))
    question = h.message(2, TRACKER, MetadataRequest((F,)))
    line = h.message(TRACKER, 2, MetadataAnswer(()))
    h.wanted[2] = (F,)
    h.outcome = "cut"
    return blame(
        rules.METADATA,
        "the tracker answers client 2 with the metadata of nothing",
        "it answers for 'file1' (T3)",
        question + 1,
        line,
    )
