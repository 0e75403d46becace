"""Wrong histories of D8, T8, T9 and U5: how clients and the run come to their end."""

from emulator.checker import rules
from emulator.protocol.events import Died, ThreadEnded
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Close,
    ConnectionCountRequest,
    Finished,
    Leave,
    MetadataRequest,
    Stop,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import ONE, Blame, F, another_crowd, crowd, rest, wrong
from tests.checker.histories import HandWritten, blame

DONE = "it is finished when every wanted file is there (D8)"


@wrong(rules.FINISHED)
def a_client_is_finished_twice(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    first, second = (h.message(2, TRACKER, Finished()) for _ in range(2))
    h.end(1)
    return blame(rules.FINISHED, "client 2 is finished twice", "it is finished once (D8)", first, second)


@wrong(rules.FINISHED)
def the_last_client_is_finished_twice_and_nobody_hears_it(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(1)
    first = h.message(2, TRACKER, Finished())
    second = h.sent(2, TRACKER, Finished())
    h.stop()
    return blame(rules.FINISHED, "client 2 is finished twice", "it is finished once (D8)", first, second)


@wrong(rules.FINISHED, lambda: crowd(file=ONE))
def a_client_is_finished_before_it_begins(h: HandWritten) -> Blame:
    line = h.message(2, TRACKER, Finished())
    h.download(2, 1, F)
    h.end(1)
    return [
        blame(rules.FINISHED, "client 2 is finished without 'file1'", DONE, h.at_sent(2, MetadataRequest((F,))), line),
        blame(
            rules.FINISHED,
            "client 2 asks rank 0 when it is finished",
            "its download thread has ended (D8)",
            line,
            h.at_sent(2, SwarmRequest(F)),
            count=3,
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
    return blame(
        rules.STOP,
        "client 2 never gets the stop",
        "the tracker stops every client at the end (T9)",
        h.at_sent(2, Finished()),
    )


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
    h.record(1, ThreadEnded(), "upload")
    h.stop(2)
    return blame(
        rules.STOP,
        "the upload thread of client 1 goes on after the tracker's stop",
        "the thread ends with the first stop (U5)",
        h.at_received(1, TRACKER, Stop()),
        line,
    )


@wrong(rules.EVERYTHING_COMPLETE)
def a_request_is_never_answered(h: HandWritten) -> Blame:
    h.finish(1)
    h.swarm(2, F)
    line = h.message(2, 1, ConnectionCountRequest())
    return blame(
        rules.EVERYTHING_COMPLETE,
        "client 2 waits for ever for rank 1 to answer a request for the number of connections",
        "every request is answered",
        line,
    )


@wrong(rules.EVERYTHING_COMPLETE)
def a_client_never_completes_a_file(h: HandWritten) -> Blame:
    h.finish(1)
    return blame(
        rules.EVERYTHING_COMPLETE,
        "client 2 never completes 'file1'",
        "every wanted file is completed (D7)",
        h.at_sent(2, MetadataRequest((F,))),
    )


@wrong(rules.FINISHED)
def a_client_is_never_finished(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    return blame(
        rules.FINISHED,
        "client 1 never says that it is finished",
        "it tells the tracker (D8)",
        h.at_received(1, TRACKER, Barrier(2)),
    )


@wrong(rules.FINISHED, lambda: another_crowd(2, seeds=1))
def a_client_leaves_before_it_is_finished(h: HandWritten) -> Blame:
    h.swarm(2, F)
    rest(h, 2, 1, 0, 1, 2)
    line = h.message(2, TRACKER, Leave())
    h.outcome = "cut"
    return blame(
        rules.FINISHED,
        "client 2 leaves before it is finished",
        "it leaves once, when it has what it wanted (D8)",
        line,
    )


@wrong(rules.STOP, lambda: crowd(3))
def the_stop_does_not_wait_for_the_living(h: HandWritten) -> Blame:
    h.die(3)
    h.download(2, 1, F)
    h.finish(2)
    h.stop(2)
    h.finish(1)
    h.stop(1)
    return blame(
        rules.STOP,
        "the tracker stops client 2 when client 1 is not finished",
        "it waits until every client is finished (T9)",
        h.at_sent(TRACKER, Stop()),
    )


@wrong(rules.EVERYTHING_COMPLETE, lambda: crowd(3, seeds=2))
def a_waiter_on_the_dead_waits_for_ever(h: HandWritten) -> Blame:
    h.swarm(3, F)
    line = h.sent(3, 1, ConnectionCountRequest())
    h.record(1, Died("was killed"))
    h.dead.add(1)
    h.finish(2)
    return blame(
        rules.EVERYTHING_COMPLETE,
        "client 3 waits for ever for rank 1 to answer a request for the number of connections",
        "every request is answered",
        line,
    )
