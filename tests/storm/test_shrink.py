"""Making a case that fails smaller."""

from contextlib import suppress
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.scenario.generate import Shape
from emulator.storm.cases import Case
from emulator.storm.draw import draw_case
from emulator.storm.shrink import shrink
from emulator.strategies import STRATEGIES
from tests.storm.drawn import cases

ALL = tuple(STRATEGIES)


def size_of(case: Case) -> tuple[object, ...]:
    shape = case.shape
    return (len(case.faults), shape.clients, shape.files, shape.segments[1], shape.seeds)


@settings(max_examples=25)
@given(cases(), st.randoms(use_true_random=False))
def test_whatever_seems_to_fail_comes_to_an_end_in_something_smaller(case: Case, dice: Random) -> None:
    """A run fails wherever the dice say so: making it smaller may not go round in circles."""
    said = {case: True}

    def judged(tried: Case) -> tuple[str, ...]:
        tried.options()
        tried.scenario()
        return ("bad",) if said.setdefault(tried, dice.random() < 0.7) else ()

    smallest, problems = shrink(case, judged, 100_000)
    assert problems == ("bad",)
    for smaller in smallest.smaller():
        with suppress(InputError):  # no swarm at all
            assert judged(smaller) == ()


def test_what_always_fails_becomes_the_plainest_run_of_all() -> None:
    smallest, _ = shrink(draw_case(5, ALL), lambda _: ("bad",))
    assert smallest == Case()


def test_what_matters_stays() -> None:
    def judged(case: Case) -> tuple[str, ...]:
        is_bad = any(fault.startswith("kill") for fault in case.faults) and case.shape.clients >= 3
        return ("bad",) if is_bad else ()

    case = next(case for number in range(100) if judged(case := draw_case(number, ALL)))
    smallest, _ = shrink(case, judged)
    assert smallest.shape.clients == 3
    assert len(smallest.faults) == 1
    assert msgspec.structs.replace(smallest, shape=Shape(clients=3), faults=()) == Case(shape=Shape(clients=3))


def test_what_does_not_fail_stays_as_it_is_after_one_look() -> None:
    looked: list[Case] = []

    def judged(case: Case) -> tuple[str, ...]:
        looked.append(case)
        return ()

    case = draw_case(5, ALL)
    assert shrink(case, judged) == (case, ())
    assert looked == [case]


def test_no_more_tries_are_made_than_allowed() -> None:
    looked: list[Case] = []

    def judged(case: Case) -> tuple[str, ...]:
        looked.append(case)
        return ("bad",)

    shrink(draw_case(5, ALL), judged, 7)
    assert len(looked) == 8  # the first look is none of them
