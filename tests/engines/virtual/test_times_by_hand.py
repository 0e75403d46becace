"""Makespans that a person can compute by hand come out exactly: all numbers are sums of powers of two.

A segment takes its uploader a second, unless a test says otherwise, and a message an eighth of one, or no time. Times
count from the second barrier's signal to the moment at which the tracker knows that the last client has all.
"""

from math import floor, log2
from pathlib import Path

import pytest

from emulator import Options, RunResult, Scenario, run
from emulator.comparison.bounds import lower_bound
from emulator.protocol.files import ClientInput
from emulator.protocol.round import Round
from emulator.scenario.network import Network
from emulator.scenario.zones import Link, Zone
from emulator.strategies import STRATEGIES
from tests.protocol.scripted import file_of

DELAY_S = 0.125


def swarm(num_segments: int, num_leechers: int) -> Scenario:
    file = file_of(num_segments)
    clients = (ClientInput((file,)), *[ClientInput((), (file.name,))] * num_leechers)
    return Scenario(Path("not-there"), clients, is_on_disk=False)


def timed(num_segments: int, num_leechers: int, delay_s: float = 0.0, **options: object) -> RunResult:
    """Client 1 has a file, all others want it, and each line carries a segment a second."""
    network = Network.uniform(num_leechers + 2, up=100.0, delay_s=delay_s, segment_bytes=100)
    given = Options(**{"engine": "virtual", "network": network, **options})  # type: ignore[arg-type]
    result = run(swarm(num_segments, num_leechers), None, given)
    assert result.is_proven
    return result


def ends_s(result: RunResult) -> list[float | None]:
    """When each leecher was done."""
    return [client.finished_s for client in result.clients[1:]]


@pytest.mark.parametrize("num_segments", [1, 9, 10, 11, 200])
def test_one_seed_and_one_leecher_take_the_time_of_all_segments(num_segments: int) -> None:
    assert timed(num_segments, 1).makespan_s == num_segments


@pytest.mark.parametrize(("num_segments", "num_rounds"), [(1, 1), (9, 1), (10, 1), (11, 2), (200, 20)])
def test_and_with_delay_that_of_all_messages_in_a_row(num_segments: int, num_rounds: int) -> None:
    """A list and a connection count each round, a question and an answer each; the barrier's signal, and the end."""
    num_messages = 1 + num_rounds * 4 + num_segments * 2 + 1
    assert timed(num_segments, 1, DELAY_S).makespan_s == num_segments + num_messages * DELAY_S


@pytest.mark.parametrize("num_segments", [1, 10, 25])
def test_two_leechers_in_step_take_turns_at_the_seed(num_segments: int) -> None:
    """Neither ever has what the other one misses."""
    result = timed(num_segments, 2)
    assert ends_s(result) == [2 * num_segments - 1, 2 * num_segments]
    assert [client.num_uploaded for client in result.clients] == [2 * num_segments, 0, 0]


@pytest.mark.parametrize("num_leechers", [1, 3, 8])
def test_a_server_alone_sends_everything_itself(num_leechers: int) -> None:
    result = timed(6, num_leechers, strategy="seeds-only")
    assert result.makespan_s == 6 * num_leechers


def test_who_comes_one_and_a_half_segments_later_gets_all_from_the_first() -> None:
    result = timed(30, 2, arrivals_s=(0.0, 0.0, 0.0, 1.5))
    assert ends_s(result) == [30.0, 31.5]
    assert [client.num_uploaded for client in result.clients] == [30, 30, 0]


class FromWhoeverHasLeast:
    """Each segment from whoever holds it and else the least of what is missing here, at the end from who came last."""

    def run_round(self, round: Round) -> None:
        while round.is_open:
            held = {rank: round.ask_holdings(rank) for rank in (*round.peers, *round.seeds)}
            holders = [rank for rank, segments in held.items() if round.first_missing in segments]
            with round.connect(min(holders, key=lambda rank: (len(held[rank]), -rank))) as connection:
                connection.take()


@pytest.mark.parametrize("num_leechers", [2, 3, 7])
def test_in_a_chain_each_is_one_and_a_half_segments_behind(num_leechers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So each has the next segment when the one after it asks, and every line is busy with one client alone."""
    monkeypatch.setitem(STRATEGIES, "chain", FromWhoeverHasLeast)
    arrivals_s = (0.0, 0.0, *(1.5 * place for place in range(num_leechers)))
    result = timed(20, num_leechers, strategy="chain", arrivals_s=arrivals_s)
    assert ends_s(result) == [20 + 1.5 * place for place in range(num_leechers)]
    assert [client.num_uploaded for client in result.clients] == [20] * num_leechers + [0]


class OneSeedForEach:
    """Of those that come at once, the n-th is told of n others, and takes the segment from the n-th seed."""

    def run_round(self, round: Round) -> None:
        with round.connect(round.seeds[len(round.peers)]) as connection:
            connection.take_until_miss()


@pytest.mark.parametrize("num_leechers", [1, 2, 3, 4, 7, 8, 31, 100, 1_000])
def test_equal_uplinks_double_the_holders_of_one_segment_in_each_round(
    num_leechers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round is the list, the segment, and the word that it is there. Then as many come as there are seeds."""
    monkeypatch.setitem(STRATEGIES, "doubling", OneSeedForEach)
    round_s = 2 * DELAY_S + (2 * DELAY_S + 1) + DELAY_S
    arrivals_s = (0.0, 0.0, *(floor(log2(number)) * round_s for number in range(1, num_leechers + 1)))
    options = {"strategy": "doubling", "arrivals_s": arrivals_s, "numwant": num_leechers + 1}

    result = timed(1, num_leechers, DELAY_S, **options)

    num_rounds = 1 + floor(log2(num_leechers))
    assert result.makespan_s == DELAY_S + num_rounds * round_s
    bound = lower_bound(swarm(1, num_leechers).clients, Network.uniform(num_leechers + 2, up=100.0, segment_bytes=100))
    assert bound is not None
    assert bound.makespan_s == num_rounds


def test_a_fast_origin_serves_as_many_slow_clients_at_once_as_its_line_carries() -> None:
    """The origin needs 1 s for a segment and each client 8: the first goes to client n at n, and one more every 8 s."""
    network = Network((None, 100.0, *[None] * 8), (None, None, *[12.5] * 8), segment_bytes=100, delay_s=0.0)
    result = timed(5, 8, network=network, strategy="seeds-only")
    assert ends_s(result) == [5 * 8.0 + place for place in range(8)]


def test_a_link_between_zones_is_shared() -> None:
    """Each segment has it for 2 s, whoever it is for."""
    zones = (Zone("here", (1,)), Zone("there", (2, 3)))
    link = Link(("here", "there"), bytes_per_s=50.0)
    network = Network((None, *[100.0] * 3), (None,) * 4, 100, 0.0, zones, (link,))
    result = timed(12, 2, network=network)
    assert ends_s(result) == [2 * 2 * 12 - 2, 2 * 2 * 12]
