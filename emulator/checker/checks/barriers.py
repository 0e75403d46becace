"""Checking the two barriers: P2, P3, T1, T2 and D1, D2, T3, T4."""

from emulator.checker import rules
from emulator.checker.checks import causes
from emulator.checker.checks.roll_call import RollCall
from emulator.checker.known import Known
from emulator.protocol.messages import TRACKER, Barrier, Lost, Metadata, MetadataRequest, Returned


class BarrierCheck:
    """Who has come to each barrier, and to whom the tracker has signalled it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._clients = known.clients
        self._add = known.add
        self._calls = {1: RollCall(known.header.clients), 2: RollCall(known.header.clients)}
        self._signalled = known.signalled

    # P2, P3: the first barrier

    def report(self, line: int, rank: int, _to: int, _message: Metadata) -> None:
        """P2: a client sends what it owns."""
        client = self._clients[rank]
        if client.declared:
            text = f"client {rank} reports its files twice"
            self._add(rules.FIRST_BARRIER, (client.declared, line), text, "it reports once (P2)")
        client.declared = line

    def reported(self, _line: int, _tracker: int, client: int, _message: Metadata) -> None:
        """T1: the tracker learns of it."""
        self._calls[1].reached.add(client)

    def check_passed(self, line: int, rank: int, _to: int, _message: MetadataRequest) -> None:
        """P3: what follows the first barrier comes after its signal."""
        client = self._clients[rank]
        if not client.barriers[1]:
            text = f"client {rank} asks for metadata before it got the tracker's first signal"
            expected = "it waits for the signal (P3), then asks (D1)"
            self._add(rules.FIRST_BARRIER, (client.declared, line), text, expected, causes.BEFORE_FIRST_SIGNAL)

    # D1, D2: the second barrier. What follows it is checked where it is asked.

    def asked(self, _line: int, _tracker: int, client: int, _message: MetadataRequest) -> None:
        """T3: the tracker learns that the client has come to the second barrier."""
        self._calls[2].reached.add(client)

    # The signals

    def signal(self, line: int, _tracker: int, client: int, message: Barrier) -> None:
        """T2, T4: the tracker opens a barrier to a client."""
        number = message.number
        rule = rules.FIRST_BARRIER if number == 1 else rules.SECOND_BARRIER
        before = self._signalled.setdefault((number, client), line)
        call = self._calls.get(number)
        if call is None:
            self._add(rule, (line,), f"the tracker signals barrier {number}", "there are two barriers, 1 and 2")
            return
        missing = call.missing()
        if missing is None and client not in call.reached:
            missing = client  # it was restarted: the barrier is open, but each life of a client has to come to it
        call.is_over = True
        self._known.seen.add("first signal" if number == 1 else "second signal")
        if before != line:
            text = f"the tracker signals barrier {number} twice to client {client}"
            self._add(rule, (before, line), text, "it signals once")
        elif missing is not None:
            text = f"the tracker opens barrier {number} when client {missing} has not reached it"
            self._add(rule, (line,), text, "it waits until every client has (T2, T4)")

    def signalled(self, line: int, rank: int, source: int, message: Barrier) -> None:
        """P3, D2: the client hears the signal."""
        if source == TRACKER and message.number in self._calls:
            self._clients[rank].barriers[message.number] = line

    # Deaths, as the tracker is told of them

    def lost(self, _line: int, _tracker: int, client: int, message: Lost) -> None:
        for number, call in self._calls.items():
            call.lose(client, message.is_coming_back)
            self._signalled.pop((number, client), None)

    def returned(self, _line: int, _tracker: int, client: int, _message: Returned) -> None:
        for call in self._calls.values():
            call.take_back(client)
