"""The values that random faults are made of."""

import random
from collections.abc import Callable

from emulator.faults.triggers import AT_ONCE, AfterSegments, AnyTrigger, AtMessage, AtShare, AtTime

MAX_PERCENT = 30
"""Of messages: with more of them lost, a run is all waiting."""


class Draw:
    """Draws values such as the language can write, for a run of which it knows the size and the engine."""

    def __init__(
        self,
        rng: random.Random,
        num_clients: int,
        scale_s: float,
        num_segments: int,
        *,
        engine: str,
        has_rates: bool,
        may_kill_tracker: bool,
    ) -> None:
        self.rng = rng
        self.num_clients = num_clients
        self.can_slow = engine == "virtual" or has_rates
        self.may_kill_tracker = may_kill_tracker
        self._scale_s = scale_s
        self._num_segments = max(1, num_segments)
        self._can_count_messages = engine == "virtual"

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def clients(self, most: int | None = None) -> tuple[int, ...]:
        """One client most of the time, else several, `most` at most."""
        most = min(most or self.num_clients, self.num_clients)
        count = 1 if self.chance(0.7) else self.rng.randint(1, most)
        return tuple(sorted(self.rng.sample(range(1, self.num_clients + 1), count)))

    def senders(self) -> tuple[int, ...]:
        """The ranks whose messages a fault concerns; empty for all."""
        return () if self.chance(0.6) else self.clients()

    def time_s(self) -> float:
        """A time above 0 within the scale, to a microsecond, as the language has it."""
        return max(1e-6, round(self.rng.random() * self._scale_s, 6))

    def percent(self) -> float:
        return float(self.rng.randint(1, MAX_PERCENT))

    def when(self) -> AnyTrigger:
        """A trigger that comes once for all ranks."""
        if self.chance(0.7):
            return AtTime(self.time_s())
        return AtShare(float(self.rng.randint(1, 100)))

    def own_time(self, *, is_client: bool = True) -> AnyTrigger:
        """A trigger that may come for each rank at its own time."""
        triggers: list[Callable[[], AnyTrigger]] = [self.when, self.when]
        if is_client:
            triggers.append(lambda: AfterSegments(self.rng.randint(1, self._num_segments)))
        if self._can_count_messages:
            # In each phase of a client's life, and most often at its beginning, where the barriers are.
            triggers.append(lambda: AtMessage(self.rng.randint(1, self.rng.choice((5, 3 * self._num_segments)))))
        return self.rng.choice(triggers)()

    def span(self) -> tuple[AnyTrigger, float | None]:
        """A beginning, or none, and a length, or none."""
        return AT_ONCE if self.chance(0.3) else self.when(), None if self.chance(0.3) else self.time_s()
