"""Checking what clients own and want against their inputs, and what the tracker says of files: P1, P2, D1, T1, T3."""

from emulator.checker import rules
from emulator.checker.checks.swarms import SwarmCheck
from emulator.checker.client import SURE
from emulator.checker.known import Known
from emulator.checker.words import MAX_NAMES, names_of
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.protocol.messages import Lost, Metadata, MetadataAnswer, MetadataRequest


class InputCheck:
    """What clients say about themselves is what their input files say. Without inputs there is nothing to compare."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._inputs = known.inputs or ()
        if known.inputs is not None and len(self._inputs) != known.header.clients:
            text = f"the trace is of {known.header.clients} clients, and there are inputs for {len(self._inputs)}"
            known.add(rules.INPUTS, (1,), text, "each client has one input (P1)")

    def declared(self, line: int, rank: int, _to: int, message: Metadata) -> None:
        due = self._input_of(rank)
        if due is not None and (set(message.files) != set(due.owned) or len(message.files) != len(due.owned)):
            text = f"client {rank} declares {_files(message.files)}, not what its input says"
            expected = f"it declares {_files(due.owned)}, with their hashes (P2)"
            self._known.add(rules.INPUTS, (line,), text, expected, "it declares what it owns (P2)")

    def requested(self, line: int, rank: int, _to: int, message: MetadataRequest) -> None:
        due = self._input_of(rank)
        if due is None or message.files == due.wanted:
            return
        if self._known.course.metadata_by_file and set(message.files) <= set(due.wanted):
            return
        text = f"client {rank} asks for {names_of(message.files)}"
        expected = f"its input wants {names_of(due.wanted)} (D1)"
        self._known.add(rules.INPUTS, (line,), text, expected, "it asks for what its input wants (D1)")

    def _input_of(self, rank: int) -> ClientInput | None:
        return self._inputs[rank - 1] if 0 < rank <= len(self._inputs) else None


class MetadataCheck:
    """The tracker knows of files what their owners declared, and tells it unchanged."""

    def __init__(self, known: Known, swarms: SwarmCheck) -> None:
        self._known = known
        self._add = known.add
        self._swarms = swarms
        self._requests: dict[int, tuple[int, MetadataRequest]] = {}

    def declare(self, line: int, rank: int, _to: int, message: Metadata) -> None:
        """P2: a client sends what it owns."""
        client = self._known.clients[rank]
        client.owned = frozenset(metadata.name for metadata in message.files)
        for metadata in message.files:
            agreed = self._known.metadata.setdefault(metadata.name, metadata)
            client.open_file(metadata, SURE)
            if agreed != metadata:
                text = f"client {rank} declares {metadata.name!r} otherwise than another owner"
                self._add(rules.METADATA, (line,), text, "all owners of a file declare the same hashes (P2)")

    def declared(self, _line: int, _tracker: int, _client: int, message: Metadata) -> None:
        """T1. The owner has declared it, but if it died since, its part of the trace may have died with it."""
        for metadata in message.files:
            self._known.metadata.setdefault(metadata.name, metadata)

    def requested(self, line: int, _tracker: int, client: int, message: MetadataRequest) -> None:
        self._requests[client] = (line, message)

    def answer(self, line: int, _tracker: int, client: int, message: MetadataAnswer) -> None:
        """T3."""
        asked, request = self._requests.get(client, (0, MetadataRequest(())))
        names = [metadata.name for metadata in message.files]
        if names != [name for name in request.files if name in names or not self._swarms.may_be_unknown(name)]:
            text = f"the tracker answers client {client} with the metadata of {names_of(tuple(names))}"
            expected = f"it answers for {names_of(request.files)} (T3)"
            self._add(rules.METADATA, (asked, line), text, expected, "it answers for what was asked (T3)")
        for metadata in message.files:
            if self._known.metadata.get(metadata.name) != metadata:
                text = f"the tracker gives client {client} metadata of {metadata.name!r} that no owner declared"
                self._add(rules.METADATA, (asked, line), text, "it answers with what the owners declared (T1)")

    def lost(self, _line: int, _tracker: int, client: int, _message: Lost) -> None:
        self._requests.pop(client, None)


def _files(files: tuple[FileMetadata, ...]) -> str:
    shown = [f"{metadata.name!r:.60} with {metadata.num_segments} segments" for metadata in files[:MAX_NAMES]]
    more = [f"{len(files) - MAX_NAMES} more"] if len(files) > MAX_NAMES else []
    return ", ".join([*shown, *more]) or "nothing"
