"""Checking what is given up: a file is lost only where nobody honest who is alive holds what is missing."""

from emulator.checker import rules
from emulator.checker.checks.swarms import SwarmCheck
from emulator.checker.client import bits_held, bits_known
from emulator.checker.known import Known
from emulator.protocol.events import FileUnavailable
from emulator.protocol.messages import StuckAnswer

EXPECTED = "it is given up only where a segment that is missing is held by no honest client that is alive"


class AvailabilityCheck:
    """All that the tracker and the clients call lost."""

    def __init__(self, known: Known, swarms: SwarmCheck) -> None:
        self._known = known
        self._swarms = swarms
        self._told: dict[int, StuckAnswer] = {}
        """What each client was told last: asked again, the tracker says it again, whatever has changed since."""

    def answer_stuck(self, line: int, _tracker: int, client: int, message: StuckAnswer) -> None:
        """The tracker answers; a number of lost segments above 0 says that the file is."""
        file, is_new = message.file, self._told.get(client) != message
        self._told[client] = message
        if is_new and message.num_lost > 0 and self._can_be_had(client, file):
            text = f"the tracker tells client {client} that {message.num_lost} segments of {file!r} are lost"
            self._known.add(rules.TRULY_LOST, (line,), text, EXPECTED)

    def given_up(self, line: int, rank: int, _thread: str, event: FileUnavailable) -> None:
        """The client will not have this file."""
        client, file = self._known.clients[rank], event.file
        client.unavailable.setdefault(file, line)
        text = f"client {rank} gives up {file!r}"
        if file not in client.wanted or client.is_whole(file):
            why = "which it has" if client.is_whole(file) else "which it does not want"
            self._known.add(rules.TRULY_LOST, (client.asked, line), f"{text}, {why}", EXPECTED, "not missing")
        elif file not in client.told_lost and file in client.held and self._can_be_had(rank, file):
            self._known.add(rules.TRULY_LOST, (client.asked, line), text, EXPECTED, "not told")

    def _can_be_had(self, asker: int, file: str) -> bool:
        """Whether others hold all that this client misses: those in the swarm that can, and do, give it."""
        metadata = self._known.metadata.get(file)
        if metadata is None:
            return False
        clients = self._known.clients
        missing = (1 << metadata.num_segments) - 1 & ~bits_held(clients[asker].held.get(file, b""))
        for rank in self._swarms.members(file):
            if not missing:
                break
            if rank != asker and self._gives(rank):
                missing &= ~bits_known(clients[rank].held.get(file, b""))
        return not missing

    def _gives(self, rank: int) -> bool:
        known = self._known
        is_trusted = rank not in known.free_riders and rank not in known.liars and rank not in known.suspects
        return is_trusted and rank not in known.dead and not known.clients[rank].left
