"""The words of a fault and their values, taken from left to right; where they end, a line says what was expected."""

import re
from collections.abc import Sequence
from typing import NoReturn

from emulator.faults.triggers import AT_ONCE, AfterSegments, AnyTrigger, AtMessage, AtShare, AtTime

MAX_TIME_S = 1_000_000.0
MAX_FACTOR = 1_000.0
MAX_COUNT = 1_000_000_000
MAX_QUOTED = 40
"""Characters that an error repeats."""

NUMBER = r"[0-9]{1,10}(?:\.[0-9]{1,6})?"
TIME = re.compile(rf"({NUMBER})(ms|s)")
PERCENT = re.compile(rf"({NUMBER})%")
FACTOR = re.compile(NUMBER)
COUNT = re.compile(r"[0-9]{1,10}")
SPANS = re.compile(r"[0-9]{1,7}(?:-[0-9]{1,7})?(?:,[0-9]{1,7}(?:-[0-9]{1,7})?)*")


class Words:
    """The words of a fault, taken from left to right."""

    def __init__(self, text: str, num_clients: int) -> None:
        self._words = text.lower().split()
        self._next = 0
        self.num_clients = num_clients

    def take(self, *words: str) -> bool:
        """Take these words if they are the next ones."""
        end = self._next + len(words)
        if self._words[self._next : end] != list(words):
            return False
        self._next = end
        return True

    def take_one_of(self, *words: str) -> bool:
        return any(self.take(word) for word in words)

    def expect(self, *words: str) -> None:
        if not self.take(*words):
            self.fail(repr(" ".join(words)))

    def match(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        """Take the next word, which is to have this form."""
        match = pattern.fullmatch(self._words[self._next]) if self._next < len(self._words) else None
        if match is None:
            self.fail(expected)
        self._next += 1
        return match

    def end(self) -> None:
        if self._next < len(self._words):
            self.fail("the end")

    def fail(self, expected: str) -> NoReturn:
        """Raise what says where reading has stopped, and what could follow there."""
        left = " ".join(self._words[self._next :])
        found = quoted(left) if left else "nothing more"
        read = " ".join(self._words[: self._next])
        shown = f"…{read[-MAX_QUOTED:]}" if len(read) > MAX_QUOTED else read
        raise ValueError(f"{f'after {shown!r} ' if read else ''}expected {expected}; found {found}")

    def refuse(self, why: str) -> NoReturn:
        """Raise what says why the word just taken cannot be."""
        raise ValueError(f"{quoted(self._words[self._next - 1])}: {why}")

    # Values

    def take_clients(self) -> tuple[int, ...]:
        if not self.take_one_of("client", "clients"):
            self.fail("'client 3' or 'clients 1-3,7'")
        return self._take_ranks()

    def take_ranks(self) -> tuple[int, ...]:
        if self.take("tracker"):
            return (0,)
        if not self.take_one_of("client", "clients"):
            self.fail("'client 3', 'clients 1-3,7' or 'tracker'")
        return self._take_ranks()

    def _take_ranks(self) -> tuple[int, ...]:
        spans = self.match(SPANS, "numbers of clients, such as 3 or 1-3,7")[0].split(",")
        ranks: set[int] = set()
        covered = 0
        # In order, so that spans on top of each other cost no more than what they cover.
        for first, last in sorted(
            (int(first), int(last or first)) for first, _, last in (s.partition("-") for s in spans)
        ):
            if last < first:
                self.refuse(f"{first}-{last} counts backwards; write {last}-{first}")
            if not 1 <= first <= last <= self.num_clients:
                wrong = first if first < 1 else last
                self.refuse(f"there is no client {wrong}; there are 1 to {self.num_clients}")
            ranks.update(range(max(first, covered + 1), last + 1))
            covered = max(covered, last)
        return tuple(sorted(ranks))

    def take_time(self, *, is_above_zero: bool = True) -> float:
        match = self.match(TIME, "a time, such as 2s or 20ms")
        time_s = round(float(match[1]) / (1000 if match[2] == "ms" else 1), 6)
        if time_s > MAX_TIME_S or (is_above_zero and time_s == 0):
            self.refuse(f"not a time {'above 0 and' if is_above_zero else 'of'} at most {MAX_TIME_S:,.0f} s")
        return time_s

    def take_percent(self) -> float:
        percent = float(self.match(PERCENT, "a share, such as 10%")[1])
        if not 0 < percent <= 100:
            self.refuse("a share is above 0% and at most 100%")
        return percent

    def take_factor(self) -> float:
        factor = float(self.match(FACTOR, "a number, such as 4")[0])
        if not 1 < factor <= MAX_FACTOR:
            self.refuse(f"not a number above 1 and at most {MAX_FACTOR:,.0f}")
        return factor

    def take_count(self, what: str) -> int:
        count = int(self.match(COUNT, what)[0])
        if not 1 <= count <= MAX_COUNT:
            self.refuse(f"not a whole number from 1 to {MAX_COUNT:,}")
        return count

    # Times of faults

    def take_trigger(self, ranks: Sequence[int] | None = None, *, is_needed: bool = True) -> AnyTrigger:
        """When the fault begins; `ranks` where each of them may have a time of its own."""
        if self.take("at"):
            if self._is_next(TIME):
                return AtTime(self.take_time(is_above_zero=False))
            if self._is_next(PERCENT):
                return AtShare(self.take_percent())
            if ranks is not None and self.take("message"):
                return AtMessage(self.take_count("the number of a message, such as 17"))
            self.fail(f"a time, such as 2s{' or 40%' if ranks is None else ', 40% or message 17'}")
        has_segments = ranks is not None and 0 not in ranks
        if has_segments and self.take("after"):
            count = self.take_count("a number of segments, such as 25")
            if not self.take_one_of("segments", "segment"):
                self.fail("'segments'")
            return AfterSegments(count)
        if is_needed:
            last = "'at message 17' or 'after 25 segments'" if has_segments else "'at message 17'"
            self.fail(f"'at 2s', 'at 40%'{',' if has_segments else ' or'} {last}")
        return AT_ONCE

    def _is_next(self, pattern: re.Pattern[str]) -> bool:
        return self._next < len(self._words) and pattern.fullmatch(self._words[self._next]) is not None

    def take_length(self) -> float | None:
        return self.take_time() if self.take("for") else None

    def expect_length(self) -> float:
        self.expect("for")
        return self.take_time()


def quoted(text: str) -> str:
    return repr(text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…")
