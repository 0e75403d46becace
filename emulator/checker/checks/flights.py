"""Messages on their way between two ranks, where there are several, or where something has happened to one."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage

Way = tuple[Channel, int, int]
"""A communicator, the sender, and the receiver."""


class Flight(NamedTuple):
    """A message on its way."""

    line: int
    """Where it was sent. Flights in which nothing is special are plain tuples of these two."""
    message: AnyMessage
    may_be_late: bool = False
    """Whether others may overtake it."""


class Waiting:
    """The flights on one way, in the order in which they were sent. Every operation takes constant time on average."""

    def __init__(self) -> None:
        self._flights: dict[int, Flight] = {}
        self._number = 0
        self._orderly: deque[int] = deque()
        """Numbers of flights that come in order. Those that have arrived are left out later."""
        self._strict: deque[int] = deque()
        """Those of them that have to arrive. Those that no longer have to are left out later."""
        self._equal: dict[tuple[AnyMessage, bool], deque[int]] = {}
        """Numbers by message, and whether they may be late."""

    def __len__(self) -> int:
        return len(self._flights)

    def add(self, flight: Flight) -> None:
        number = self._number = self._number + 1
        self._flights[number] = flight
        self._equal.setdefault((flight.message, flight.may_be_late), deque()).append(number)
        if not flight.may_be_late:
            self._orderly.append(number)
            self._strict.append(number)

    def has(self, message: AnyMessage) -> bool:
        return (message, False) in self._equal or (message, True) in self._equal

    def last(self) -> Flight | None:
        return self._flights[next(reversed(self._flights))] if self._flights else None

    def drop_last(self) -> None:
        self._drop(next(reversed(self._flights)))

    def flights(self) -> list[Flight]:
        return list(self._flights.values())

    def only(self) -> tuple[int, AnyMessage] | None:
        """The flight, where it is the only one and nothing is special in it."""
        if len(self._flights) != 1:
            return None
        [flight] = self._flights.values()
        return None if flight.may_be_late else (flight.line, flight.message)

    def due(self, loosened: int) -> tuple[int, Flight] | None:
        """The first flight that has to arrive before all later ones; what was sent before `loosened` may vanish."""
        strict = self._strict
        while strict:
            flight = self._flights.get(strict[0])
            if flight is not None and flight.line >= loosened:
                return strict[0], flight
            strict.popleft()
        return None

    def place_of(self, message: AnyMessage, due: int | None, after: int, until: int) -> int | None:
        """Which of the flights of this message arrives; None where there is none.

        It is the first from between the lines `after` and `until`, in which the life of the sender that the receiver
        hears of was over; else the `due` one if that is equal; else the first that comes in order, if that is before
        the `due` one; else one that may be late, which can come at any time.
        """
        orderly = self._first(message, False, after)
        if orderly is not None and after <= self._flights[orderly].line < until:
            return orderly
        if due is not None and self._flights[due].message == message:
            return due
        late = self._first(message, True, after)
        if orderly is not None and (due is None or orderly <= due or late is None):
            return orderly
        return late if late is not None else orderly

    def _first(self, message: AnyMessage, may_be_late: bool, after: int) -> int | None:
        numbers = self._equal.get((message, may_be_late), ())
        newer = (number for number in numbers if self._flights[number].line >= after)
        return next(newer, next(iter(numbers), None))

    def take(self, number: int, loosened: int) -> None:
        """A flight arrives. What it has overtaken, and may vanish, has vanished, except others of the same message."""
        message = self._flights[number].message
        kept: list[int] = []
        while self._orderly and self._orderly[0] < number:
            first = self._orderly[0]
            flight = self._flights.get(first)
            if flight is not None and flight.line >= loosened:
                break
            self._orderly.popleft()
            if flight is None:
                continue
            if flight.message == message:
                kept.append(first)
            else:
                self._drop(first)
        self._orderly.extendleft(reversed(kept))
        self._drop(number)

    def keep(self, is_kept: Callable[[Flight], bool]) -> None:
        """Forget all other flights: they have vanished."""
        for number in [number for number, flight in self._flights.items() if not is_kept(flight)]:
            self._drop(number)

    def _drop(self, number: int) -> None:
        flight = self._flights.pop(number)
        key = (flight.message, flight.may_be_late)
        numbers = self._equal[key]
        if numbers[0] == number:
            numbers.popleft()
        else:
            numbers.remove(number)
        if not numbers:
            del self._equal[key]
        while self._orderly and self._orderly[0] not in self._flights:
            self._orderly.popleft()
