"""When messages arrive: computed by hand, and against a model that knows nothing of tables and shortcuts."""

import pickle
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.engines.lines import Lines
from emulator.scenario.network import DELAY_S, Network
from emulator.scenario.zones import Link, Zone

# Segments of 100 bytes, rates of 100 bytes/s and the like: a line sends one in a second.
NO_LINES = (None,) * 4


def network(
    up: tuple[float | None, ...] = NO_LINES,
    down: tuple[float | None, ...] = NO_LINES,
    zones: tuple[Zone, ...] = (),
    links: tuple[Link, ...] = (),
    delay_s: float = 0.5,
) -> Network:
    """Ranks 0 to 3."""
    return Network(up, down, segment_bytes=100, delay_s=delay_s, zones=zones, links=links)


def two_zones(rate: float | None = None, delay_s: float | None = None, up: float | None = None) -> Network:
    """Clients 1 and 2 here, 3 there."""
    zones = (Zone("here", (1, 2)), Zone("there", (3,)))
    return network((None, up, up, up), zones=zones, links=(Link(("here", "there"), delay_s, rate),))


def test_without_rates_everything_takes_the_delay_alone() -> None:
    lines = Lines(Network.uniform(4))
    assert [lines.arrival_s(1.0, 1, 2, is_segment) for is_segment in (True, True, False)] == [1.0 + DELAY_S] * 3


def test_an_uploader_sends_one_segment_at_a_time() -> None:
    lines = Lines(network(up=(None, 100.0, 100.0, 100.0)))
    assert [lines.arrival_s(0.0, 1, dest, True) for dest in (2, 3, 2)] == [1.5, 2.5, 3.5]
    assert lines.arrival_s(0.0, 2, 3, True) == 1.5  # the line of somebody else
    assert lines.arrival_s(10.0, 1, 2, True) == 11.5  # which was free again in between


def test_small_messages_wait_for_no_line() -> None:
    lines = Lines(network(up=(None, 1.0, 1.0, 1.0)))
    assert lines.arrival_s(0.0, 1, 2, True) == 100.5
    assert lines.arrival_s(0.0, 1, 2, False) == 0.5


def test_a_slow_downlink_holds_up_its_own_segment_only() -> None:
    lines = Lines(network(up=(None, 100.0, 100.0, 100.0), down=(None, None, 25.0, 200.0)))
    assert lines.arrival_s(0.0, 1, 2, True) == 4.5  # begun at 0, on the slower line until 4
    assert lines.arrival_s(0.0, 1, 3, True) == 2.5  # begun at 1, when the uploader's own line was free


def test_an_uploader_serves_as_many_slow_downlinks_at_once_as_its_line_carries() -> None:
    lines = Lines(Network.uniform(11, up=1000.0, down=100.0, delay_s=0.0, segment_bytes=1000))
    arrivals_s = [lines.arrival_s(0.0, 1, dest, True) for dest in range(2, 11)]
    assert arrivals_s == [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0]


def test_segments_on_the_same_way_keep_their_order() -> None:
    lines = Lines(network(up=(None, 100.0, 100.0, 100.0), down=(None, None, 25.0, None)))
    assert [lines.arrival_s(0.0, 1, 2, True) for _ in range(3)] == [4.5, 5.5, 6.5]


def test_what_two_uploaders_send_one_client_does_not_wait_for_each_other() -> None:
    lines = Lines(network(down=(None, None, None, 100.0)))
    assert [lines.arrival_s(0.0, source, 3, True) for source in (1, 2)] == [1.5, 1.5]


def test_all_transfers_from_zone_to_zone_share_a_link_and_queue_on_it() -> None:
    lines = Lines(two_zones(rate=50.0, up=100.0))
    assert lines.arrival_s(0.0, 1, 3, True) == 2.5
    assert lines.arrival_s(0.0, 2, 3, True) == 4.5  # its own line was free, the link was not
    assert lines.arrival_s(0.0, 3, 1, True) == 2.5  # the other direction
    assert lines.arrival_s(4.0, 1, 2, True) == 5.5  # within a zone


