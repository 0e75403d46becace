"""Plans of faults for a storm: drawn at random, and made smaller where one has shown a failure."""

import random
from collections.abc import Callable, Iterator, Sequence

import msgspec

from emulator.faults.kinds import (
    AT_ONCE,
    AfterSegments,
    AnyTrigger,
    AtMessage,
    AtShare,
    AtTime,
    Corrupt,
    CutOff,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FlashCrowd,
    FreeRider,
    Kill,
    Liar,
    MessageFault,
    Pause,
    Reorder,
    Slow,
)

MOST_FAULTS = 4
LARGEST_SHARE = 30
"""Of messages, in percent: more of them, and a run is all waiting."""


def draw_plan(
    rng: random.Random,
    num_clients: int,
    scale_s: float,
    *,
    engine: str = "virtual",
    has_rates: bool = True,
    num_segments: int = 50,
    may_kill_tracker: bool = False,
) -> tuple[Fault, ...]:
    """A plan of 0 to 4 faults that the engine can inject; the same generator and arguments give the same plan.

    `scale_s` is about how long the run takes without faults: times and lengths are drawn within it. `num_segments` is
    how many segments a client wants at most.
    """
    draw = _Draw(rng, num_clients, scale_s, num_segments, has_messages=engine == "virtual")
    kinds = [(kind, weight) for kind, weight in WEIGHTS if kind is not _draw_slow or engine == "virtual" or has_rates]
    if num_clients == 1:
        kinds = [(kind, weight) for kind, weight in kinds if kind is not _draw_cut_off]
    if may_kill_tracker:
        kinds.append((_draw_tracker_death, 1))
    functions, weights = zip(*kinds, strict=True)
    return tuple(kind(draw) for kind in rng.choices(functions, weights, k=rng.randint(0, MOST_FAULTS)))


class _Draw:
    """Draws the values that faults are made of, such as the language can write."""

    def __init__(
        self, rng: random.Random, num_clients: int, scale_s: float, num_segments: int, *, has_messages: bool
    ) -> None:
        self.rng = rng
        self.num_clients = num_clients
        self._scale_s = scale_s
        self._num_segments = max(1, num_segments)
        self._has_messages = has_messages

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def clients(self, most: int | None = None) -> tuple[int, ...]:
        """Mostly one client, sometimes several of them."""
        most = min(most or self.num_clients, self.num_clients)
        count = 1 if self.chance(0.7) else self.rng.randint(1, most)
        return tuple(sorted(self.rng.sample(range(1, self.num_clients + 1), count)))

    def time_s(self) -> float:
        """A time above 0 within the scale, to a microsecond, as the language has it."""
        return max(1e-6, round(self.rng.random() * self._scale_s, 6))

    def percent(self) -> float:
        return float(self.rng.randint(1, LARGEST_SHARE))

    def when(self) -> AnyTrigger:
        if self.chance(0.7):
            return AtTime(self.time_s())
        return AtShare(float(self.rng.randint(1, 100)))

    def own_time(self, *, is_client: bool = True) -> AnyTrigger:
        """A trigger that may be one of each rank for itself."""
        triggers: list[Callable[[], AnyTrigger]] = [self.when, self.when]
        if is_client:
            triggers.append(lambda: AfterSegments(self.rng.randint(1, self._num_segments)))
        if self._has_messages:
            # In each phase of a client's life, and most often at its beginning, where the barriers are.
            triggers.append(lambda: AtMessage(self.rng.randint(1, self.rng.choice((5, 3 * self._num_segments)))))
        return self.rng.choice(triggers)()

    def span(self) -> tuple[AnyTrigger, float | None]:
        """A beginning, or none, and a length, or none."""
        return AT_ONCE if self.chance(0.3) else self.when(), None if self.chance(0.3) else self.time_s()


def _draw_kill(draw: _Draw) -> Fault:
    return Kill(ranks=draw.clients(), when=draw.own_time())


def _draw_restart(draw: _Draw) -> Fault:
    return Kill(ranks=draw.clients(), when=draw.own_time(), restart_s=draw.time_s(), is_state_kept=draw.chance(0.5))


def _draw_tracker_death(draw: _Draw) -> Fault:
    return Kill(ranks=(0,), when=draw.own_time(is_client=False))


def _draw_pause(draw: _Draw) -> Fault:
    if draw.chance(0.25):
        return Pause(ranks=(0,), when=draw.own_time(is_client=False), for_s=draw.time_s())
    return Pause(ranks=draw.clients(), when=draw.own_time(), for_s=draw.time_s())


def _draw_slow(draw: _Draw) -> Fault:
    when, for_s = draw.span()
    return Slow(ranks=draw.clients(), factor=float(draw.rng.randint(2, 10)), when=when, for_s=for_s)


