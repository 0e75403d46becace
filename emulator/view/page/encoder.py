"""From the events of a trace to blocks of columns, in one pass and in bounded memory.

A block says when each of its events happened, on which lane (a thread of a rank) and what it is, and has a small table
for each kind of event. What one lane does is regular, what all lanes do together is not: times and lanes are in the
order of the trace, and all else is in the order of the lanes. `source/decode.mjs` reads blocks.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import sub

from emulator.protocol.events import AnyEvent, Channel, MessageFaulted, Received, Sent
from emulator.protocol.messages import AnyMessage, Hit, Miss, SegmentRequest
from emulator.trace.format import Stamp
from emulator.view.page.block import Block
from emulator.view.page.inbox import Inbox
from emulator.view.page.kinds import EVENTS, MESSAGES, Kind, Names

MAX_LISTS = 100_000
THREADS = {"main": 0, "download": 1, "upload": 2}
CHANNELS = {"download": 0, "upload": 1}
MIN_TICKS = 1 << 16
"""Times are kept at least this exactly, as parts of the whole of what the first block covers."""

WITH_SEGMENT = frozenset({SegmentRequest, Hit, Miss})

Row = Sequence[int]


class _Last:
    """What the last message of a lane was about; the next one is likely to be about much the same."""

    __slots__ = ("other", "segment")

    def __init__(self) -> None:
        self.other = 0
        self.segment = 0


class Encoder:
    """Takes the events of one run in the order of the trace, and makes blocks of them."""

    def __init__(self) -> None:
        names = self._names = Names()
        self.tick_us = 0
        """The unit of all times; 0 before the first block."""
        self._events = _kinds(EVENTS, "", 0, names)
        self._sent = _kinds(MESSAGES, "Sent ", len(EVENTS), names)
        self._strange = _kinds(MESSAGES, "Received ", len(EVENTS) + len(MESSAGES), names)
        self._received = len(EVENTS) + 2 * len(MESSAGES)
        self._inboxes: defaultdict[tuple[str, int], Inbox] = defaultdict(Inbox)
        self._last: defaultdict[int, _Last] = defaultdict(_Last)
        """By lane."""
        self.epoch_s = 0.0
        """The time of the trace that counts as 0."""
        self._latest = 0
        """In ticks: the time of the last event of the last block."""
        self._times_s: list[float] = []
        self._lanes: list[int] = []
        self._steps: list[int] = []
        self._kinds: list[int] = []
        self._rows: list[Row] = []

    @property
    def schema(self) -> list[tuple[str, list[str]]]:
        """The kinds of events by number: the name and the columns of each."""
        messages = [
            (kind.name, ["on", "other", *kind.columns]) for kind in (*self._sent.values(), *self._strange.values())
        ]
        events = [(kind.name, kind.columns) for kind in self._events.values()]
        return [*events, *messages, ("Received", ["on", "skip"])]

    @property
    def num_waiting(self) -> int:
        """Events since the last block."""
        return len(self._rows)

    def add(self, stamps: Sequence[Stamp], events: Sequence[AnyEvent]) -> None:
        step_numbers = self._names.text_numbers
        lanes = [3 * stamp.rank + THREADS[stamp.thread] for stamp in stamps]
        self._lanes += lanes
        self._times_s += [stamp.t for stamp in stamps]
        self._steps += [step_numbers[stamp.step] for stamp in stamps]
        for lane, stamp, event in zip(lanes, stamps, events, strict=True):
            if type(event) is Sent:
                self._send(lane, stamp.rank, event)
            elif type(event) is Received:
                self._receive(lane, stamp.rank, event)
            else:
                self._note(stamp.rank, event)

    def _note(self, rank: int, event: AnyEvent) -> None:
        kind = self._events[type(event)]
        if type(event) is MessageFaulted:
            self._inboxes[event.on, event.to].fault(rank, event)
        self._kinds.append(kind.number)
        self._rows.append(kind.values(event))

    def _send(self, lane: int, rank: int, event: Sent) -> None:
        message = event.message
        self._inboxes[event.on, event.to].send(rank, message)
        self._tell(lane, self._sent[type(message)], event.on, event.to, message)

    def _receive(self, lane: int, rank: int, event: Received) -> None:
        message = event.message
        skip = self._inboxes[event.on, rank].receive(event.source, message)
        if skip is None:
            self._tell(lane, self._strange[type(message)], event.on, event.source, message)
            return
        last = self._last[lane]
        last.other = event.source
        if type(message) in WITH_SEGMENT:
            last.segment = message.segment  # type: ignore[union-attr] # these have one
        self._kinds.append(self._received)
        self._rows.append((CHANNELS[event.on], skip))

    def _tell(self, lane: int, kind: Kind, on: Channel, other: int, message: AnyMessage) -> None:
        """Add a message with its content: the other rank and the segment as differences from the lane's last ones."""
        last = self._last[lane]
        values = kind.values(message)
        if kind.segment_at is not None:
            segment = values[kind.segment_at]
            values[kind.segment_at] = segment - last.segment
            last.segment = segment
        self._kinds.append(kind.number)
        self._rows.append((CHANNELS[on], other - last.other, *values))
        last.other = other

    def block(self, *, counts_from_first: bool = False) -> bytes:
        """All events since the last block.

        With `counts_from_first`, times count from the first event of all: clocks of other programs may show anything.
        """
        if counts_from_first and not self.tick_us and self._times_s:
            self.epoch_s = self._times_s[0]
        order = sorted(range(len(self._lanes)), key=self._lanes.__getitem__)
        block = Block()
        block.add(self._ticks(), is_delta=False)
        for column in _lane_changes(self._lanes):
            block.add(column, is_delta=False)
        kinds = [self._kinds[index] for index in order]
        block.add(kinds, is_delta=False)
        block.add(_new_steps(kinds, [self._steps[index] for index in order]), is_delta=False)
        block.add_tables((self._kinds[index], self._rows[index]) for index in order)
        block.add_lists(self._names.new_lists)
        data = block.data(events=len(order), texts=self._names.text_numbers.new, lists=len(self._names.new_lists))
        self._start_block()
        return data

    def _start_block(self) -> None:
        for column in (self._times_s, self._lanes, self._steps, self._kinds, self._rows):
            column.clear()
        self._names.start_block(MAX_LISTS)

    def _ticks(self) -> list[int]:
        """From one event to the next, and none is earlier than the one before it."""
        if not self._times_s:
            return []
        if not self.tick_us:
            self._set_clock()
        ticks_per_s = 1e6 / self.tick_us
        ticks = [int((time_s - self.epoch_s) * ticks_per_s) for time_s in self._times_s]
        ticks = list(accumulate(ticks, max, initial=self._latest))
        self._latest = ticks[-1]
        return list(map(sub, ticks[1:], ticks))

    def _set_clock(self) -> None:
        """A coarser clock makes a smaller file. This one is about as coarse as the events of a busy run are apart."""
        span_s = max(self._times_s) - self._times_s[0]
        apart_us = int(1e6 * span_s / max(len(self._times_s), MIN_TICKS))
        self.tick_us = 1 << apart_us.bit_length()


def _kinds(structs: Sequence[type], prefix: str, first: int, names: Names) -> dict[type, Kind]:
    return {
        struct: Kind(number, prefix + struct.__name__, struct, names) for number, struct in enumerate(structs, first)
    }


def _lane_changes(lanes: Iterable[int]) -> tuple[list[int], list[int]]:
    """For each event 0 for the lane of the event before, 1 for the last other one, 2 for any other: and those.

    Two processors make the events of two lanes at a time.
    """
    changes, others = [], []
    last, before = -1, -1
    for lane in lanes:
        if lane == last:
            changes.append(0)
            continue
        if lane == before:
            changes.append(1)
        else:
            changes.append(2)
            others.append(lane)
        last, before = lane, last
    return changes, others


def _new_steps(kinds: Sequence[int], steps: Sequence[int]) -> list[int]:
    """For each event 0 where its step is that of the last event of its kind, else 1 more than its step."""
    last: dict[int, int] = {}
    codes = []
    for kind, step in zip(kinds, steps, strict=True):
        codes.append(0 if last.get(kind) == step else step + 1)
        last[kind] = step
    return codes
