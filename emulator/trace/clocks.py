"""The clocks of several ranks, compared by the messages between them."""

from collections import deque
from collections.abc import Hashable

Way = tuple[Hashable, ...]


class Clocks:
    """Learns how long messages seem to travel, and finds what to add to each clock so that none arrives too early.

    A clock is known by the number of its part.
    """

    def __init__(self, num_clocks: int) -> None:
        self._num_clocks = num_clocks
        self._in_flight: dict[Way, deque[tuple[int, float]]] = {}
        self._min_delays_s: dict[tuple[int, int], float] = {}
        """By sender and receiver, the shortest time between a sending and its receipt; negative where clocks differ."""

    def sent(self, way: Way, clock: int, time_s: float) -> None:
        self._in_flight.setdefault(way, deque()).append((clock, time_s))

    def received(self, way: Way, clock: int, time_s: float) -> None:
        waiting = self._in_flight.get(way)
        if not waiting:
            return
        sender, sent_s = waiting.popleft()
        if not waiting:
            del self._in_flight[way]
        delay_s = time_s - sent_s
        if delay_s < self._min_delays_s.get((sender, clock), delay_s + 1):
            self._min_delays_s[sender, clock] = delay_s

    def shifts(self) -> list[float]:
        """Seconds to add to each clock; all 0 where the clocks agree.

        The smallest shifts that are never negative, by Bellman and Ford. Clocks that drift may allow none that is
        right for every message; the result is close then.
        """
        shifts = [0.0] * self._num_clocks
        for _ in range(self._num_clocks):
            is_settled = True
            for (sender, receiver), delay_s in self._min_delays_s.items():
                if shifts[receiver] < shifts[sender] - delay_s:
                    shifts[receiver] = shifts[sender] - delay_s
                    is_settled = False
            if is_settled:
                break
        return shifts
