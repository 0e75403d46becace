"""Checking how a file comes to its end: D7, from what its client tells and writes."""

from emulator.checker import rules
from emulator.checker.known import Known
from emulator.protocol.events import FileWritten
from emulator.protocol.messages import FileCompleted, Finished


class CompletionCheck:
    """Which files each client has written, and which it has told the tracker that it has."""

    def __init__(self, known: Known) -> None:
        self._clients = known.clients
        self._add = known.add
        events = known.header.events
        self._is_written_told = events is not None and "FileWritten" in events

    def completed(self, line: int, rank: int, _to: int, message: FileCompleted) -> None:
        client, file = self._clients[rank], message.file
        told = client.told.setdefault(file, line)
        expected = "it tells it once, when all segments are there (D7)"
        if told != line:
            self._add(rules.COMPLETION, (told, line), f"client {rank} tells twice that it has {file!r}", expected)
        elif file not in client.wanted or file in client.owned:
            text = f"client {rank} tells that it has {file!r}, which it did not have to download"
            self._add(rules.COMPLETION, (client.declared, client.asked, line), text, expected)
        elif not client.is_whole(file):
            num_missing = client.num_missing.get(file, "all")
            text = f"client {rank} tells that it has {file!r}, but {num_missing} segments are missing"
            self._add(rules.COMPLETION, (line,), text, expected)
        elif self._is_written_told and file not in client.written:
            text = f"client {rank} tells that it has {file!r} before its output is written"
            self._add(rules.COMPLETION, (line,), text, "the output is written first (D7)")

    def written(self, line: int, rank: int, _thread: str, event: FileWritten) -> None:
        self._clients[rank].written[event.file] = line

    def finish(self, line: int, rank: int, _to: int, _message: Finished) -> None:
        """D8: by now the client has told of every wanted file."""
        client = self._clients[rank]
        if any(not client.is_done_with(file) for file in client.wanted):
            return
        accounted = client.told.keys() | client.owned | client.unavailable.keys()
        for file in client.wanted:
            if file not in accounted:
                text = f"client {rank} is finished and has never told that it has {file!r}"
                self._add(rules.COMPLETION, (line,), text, "it tells the tracker when a file is complete (D7)")
