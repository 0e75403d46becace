"""Checking the tracker's table: T1, T6, T7, from what it is told and the lists that it gives."""

from collections.abc import Iterator

from emulator.checker import rules
from emulator.checker.known import Known
from emulator.checker.words import ranks_of
from emulator.protocol.events import ClientLeft, Role, RoleChanged
from emulator.protocol.messages import (
    FileCompleted,
    Leave,
    Lost,
    Metadata,
    Returned,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)

NAMED = "it names clients that have the role, and not the asker (T6)"
NUMBER = "it names as many as it knows, up to numwant (T6)"
HOLDERS = "it names others in the swarm (T5)"
Table = dict[Role, set[int]]
"""The seeds and the peers of one file."""


class SwarmCheck:
    """The table that the tracker should have, and what it says of it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._numwant = known.header.numwant
        self._clients = known.clients
        self._metadata = known.metadata
        self._add = known.add
        self._swarms: dict[str, Table] = {}
        self._owners: set[tuple[int, str]] = set()
        self._told_roles: dict[int, dict[str, Role]] = {}
        self._lost = known.lost
        self._left: set[int] = set()
        self._told_left: set[int] = set()
        self._is_role_promised = "RoleChanged" in (known.header.events or ())

    # What the tracker is told

    def reported(self, _line: int, _tracker: int, client: int, message: Metadata) -> None:
        """T1."""
        for metadata in message.files:
            self._swarm(metadata.name)["seed"].add(client)
            self._owners.add((client, metadata.name))

    def requested(self, line: int, _tracker: int, client: int, message: SwarmRequest) -> None:
        """T6."""
        swarm = self._swarm(message.file)
        if client in swarm["seed"]:
            if not self._known.disturbs_messages:  # else it may be one that comes late
                text = f"client {client} asks for the swarm of {message.file!r}, which it seeds"
                self._add(rules.ROLES, (line,), text, "a client turns from peer into seed, not back (T7)")
        elif (
            client not in self._known.told_finished or not self._known.disturbs_messages
        ):  # else it is late, and passed over
            swarm["peer"].add(client)

    def completed(self, line: int, _tracker: int, client: int, message: FileCompleted) -> None:
        """T7."""
        swarm = self._swarm(message.file)
        if self._role(message.file, client) == "leecher" and self._has_to_be_peer(client, message.file):
            text = f"client {client} becomes a seed of {message.file!r} and never was a peer of it"
            self._add(rules.ROLES, (line,), text, "it asks for the swarm, and is a peer, first (T6)")
        swarm["peer"].discard(client)
        swarm["seed"].add(client)

    def left(self, _line: int, _tracker: int, client: int, _message: Leave) -> None:
        """The client departs: it is in no swarm any more."""
        self._check_told_all(client)
        self._left.add(client)
        self._forget(client)

    def lost(self, _line: int, _tracker: int, client: int, _message: Lost) -> None:
        """A client is dead, and the tracker knows: it names the client in no list."""
        self._lost.add(client)
        self._left.discard(client)
        self._told_left.discard(client)
        self._forget(client)

    def returned(self, _line: int, _tracker: int, client: int, _message: Returned) -> None:
        self._lost.discard(client)

    # What the tracker says

    def answer(self, line: int, _tracker: int, client: int, message: SwarmAnswer) -> None:
        """T6."""
        swarm = self._swarm(message.file)
        peers = swarm["peer"] | swarm["seed"] if self._known.course.seeds_in_peers else swarm["peer"]
        self._check_list(line, client, message.file, "seed", message.seeds, swarm["seed"])
        self._check_list(line, client, message.file, "peer", message.peers, peers)
        self._check_told(line, client, message.file)

    def _check_told(self, line: int, client: int, file: str) -> None:
        """T6: the client is a peer before it gets the list; a program that tells of roles has told so."""
        role = self._role(file, client)
        if "RoleChanged" not in self._known.seen or role == "leecher":
            return
        if self._told_roles.get(client, {}).get(file) != role:
            text = f"the tracker gives client {client} the list of {file!r} and has not made it a {role}"
            self._add(rules.ROLES, (line,), text, "it makes the client a peer, then answers (T6)")

    def _check_list(
        self, line: int, client: int, file: str, role: Role, given: tuple[int, ...], known: set[int]
    ) -> None:
        text = f"the tracker names to client {client} as {role}s of {file!r}: {ranks_of(given)}"
        wrong = [rank for rank in given if rank == client or rank not in known]
        num_known = len(known) - (client in known)
        num_due = num_known if self._numwant is None else min(num_known, self._numwant)
        if wrong:
            self._add(
                rules.SWARM_LIST, (line,), text, f"client {wrong[0]} {self._why_not(wrong[0], client, role)}", NAMED
            )
        elif len(set(given)) != len(given):
            self._add(rules.SWARM_LIST, (line,), text, "each is named once (T6)")
        elif len(given) != num_due:
            self._add(
                rules.SWARM_LIST, (line,), text, f"it names {num_due} of the {num_known} that it knows (T6)", NUMBER
            )

    def answer_stuck(self, line: int, _tracker: int, client: int, message: StuckAnswer) -> None:
        """The clients that are to help are in the swarm, and the one that asks is not among them."""
        members = set(self.members(message.file)) if message.holders else set()
        wrong = [rank for rank in message.holders if rank == client or rank not in members]
        if wrong:
            text = f"the tracker names to client {client} as holders of {message.file!r}: {ranks_of(message.holders)}"
            self._add(
                rules.SWARM_LIST, (line,), text, f"client {wrong[0]} {self._why_not(wrong[0], client, 'peer')}", HOLDERS
            )

    def _why_not(self, rank: int, asker: int, role: Role) -> str:
        if rank == asker:
            return "is the one who asked (T6)"
        return (
            "is lost" if rank in self._lost else "has left (D8)" if rank in self._left else f"is no {role} of it (T6)"
        )

    def role_changed(self, line: int, _rank: int, _thread: str, event: RoleChanged) -> None:
        """What the tracker says about its table agrees with what it was told."""
        roles = self._told_roles.setdefault(event.client, {})
        before = roles.get(event.file, "leecher")
        known = self._role(event.file, event.client)
        text = f"the tracker makes client {event.client} a {event.role} of {event.file!r}; it was {before}"
        if event.role != known:
            expected = f"by what it was told, the client is a {known} (T6, T7)"
            self._add(rules.ROLES, (line,), text, expected, "its table says what it was told (T6, T7)")
        elif before in ("seed", event.role):
            self._add(rules.ROLES, (line,), text, "each role comes once (T6, T7)")
        elif event.role == "seed" and before == "leecher" and self._has_to_be_peer(event.client, event.file):
            self._add(rules.ROLES, (line,), text, "it is a peer first (T6)")
        roles[event.file] = event.role

    def _has_to_be_peer(self, client: int, file: str) -> bool:
        """Whether the client can only become a seed by way of the swarm."""
        facts, metadata = self._clients[client], self._metadata.get(file)
        may_be_on_disk = facts.is_again or self._known.header.is_resumed
        is_owner = (client, file) in self._owners
        return metadata is not None and metadata.num_segments > 0 and not may_be_on_disk and not is_owner

    def client_left(self, line: int, _rank: int, _thread: str, event: ClientLeft) -> None:
        text = f"the tracker takes client {event.client} out of all swarms"
        if event.client not in self._left:
            self._add(rules.ROLES, (line,), text, "it does when the client tells that it leaves (D8)")
        elif event.client in self._told_left:
            self._add(rules.ROLES, (line,), f"{text} twice", "it does that once (D8)")
        self._told_left.add(event.client)

    def check_end(self, recorded: set[str]) -> None:
        """In the end, the tracker has told of every role, and of every client that has left."""
        if "RoleChanged" in recorded:
            for client in sorted({client for file in self._swarms for client in self.members(file)}):
                self._check_told_all(client)
        for client in sorted(self._left - self._told_left) if "ClientLeft" in recorded else ():
            text = f"the tracker never takes client {client} out of its swarms"
            self._add(rules.ROLES, (), text, "it does when the client tells that it leaves (D8)")

    def _check_told_all(self, client: int) -> None:
        """Every role that the client has was told, if the program tells of roles at all."""
        told = self._told_roles.get(client, {})
        for file in self._swarms if "RoleChanged" in self._known.seen or self._is_role_promised else ():
            role = self._role(file, client)
            if role != "leecher" and told.get(file) != role:
                text = f"the tracker never makes client {client} a {role} of {file!r}"
                self._add(rules.ROLES, (), text, "it does when it is told so (T6, T7)")

    # The table

    def members(self, file: str) -> Iterator[int]:
        """All clients that the tracker knows in this swarm."""
        for clients in self._swarm(file).values():
            yield from clients

    def may_be_unknown(self, file: str) -> bool:
        """Whether all clients that could have told of this file may have died before they did."""
        return bool(self._lost) and not self._swarm(file)["seed"]

    def _swarm(self, file: str) -> Table:
        swarm = self._swarms.get(file)
        if swarm is None:
            swarm = self._swarms[file] = {"seed": set(), "peer": set()}
        return swarm

    def _role(self, file: str, client: int) -> Role:
        swarm = self._swarm(file)
        return "seed" if client in swarm["seed"] else "peer" if client in swarm["peer"] else "leecher"

    def _forget(self, client: int) -> None:
        self._told_roles.pop(client, None)
        for swarm in self._swarms.values():
            for clients in swarm.values():
                clients.discard(client)
