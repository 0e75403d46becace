"""What the messages of the tracker show: barriers and roles (T1 … T8)."""

from collections.abc import Iterator

from emulator.protocol.events import (
    AnyEvent,
    BarrierOpened,
    ClientFinished,
    ClientLeft,
    Received,
    Role,
    RoleChanged,
    Sent,
)
from emulator.protocol.messages import Barrier, FileCompleted, Finished, Leave, Metadata, SwarmRequest


class TrackerEvents:
    """Takes the messages of the tracker in order."""

    def __init__(self) -> None:
        self._barrier = 0
        self._roles: dict[tuple[int, str], Role] = {}

    def of(self, event: Sent | Received) -> Iterator[AnyEvent]:
        """The events that this message shows."""
        if isinstance(event, Sent):
            if isinstance(event.message, Barrier) and event.message.number > self._barrier:
                self._barrier = event.message.number
                yield BarrierOpened(self._barrier)
            return
        client = event.source
        match event.message:
            case Metadata(files):
                for metadata in files:
                    yield from self._change(client, metadata.name, "seed")
            case SwarmRequest(file) if self._roles.get((client, file)) != "seed":
                yield from self._change(client, file, "peer")
            case FileCompleted(file):
                yield from self._change(client, file, "seed")
            case Finished():
                yield ClientFinished(client)
            case Leave():
                yield ClientLeft(client)

    def _change(self, client: int, file: str, role: Role) -> Iterator[RoleChanged]:
        if self._roles.get((client, file)) != role:
            self._roles[client, file] = role
            yield RoleChanged(client, file, role)
