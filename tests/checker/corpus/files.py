"""Wrong histories of D7: files that are complete, or given up."""

from emulator.checker import rules
from emulator.protocol.events import DownloadStarted, FileUnavailable, FileWritten
from emulator.protocol.messages import (
    TRACKER,
    Close,
    FileCompleted,
    Finished,
    Hit,
    Metadata,
    MetadataRequest,
    SegmentRequest,
    Stuck,
    StuckAnswer,
)
from tests.checker.corpus.beginnings import ALL, FILE, Blame, F, G, another_crowd, crowd, wrong
from tests.checker.histories import HandWritten, blame
from tests.protocol.scripted import WRONG


@wrong(rules.COMPLETION)
def completion_is_told_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    first = h.at_sent(2, FileCompleted(F))
    second = h.message(2, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.COMPLETION,
        "client 2 tells twice that it has 'file1'",
        "it tells once that it has a file (D7)",
        first,
        second,
    )


@wrong(rules.COMPLETION)
def completion_is_told_of_a_file_that_was_owned(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.message(1, TRACKER, FileCompleted(F))
    h.end()
    return blame(
        rules.COMPLETION,
        "client 1 tells that it has 'file1', which it did not have to download",
        "it tells of the files that it wanted and did not own (D7)",
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
    return blame(
        rules.COMPLETION,
        "client 2 tells that it has 'file1', but 1 segment is missing",
        "it tells when every segment is there (D7)",
        line,
    )


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


@wrong(rules.COMPLETION, lambda: another_crowd(2, seeds=1))
def a_wrong_segment_is_kept(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.hit(2, 1, F, 0, 1)
    h.message(2, 1, SegmentRequest(F, 2))
    h.sent(1, 2, h.right(F, 2))
    h.fault(1, 2, Hit(F, 2, WRONG), "corrupted")
    h.received(2, 1, Hit(F, 2, WRONG))
    h.close(2, 1)
    line = h.line + 1
    h.complete(2, F)
    h.outcome = "cut"
    return blame(
        rules.COMPLETION,
        "client 2 writes 'file1', but 1 segment is missing",
        "it writes a file that is whole (D7)",
        line,
    )


GIVEN_UP = "it is given up only where a segment that is missing is held by no honest client that is alive"


@wrong(rules.TRULY_LOST)
def a_file_is_called_lost_that_a_living_seed_has(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.header = HandWritten(2, strategy="own.py:Own").header
    h.message(2, TRACKER, Stuck(F, ALL, (1,)))
    line = h.message(TRACKER, 2, StuckAnswer(F, 3, ()))
    h.record(2, FileUnavailable(F, 0, 3), "download")
    h.end()
    return blame(rules.TRULY_LOST, "the tracker tells client 2 that 3 segments of 'file1' are lost", GIVEN_UP, line)


@wrong(rules.TRULY_LOST, lambda: another_crowd(3, seeds=1))
def a_file_is_called_lost_whose_segments_peers_have_together(h: HandWritten) -> Blame:
    for rank in (2, 3):
        h.swarm(rank, F)
    h.hit(2, 1, F, 0)
    h.message(2, 1, Close())
    h.hit(3, 1, F, 1, 2)
    h.message(3, 1, Close())
    h.die(1)
    h.message(2, TRACKER, Stuck(F, b"\x06", ()))
    line = h.message(TRACKER, 2, StuckAnswer(F, 2, ()))
    h.outcome = "cut"
    return blame(rules.TRULY_LOST, "the tracker tells client 2 that 2 segments of 'file1' are lost", GIVEN_UP, line)


@wrong(rules.TRULY_LOST, lambda: another_crowd(2, seeds=1))
def a_client_gives_up_by_itself(h: HandWritten) -> Blame:
    h.swarm(2, F)
    line = h.record(2, FileUnavailable(F, 0, 3), "download")
    h.end()
    return blame(rules.TRULY_LOST, "client 2 gives up 'file1'", GIVEN_UP, h.at_sent(2, MetadataRequest((F,))), line)


@wrong(rules.TRULY_LOST)
def a_client_gives_up_what_it_does_not_want(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    line = h.record(1, FileUnavailable(G, 0, 0), "download")
    h.end()
    return blame(
        rules.TRULY_LOST,
        "client 1 gives up 'file2', which it does not want",
        GIVEN_UP,
        h.at_sent(1, MetadataRequest(())),
        line,
    )


@wrong(rules.COMPLETION)
def nothing_is_on_the_disk_of_who_was_neither_restarted_nor_resumed(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.header = HandWritten(2, strategy="own.py:Own").header
    h.record(2, DownloadStarted(F, 3, 3), "download")
    line = h.line + 1
    h.complete(2, F)
    h.outcome = "cut"
    return blame(
        rules.COMPLETION,
        "client 2 writes 'file1', but 3 segments are missing",
        "it writes a file that is whole (D7)",
        line,
    )