def _draw_cut_off(draw: _Draw) -> Fault:
    when, for_s = draw.when(), draw.time_s()
    ranks = draw.clients(most=draw.num_clients - 1)
    if draw.chance(0.6):
        return CutOff(ranks=ranks, when=when, for_s=for_s)
    if draw.chance(0.5):
        return CutOff(ranks=ranks, others=(0,), when=when, for_s=for_s)
    other = draw.rng.choice([rank for rank in range(1, draw.num_clients + 1) if rank not in ranks])
    return CutOff(ranks=ranks, others=(other,), when=when, for_s=for_s)


def _senders(draw: _Draw) -> tuple[int, ...]:
    return () if draw.chance(0.6) else draw.clients()


def _draw_drop(draw: _Draw) -> Fault:
    when, for_s = draw.span()
    return Drop(percent=draw.percent(), ranks=_senders(draw), when=when, for_s=for_s)


def _draw_duplicate(draw: _Draw) -> Fault:
    when, for_s = draw.span()
    return Duplicate(percent=draw.percent(), ranks=_senders(draw), when=when, for_s=for_s)


def _draw_delay(draw: _Draw) -> Fault:
    when, for_s = draw.span()
    return Delay(percent=draw.percent(), by_s=draw.time_s(), ranks=_senders(draw), when=when, for_s=for_s)


def _draw_reorder(draw: _Draw) -> Fault:
    when, for_s = draw.span()
    return Reorder(percent=draw.percent(), within_s=draw.time_s(), ranks=_senders(draw), when=when, for_s=for_s)


def _draw_corrupt(draw: _Draw) -> Fault:
    when, for_s = draw.span()
    return Corrupt(percent=draw.percent(), ranks=_senders(draw), when=when, for_s=for_s)


def _draw_free_rider(draw: _Draw) -> Fault:
    return FreeRider(ranks=draw.clients())


def _draw_liar(draw: _Draw) -> Fault:
    return Liar(ranks=draw.clients())


def _draw_flash_crowd(draw: _Draw) -> Fault:
    return FlashCrowd(ranks=draw.clients(), when=AtTime(draw.time_s()))


WEIGHTS: tuple[tuple[Callable[[_Draw], Fault], int], ...] = (
    (_draw_kill, 6),
    (_draw_restart, 5),
    (_draw_pause, 3),
    (_draw_slow, 1),
    (_draw_cut_off, 3),
    (_draw_drop, 3),
    (_draw_duplicate, 2),
    (_draw_delay, 2),
    (_draw_reorder, 2),
    (_draw_corrupt, 2),
    (_draw_free_rider, 1),
    (_draw_liar, 1),
    (_draw_flash_crowd, 1),
)
"""Deaths most often, as they reach everything that can hang."""


# Making a plan smaller


def shrunk(faults: Sequence[Fault]) -> Iterator[tuple[Fault, ...]]:
    """Plans that are simpler than this one, the simplest first; taken again and again, they come to an end."""
    plan = tuple(faults)
    if len(plan) > 2:
        middle = len(plan) // 2
        yield plan[:middle]
        yield plan[middle:]
    for place in range(len(plan)):
        yield plan[:place] + plan[place + 1 :]
    for place, fault in enumerate(plan):
        for simpler in _simpler(fault):
            yield (*plan[:place], simpler, *plan[place + 1 :])


def _simpler(fault: Fault) -> Iterator[Fault]:
    for ranks in _halves(fault.ranks):
        yield msgspec.structs.replace(fault, ranks=ranks)
    if isinstance(fault, CutOff):
        for others in _halves(fault.others):
            yield msgspec.structs.replace(fault, others=others)
    if isinstance(fault, Kill) and fault.restart_s is not None:
        yield msgspec.structs.replace(fault, restart_s=None, is_state_kept=True)
        if not fault.is_state_kept:
            yield msgspec.structs.replace(fault, is_state_kept=True)
    if isinstance(fault, MessageFault) and fault.percent >= 2:
        yield msgspec.structs.replace(fault, percent=float(fault.percent // 2))


def _halves(ranks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(ranks) > 1:
        middle = len(ranks) // 2
        yield ranks[:middle]
        yield ranks[middle:]


def restricted(faults: Sequence[Fault], num_clients: int) -> tuple[Fault, ...]:
    """The plan for a swarm of fewer clients: without those who are not in it, and without faults that only they had."""
    plan = (_restrict(fault, num_clients) for fault in faults)
    return tuple(fault for fault in plan if fault is not None)


def _restrict(fault: Fault, num_clients: int) -> Fault | None:
    ranks = _below(fault.ranks, num_clients)
    if fault.ranks and not ranks:
        return None
    if not isinstance(fault, CutOff):
        return msgspec.structs.replace(fault, ranks=ranks)
    others = _below(fault.others, num_clients)
    is_alone = not others and (bool(fault.others) or len(ranks) == num_clients)
    return None if is_alone and ranks != (0,) else msgspec.structs.replace(fault, ranks=ranks, others=others)


def _below(ranks: tuple[int, ...], num_clients: int) -> tuple[int, ...]:
    return tuple(rank for rank in ranks if rank <= num_clients)
