"""The bounds against optima that are found by trying everything, and against cases that are computed by hand."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import floor, inf, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.comparison.bounds import Bound, least_rounds, lower_bound
from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata
from emulator.scenario.network import Network
from emulator.scenario.zones import Zone

Holdings = tuple[int, ...]
"""What each client holds: a bit a segment."""


def fewest_rounds(num_segments: int, num_leechers: int, num_seeds: int) -> int:
    """The optimum of the round model, by breadth-first search over all that can be sent in each round."""
    whole = (1 << num_segments) - 1
    states: set[Holdings] = {(0,) * num_leechers}
    for number in range(num_segments * num_leechers + 1):
        if (whole,) * num_leechers in states:
            return number
        states = {after for state in states for after in after_round(state, num_seeds, whole)}
    raise AssertionError("sending one segment a round would have been enough")


@cache
def after_round(state: Holdings, num_seeds: int, whole: int) -> frozenset[Holdings]:
    """All that can be held after a round in which each sends at most one segment that it held before it."""
    reached = {state}
    for held in (whole,) * num_seeds + state:
        reached = {after for before in reached for after in after_upload(before, held)}
    # The order of the leechers makes no difference.
    return frozenset(tuple(sorted(after)) for after in reached)


def after_upload(state: Holdings, held: int) -> Iterator[Holdings]:
    is_idle = True
    for dest, has in enumerate(state):
        useful = held & ~has
        while useful:
            segment = useful & -useful
            useful ^= segment
            is_idle = False
            yield (*state[:dest], has | segment, *state[dest + 1 :])
    if is_idle:  # to send what is of use is never worse than to be silent
        yield state


@pytest.mark.parametrize(
    ("num_segments", "num_leechers"), [*product((1, 2, 3), (1, 2, 3)), (1, 4), (2, 4), (1, 5), (4, 2), (5, 2)]
)
def test_with_one_seed_the_bound_is_the_optimum_and_the_formula_of_mundinger_weber_and_weiss(
    num_segments: int, num_leechers: int
) -> None:
    bound = least_rounds(num_segments, num_leechers)
    assert bound == fewest_rounds(num_segments, num_leechers, 1)
    assert bound == num_segments + floor(log2(num_leechers))


@pytest.mark.parametrize(
    ("num_seeds", "num_segments", "num_leechers"),
    [*product((2, 3), (1, 2, 3), (1, 2, 3)), (2, 1, 4), (2, 2, 4), (2, 4, 2), (3, 4, 2), (2, 1, 5)],
)
def test_with_more_seeds_the_optimum_is_never_below_the_bound(
    num_seeds: int, num_segments: int, num_leechers: int
) -> None:
    optimum = fewest_rounds(num_segments, num_leechers, num_seeds)
    assert least_rounds(num_segments, num_leechers, num_seeds) == optimum, "in all these cases it is even reached"


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_with_one_seed_the_bound_is_the_formula_for_large_swarms_too(num_segments: int, num_leechers: int) -> None:
    assert least_rounds(num_segments, num_leechers) == num_segments + num_leechers.bit_length() - 1


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 12))
def test_more_seeds_never_raise_the_bound_and_more_to_do_never_lowers_it(
    num_segments: int, num_leechers: int, num_seeds: int
) -> None:
    bound = least_rounds(num_segments, num_leechers, num_seeds)
    assert least_rounds(num_segments, num_leechers, num_seeds + 1) <= bound
    assert least_rounds(num_segments + 1, num_leechers, num_seeds) >= bound
    assert least_rounds(num_segments, num_leechers + 1, num_seeds) >= bound


def test_many_seeds_are_limited_by_all_uplinks_together() -> None:
    # 2 + 4 + 8 + 12 + 12 uploads are 38, and 40 are needed; the last part alone would allow 4 rounds.
    assert least_rounds(4, 10, 2) == 6


def test_nothing_takes_no_time() -> None:
    assert (least_rounds(0, 5), least_rounds(5, 0)) == (0, 0)


# Seconds


def file(name: str, num_segments: int) -> FileMetadata:
    return FileMetadata(name, "0" * HASH_DIGITS * num_segments)


def swarm(num_seeds: int, num_leechers: int, num_segments: int) -> tuple[ClientInput, ...]:
    """Seeds, then leechers, of one file."""
    seed, leecher = ClientInput(owned=(file("a", num_segments),)), ClientInput(wanted=("a",))
    return (seed,) * num_seeds + (leecher,) * num_leechers


def lines(up: list[float | None], down: list[float | None] | None = None, **more: object) -> Network:
    """A network of these rates in segments a second, by client."""
    return Network((None, *up), (None, *(down or [None] * len(up))), segment_bytes=1, **more)  # type: ignore[arg-type]


def test_equal_uplinks_take_a_round_for_each_segment_and_each_doubling() -> None:
    network = Network.uniform(12, up=50.0, segment_bytes=100)
    assert lower_bound(swarm(1, 10, 20), network) == Bound((20 + 3) * 2.0, "rounds")


@pytest.mark.parametrize(
    ("up", "down", "makespan_s"),
    [
        pytest.param([1, 100, 100], [None, 200, 200], 40.0, id="the seed's uplink: F / u(S)"),
        pytest.param([90, 90, 90], [None, 90, 4], 10.0, id="the slowest downlink: F / d_min"),
        pytest.param([8, 0.5, 1.5], None, 8.0, id="all uplinks: N F / (u(S) + u(L))"),
    ],
)
def test_unequal_lines_are_bounded_by_each_term_of_kumar_and_ross(
    up: list[float | None], down: list[float | None] | None, makespan_s: float
) -> None:
    assert lower_bound(swarm(1, 2, 40), lines(up, down)) == Bound(makespan_s, "fluid")


@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=5),
    st.lists(st.integers(1, 50), min_size=3, max_size=3),
    st.integers(1, 200),
)
def test_for_one_file_no_bound_is_below_the_formula_of_kumar_and_ross(
    num_seeds: int, leechers: list[tuple[int, int]], seeds_up: list[int], num_segments: int
) -> None:
    up_seeds, up_leechers = sum(seeds_up[:num_seeds]), sum(up for up, _ in leechers)
    slowest = min(min(down for _, down in leechers), up_seeds, (up_seeds + up_leechers) / len(leechers))
    up: list[float | None] = [*seeds_up[:num_seeds], *(up for up, _ in leechers)]
    down: list[float | None] = [None] * num_seeds + [down for _, down in leechers]
    bound = lower_bound(swarm(num_seeds, len(leechers), num_segments), lines(up, down))
    assert bound is not None
    if bound.name == "fluid":
        assert bound.makespan_s == pytest.approx(num_segments / slowest)
    else:
        assert bound.makespan_s >= num_segments / slowest * (1 - 1e-12)


def shortest_makespan(up: list[float], down: list[float], num_segments: int) -> float:
    """The optimum for client 1 as the only seed, by trying all orders of transfers, each begun as soon as it can be.

    A client sends one segment at a time, and gets one at a time, as in the protocol. What a slower downlink holds up
    leaves the uploader's line free.
    """
    best = inf
    arrived = {(0, segment): 0.0 for segment in range(num_segments)}
    sends, gets = [0.0] * len(up), [0.0] * len(up)

    def go_on(end: float) -> None:
        nonlocal best
        if end >= best:
            return
        left = [key for key in product(range(1, len(up)), range(num_segments)) if key not in arrived]
        if not left:
            best = end
        for (dest, segment), source in product(left, range(len(up))):
            if (source, segment) in arrived:
                before = sends[source], gets[dest]
                start = max(*before, arrived[source, segment])
                sends[source] = start + 1 / up[source]
                done = gets[dest] = arrived[dest, segment] = start + max(1 / up[source], 1 / down[dest])
                go_on(max(end, done))
                del arrived[dest, segment]
                sends[source], gets[dest] = before

    go_on(0.0)
    return best


@given(st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=5, max_size=5), st.integers(1, 2))
def test_the_best_of_all_schedules_over_unequal_lines_is_not_below_the_bound(
    rates: list[float], num_segments: int
) -> None:
    up, down = rates[:3], [1.0, *rates[3:]]
    bound = lower_bound(swarm(1, 2, num_segments), lines([*up], [*down]))
    assert bound is not None
    assert shortest_makespan(up, down, num_segments) >= bound.makespan_s - 1e-9


@pytest.mark.parametrize("num_segments", [1, 2])
def test_the_best_of_all_schedules_over_equal_uplinks_is_the_bound(num_segments: int) -> None:
    bound = lower_bound(swarm(1, 2, num_segments), lines([2.0] * 3))
    assert bound == Bound(shortest_makespan([2.0] * 3, [inf] * 3, num_segments), "rounds")


def test_a_file_of_one_seed_has_to_leave_it_whatever_other_files_there_are() -> None:
    clients = (
        ClientInput(owned=(file("rare", 30), file("common", 2)), wanted=("other",)),
        ClientInput(owned=(file("common", 2), file("other", 4)), wanted=("rare",)),
        ClientInput(wanted=("common", "rare")),
    )
    # 30 segments at 1 a second; all 38 that are wanted would leave all uplinks in 38 / 101.
    bound = lower_bound(clients, lines([1, 50, 50]))
    assert bound == Bound(30.0, "fluid")


def test_what_several_owners_have_leaves_all_of_them_together() -> None:
    clients = (
        ClientInput(owned=(file("a", 10), file("b", 30))),
        ClientInput(owned=(file("b", 30),)),
        ClientInput(wanted=("a", "b")),
    )
    # File a alone leaves client 1 in 1 s, file b both in 3 s; the two together take them 4 s.
    assert lower_bound(clients, lines([8, 2, 99])) == Bound(4.0, "fluid")


def test_the_fastest_uplink_counts_for_rounds_where_lines_differ() -> None:
    # 3 + 2 rounds of at least 1/5 s; all uplinks together would take 12 / 21 s.
    bound = lower_bound(swarm(1, 4, 3), lines([4, 4, 4, 4, 5], [None, 9, 9, 9, 9]))
    assert bound == Bound(1.0, "rounds")


def test_an_uplink_without_limit_leaves_the_downlinks() -> None:
    assert lower_bound(swarm(1, 4, 3), lines([None] * 5, [None, 9, 9, 9, 6])) == Bound(0.5, "fluid")


def test_without_limits_or_wants_there_is_no_bound() -> None:
    assert lower_bound(swarm(1, 5, 20), Network.uniform(7)) is None
    assert lower_bound(swarm(3, 0, 20), Network.uniform(4, up=1.0)) is None
    assert lower_bound(swarm(1, 5, 0), Network.uniform(7, up=1.0)) is None
    assert lower_bound((), Network.uniform(1, up=1.0)) is None


def test_owners_that_want_their_own_file_and_bystanders_change_nothing() -> None:
    owner = ClientInput(owned=(file("a", 8),), wanted=("a",))
    clients = (owner, ClientInput(wanted=("a",)), ClientInput(), ClientInput(owned=(file("b", 3),)))
    assert lower_bound(clients, lines([2, 2, 99, 99])) == Bound(4.0, "rounds")


def test_zones_and_delays_leave_the_bound_as_it_is() -> None:
    zones = (Zone("here", (1,)), Zone("there", (2, 3)))
    clients = swarm(1, 2, 5)
    assert lower_bound(clients, lines([1, 1, 1], zones=zones, delay_s=3.0)) == lower_bound(clients, lines([1, 1, 1]))


def test_who_comes_late_is_done_late() -> None:
    network = lines([4, 4, 4], [None, 2, 2])
    assert lower_bound(swarm(1, 2, 10), network, (0.0, 0.0, 1.0, 7.5)) == Bound(7.5 + 5.0, "fluid")
    assert lower_bound(swarm(1, 2, 10), network, (0.0, 0.0, 9.0, 0.0)) == Bound(9.0 + 5.0, "fluid")
    assert lower_bound(swarm(1, 2, 10), network) == Bound(10 * 0.5, "fluid")
