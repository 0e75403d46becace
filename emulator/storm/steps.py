"""Every rank killed before each of its messages: an exhaustive search, where a storm searches at random."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from emulator.engines.virtual.engine import simulate
from emulator.protocol.events import AnyEvent, Channel
from emulator.protocol.messages import AnyMessage
from emulator.storm.cases import Case
from emulator.storm.draw import SCALE_S
from emulator.storm.judge import MAX_EVENTS

RETURNS = ("", f" and restart it after {SCALE_S / 10:g}s", f" and restart it after {SCALE_S / 10:g}s without its state")
"""What happens to a killed client afterwards, in the fault language."""


class _Counting:
    """Counts the messages that each rank sends."""

    def __init__(self) -> None:
        self.num_sent: Counter[int] = Counter()

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None:  # noqa: ARG002
        self.num_sent[rank] += 1

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        pass

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        pass


def every_step(case: Case) -> Iterator[Case]:
    """Yield the case with one death: of each rank, just before each message that it sends in a run without deaths.

    A client dies for good, comes back with its state, or comes back without it. No other rank can see what a rank does
    between two messages, so these moments cover all that differ.
    """
    counting = _Counting()
    plain = msgspec.structs.replace(case, faults=())
    simulate(plain.setup(), counting, MAX_EVENTS)
    for rank in range(case.num_clients + 1):
        name = f"client {rank}" if rank else "tracker"
        for number in range(1, counting.num_sent[rank] + 1):
            for returns in RETURNS if rank else RETURNS[:1]:
                yield msgspec.structs.replace(plain, faults=(f"kill {name} at message {number}{returns}",))
