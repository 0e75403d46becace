"""What checking costs follows from what is in a trace: never from its square, and not from what its header claims."""

import gc
import time
from collections.abc import Callable

import pytest

from emulator.protocol.events import Died, FaultBegan, Restarted
from emulator.protocol.messages import TRACKER, Close, Finished, Metadata, SegmentRequest
from tests.checker.corpus.beginnings import FILE, F
from tests.checker.histories import HandWritten

MAX_RATIO = 32
"""Eight times as many events take about eight times as long, or 64 times where cost is quadratic."""

Write = Callable[[int], HandWritten]


def in_order(size: int) -> HandWritten:
    """So many messages wait between two ranks, and then arrive."""
    h = HandWritten(2)
    for segment in range(size):
        h.sent(1, 2, SegmentRequest(F, segment))
    for segment in range(size):
        h.received(2, 1, SegmentRequest(F, segment))
    return h


def late_and_backwards(size: int) -> HandWritten:
    """Every message is delayed, and they arrive in the other order."""
    h = HandWritten(2, faults=("delay messages by 1s",))
    for segment in range(size):
        h.sent(1, 2, SegmentRequest(F, segment))
        h.fault(1, 2, SegmentRequest(F, segment), "delayed")
    for segment in reversed(range(size)):
        h.received(2, 1, SegmentRequest(F, segment))
    return h


def out_of_order(size: int) -> HandWritten:
    """Without a fault, the same is a violation each time."""
    h = HandWritten(2)
    for segment in range(size):
        h.sent(1, 2, SegmentRequest(F, segment))
    for segment in reversed(range(size)):
        h.received(2, 1, SegmentRequest(F, segment))
    return h


def all_equal(size: int) -> HandWritten:
    """So many equal messages wait, and some of them are late."""
    h = HandWritten(2, faults=("delay messages by 1s",))
    h.record(TRACKER, FaultBegan("delay messages by 1s"))
    for number in range(size):
        h.sent(1, 2, Close())
        if number % 2:
            h.fault(1, 2, Close(), "delayed")
    for _ in range(size):
        h.received(2, 1, Close())
    return h


def many_deaths(size: int) -> HandWritten:
    """A client dies and returns again and again, while messages wait on many ways."""
    h = HandWritten(size)
    for rank in range(2, size):
        h.sent(1, rank, Close())
        h.sent(rank, 1, Close())
    for _ in range(size):
        h.record(1, Died("was killed"))
        h.record(1, Restarted(True))
    return h


def all_die_and_return(size: int) -> HandWritten:
    h = HandWritten(size)
    for rank in h.clients:
        h.record(rank, Died("was killed"))
    for rank in h.clients:
        h.record(rank, Restarted(True))
        h.sent(1, rank, Close())
    return h


def many_finish_early(size: int) -> HandWritten:
    h = HandWritten(size)
    h.message(1, TRACKER, Metadata((FILE,)))
    for rank in h.clients:
        h.message(rank, TRACKER, Finished())
    return h


def seconds(write: Write, size: int) -> float:
    """The garbage collector looks at all that other tests have left, and so does not run meanwhile."""
    h = write(size)
    fastest = float("inf")
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            began_s = time.process_time()
            h.judge_whole()
            fastest = min(fastest, time.process_time() - began_s)
    finally:
        gc.enable()
    return fastest


@pytest.mark.parametrize(
    "write", [in_order, late_and_backwards, out_of_order, all_equal, many_deaths, all_die_and_return, many_finish_early]
)
def test_eight_times_as_many_events_take_about_eight_times_as_long(write: Write) -> None:
    assert seconds(write, 4_000) < MAX_RATIO * max(seconds(write, 500), 0.002)


def test_a_million_clients_that_never_speak_cost_nothing() -> None:
    h = HandWritten(1_000_000)
    h.message(1, TRACKER, Metadata((FILE,)))
    began_s = time.process_time()
    report = h.judge_whole()
    assert time.process_time() - began_s < 0.5
    [silent] = [each for rule in report.rules for each in rule.violations if "never heard of" in each.text]
    assert (silent.text, silent.count) == ("client 2 is never heard of", 999_999)
