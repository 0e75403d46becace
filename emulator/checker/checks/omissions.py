"""Checking, at the end, what was never done: one sentence for each step that is missing."""

from collections.abc import Iterable

from emulator.checker import rules
from emulator.checker.checks import causes
from emulator.checker.client import Client
from emulator.checker.known import Known
from emulator.checker.rule import Rule
from emulator.checker.words import in_words, names_of


class OmissionCheck:
    """What the protocol demands of every client that is alive, and that did not happen."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._add = known.add
        self._stuck: set[int] = set()

    def check_end(self, recorded: set[str]) -> None:
        """`recorded` are the kinds of events that the program records."""
        clients = list(self._known.alive())
        silent = self._known.num_silent
        if silent:
            text = f"client {self._known.first_silent()} is never heard of"
            self._add(rules.EVERYTHING_COMPLETE, (), text, "every client takes part (P2)", count=silent)
        self._barriers(clients)
        self._downloads(clients)
        if "FileWritten" in recorded:
            self._outputs(clients)
        self._ends(clients, recorded)

    # P2 ... D2, T2 ... T4

    def _barriers(self, clients: list[Client]) -> None:
        known, course = self._known, self._known.course
        late = [client for client in clients if not client.declared]
        self._never(rules.FIRST_BARRIER, "Metadata", late, "reports what it owns", "it reports first of all (P2)")
        late = [client for client in clients if (1, client.rank) not in known.signalled and client.declared]
        text = "gets the signal of the first barrier"
        dropped = causes.BEFORE_FIRST_SIGNAL
        self._never(
            rules.FIRST_BARRIER, "first signal", late, text, "the tracker signals to every client (T2)", dropped
        )
        if not course.second_barrier:
            return
        is_by_file = course.metadata_by_file and "MetadataRequest" not in known.seen
        late = [] if is_by_file else [client for client in clients if not client.asked]
        unsignalled = [client for client in clients if (2, client.rank) not in known.signalled]
        if late and not known.seen & {"MetadataRequest", "second signal"}:
            known.findings.drop(rules.SECOND_BARRIER, causes.BEFORE_SECOND_SIGNAL)
            text = "this program has no second barrier: no client asks for metadata, and the tracker never signals"
            expected = "every client asks for metadata, and waits for the second signal (D1, D2, T4)"
            self._add(rules.SECOND_BARRIER, (), text, expected, count=len(clients))
            return
        self._never(rules.SECOND_BARRIER, "MetadataRequest", late, "asks for metadata", "every client asks (D1)")
        text, expected = "gets the signal of the second barrier", "the tracker signals to every client (T4)"
        dropped = causes.BEFORE_SECOND_SIGNAL
        self._never(rules.SECOND_BARRIER, "second signal", unsignalled, text, expected, dropped)

    # D3 ... D7

    def _downloads(self, clients: list[Client]) -> None:
        known = self._known
        if known.inputs is not None:
            for client in clients:
                self._check_wants(client)
        if "Close" not in known.seen:
            text, expected = "this program never sends a close", "a downloader closes its connections (D4, D6)"
            known.findings.replace(rules.CLOSED_ONCE, causes.LEFT_OPEN, text, expected)
        if "ConnectionCountRequest" not in known.seen:
            text, expected = "this program never asks seeds for their connections", "it asks before it takes one (D5)"
            known.findings.replace(rules.THREE_COUNTS, causes.TOO_FEW_COUNTS, text, expected)
        for client in clients:
            if self._is_stuck(client):
                self._stuck.add(client.rank)

    def _check_wants(self, client: Client) -> None:
        """D1, D3: a client has asked for every file that its input wants."""
        asked_for = client.requested | client.owned | client.unavailable.keys()
        missing = tuple(file for file in client.wanted if file not in asked_for)
        if missing:
            text = f"client {client.rank} never asks for {names_of(missing)}"
            self._add(rules.INPUTS, (), text, "it asks for every file that its input wants (D1)")

    def _is_stuck(self, client: Client) -> bool:
        """Whether a client has not got what it wanted; that is told, and so need not be that it is not finished."""
        missing = self._known.missing_files(client)
        rank = client.rank
        if client.outstanding is not None and not (client.finished and self._known.loses_messages):
            line, to, request = client.outstanding
            text = f"client {rank} waits for ever for rank {to} to answer {in_words(request)}"
            self._add(rules.EVERYTHING_COMPLETE, (line,), text, "every request is answered")
            return True
        if missing:
            text = f"client {rank} never completes {names_of(tuple(missing))}"
            self._add(rules.EVERYTHING_COMPLETE, (client.asked,), text, "every wanted file is completed (D7)")
        return bool(missing)

    def _outputs(self, clients: list[Client]) -> None:
        """D7: every file that is complete was written, the owned ones among the wanted too."""
        known = self._known
        late = []
        for client in clients:
            done = [file for file in client.wanted if known.held_by(client, file) is not None and client.is_whole(file)]
            if any(file not in client.written for file in done) and not client.is_again:
                late.append(client)
        expected = "the output of every wanted file is written (D7)"
        self._never(rules.COMPLETION, "FileWritten", late, "writes the output of a file that it has", expected)

    # D8, T9, U5

    def _ends(self, clients: list[Client], recorded: set[str]) -> None:
        known = self._known
        late = [client for client in clients if not client.finished]
        told = late if "Finished" not in known.seen else [client for client in late if client.rank not in self._stuck]
        self._never(rules.FINISHED, "Finished", told, "says that it is finished", "it tells the tracker (D8)")
        if late or known.num_silent:
            return
        late = [client for client in clients if not client.is_told_to_stop]
        self._never(rules.STOP, "Stop", late, "gets the stop", "the tracker stops every client at the end (T9)")
        if "ThreadEnded" in recorded and not late:
            late = [client for client in clients if not known.uploaders[client.rank].ended]
            text, expected = "ends its upload thread", "the thread ends with the tracker's stop (U5)"
            self._never(rules.STOP, "ThreadEnded", late, text, expected)

    def _never(
        self, rule: Rule, kind: str, clients: Iterable[Client], what: str, expected: str, dropped: str = ""
    ) -> None:
        """`what` is what these clients never do; no client of the program does it where nothing of `kind` was seen."""
        late = list(clients)
        if not late:
            return
        if kind in self._known.seen:
            text = f"client {late[0].rank} never {what}"
        else:
            self._known.findings.drop(rule, dropped)
            text = f"in this program no client ever {what}"
        self._add(rule, (late[0].last_line(),), text, expected, count=len(late))
