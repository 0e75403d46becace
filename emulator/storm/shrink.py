"""Shrinking a case that fails to the smallest one that still fails."""

from collections.abc import Callable

from emulator.errors import InputError
from emulator.storm.cases import Case

MAX_TRIES = 3_000
"""How many runs are spent on making one failure smaller."""

Judge = Callable[[Case], tuple[str, ...]]


def shrink(case: Case, judge: Judge, most_tries: int = MAX_TRIES) -> tuple[Case, tuple[str, ...]]:
    """Return the smallest failing case found, and what is wrong with it.

    Its failure may differ from the first one: a smaller case is kept if it fails in any way. A case that does not fail
    is returned unchanged.
    """
    problems = judge(case)
    num_tries = 0
    is_smaller = bool(problems)
    while is_smaller and num_tries < most_tries:
        is_smaller = False
        for smaller in case.smaller():
            num_tries += 1
            found = _judged(smaller, judge)
            if found:
                case, problems, is_smaller = smaller, found, True
                break
            if num_tries >= most_tries:
                break
    return case, problems


def _judged(case: Case, judge: Judge) -> tuple[str, ...]:
    try:
        return judge(case)
    except InputError:
        return ()  # the smaller case is not a valid swarm
