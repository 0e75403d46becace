"""Wrong histories of what is between the ranks: order, routes, deaths."""

from emulator.checker import rules
from emulator.protocol.events import FileWritten, Received
from emulator.protocol.messages import (
    TRACKER,
    Barrier,
    Close,
    FileCompleted,
    Finished,
    Lost,
    Returned,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import Blame, F, G, crowd, lossy, rest, wrong
from tests.checker.histories import HandWritten, blame


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
            "rank 0 never receives the word that 'file1' is complete from rank 2 on download",
            "all that is sent arrives",
            h.at_sent(2, FileCompleted(F)),
        ),
        blame(
            rules.DELIVERY,
            "rank 0 receives the word that it is finished from rank 2 on download",
            "the word that 'file1' is complete was sent earlier and comes first",
            h.at_sent(2, FileCompleted(F)),
            h.at_received(TRACKER, 2, Finished()),
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
        "rank 1 receives a close from rank 2 on upload",
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
        "rank 0 receives the word that it is finished from rank 2 on download",
        "the word that 'file1' is complete was sent earlier and comes first",
        h.at_sent(2, FileCompleted(F)),
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
        "rank 0 receives the word that 'file2' is complete from rank 2 on download",
        "the word that 'file1' is complete was sent, and comes next",
        h.at_sent(2, FileCompleted(F)),
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
        "rank 0 receives the word that it is finished from rank 1 on upload",
        "nothing is received that was not sent before",
        line,
    )


@wrong(rules.CHANNELS)
def a_close_travels_on_the_wrong_communicator(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    line = h.sent(2, 1, Close(), on="download")
    h.received(1, 2, Close(), on="download")
    h.complete(2, F)
    h.end()
    return blame(rules.CHANNELS, "client 2 sends a close to rank 1 on download", "it travels on upload", line)


@wrong(rules.CHANNELS)
def a_client_sends_what_the_tracker_sends(h: HandWritten) -> Blame:
    line = h.message(1, 2, Barrier(2))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.CHANNELS,
        "client 1 sends the signal of barrier 2 to rank 2 on download",
        "only the tracker sends it",
        line,
    )


@wrong(rules.CHANNELS)
def the_tracker_sends_what_clients_send(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    line = h.sent(TRACKER, 1, Close())
    h.received(1, TRACKER, Close())
    h.end(1)
    return blame(rules.CHANNELS, "the tracker sends a close to rank 1 on upload", "only a client sends it", line)


@wrong(rules.CHANNELS)
def a_client_tells_another_one_what_is_for_the_tracker(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(1)
    line = h.sent(2, 1, Finished())
    h.received(1, 2, Finished())
    h.outcome = "cut"
    return blame(
        rules.CHANNELS, "client 2 sends the word that it is finished to rank 1", "it is sent to the tracker", line
    )


@wrong(rules.CHANNELS)
def the_tracker_stops_itself(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.end()
    line = h.sent(TRACKER, TRACKER, Stop())
    h.received(TRACKER, TRACKER, Stop())
    return blame(rules.CHANNELS, "the tracker sends the stop to itself", "it is sent to a client", line)


@wrong(rules.CHANNELS)
def a_client_says_that_it_is_lost(h: HandWritten) -> Blame:
    line = h.message(1, 2, Lost())
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.CHANNELS,
        "client 1 sends the word that the rank is lost to rank 2 on download",
        "no rank sends it: the engine tells it",
        line,
    )


@wrong(rules.DEATHS, lambda: crowd(3))
def the_dead_go_on(h: HandWritten) -> Blame:
    died = h.die(3)
    line = h.sent(3, TRACKER, SwarmRequest(F))
    h.outcome = "cut"
    return blame(
        rules.DEATHS, "rank 3 goes on after its death", "a dead rank does nothing until it is restarted", died, line
    )


@wrong(rules.DEATHS, lambda: crowd(3))
def the_dead_listen(h: HandWritten) -> Blame:
    h.message(3, TRACKER, SwarmRequest(F))
    h.role(3, F, "peer")
    h.sent(TRACKER, 3, SwarmAnswer(F, (1,), ()))
    died = h.die(3)
    line = h.received(3, TRACKER, SwarmAnswer(F, (1,), ()))
    h.download(2, 1, F)
    h.end()
    return blame(
        rules.DEATHS, "rank 3 goes on after its death", "a dead rank does nothing until it is restarted", died, line
    )


@wrong(rules.DEATHS)
def a_living_client_is_called_lost(h: HandWritten) -> Blame:
    h.download(2, 1, F)
    h.finish(2)
    line = h.record(2, Received("upload", 1, Lost()), "upload")
    h.end(1)
    return blame(
        rules.DEATHS, "rank 2 is told on upload that rank 1 is lost", "that is told of a rank that has died", line
    )


@wrong(rules.DEATHS, lambda: crowd(3))
def the_dead_are_said_to_have_returned(h: HandWritten) -> Blame:
    h.die(3)
    h.download(2, 1, F)
    line = h.record(2, Received("upload", 3, Returned()), "upload")
    h.end()
    return blame(
        rules.DEATHS,
        "rank 2 is told on upload that rank 3 has returned",
        "that is told of a rank that was started again",
        line,
    )


@wrong(rules.DELIVERY, lambda: crowd(3))
def what_the_dead_have_sent_comes_after_they_are_called_lost(h: HandWritten) -> Blame:
    h.sent(3, TRACKER, SwarmRequest(F))
    h.die(3)
    line = h.received(TRACKER, 3, SwarmRequest(F))
    h.outcome = "cut"
    return blame(
        rules.DELIVERY,
        "rank 0 receives a request for the swarm of 'file1' from rank 3 on download",
        "nothing is received that was not sent before",
        line,
    )


@wrong(rules.DELIVERY, lossy)
def a_message_is_lost_that_no_fault_has_dropped(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.sent(2, 1, SegmentRequest(F, 0, 1))
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return blame(
        rules.DELIVERY,
        "rank 1 receives a request for segment 0 of 'file1' from rank 2 on upload",
        "a request for segment 0 of 'file1' was sent earlier and comes first",
        h.at_sent(2, SegmentRequest(F, 0, 1)),
        h.at_received(1, 2, SegmentRequest(F, 0)),
        count=4,
    )


@wrong(rules.DELIVERY, lossy)
def a_fault_is_told_of_a_message_that_was_not_sent(h: HandWritten) -> Blame:
    line = h.fault(2, 1, Close(), "dropped")
    h.swarm(2, F)
    rest(h, 2, 1, 0, 1, 2)
    h.end()
    return blame(
        rules.DELIVERY,
        "a close from rank 2 to rank 1 is dropped",
        "that happens to what the rank has sent just before",
        line,
    )


@wrong(rules.DELIVERY, lossy)
def a_doubled_message_comes_three_times(h: HandWritten) -> Blame:
    h.swarm(2, F)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.fault(2, 1, Close(), "duplicated")
    lines = [h.received(1, 2, Close()) for _ in range(3)]
    h.complete(2, F)
    h.end()
    return blame(
        rules.DELIVERY,
        "rank 1 receives a close from rank 2 on upload",
        "nothing is received that was not sent before",
        lines[2],
    )
