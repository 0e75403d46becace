"""Drawing cases: everything that can vary does, and the same number gives the same case."""

from pathlib import Path

import pytest

from emulator.scenario.options import Options
from emulator.scenario.scenario import read_scenario
from emulator.scenario.setup import Setup
from emulator.storm.cases import Given
from emulator.storm.draw import draw_case, draw_given
from emulator.strategies import STRATEGIES
from tests.conftest import SAMPLES

ALL = tuple(STRATEGIES)


def test_the_same_number_is_the_same_run_and_another_one_is_another() -> None:
    assert [draw_case(number, ALL) for number in range(20)] == [draw_case(number, ALL) for number in range(20)]
    assert len({draw_case(number, ALL) for number in range(200)}) == 200


def test_all_that_can_vary_does() -> None:
    drawn = [draw_case(number, ALL) for number in range(400)]
    assert {case.strategy for case in drawn} == set(ALL)
    assert {case.shape.clients for case in drawn} == {2, 3, 4, 5}
    assert {case.up is None for case in drawn} == {case.stays_s is None for case in drawn} == {True, False}
    kinds = {type(fault).__name__ for case in drawn for fault in case.plan()}
    assert {"Kill", "Pause", "CutOff", "Drop", "Duplicate", "Delay", "Reorder", "Corrupt", "Liar"} <= kinds
    assert all(case.faults == () for case in (draw_case(number, ALL, has_faults=False) for number in range(50)))


@pytest.fixture
def own() -> Given:
    options = Options(engine="virtual", faults=("liar client 3",))
    return Given(Setup.of(read_scenario(SAMPLES, 3), options), ("--inputs", "samples"))


def test_a_swarm_of_the_user_s_own_keeps_what_goes_wrong_in_it_and_gets_more(own: Given) -> None:
    case = draw_given(own, 4, 0.1, 100, has_faults=True)
    assert case.faults[0] == "liar client 3"
    assert len(case.faults) > 1
    assert draw_given(own, 4, 0.1, 100, has_faults=False).faults == ("liar client 3",)
    drawn = [word for fault in case.faults[1:] for word in ("--fault", fault)]
    words = ["--inputs", "samples", "--strategy", "peers-first", "--rng-seed", "4", *drawn]
    assert case.arguments(Path("unused.toml")) == words
    assert all(smaller.faults[0] == "liar client 3" for smaller in case.smaller())


def test_its_strategies_can_be_drawn_too(own: Given) -> None:
    assert {own.by(("seeds-only", "endgame"), number).setup.options.strategy for number in range(20)} == {
        "seeds-only",
        "endgame",
    }
