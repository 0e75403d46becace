"""How long answers are waited for: what is happening counts, and nothing that the plan may do at another time."""

import pytest

from emulator import Options, run
from emulator.engines.patience import Waits
from emulator.faults import parse_faults
from emulator.faults.in_effect import InEffect
from emulator.scenario.generate import Shape, generate
from emulator.scenario.network import Network
from emulator.scenario.scenario import Scenario
from emulator.storm.cases import NOWHERE

WAITS = Waits(min_s=1.0, queue_s=20.0, delay_s=4.0)
SCENARIO = Scenario(
    NOWHERE, generate(Shape(clients=6, files=1, segments=(20, 20), seeds=2, owners=2)), is_on_disk=False
)
NETWORK = Network.uniform(7, 1e6, delay_s=0.001, segment_bytes=1_000_000)


def in_effect(*texts: str) -> InEffect:
    faults = InEffect(parse_faults(texts, 9))
    for index in range(len(texts)):
        faults.switch(index, True)
    return faults


def makespan_s(*faults: str) -> float:
    options = Options(engine="virtual", strategy="random-segment", network=NETWORK, faults=faults)
    makespan_s = run(SCENARIO, None, options).makespan_s
    assert makespan_s is not None
    return makespan_s


@pytest.mark.parametrize(
    ("texts", "whole_s"),
    [
        ((), 25.0),
        (("slow client 2 by 10",), 241.0),
        (("slow client 3 by 10",), 241.0),
        (("slow client 2 by 10", "slow client 3 by 4"), 241.0),
        (("slow client 2 by 10", "slow client 2 by 2"), 481.0),
        (("slow clients 4-9 by 100", "delay 10% of messages of client 4 by 9s", "drop 10% of messages"), 25.0),
        (("delay 10% of messages by 2s", "reorder 10% of messages of client 3 within 3s"), 30.0),
    ],
)
def test_of_two_ranks_the_slower_one_counts_and_only_faults_of_these_two(
    texts: tuple[str, ...], whole_s: float
) -> None:
    assert WAITS.whole_s(in_effect(*texts), 2, 3, 0.0) == whole_s


def test_a_fault_that_has_ended_or_not_begun_makes_no_wait_longer() -> None:
    faults = InEffect(parse_faults(["slow clients 2-3 by 100"], 9))
    assert WAITS.whole_s(faults, 2, 3, 0.0) == WAITS.plain_s == 25.0
    faults.switch(0, True)
    faults.switch(0, False)
    assert WAITS.whole_s(faults, 2, 3, 0.0) == 25.0


def test_what_a_line_still_has_to_send_is_waited_for() -> None:
    """Or all who ask a line that was slow give up again and again, and fill it with answers that come too late."""
    assert WAITS.whole_s(in_effect(), 2, 3, 19.0) == 25.0
    assert WAITS.whole_s(in_effect(), 2, 3, 100.0) == 105.0


DROP = "drop 1% of messages"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["slow clients 5-6 by 100"], ["slow client 5 by 100", "slow client 6 by 100"]),
        (["slow client 5 by 10"], ["slow client 5 by 2", "slow client 5 by 5"]),
        (
            ["slow client 5 by 10 at 2s for 4s"],
            ["slow client 5 by 10 at 2s for 2s", "slow client 5 by 10 at 4s for 2s"],
        ),
        ([], ["slow client 5 by 100 at 900000s"]),
        ([], ["delay 100% of messages by 500s at 900000s"]),
        ([], ["slow clients 1-6 by 1000 at 0.1ms for 0.1ms"]),
    ],
)
def test_plans_that_say_the_same_take_the_same_time(one: list[str], other: list[str]) -> None:
    assert makespan_s(DROP, *one) == pytest.approx(makespan_s(DROP, *other), rel=0.01)


def test_a_slow_line_that_recovers_is_not_asked_to_death() -> None:
    """All others wait at the only seed when it is slow; it recovers, with much left to send."""
    scenario = Scenario(NOWHERE, generate(Shape(clients=9, files=1, segments=(6, 6), owners=1)), is_on_disk=False)
    network = Network.uniform(10, 1e6, delay_s=0.001, segment_bytes=100_000)
    slow, drop = "slow client 1 by 100 at 10ms for 1s", "drop 1% of messages at 900000s"
    makespans_s = [
        run(scenario, None, Options(engine="virtual", strategy="seeds-only", network=network, faults=faults)).makespan_s
        for faults in ((slow,), (slow, drop))
    ]
    assert makespans_s[1] == pytest.approx(makespans_s[0], rel=0.1)
