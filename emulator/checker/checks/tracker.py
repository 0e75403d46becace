"""Checking the tracker: T1 … T9, from the messages that it receives and sends."""

from collections.abc import Iterator

from emulator.checker import rules
from emulator.checker.checks.clients import SURE, Known
from emulator.protocol.events import ClientLeft, Role, RoleChanged
from emulator.protocol.messages import (
    Barrier,
    FileCompleted,
    Finished,
    Leave,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Stop,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)


class _RollCall:
    """Which clients have got somewhere, and whether that is everybody who is alive."""

    def __init__(self, size: int) -> None:
        self.reached: set[int] = set()
        self.is_over = False
        """Whether the tracker has gone on from here: those that return from now on come late."""
        self._excused: set[int] = set()
        self._size = size
        self._first_due = 1
        """All before have reached it, or are excused."""

    def lose(self, client: int, is_coming_back: bool) -> None:
        self.reached.discard(client)
        if is_coming_back and not self.is_over:
            self._first_due = min(self._first_due, client)
        else:
            self._excused.add(client)

    def take_back(self, client: int) -> None:
        if not self.is_over:
            self._excused.discard(client)
            self._first_due = min(self._first_due, client)

    def missing(self) -> int | None:
        """The first client that is waited for."""
        while self._first_due in self.reached or self._first_due in self._excused:
            self._first_due += 1
        return self._first_due if self._first_due <= self._size else None


