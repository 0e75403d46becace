"""Random plans: what is drawn can be written and injected, and gets smaller until only the cause is left."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults import (
    KINDS,
    AfterSegments,
    AtMessage,
    AtShare,
    AtTime,
    Fault,
    Kill,
    Slow,
    describe,
    draw_plan,
    killed_ranks,
    parse_fault,
    parse_faults,
    refuse,
    restricted,
    shrunk,
)
from emulator.faults.draws import Draw

PLANS = st.builds(
    lambda seed, num_clients, engine: (draw_plan(random.Random(seed), num_clients, 0.05, engine=engine), num_clients),
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.sampled_from(["virtual", "processes"]),
)


@given(PLANS)
def test_a_drawn_plan_is_one_that_can_be_written(drawn: tuple[tuple[Fault, ...], int]) -> None:
    plan, num_clients = drawn
    assert len(plan) <= 4
    assert parse_faults([describe(fault) for fault in plan], num_clients) == plan


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(0, 2**32), st.integers(2, 12), st.sampled_from(["virtual", "processes"]), st.booleans())
def test_each_kind_draws_faults_that_can_be_written_and_that_the_engine_accepts(
    kind: type[Fault], seed: int, num_clients: int, engine: str, has_rates: bool
) -> None:
    draw = Draw(random.Random(seed), num_clients, 0.05, 50, engine=engine, has_rates=has_rates, may_kill_tracker=True)
    if kind.can_be_drawn(draw):
        fault = kind.draw(draw)
        assert type(fault) is kind
        assert parse_fault(describe(fault), num_clients) == fault
        refuse([fault], engine, has_rates)


def test_the_same_generator_gives_the_same_plan_and_another_another() -> None:
    def draw(seed: int) -> tuple[Fault, ...]:
        return draw_plan(random.Random(seed), 5, 0.05)

    assert [draw(seed) for seed in range(50)] == [draw(seed) for seed in range(50)]
    assert len({draw(seed) for seed in range(50)}) > 30


def test_plans_have_all_kinds_of_faults_and_times_that_the_engine_can_do() -> None:
    for engine, has_rates in (("virtual", False), ("processes", False), ("processes", True)):
        drawn = [
            fault
            for seed in range(400)
            for fault in draw_plan(random.Random(seed), 5, 0.05, engine=engine, has_rates=has_rates)
        ]
        refuse(drawn, engine, has_rates)
        kinds = {type(fault) for fault in drawn}
        assert kinds == set(KINDS) - ({Slow} if engine == "processes" and not has_rates else set())
        times = {type(fault.when) for fault in drawn}
        assert times == {AtTime, AtShare, AfterSegments} | ({AtMessage} if engine == "virtual" else set())
        assert 0 not in killed_ranks(drawn)


def test_the_tracker_dies_only_where_that_is_asked_for() -> None:
    plans = [draw_plan(random.Random(seed), 5, 0.05, may_kill_tracker=True) for seed in range(200)]
    assert any(0 in killed_ranks(plan) for plan in plans)


def size(plan: tuple[Fault, ...]) -> tuple[float, ...]:
    """How much there is in a plan, the weightiest first."""
    return (
        len(plan),
        sum(len(fault.ranks) + len(getattr(fault, "others", ())) for fault in plan),
        sum(getattr(fault, "restart_s", None) is not None for fault in plan),
        sum(not getattr(fault, "is_state_kept", True) for fault in plan),
        sum(getattr(fault, "percent", 0.0) for fault in plan),
    )


@given(PLANS)
def test_every_plan_that_is_shrunk_to_is_smaller_and_can_be_written(drawn: tuple[tuple[Fault, ...], int]) -> None:
    plan, num_clients = drawn
    candidates = list(shrunk(plan))
    assert bool(candidates) == bool(plan)
    for candidate in candidates:
        assert size(candidate) < size(plan)
        assert parse_faults([describe(fault) for fault in candidate], num_clients) == candidate


def test_shrinking_finds_the_one_fault_that_matters_in_its_smallest_form() -> None:
    plan = parse_faults(
        [
            "drop 10% of messages",
            "kill clients 1-5 at 2s and restart them after 1s without their state",
            "liar client 2",
            "pause client 3 at 1s for 1s",
        ],
        5,
    )

    def fails(plan: tuple[Fault, ...]) -> bool:
        return any(isinstance(fault, Kill) and 4 in fault.ranks for fault in plan)

    while smaller := next((candidate for candidate in shrunk(plan) if fails(candidate)), None):
        plan = smaller
    assert [describe(fault) for fault in plan] == ["kill client 4 at 2s"]


def test_a_plan_for_fewer_clients_leaves_out_those_who_are_not_there() -> None:
    plan = parse_faults(
        [
            "kill clients 2-6 at 2s",
            "liar client 5",
            "drop 10% of messages",
            "cut off clients 1-3 for 1s",
            "cut off client 1 from client 6 for 1s",
            "cut off clients 2,5 from tracker for 1s",
            "cut off tracker for 1s",
        ],
        6,
    )
    assert [describe(fault) for fault in restricted(plan, 3)] == [
        "kill clients 2-3 at 2s",
        "drop 10% of messages",
        "cut off client 2 from tracker for 1s",
        "cut off tracker for 1s",
    ]


@given(PLANS, st.integers(1, 12))
def test_a_restricted_plan_can_be_written_for_the_smaller_swarm(
    drawn: tuple[tuple[Fault, ...], int], num_clients: int
) -> None:
    plan, before = drawn
    smaller = restricted(plan, min(num_clients, before))
    assert parse_faults([describe(fault) for fault in smaller], min(num_clients, before)) == smaller
