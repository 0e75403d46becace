"""Checking the tracker: T1 … T9, from the messages that it receives and sends."""

from emulator.protocol.events import Role, RoleChanged
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    Barrier,
    FileCompleted,
    Finished,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)
from emulator.trace import rules
from emulator.trace.checks.clients import SURE, Client
from emulator.trace.checks.findings import Findings
from emulator.trace.format import Header


class TrackerCheck:
    """The tracker of a swarm. Each method takes the line, the other rank, and the message."""

    def __init__(
        self, header: Header, clients: list[Client], metadata: dict[str, FileMetadata], findings: Findings
    ) -> None:
        self._numwant = header.numwant
        self._clients = clients
        self._metadata = metadata
        """What the owners declared, filled as the declarations are sent."""
        self._add = findings.add
        self._size = header.clients
        self._reported: set[int] = set()
        self._asked: dict[int, tuple[int, MetadataRequest]] = {}
        self._finished: set[int] = set()
        self._opened: dict[tuple[int, int], int] = {}
        self._stopped: dict[int, int] = {}
        self._swarms: dict[str, dict[Role, set[int]]] = {}
        self._told_roles: dict[tuple[str, int], Role] = {}

    def declared(self, line: int, rank: int, message: Metadata) -> None:
        """P2: a client sends what it owns."""
        client = self._clients[rank]
        if client.declared:
            text = f"client {rank} reports its files twice"
            self._add(rules.FIRST_BARRIER, (client.declared, line), text, "it reports once (P2)")
        client.declared = line
        client.owned = frozenset(metadata.name for metadata in message.files)
        for metadata in message.files:
            agreed = self._metadata.setdefault(metadata.name, metadata)
            client.open_file(metadata, SURE)
            if agreed != metadata:
                text = f"client {rank} declares {metadata.name!r} otherwise than another owner"
                self._add(rules.METADATA, (line,), text, "all owners of a file declare the same hashes (P2)")

    def reported(self, _line: int, client: int, message: Metadata) -> None:
        self._reported.add(client)
        for metadata in message.files:
            self._swarm(metadata.name)["seed"].add(client)

    def barrier(self, line: int, client: int, message: Barrier) -> None:
        rule = rules.FIRST_BARRIER if message.number == 1 else rules.SECOND_BARRIER
        reached = self._reported if message.number == 1 else self._asked.keys()
        before = self._opened.setdefault((message.number, client), line)
        if message.number not in (1, 2):
            self._add(rule, (line,), f"the tracker signals barrier {message.number}", "there are barriers 1 and 2")
        elif before != line:
            text = f"the tracker signals barrier {message.number} twice to client {client}"
            self._add(rule, (before, line), text, "it signals once")
        elif len(reached) < self._size:
            missing = [rank for rank in range(1, self._size + 1) if rank not in reached]
            text = f"the tracker opens barrier {message.number} when client {missing[0]} has not reached it"
            self._add(rule, (line,), text, "it waits until every client has (T2, T4)")

    def metadata_request(self, line: int, client: int, message: MetadataRequest) -> None:
        self._asked[client] = (line, message)

    def metadata_answer(self, line: int, client: int, message: MetadataAnswer) -> None:
        asked, request = self._asked.get(client, (0, MetadataRequest(())))
        if tuple(metadata.name for metadata in message.files) != request.files:
            names = ", ".join(metadata.name for metadata in message.files)
            text = f"the tracker answers client {client} with the metadata of {names or 'nothing'}"
            self._add(
                rules.METADATA, (asked, line), text, f"it answers for {', '.join(request.files) or 'nothing'} (T3)"
            )
        for metadata in message.files:
            if self._metadata.get(metadata.name) != metadata:
                text = f"the tracker gives client {client} metadata of {metadata.name!r} that no owner declared"
                self._add(rules.METADATA, (asked, line), text, "it answers with what the owners declared (T1)")

    def swarm_request(self, line: int, client: int, message: SwarmRequest) -> None:
        swarm = self._swarm(message.file)
        if client in swarm["seed"]:
            text = f"client {client} asks for the swarm of {message.file!r}, which it seeds"
            self._add(rules.ROLES, (line,), text, "a client turns from peer into seed, not back (T7)")
        else:
            swarm["peer"].add(client)

    def swarm_answer(self, line: int, client: int, message: SwarmAnswer) -> None:
        swarm = self._swarm(message.file)
        self._check_list(line, client, message.file, "seed", message.seeds, swarm["seed"])
        self._check_list(line, client, message.file, "peer", message.peers, swarm["peer"])

    def _check_list(
        self, line: int, client: int, file: str, role: Role, given: tuple[int, ...], known: set[int]
    ) -> None:
        text = f"the tracker names to client {client} as {role}s of {file!r}: {given or 'nobody'}"
        wrong = [rank for rank in given if rank == client or rank not in known]
        num_known = len(known) - (client in known)
        num_due = num_known if self._numwant is None else min(num_known, self._numwant)
        if wrong:
            why = "is the one who asked" if wrong[0] == client else f"is no {role} of it"
            self._add(rules.SWARM_LIST, (line,), text, f"client {wrong[0]} {why} (T6)")
        elif len(set(given)) != len(given):
            self._add(rules.SWARM_LIST, (line,), text, "each is named once (T6)")
        elif len(given) != num_due:
            self._add(rules.SWARM_LIST, (line,), text, f"it names {num_due} of the {num_known} that it knows (T6)")

    def file_completed(self, line: int, client: int, message: FileCompleted) -> None:
        swarm = self._swarm(message.file)
        metadata = self._metadata.get(message.file)
        if self._role(message.file, client) == "leecher" and metadata is not None and metadata.num_segments > 0:
            text = f"client {client} becomes a seed of {message.file!r} and never was a peer of it"
            self._add(rules.ROLES, (line,), text, "it asks for the swarm, and is a peer, first (T6)")
        swarm["peer"].discard(client)
        swarm["seed"].add(client)

    def _swarm(self, file: str) -> dict[Role, set[int]]:
        return self._swarms.setdefault(file, {"seed": set(), "peer": set()})

    def _role(self, file: str, client: int) -> Role:
        swarm = self._swarm(file)
        return "seed" if client in swarm["seed"] else "peer" if client in swarm["peer"] else "leecher"

    def finished(self, _line: int, client: int, _message: Finished) -> None:
        self._finished.add(client)

    def stop(self, line: int, client: int, _message: Stop) -> None:
        before = self._stopped.setdefault(client, line)
        if before != line:
            text = f"the tracker stops client {client} twice"
            self._add(rules.STOP, (before, line), text, "it sends each client one stop (T9)")
        elif len(self._finished) < self._size:
            missing = [rank for rank in range(1, self._size + 1) if rank not in self._finished]
            text = f"the tracker stops client {client} when client {missing[0]} is not finished"
            self._add(rules.STOP, (line,), text, "it waits until every client is finished (T9)")

    def role_changed(self, line: int, event: RoleChanged) -> None:
        """What the tracker says about its table agrees with what it was told."""
        key = (event.file, event.client)
        before = self._told_roles.get(key, "leecher")
        known = self._role(event.file, event.client)
        if event.role != known or before in ("seed", event.role):
            text = f"the tracker makes client {event.client} a {event.role} of {event.file!r}; it was {before}"
            expected = (
                f"by what it was told, the client is a {known}" if event.role != known else "each role comes once"
            )
            self._add(rules.ROLES, (line,), text, f"{expected} (T6, T7)")
        self._told_roles[key] = event.role

    def has_finished(self, client: int) -> bool:
        return client in self._finished

    def check_end(self, is_roles_told: bool) -> None:
        """What only shows when everything is over."""
        for client in range(1, self._size + 1):
            if client not in self._stopped and len(self._finished) == self._size:
                text = f"client {client} gets no stop"
                self._add(rules.STOP, (), text, "the tracker stops every client when all have finished (T9)")
        if not is_roles_told:
            return
        for file, swarm in self._swarms.items():
            for role, clients in swarm.items():
                for client in sorted(clients):
                    if self._told_roles.get((file, client)) != role:
                        text = f"the tracker never makes client {client} a {role} of {file!r}"
                        self._add(rules.ROLES, (), text, "it does when it is told so (T6, T7)")