def test_a_segment_that_waits_for_a_link_leaves_its_uploader_s_line_free() -> None:
    lines = Lines(two_zones(rate=50.0, up=100.0))
    assert [lines.arrival_s(0.0, 1, 3, True) for _ in range(2)] == [2.5, 4.5]
    assert lines.arrival_s(0.0, 1, 2, True) == 3.5  # the third one of this uploader, and within its zone


def test_a_link_keeps_the_order_in_which_segments_were_asked_for() -> None:
    """Even of a segment that has to wait for its uploader's own line first."""
    lines = Lines(two_zones(rate=400.0, up=100.0))
    assert [lines.arrival_s(0.0, 1, 3, True) for _ in range(2)] == [1.5, 2.5]
    assert lines.arrival_s(0.0, 2, 3, True) == 2.0  # the link has the second one from 1.0 to 1.25, then this one


def test_a_link_that_is_faster_than_the_lines_is_busy_for_its_own_time_only() -> None:
    lines = Lines(two_zones(rate=400.0, up=100.0))
    assert lines.arrival_s(0.0, 1, 3, True) == 1.5
    assert lines.arrival_s(0.25, 2, 3, True) == 1.75


def test_zones_may_be_farther_from_each_other_than_within() -> None:
    lines = Lines(two_zones(delay_s=2.0))
    pairs = ((1, 2), (1, 3), (3, 2), (0, 3), (3, 0))
    assert [lines.arrival_s(0.0, source, dest, False) for source, dest in pairs] == [0.5, 2.0, 2.0, 0.5, 0.5]
    assert lines.arrival_s(0.0, 1, 3, True) == 2.0


def test_a_slowed_rank_sends_and_takes_slower_and_all_its_messages_take_longer() -> None:
    lines = Lines(network(up=(None, 100.0, 100.0, 100.0), down=(None, 100.0, 100.0, 100.0)))
    lines.slow(1, 3.0)
    assert lines.arrival_s(0.0, 1, 2, True) == 3.0 + 3 * 0.5
    assert lines.arrival_s(0.0, 2, 1, True) == 3.0 + 3 * 0.5
    assert lines.arrival_s(0.0, 1, 2, False) == lines.arrival_s(0.0, 0, 1, False) == 1.5
    assert lines.arrival_s(9.0, 2, 3, True) == 10.5
    lines.slow(2, 2.0)
    assert lines.arrival_s(20.0, 2, 1, False) == 21.5  # the slower of the two
    lines.slow(1, 1.0)
    assert lines.arrival_s(30.0, 1, 3, True) == 31.5


def test_slowing_twice_does_not_add_up() -> None:
    lines = Lines(network(up=(None, 100.0, 100.0, 100.0)))
    for factor in (4.0, 2.0):
        lines.slow(1, factor)
    assert lines.arrival_s(0.0, 1, 2, True) == 3.0


def test_the_line_of_a_dead_rank_is_free_when_it_comes_back() -> None:
    lines = Lines(network(up=(None, 100.0, 100.0, 100.0)))
    for _ in range(5):
        lines.arrival_s(0.0, 1, 2, True)
    lines.forget(1, after_s=1.0)
    assert lines.arrival_s(1.0, 1, 2, True) == 2.5


def test_a_link_does_not_wait_for_what_a_dead_rank_would_have_sent() -> None:
    lines = Lines(two_zones(rate=50.0, up=100.0))
    assert [lines.arrival_s(0.0, 1, 3, True) for _ in range(3)] == [2.5, 4.5, 6.5]
    lines.forget(1, after_s=3.0)
    assert lines.arrival_s(1.0, 2, 3, True) == 4.5  # the link is busy with the first one until 2


def test_others_keep_the_places_on_a_link_that_they_got_behind_a_dead_rank() -> None:
    lines = Lines(two_zones(rate=50.0, up=100.0))
    assert [lines.arrival_s(0.0, source, 3, True) for source in (1, 1, 2)] == [2.5, 4.5, 6.5]
    lines.forget(1, after_s=0.0)
    assert lines.arrival_s(0.0, 1, 3, True) == 8.5


@pytest.mark.parametrize("pace", [20.0, 3.0, 1e-9, 1e9])
def test_a_pace_is_a_network_whose_clients_send_so_many_segments_a_second(pace: float) -> None:
    lines = Lines(Network.uniform(3, delay_s=0.0).with_pace(pace))
    lines.arrival_s(0.0, 1, 2, True)
    assert lines.arrival_s(0.0, 1, 2, True) == pytest.approx(2 / pace)


