"""Which clients have reached a point that the tracker waits for all of them at."""


class RollCall:
    """The clients that have reached one point of the protocol, and the first living one that has not."""

    def __init__(self, size: int) -> None:
        self.reached: set[int] = set()
        self.is_over = False
        """Whether the tracker has gone on from here: a client that returns later is not waited for."""
        self._excused: set[int] = set()
        self._size = size
        self._first_due = 1
        """All clients before this one have reached the point, or are excused."""

    def lose(self, client: int, is_coming_back: bool) -> None:
        """The tracker knows that the client is dead."""
        self.reached.discard(client)
        if is_coming_back and not self.is_over:
            self._first_due = min(self._first_due, client)
        else:
            self._excused.add(client)

    def take_back(self, client: int) -> None:
        """The client was started again."""
        if not self.is_over:
            self._excused.discard(client)
            self._first_due = min(self._first_due, client)

    def missing(self) -> int | None:
        """The first client that the tracker has to wait for; None where all have come."""
        while self._first_due in self.reached or self._first_due in self._excused:
            self._first_due += 1
        return self._first_due if self._first_due <= self._size else None
