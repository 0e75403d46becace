"""The history of a run in virtual time."""

from emulator.engines.virtual.engine import simulate
from emulator.errors import RunError
from emulator.protocol.events import AnyEvent, Channel
from emulator.protocol.messages import AnyMessage
from emulator.storm.cases import Case


class Recording:
    """Hears everything."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        self.heard.append((rank, on, to, message))

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        self.heard.append((rank, on, source, message))

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        self.heard.append((rank, thread, event))


def history_of(case: Case) -> list[object]:
    """All that happens in a run, in order, and how it ends."""
    recording = Recording()
    try:
        simulate(case.setup(), recording, 200_000)
    except RunError as error:
        recording.heard.append(str(error))
    return recording.heard