class TrackerCheck:
    """The tracker of a swarm. Each method takes the line, the other rank, and the message."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._numwant = known.header.numwant
        self._clients = known.clients
        self._metadata = known.metadata
        self._add = known.add
        self._size = known.header.clients
        self._reported = _RollCall(self._size)
        self._asked = _RollCall(self._size)
        self._finished = _RollCall(self._size)
        self._requests: dict[int, tuple[int, MetadataRequest]] = {}
        self._opened: dict[tuple[int, int], int] = {}
        self._stopped: dict[int, int] = {}
        self._swarms: dict[str, dict[Role, set[int]]] = {}
        self._told_roles: dict[int, dict[str, Role]] = {}
        self._lost: set[int] = set()
        self._left: set[int] = set()

    # P2 … D2: the barriers

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
        self._reported.reached.add(client)
        for metadata in message.files:
            # Its owner has declared it, but where it died its part of the trace may have died with it.
            self._metadata.setdefault(metadata.name, metadata)
            self._swarm(metadata.name)["seed"].add(client)

    def barrier(self, line: int, client: int, message: Barrier) -> None:
        rule = rules.FIRST_BARRIER if message.number == 1 else rules.SECOND_BARRIER
        before = self._opened.setdefault((message.number, client), line)
        if message.number not in (1, 2):
            self._add(rule, (line,), f"the tracker signals barrier {message.number}", "there are barriers 1 and 2")
            return
        call = self._reported if message.number == 1 else self._asked
        missing = call.missing()
        if missing is None and client not in call.reached:
            missing = client  # one that was restarted: the barrier is open, and it has to come to it as all others
        call.is_over = True
        if before != line:
            text = f"the tracker signals barrier {message.number} twice to client {client}"
            self._add(rule, (before, line), text, "it signals once")
        elif missing is not None:
            text = f"the tracker opens barrier {message.number} when client {missing} has not reached it"
            self._add(rule, (line,), text, "it waits until every client has (T2, T4)")

    def metadata_request(self, line: int, client: int, message: MetadataRequest) -> None:
        self._asked.reached.add(client)
        self._requests[client] = (line, message)

    def metadata_answer(self, line: int, client: int, message: MetadataAnswer) -> None:
        asked, request = self._requests.get(client, (0, MetadataRequest(())))
        names = [metadata.name for metadata in message.files]
        if names != [name for name in request.files if name in names or not self._may_be_unknown(name)]:
            text = f"the tracker answers client {client} with the metadata of {', '.join(names) or 'nothing'}"
            self._add(
                rules.METADATA, (asked, line), text, f"it answers for {', '.join(request.files) or 'nothing'} (T3)"
            )
        for metadata in message.files:
            if self._metadata.get(metadata.name) != metadata:
                text = f"the tracker gives client {client} metadata of {metadata.name!r} that no owner declared"
                self._add(rules.METADATA, (asked, line), text, "it answers with what the owners declared (T1)")

    def _may_be_unknown(self, file: str) -> bool:
        """Whether all who could have told of this file may have died before they did."""
        return bool(self._lost) and not self._swarm(file)["seed"]

    # T6, T7: swarms

    def swarm_request(self, line: int, client: int, message: SwarmRequest) -> None:
        swarm = self._swarm(message.file)
        if client in swarm["seed"]:
            if not self._known.disturbs_messages:  # else it may be one that comes late
                text = f"client {client} asks for the swarm of {message.file!r}, which it seeds"
                self._add(rules.ROLES, (line,), text, "a client turns from peer into seed, not back (T7)")
        elif (
            client not in self._finished.reached or not self._known.disturbs_messages
        ):  # else it comes late, and is passed over
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
            self._add(rules.SWARM_LIST, (line,), text, f"client {wrong[0]} {self._why_not(wrong[0], client, role)}")
        elif len(set(given)) != len(given):
            self._add(rules.SWARM_LIST, (line,), text, "each is named once (T6)")
        elif len(given) != num_due:
            self._add(rules.SWARM_LIST, (line,), text, f"it names {num_due} of the {num_known} that it knows (T6)")

    def _why_not(self, rank: int, asker: int, role: Role) -> str:
        if rank == asker:
            return "is the one who asked (T6)"
        return (
            "is lost" if rank in self._lost else "has left (D8)" if rank in self._left else f"is no {role} of it (T6)"
        )

    def file_completed(self, line: int, client: int, message: FileCompleted) -> None:
        swarm = self._swarm(message.file)
        metadata = self._metadata.get(message.file)
        may_be_on_disk = self._clients[client].is_again or self._known.header.is_resumed
        is_due = metadata is not None and metadata.num_segments > 0 and not may_be_on_disk
        if is_due and self._role(message.file, client) == "leecher":
            text = f"client {client} becomes a seed of {message.file!r} and never was a peer of it"
            self._add(rules.ROLES, (line,), text, "it asks for the swarm, and is a peer, first (T6)")
        swarm["peer"].discard(client)
        swarm["seed"].add(client)

    def stuck_answer(self, line: int, client: int, message: StuckAnswer) -> None:
        """Those who are to help are in the swarm, and not the one who asks."""
        members = set(self.members(message.file)) if message.holders else set()
        wrong = [rank for rank in message.holders if rank == client or rank not in members]
        if wrong:
            text = f"the tracker names to client {client} as holders of {message.file!r}: {message.holders}"
            self._add(rules.SWARM_LIST, (line,), text, f"client {wrong[0]} {self._why_not(wrong[0], client, 'peer')}")

    def members(self, file: str) -> Iterator[int]:
        """All that the tracker knows in this swarm."""
        for clients in self._swarm(file).values():
            yield from clients

    def _swarm(self, file: str) -> dict[Role, set[int]]:
        swarm = self._swarms.get(file)
        if swarm is None:
            swarm = self._swarms[file] = {"seed": set(), "peer": set()}
        return swarm

    def _role(self, file: str, client: int) -> Role:
        swarm = self._swarm(file)
        return "seed" if client in swarm["seed"] else "peer" if client in swarm["peer"] else "leecher"

    def role_changed(self, line: int, event: RoleChanged) -> None:
        """What the tracker says about its table agrees with what it was told."""
        roles = self._told_roles.setdefault(event.client, {})
        before = roles.get(event.file, "leecher")
        known = self._role(event.file, event.client)
        if event.role != known or before in ("seed", event.role):
            text = f"the tracker makes client {event.client} a {event.role} of {event.file!r}; it was {before}"
            expected = (
                f"by what it was told, the client is a {known}" if event.role != known else "each role comes once"
            )
            self._add(rules.ROLES, (line,), text, f"{expected} (T6, T7)")
        roles[event.file] = event.role

    # T8, T9: the end, and what comes before it

    def finished(self, _line: int, client: int, _message: Finished) -> None:
        self._finished.reached.add(client)

    def stop(self, line: int, client: int, _message: Stop) -> None:
        before = self._stopped.setdefault(client, line)
        missing = self._finished.missing()
        if before != line:
            text = f"the tracker stops client {client} twice"
            self._add(rules.STOP, (before, line), text, "it sends each client one stop (T9)")
        elif missing is not None:
            text = f"the tracker stops client {client} when client {missing} is not finished"
            self._add(rules.STOP, (line,), text, "it waits until every client is finished (T9)")

    def leave(self, _line: int, client: int, _message: Leave) -> None:
        """The client departs: it is in no swarm any more."""
        self._left.add(client)
        self._forget(client)

    def client_left(self, line: int, event: ClientLeft) -> None:
        if event.client not in self._left:
            text = f"the tracker takes client {event.client} out of all swarms"
            self._add(rules.ROLES, (line,), text, "it does when the client tells that it leaves (D8)")

    def lost(self, client: int, is_coming_back: bool) -> None:
        """A client is dead, and the tracker knows: nobody is sent to it, nor waits for it unless it comes back."""
        self._lost.add(client)
        self._left.discard(client)
        self._forget(client)
        for call in (self._reported, self._asked, self._finished):
            call.lose(client, is_coming_back)
        for done in (self._requests, self._stopped):
            done.pop(client, None)
        for number in (1, 2):
            self._opened.pop((number, client), None)

    def returned(self, client: int) -> None:
        self._lost.discard(client)
        for call in (self._reported, self._asked, self._finished):
            call.take_back(client)

    def _forget(self, client: int) -> None:
        self._told_roles.pop(client, None)
        for swarm in self._swarms.values():
            for clients in swarm.values():
                clients.discard(client)

    def has_finished(self, client: int) -> bool:
        return client in self._finished.reached

    def knows_lost(self, client: int) -> bool:
        """Whether the tracker was told that this client is dead, and not that it has returned."""
        return client in self._lost

    def check_end(self, is_roles_told: bool) -> None:
        """What only shows when everything is over."""
        if self._finished.missing() is None:
            for client in range(1, self._size + 1):
                if client not in self._stopped and client not in self._known.dead and client not in self._lost:
                    text = f"client {client} gets no stop"
                    self._add(rules.STOP, (), text, "the tracker stops every client when all have finished (T9)")
        if not is_roles_told:
            return
        for file, swarm in self._swarms.items():
            for role, clients in swarm.items():
                for client in sorted(clients):
                    if self._told_roles.get(client, {}).get(file) != role:
                        text = f"the tracker never makes client {client} a {role} of {file!r}"
                        self._add(rules.ROLES, (), text, "it does when it is told so (T6, T7)")
