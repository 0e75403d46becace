"""The kinds of faults, as data. `str` of one is its line in the fault language."""

import msgspec

REORDER_S = 0.01
"""How far back a reordered message is put at most, where the fault does not say."""


class Trigger(msgspec.Struct, frozen=True, tag=True, gc=False):
    """When a fault begins; it begins once. One that never comes, as 100% of a swarm with losses, is no fault."""


class AtTime(Trigger, frozen=True):
    time_s: float = 0.0
    """Since the run began, as in its trace."""

    def __str__(self) -> str:
        return f"at {duration(self.time_s)}"


class AtShare(Trigger, frozen=True):
    percent: float
    """Of all segments that all clients want, how many have been transferred."""

    def __str__(self) -> str:
        return f"at {number(self.percent)}%"


class AfterSegments(Trigger, frozen=True):
    count: int
    """Segments that the client has got, each of the fault's clients for itself."""

    def __str__(self) -> str:
        return f"after {self.count} segment{'' if self.count == 1 else 's'}"


class AtMessage(Trigger, frozen=True):
    number: int
    """Just before the rank's `number`th send, counted from 1 over all its threads and both communicators."""

    def __str__(self) -> str:
        return f"at message {self.number}"


AnyTrigger = AtTime | AtShare | AfterSegments | AtMessage
AT_ONCE = AtTime()


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What all faults share. `Fault` itself is none of them."""

    ranks: tuple[int, ...] = ()
    """Whom it happens to, in ascending order; 0 is the tracker. Empty for messages of everybody."""
    when: AnyTrigger = AT_ONCE
    for_s: float | None = None
    """How long it lasts; None for what does not end, and for what takes no time."""

    def __str__(self) -> str:
        return f"{self._text()}{self._time()}"

    def _text(self) -> str:
        """The line without its time."""
        raise NotImplementedError

    def _time(self) -> str:
        begin = "" if self.when == AT_ONCE else f" {self.when}"
        return begin if self.for_s is None else f"{begin} for {duration(self.for_s)}"


class Kill(Fault, frozen=True):
    """Each of `ranks` dies when its own trigger comes."""

    restart_s: float | None = None
    """How long after its death it is started again; None for never."""
    is_state_kept: bool = True
    """Whether it comes back with the segments and outputs that it had stored."""

    def __str__(self) -> str:
        text = f"kill {names(self.ranks)} {self.when}"
        if self.restart_s is None:
            return text
        them, their = ("it", "its") if len(self.ranks) == 1 else ("them", "their")
        text += f" and restart {them} after {duration(self.restart_s)}"
        return text if self.is_state_kept else f"{text} without {their} state"


class Pause(Fault, frozen=True):
    """Each of `ranks` stands still for `for_s` when its own trigger comes; of the tracker: an outage."""

    def __str__(self) -> str:
        return f"pause {names(self.ranks)} {self.when} for {duration(self.for_s or 0.0)}"


class Slow(Fault, frozen=True):
    """The rates of `ranks`, up and down, are divided by `factor`, and the delays of their messages multiplied by it."""

    factor: float

    def _text(self) -> str:
        return f"slow {names(self.ranks)} by {number(self.factor)}"


class CutOff(Fault, frozen=True):
    """Nothing passes between `ranks` and `others`, in either direction."""

    others: tuple[int, ...] = ()
    """In ascending order; empty for all clients that are not in `ranks`."""

    def _text(self) -> str:
        return f"cut off {names(self.ranks)}{f' from {names(self.others)}' if self.others else ''}"


class MessageFault(Fault, frozen=True):
    """Something that happens to messages that `ranks` send, to each with a probability of `percent`."""

    percent: float

    def _text(self) -> str:
        sender = f" of {names(self.ranks)}" if self.ranks else ""
        return f"{type(self).__name__.lower()} {number(self.percent)}% of {self._what()}{sender}"

    def _what(self) -> str:
        return "messages"


class Drop(MessageFault, frozen=True):
    """They do not arrive."""


class Duplicate(MessageFault, frozen=True):
    """They arrive twice."""


class Delay(MessageFault, frozen=True):
    """They arrive `by_s` later, and so perhaps after others that were sent later."""

    by_s: float

    def _text(self) -> str:
        return f"{MessageFault._text(self)} by {duration(self.by_s)}"


class Reorder(MessageFault, frozen=True):
    """They arrive up to `within_s` later, each with a delay of its own, so that others overtake them."""

    within_s: float = REORDER_S

    def _text(self) -> str:
        within = "" if self.within_s == REORDER_S else f" within {duration(self.within_s)}"
        return f"{MessageFault._text(self)}{within}"


class Corrupt(MessageFault, frozen=True):
    """Segments arrive with another content of the same length."""

    def _what(self) -> str:
        return "segments"


class FreeRider(Fault, frozen=True):
    """Clients that answer every request for a segment with a miss."""

    def _text(self) -> str:
        return f"free rider{plural_s(self.ranks)} {names(self.ranks)}"


class Liar(Fault, frozen=True):
    """Clients that give nothing but wrong segments."""

    def _text(self) -> str:
        return f"liar{plural_s(self.ranks)} {names(self.ranks)}"


class FlashCrowd(Fault, frozen=True):
    """Clients that begin to download at `when`, which is an `AtTime` counted from the second barrier (D2)."""

    def __str__(self) -> str:
        return f"flash crowd of {names(self.ranks)} {self.when}"


# How the language writes what is in them


def names(ranks: tuple[int, ...]) -> str:
    """`tracker`, `client 3` or `clients 1-3,7`."""
    if ranks == (0,):
        return "tracker"
    spans: list[list[int]] = []
    for rank in ranks:
        if spans and rank == spans[-1][1] + 1:
            spans[-1][1] = rank
        else:
            spans.append([rank, rank])
    text = ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
    return f"client{plural_s(ranks)} {text}"


def plural_s(ranks: tuple[int, ...]) -> str:
    return "" if len(ranks) == 1 else "s"


def number(value: float) -> str:
    """In decimal digits, up to six of them after the point: `4`, `2.5`."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def duration(time_s: float) -> str:
    """`2s`, `0.5s`, `20ms`; to a microsecond."""
    return f"{number(time_s * 1000)}ms" if 0 < time_s < 0.1 else f"{number(time_s)}s"
