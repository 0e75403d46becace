"""Virtual time: what happens next, in the order of `(time, sequence)`, and who waits for it.

A client's download thread waits in the middle of its work, so it has a stack of its own, a greenlet. Upload threads
and the tracker only react: they are called when a message arrives.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count

import greenlet

from emulator.engines.lines import Lines
from emulator.engines.virtual.inbox import Inbox, RankGreenlet
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage, Hit
from emulator.scenario.network import DELAY_S, Network

Action = Callable[[], object]


class Simulation:
    """The clock of all nodes, what is to happen, everybody's inboxes, and the network between them."""

    def __init__(self, size: int, network: Network | None) -> None:
        self.now_s = 0.0
        self._network = network or Network.uniform(size)
        self.num_delivered = 0
        """Messages that have arrived so far."""
        self.inboxes: dict[Channel, list[Inbox]] = {
            "download": [Inbox() for _ in range(size)],
            "upload": [Inbox() for _ in range(size)],
        }
        self._delay_s = DELAY_S if network is None else network.delay_s
        self._is_even = network is None or all(link.delay_s is None for link in network.links)
        """Whether all messages but segments take the same time."""
        self._lines = None if network is None or (network.is_ideal and self._is_even) else Lines(network)
        """What decides when messages arrive; None where all take the same time."""
        self._is_changing = False
        """Whether one message may take less time than an earlier one between the same two ranks."""
        links = () if network is None else network.links
        self.longest_delay_s = max([self._delay_s, *(link.delay_s or 0.0 for link in links)])
        self._dead: set[int] = set()
        self._paused: dict[int, list[Action]] = {}
        """Of clients that stand still: what they will do when they go on."""
        # An entry is (time, sequence, inbox, source, message), or (time, sequence, None, 0, action): the sequence
        # number keeps what comes at the same time in order, so that nothing else is ever compared.
        self._soon: deque[tuple[float, int, Inbox | None, int, object]] = deque()
        """Messages that take the plain delay: they arrive in the order in which they were sent, and need no heap."""
        self._heap: list[tuple[float, int, Inbox | None, int, object]] = []
        self._next = count().__next__
        self._loop = greenlet.getcurrent()

    # The clock of all nodes

    def now(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.at(self.now_s + duration_s, self._waking(greenlet.getcurrent()))
        self._pause()

    def at(self, time_s: float, action: Action) -> None:
        heappush(self._heap, (time_s, self._next(), None, 0, action))

    def _waking(self, sleeper: greenlet.greenlet) -> Action:
        def wake() -> None:
            rank = sleeper.rank if isinstance(sleeper, RankGreenlet) else None
            if rank in self._paused:
                self._paused[rank].append(wake)
            elif rank not in self._dead and not sleeper.dead:
                sleeper.switch(None)

        return wake

    def _pause(self) -> tuple[int, AnyMessage] | None:
        """Leave the running greenlet for the event loop, until somebody switches back."""
        if greenlet.getcurrent() is self._loop:
            raise RuntimeError("only a client's greenlet can wait; a handler has to react without waiting")
        message: tuple[int, AnyMessage] | None = self._loop.switch()
        return message

    def take(self, inbox: Inbox) -> tuple[int, AnyMessage]:
        """The next message; the greenlet that asks waits for it."""
        here = greenlet.getcurrent()
        message = inbox.take(here)
        if message is None:
            if here is self._loop:
                raise RuntimeError("only a client's greenlet can wait; a handler has to react without waiting")
            message = self._loop.switch()
        return message

    def take_in_time(self, inbox: Inbox, timeout_s: float) -> tuple[int, AnyMessage]:
        """The same, at most so long. Raises `TimeoutError`."""
        here = greenlet.getcurrent()
        message = inbox.take(here)
        if message is not None:
            return message
        is_over = False

        def give_up() -> None:
            if not is_over and inbox.give_up(here):
                self._waking(here)()

        self.at(self.now_s + timeout_s, give_up)
        message = self._pause()
        is_over = True
        if message is None:
            raise TimeoutError
        return message

    def stay(self) -> None:
        """Wait until somebody switches back."""
        self._pause()

    # The network

    def send(self, inbox: Inbox, source: int, dest: int, message: AnyMessage) -> None:
        """Put a message on its way."""
        lines = self._lines
        if lines is None:
            self._soon.append((self.now_s + self._delay_s, self._next(), inbox, source, message))
        elif type(message) is Hit:
            arrival_s = max(lines.arrival_s(self.now_s, source, dest, True), inbox.due_s.get(source, 0.0))
            inbox.expect(source, arrival_s, self.now_s)
            heappush(self._heap, (arrival_s, self._next(), inbox, source, message))
        elif self._is_even and source not in inbox.due_s:
            self._soon.append((self.now_s + self._delay_s, self._next(), inbox, source, message))
        else:
            arrival_s = max(lines.arrival_s(self.now_s, source, dest, False), inbox.due_s.get(source, 0.0))
            if self._is_changing:
                inbox.expect(source, arrival_s, self.now_s)
            heappush(self._heap, (arrival_s, self._next(), inbox, source, message))

    def send_late(self, inbox: Inbox, source: int, dest: int, message: AnyMessage, by_s: float) -> None:
        """Put a message on its way that a fault holds up: it overtakes nothing, and what is sent later overtakes it."""
        arrival_s = max(self._arrival_s(source, dest, message), inbox.due_s.get(source, 0.0))
        heappush(self._heap, (arrival_s + by_s, self._next(), inbox, source, message))

    def _arrival_s(self, source: int, dest: int, message: AnyMessage) -> float:
        if self._lines is None:
            return self.now_s + self._delay_s
        return self._lines.arrival_s(self.now_s, source, dest, type(message) is Hit)

    def busy_s(self, rank: int) -> float:
        """For how long the line of this rank has segments to send."""
        return 0.0 if self._lines is None else self._lines.busy_s(self.now_s, rank)

    def slow(self, rank: int, factor: float) -> None:
        """From now on, everything takes this rank so many times as long; 1 is as it was."""
        if self._lines is None:
            self._lines = Lines(self._network)
        self._is_even, self._is_changing = False, True
        self.longest_delay_s = max(self.longest_delay_s, self.longest_delay_s * factor)
        self._lines.slow(rank, factor)

    def recall(self, source: int, after_s: float) -> None:
        """This rank is dead: what it has sent and would arrive later than that never does, and holds nothing up."""
        if self._lines is not None:
            self._lines.forget(source, after_s)
        for inboxes in self.inboxes.values():
            for inbox in inboxes:
                inbox.recall(source, after_s)

        def is_left(entry: tuple[float, int, Inbox | None, int, object]) -> bool:
            return entry[2] is None or entry[3] != source or entry[0] <= after_s

        # In place, for the loop that is running holds on to both.
        self._heap[:] = [entry for entry in self._heap if is_left(entry)]
        heapify(self._heap)
        left = [entry for entry in self._soon if is_left(entry)]
        self._soon.clear()
        self._soon.extend(left)

    # What is done to a rank

    def close(self, rank: int) -> None:
        """The rank is dead, and nothing wakes it any more. Its inboxes are not those of a later life."""
        self._dead.add(rank)
        for inboxes in self.inboxes.values():
            inboxes[rank].close()
            inboxes[rank] = Inbox()
            inboxes[rank].close()
        self._paused.pop(rank, None)

    def reopen(self, rank: int) -> None:
        """The rank lives again."""
        self._dead.discard(rank)
        for inboxes in self.inboxes.values():
            inboxes[rank] = Inbox()

    def pause(self, rank: int) -> None:
        """The rank stands still until it is resumed."""
        if rank not in self._paused:
            self._paused[rank] = []
            for inboxes in self.inboxes.values():
                inboxes[rank].hold()

    def resume(self, rank: int) -> None:
        """The rank goes on, with what arrived meanwhile first."""
        if rank in self._paused:
            for inboxes in self.inboxes.values():
                self.at(self.now_s, partial(self._resume, rank, inboxes[rank]))
            for action in self._paused.pop(rank):
                self.at(self.now_s, action)

    def _resume(self, rank: int, inbox: Inbox) -> None:
        if rank not in self._paused:  # else it was paused again by what it did first
            inbox.resume()

    # What happens

    def run(self, most: int) -> bool:
        """Let up to so many things happen; False where nothing is left to happen."""
        num_messages = 0
        soon, heap = self._soon, self._heap
        try:
            for _ in range(most):
                if soon and not (heap and heap[0] < soon[0]):
                    self.now_s, _, inbox, source, message = soon.popleft()
                elif heap:
                    self.now_s, _, inbox, source, message = heappop(heap)
                else:
                    return False
                if inbox is None:
                    message()  # type: ignore[operator]
                    continue
                num_messages += 1
                if inbox.react is not None:
                    inbox.react(source, message)  # type: ignore[arg-type]
                elif inbox.waiting is not None:
                    waiting, inbox.waiting = inbox.waiting, None
                    waiting.switch((source, message))
                else:
                    inbox.messages.append((source, message))  # type: ignore[arg-type]
        finally:
            self.num_delivered += num_messages
        return True
