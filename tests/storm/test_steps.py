"""Every rank killed before each of its messages, one kill a run."""

from collections import Counter

import pytest

from emulator.scenario.generate import Shape
from emulator.storm.cases import Case
from emulator.storm.judge import judge
from emulator.storm.steps import every_step
from tests.storm.histories import history_of

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
