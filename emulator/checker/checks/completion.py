"""Checking how a file comes to its end: D7, from what its client writes and tells."""

from emulator.checker import rules
from emulator.checker.checks import causes
from emulator.checker.client import Client
from emulator.checker.known import Known
from emulator.protocol.events import FileNotWritten, FileWritten
from emulator.protocol.messages import FileCompleted, Finished

WRITTEN_FIRST = "the output is written first (D7)"


class CompletionCheck:
    """Which files each client has written, and which it has told the tracker that it has."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._clients = known.clients
        self._add = known.add
        events = known.header.events
        self._is_written_told = events is not None and "FileWritten" in events

    def completed(self, line: int, rank: int, _to: int, message: FileCompleted) -> None:
        client, file = self._clients[rank], message.file
        text = f"client {rank} tells that it has {file!r}"
        told = client.told.setdefault(file, line)
        if told != line:
            expected = "it tells once that it has a file (D7)"
            self._add(rules.COMPLETION, (told, line), f"client {rank} tells twice that it has {file!r}", expected)
        elif file in client.owned or (file not in client.wanted and self._known.are_wants_known(client)):
            expected = "it tells of the files that it wanted and did not own (D7)"
            lines = (client.declared, client.asked, line)
            self._add(rules.COMPLETION, lines, f"{text}, which it did not have to download", expected)
        elif file not in client.written and (num_missing := self._num_missing(client, file)):
            expected = "it tells when every segment is there (D7)"
            self._add(rules.COMPLETION, (line,), f"{text}, but {num_missing} missing", expected)
        elif self._is_written_told and file not in client.written:
            self._add(rules.COMPLETION, (line,), f"{text} before its output is written", WRITTEN_FIRST)

    def _num_missing(self, client: Client, file: str) -> str:
        """`2 segments are`; empty for a file that is whole."""
        self._known.held_by(client, file)
        number = client.num_missing.get(file)
        if number is None:
            return "all segments are"
        return "" if not number else "1 segment is" if number == 1 else f"{number} segments are"

    def written(self, line: int, rank: int, _thread: str, event: FileWritten) -> None:
        client, file = self._clients[rank], event.file
        text = f"client {rank} writes {file!r}"
        before = client.written.setdefault(file, line)
        if not client.barriers[2] and self._known.course.second_barrier:
            expected = "it waits for the signal (D2), then downloads (D3)"
            early = f"{text} before it got the tracker's second signal"
            self._add(rules.SECOND_BARRIER, (line,), early, expected, causes.BEFORE_SECOND_SIGNAL)
        told = client.told.get(file, 0)
        metadata = self._known.metadata.get(file)
        if before != line and not client.is_again:
            self._add(rules.COMPLETION, (before, line), f"{text} twice", "it writes the output once (D7)")
        elif told and not self._is_written_told:
            self._add(rules.COMPLETION, (told, line), f"{text} after it has told that it has it", WRITTEN_FIRST)
        elif file not in client.wanted and self._known.are_wants_known(client):
            self._add(rules.COMPLETION, (line,), f"{text}, which it does not want", "it writes what it wants (D7)")
        elif metadata is not None and event.num_segments != metadata.num_segments:
            expected = f"it writes all {metadata.num_segments} segments (D7)"
            few = f"{text} with {event.num_segments} segments"
            self._add(rules.COMPLETION, (line,), few, expected, "it writes every segment of the file (D7)")
        elif num_missing := self._num_missing(client, file):
            missing = f"{text}, but {num_missing} missing"
            self._add(rules.COMPLETION, (line,), missing, "it writes a file that is whole (D7)")

    def not_written(self, line: int, rank: int, _thread: str, event: FileNotWritten) -> None:
        self._clients[rank].written[event.file] = line
        if rank not in self._known.full_disks:
            text = f"client {rank} does not write the output of {event.file!r}"
            self._add(rules.COMPLETION, (line,), text, "it writes each output, unless a fault has filled its disk (D7)")

    def finish(self, line: int, rank: int, _to: int, _message: Finished) -> None:
        """D8: by now the client has told of every wanted file."""
        client = self._clients[rank]
        if self._known.missing_files(client):
            return
        accounted = client.told.keys() | client.owned | client.unavailable.keys()
        for file in client.wanted:
            if file not in accounted:
                text = f"client {rank} is finished and has never told that it has {file!r}"
                self._add(rules.COMPLETION, (line,), text, "it tells the tracker when a file is complete (D7)")
