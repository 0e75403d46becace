"""The smallest run that shows what a larger one has shown."""

from collections.abc import Callable

from emulator.errors import InputError
from emulator.storm.cases import Case

MAX_TRIES = 3_000
"""Runs that are spent on making one failure smaller."""

Judge = Callable[[Case], tuple[str, ...]]


def shrink(case: Case, judge: Judge, most_tries: int = MAX_TRIES) -> tuple[Case, tuple[str, ...]]:
    """A case that fails and of which nothing that is tried can be left out, and what is wrong with it.

    What is wrong may change on the way; that anything is wrong is enough. A case that does not fail stays as it is.
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
        return ()  # what is smaller may be no swarm at all
