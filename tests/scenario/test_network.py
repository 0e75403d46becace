"""A network refuses what cannot be, travels between processes, and knows whether it limits anything."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.scenario.network import DELAY_S, SEGMENT_BYTES, Network
from emulator.scenario.plan_network import NetworkFlags
from emulator.scenario.zones import Link, Zone

HERE, THERE = Zone("here", (1, 2)), Zone("there", (3,))


def zoned(zones: tuple[Zone, ...] = (HERE, THERE), links: tuple[Link, ...] = ()) -> Network:
    return Network((None,) * 5, (None,) * 5, zones=zones, links=links)


def test_a_uniform_network_gives_every_client_the_same_lines_and_the_tracker_none() -> None:
    network = Network.uniform(3, up=5.0, down=7.0, delay_s=0.5, segment_bytes=9)
    assert (network.up, network.down) == ((None, 5.0, 5.0), (None, 7.0, 7.0))
    assert (network.size, network.delay_s, network.segment_bytes) == (3, 0.5, 9)


def test_the_defaults_limit_nothing() -> None:
    network = Network.uniform(3)
    assert network.is_ideal
    assert (network.delay_s, network.segment_bytes) == (DELAY_S, SEGMENT_BYTES) == (0.001, 2**18)


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(Network.uniform(2, up=1.0), id="up"),
        pytest.param(Network.uniform(2, down=1.0), id="down"),
        pytest.param(zoned(links=(Link(("here", "there"), bytes_per_s=1.0),)), id="link"),
    ],
)
def test_one_rate_anywhere_makes_it_less_than_ideal(network: Network) -> None:
    assert not network.is_ideal


def test_a_delay_between_zones_is_no_limit() -> None:
    assert zoned(links=(Link(("here", "there"), delay_s=2.0),)).is_ideal


def test_each_rank_has_the_number_of_its_zone_and_the_rest_have_none() -> None:
    assert zoned().zone_numbers() == (0, 1, 1, 2, 0)


def test_a_pace_never_makes_a_line_faster() -> None:
    network = Network((None, 10.0, None), (None, None, 3.0), segment_bytes=10).with_pace(2.0)
    assert (network.up, network.down) == ((None, 10.0, 20.0), (None, None, 3.0))


def test_the_slowest_line_or_link_says_how_long_a_segment_may_take() -> None:
    assert Network.uniform(3).longest_segment_s == 0.0
    assert Network((None, 4.0, None), (None, None, 8.0), segment_bytes=16).longest_segment_s == 4.0
    slow = Link(("here", "there"), bytes_per_s=0.5)
    assert zoned(links=(slow,)).longest_segment_s == 2 * SEGMENT_BYTES


def test_it_travels_to_other_processes() -> None:
    network = zoned(links=(Link(("here", "there"), 0.5, 3.0),))
    assert pickle.loads(pickle.dumps(network)) == network  # noqa: S301


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"up": (None, 0.0)}, "the up rate of rank 1 is 0.0; take 1e-09 to 1e+24 bytes/s, or None for no limit"),
        (
            {"down": (None, math.nan)},
            "the down rate of rank 1 is nan; take 1e-09 to 1e+24 bytes/s, or None for no limit",
        ),
        ({"up": (None,)}, "1 up rates and 2 down; give both by rank, from 0"),
        ({"up": (), "down": ()}, "0 up rates and 0 down; give both by rank, from 0"),
        ({"segment_bytes": 0}, "segments of 0 bytes; take 1 to 1,099,511,627,776"),
        ({"delay_s": math.inf}, "a delay of inf s; take 0 to 1,000,000"),
        ({"delay_s": -1.0}, "a delay of -1.0 s; take 0 to 1,000,000"),
        ({"zones": (Zone("a", (2,)),)}, "zones[0].clients: client 2 does not exist; the clients are 1 to 1"),
        ({"zones": (Zone("a", (0,)),)}, "zones[0].clients: client 0 does not exist; the clients are 1 to 1"),
        (
            {"zones": (Zone("a", (1,)), Zone("b", (1,)))},
            "zones[1].clients: client 1 is in zone 'a' too; leave it out of one",
        ),
        ({"zones": (Zone("a", ()), Zone("a", ()))}, "zones[1].name: there are two zones 'a'; rename one"),
        ({"links": (Link(("a", "a")),)}, "links[0].between: there is no zone 'a'; known: none"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], problem: str) -> None:
    good: dict[str, object] = {"up": (None, 1.0), "down": (None, 1.0)}
    with pytest.raises(InputError) as caught:
        Network(**{**good, **change})  # type: ignore[arg-type]
    assert caught.value.problems[0] == f"network: {problem}"


@given(st.floats(), st.floats(), st.integers(-(10**30), 10**30))
def test_any_numbers_make_a_network_or_a_problem(rate: float, delay_s: float, segment_bytes: int) -> None:
    try:
        network = Network.uniform(3, rate, rate, delay_s, segment_bytes)
    except InputError:
        return
    assert 0 < network.longest_segment_s < math.inf


def test_the_default_delay_is_one_of_virtual_time_unless_somebody_asks_for_it() -> None:
    """Real messages have a delay of their own."""
    assert Network.uniform(3).own_delay_s == 0.0
    assert Network.uniform(3, delay_s=0.02).own_delay_s == 0.02
    rates_alone, asked = NetworkFlags(up=1e6).network(3), NetworkFlags(delay_s=DELAY_S).network(3)
    assert rates_alone is not None
    assert asked is not None
    assert (rates_alone.own_delay_s, asked.own_delay_s) == (0.0, DELAY_S)