class Model:
    """The formulas of `docs/network-model.md`, in fractions, over the network as it was given."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.factors = {rank: Fraction(1) for rank in range(network.size)}
        self.up_free_s = {rank: Fraction(0) for rank in range(network.size)}
        self.link_uses: dict[tuple[str, str], list[tuple[int, Fraction, Fraction]]] = {}

    def arrival_s(self, now_s: Fraction, source: int, dest: int, is_segment: bool) -> Fraction:
        names = [next((zone.name for zone in self.network.zones if rank in zone.ranks), "") for rank in (source, dest)]
        links = [link for link in self.network.links if sorted(link.between) == sorted(names)]
        link = links[0] if links else None
        given_s = self.network.delay_s if link is None or link.delay_s is None else link.delay_s
        delay_s = Fraction(given_s) * max(self.factors[source], self.factors[dest])
        if not is_segment:
            return now_s + delay_s
        start_s = max(now_s, self.up_free_s[source])
        up_end_s = self.up_free_s[source] = start_s + self._segment_s(self.network.up[source], source)
        ends_s = [up_end_s, start_s + self._segment_s(self.network.down[dest], dest)]
        if link is not None and link.bytes_per_s is not None:
            uses = self.link_uses.setdefault((names[0], names[1]), [])
            free_s = max((end_s for _, end_s, _ in uses), default=Fraction(0))
            link_end_s = max(free_s, start_s) + Fraction(self.network.segment_bytes) / Fraction(link.bytes_per_s)
            ends_s.append(link_end_s)
            uses.append((source, link_end_s, max(ends_s) + delay_s))
        return max(ends_s) + delay_s

    def forget(self, rank: int, after_s: Fraction) -> None:
        self.up_free_s[rank] = Fraction(0)
        for uses in self.link_uses.values():
            uses[:] = [use for use in uses if use[0] != rank or use[2] <= after_s]

    def _segment_s(self, rate: float | None, rank: int) -> Fraction:
        return self.factors[rank] * self.network.segment_bytes / Fraction(rate) if rate else Fraction(0)


rates = st.one_of(st.none(), st.sampled_from([0.25, 1.0, 2.0, 64.0]))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Up to 7 ranks in up to 3 zones, all numbers powers of two: floats are exact then, and can be compared."""
    size = draw(st.integers(2, 7))
    up, down = ((None, *draw(st.lists(rates, min_size=size - 1, max_size=size - 1))) for _ in range(2))
    zone_of = draw(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=size - 1, max_size=size - 1))
    zones = tuple(Zone(name, tuple(rank for rank, at in enumerate(zone_of, 1) if at == name)) for name in "abc")
    pairs = draw(st.lists(st.sampled_from([("a", "b"), ("c", "a"), ("b", "c")]), unique=True))
    links = tuple(Link(pair, draw(st.sampled_from([None, 0.0, 2.0])), draw(rates)) for pair in pairs)
    return Network(up, down, 16, draw(st.sampled_from([0.0, 0.125])), zones, links)


@given(networks(), st.integers(0, 2**32), st.integers(1, 60))
def test_every_arrival_is_that_of_the_model(network: Network, rng_seed: int, num_steps: int) -> None:
    rng, lines, model, now_s = Random(rng_seed), Lines(pickle.loads(pickle.dumps(network))), Model(network), 0.0  # noqa: S301
    for _ in range(num_steps):
        now_s += rng.choice([0.0, 0.0, 0.5, 8.0])
        source, dest = rng.sample(range(network.size), 2)
        match rng.randrange(12):
            case 0:
                factor = rng.choice([1.0, 2.0, 0.5])
                lines.slow(source, factor)
                model.factors[source] = Fraction(factor)
            case 1:
                after_s = now_s + rng.choice([0.0, 4.0])
                lines.forget(source, after_s)
                model.forget(source, Fraction(after_s))
            case kind:
                is_segment = kind > 4
                assert lines.arrival_s(now_s, source, dest, is_segment) == model.arrival_s(
                    Fraction(now_s), source, dest, is_segment
                )
