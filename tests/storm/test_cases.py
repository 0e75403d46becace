"""What is drawn, written down and made smaller: every run can be made again."""

from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engines.virtual.engine import simulate
from emulator.errors import InputError, RunError
from emulator.protocol.events import AnyEvent, Channel
from emulator.protocol.messages import AnyMessage
from emulator.scenario.generate import Shape
from emulator.scenario.network import SEGMENT_BYTES
from emulator.scenario.options import Options
from emulator.scenario.scenario import read_scenario
from emulator.scenario.setup import Setup
from emulator.storm.cases import Case, Given
from emulator.storm.draw import draw_case, draw_given
from emulator.storm.judge import judge
from emulator.storm.shrink import shrink
from emulator.storm.steps import every_step
from emulator.strategies import STRATEGIES
from tests.conftest import SAMPLES
from tests.storm.drawn import cases, read_back, tell

ALL = tuple(STRATEGIES)


class Recording:
    """Hears everything."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def sent(self, rank: int, on: Channel, to: int, message: AnyMessage) -> None:
        self.heard.append((rank, on, to, message))

    def received(self, rank: int, on: Channel, source: int, message: AnyMessage) -> None:
        self.heard.append((rank, on, source, message))

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        self.heard.append((rank, thread, event))


def history_of(case: Case) -> list[object]:
    """All that happens in a run, in order, and how it ends."""
    recording = Recording()
    try:
        simulate(case.setup(), recording, 200_000)
    except RunError as error:
        recording.heard.append(str(error))
    return recording.heard


# Written down


@given(st.integers(0, 2**40))
def test_the_scenario_file_of_a_case_is_the_same_run(rng_seed: int) -> None:
    case = draw_case(rng_seed, ALL)
    tell(case)
    with TemporaryDirectory() as folder:
        again = read_back(case, Path(folder))
    assert history_of(again) == history_of(case)


@given(cases())
def test_the_scenario_file_of_any_case_says_the_same(case: Case) -> None:
    tell(case)
    with TemporaryDirectory() as folder:
        again = read_back(case, Path(folder))
    assert again.scenario().clients == case.scenario().clients
    assert again.plan() == case.plan()
    assert (again.strategy, again.rng_seed) == (case.strategy, case.rng_seed)
    written, options = again.options(), case.options()
    assert (written.quota, written.numwant, written.stays_s) == (options.quota, options.numwant, options.stays_s)
    assert again.setup().network == case.setup().network


def test_the_scenario_file_is_plain() -> None:
    case = Case(
        shape=Shape(clients=3, files=1, segments=(2, 4), rng_seed=7),
        up=SEGMENT_BYTES * 500.0,
        stays_s=0.0,
        faults=("kill client 2 at 5ms", "drop 10% of messages"),
    )
    assert case.toml() == (
        'faults = [\n    "kill client 2 at 5ms",\n    "drop 10% of messages",\n]\n\n'
        "[swarm]\nclients = 3\nfiles = 1\nseeds = 1\nwants = 1.0\noverlap = 0.0\n"
        'segments = "2-4"\nrng_seed = 7\n\n'
        '[run]\nstrategy = "peers-first"\nquota = 10\nnumwant = 50\nrng_seed = 0\n\n'
        "[network]\nsegment_bytes = 262144\nup = 131072000.0\n\n"
        "[departures]\nstays_s = 0.0\n"
    )


# Drawn


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


# Made smaller


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


# Every step


TINY = (
    Case(shape=Shape(clients=2, files=1, segments=(2, 2), rng_seed=1)),
    Case(shape=Shape(clients=3, files=1, segments=(2, 2), rng_seed=2), quota=1, delay_s=0.0),
)


@pytest.mark.parametrize("tiny", TINY)
def test_whoever_dies_before_whatever_message_all_else_comes_to_its_end(tiny: Case) -> None:
    steps = list(every_step(tiny))
    assert {case.faults[0].split(" at ")[0] for case in steps} == {
        "kill tracker",
        *(f"kill client {rank}" for rank in range(1, tiny.num_clients + 1)),
    }
    assert [(case.faults, problems) for case in steps if (problems := judge(case))] == []


def test_every_message_is_a_step_once_and_clients_come_back_in_two_ways() -> None:
    tiny = TINY[0]
    steps = [case.faults[0] for case in every_step(tiny)]
    assert len(steps) == len(set(steps))
    num_heard = sum(isinstance(heard, tuple) and len(heard) == 4 for heard in history_of(tiny))
    ways = Counter(step.partition(" at message ")[2].lstrip("0123456789") for step in steps)
    for_good = [step for step in steps if step.startswith("kill client") and step[-1].isdigit()]
    assert ways[""] == num_heard // 2  # each message is sent, and received
    assert ways[" and restart it after 0.005s"] == ways[" and restart it after 0.005s without its state"]
    assert ways[" and restart it after 0.005s"] == len(for_good)
