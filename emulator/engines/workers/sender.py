"""What is on its way in one process: it leaves at its time, while the threads that sent it go on."""

import heapq
import threading
from collections.abc import Callable
from itertools import count

from emulator.engines.workers.outbox import Outbox
from emulator.protocol.node import Clock

MAX_WAIT_S = 3600.0
"""Of one wait: systems refuse longer ones."""


class Sender:
    """A thread that puts data into inboxes when they are due: in the order of their times, and of sending."""

    def __init__(self, clock: Clock, fail: Callable[[BaseException], object]) -> None:
        """`fail` is told what goes wrong in the thread."""
        self._now = clock.now
        self._fail = fail
        self._heap: list[tuple[float, int, Outbox, bytes]] = []
        self._sequence = count()
        self._look: Callable[[], bool] = lambda: False
        self._look_every_s = MAX_WAIT_S
        self._is_closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._live, name="sender", daemon=True)

    def look_regularly(self, look: Callable[[], bool], every_s: float) -> None:
        """Before it is started: a call that may post, and says whether there may be more to post later."""
        self._look, self._look_every_s = look, every_s

    def start(self) -> None:
        self._thread.start()

    def post(self, due_s: float, inbox: Outbox, data: bytes) -> None:
        """Put `data` into `inbox` at this time of the clock."""
        with self._changed:
            heapq.heappush(self._heap, (due_s, next(self._sequence), inbox, data))
            if self._heap[0][0] == due_s:
                self._changed.notify()

    def close(self, *, drops_rest: bool) -> None:
        """End the thread: when all that was posted has left, or at once, without what is not due yet."""
        with self._changed:
            self._is_closing = True
            if drops_rest:
                self._look = lambda: False
                self._heap.clear()
            self._changed.notify()
        self._thread.join()

    def _live(self) -> None:
        try:
            while True:
                is_more_to_come = self._look()
                with self._changed:
                    left_s = self._heap[0][0] - self._now() if self._heap else self._look_every_s
                    if left_s > 0:
                        if self._is_closing and not self._heap and not is_more_to_come:
                            return
                        self._changed.wait(min(left_s, self._look_every_s))
                        continue
                    _, _, inbox, data = heapq.heappop(self._heap)
                inbox.deliver(data)
        except BaseException as error:
            self._fail(error)
