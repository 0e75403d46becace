"""Checking what closes connections: D4, D6, U4, from the download thread's side."""

from emulator.checker import rules
from emulator.checker.checks.requests import RequestCheck
from emulator.checker.client import Client
from emulator.checker.known import Known
from emulator.protocol.messages import Close


class CloseCheck:
    """Every close belongs to a connection, or to one that may have been opened."""

    def __init__(self, known: Known, requests: RequestCheck) -> None:
        self._known = known
        self._requests = requests

    def close(self, line: int, rank: int, to: int, _message: Close) -> None:
        client = self._known.clients[rank]
        client.settle()
        if client.opened.pop(to, None) is None and not self._is_doubted(client, to):
            text = f"client {rank} closes a connection with rank {to} that it does not have"
            self._known.add(
                rules.CLOSED_ONCE, (line,), text, "a close follows a connection that a hit has opened, once (U4)"
            )

    def _is_doubted(self, client: Client, uploader: int) -> bool:
        """Whether the client may believe that the uploader believes in a connection; this close ends that."""
        # Perhaps it waits no longer for an answer that may have opened one.
        if not client.doubts[uploader] and self._requests.leave(client, uploader):
            return True
        if client.doubts[uploader]:
            client.doubts[uploader] -= 1
            return True
        return False
