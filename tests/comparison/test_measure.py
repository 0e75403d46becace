"""What is measured in a run, against cases that a person can compute, and against what every run must show."""

from math import ceil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.comparison.grid import Job
from emulator.comparison.measure import MAX_TIMES, Row, measure, quantile, some_of
from emulator.comparison.measures import BY_NAME
from emulator.comparison.subjects import Subject
from emulator.protocol.round import Round
from emulator.scenario.plan_network import NetworkFlags
from emulator.strategies import STRATEGIES
from tests.comparison.made import job

SECOND = NetworkFlags(up=100.0, segment_bytes=100, delay_s=0.25)
"""A segment takes a second, and every message a quarter more."""


def test_one_seed_and_one_leecher_are_measured_as_they_are_computed() -> None:
    row = measure(job(subject=Subject(num_clients=2, num_seeds=1, num_segments=3, lines=SECOND)))
    # Barrier 2, swarm request and answer, connection count and its answer: 5 delays. A request and a segment: 2 delays
    # and a second, three times. That it has finished: 1 delay.
    makespan_s = 5 * 0.25 + 3 * (2 * 0.25 + 1) + 0.25
    assert row == Row(
        job=row.job,
        num_clients=2,
        is_proven=True,
        makespan_s=makespan_s,
        bound_s=3.0,
        bound="rounds",
        num_leechers=1,
        num_done=1,
        times_s=(makespan_s,),
        p50_s=makespan_s,
        p95_s=makespan_s,
        p99_s=makespan_s,
        segment_bytes=100,
        num_segments=3,
        num_from_origin=3,
        num_cross_zone=None,
        num_wasted=0,
        jain_index=0.5,
        num_misses=0,
        # To the tracker: 2 × (files, wants, finished), a swarm request, the file completed. From it: 2 × (two barriers,
        # metadata, stop), a swarm answer. Between the clients: a count, three segments, with their answers; a close.
        num_messages=8 + 9 + 9,
        num_tracker_messages=8,
    )


def test_a_row_survives_being_written_and_read() -> None:
    row = measure(job())
    assert msgspec.json.decode(msgspec.json.encode(row), type=Row) == row


class Race:
    """A strategy that asks all seeds for every segment."""

    def run_round(self, round: Round) -> None:
        while round.is_open and round.race(round.first_missing, round.seeds) is not None:
            pass


def test_what_was_sent_and_not_needed_is_wasted_and_costs_the_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "race", Race)
    row = measure(job(strategy="race", subject=Subject(num_clients=5, num_seeds=3, num_segments=6)))
    assert (row.num_segments, row.num_wasted, row.num_from_origin) == (12, 24, 36)


PLAN = """\
{faults}
[swarm]
clients = 4
owners = 1
files = 1
segments = 8

[network]
up = "1 MB/s"

[[zones]]
name = "here"
clients = "1-2"

[[zones]]
name = "there"
clients = "3-4"
"""


def plan(folder: Path, faults: str = "", more: str = "") -> Subject:
    path = folder / "plan.toml"
    path.write_text(PLAN.format(faults=faults) + more)
    return Subject(scenario=str(path))


def test_segments_that_go_from_zone_to_zone_are_counted(tmp_path: Path) -> None:
    row = measure(job(subject=plan(tmp_path)))
    # Client 1 is the only one that anybody can get a first segment from; two others are in the other zone.
    assert row.num_cross_zone is not None
    assert 8 <= row.num_cross_zone <= 16
    assert row.num_segments == 24


def test_completion_times_count_from_each_ones_arrival(tmp_path: Path) -> None:
    arrivals = '\n[arrivals]\nkind = "flash-crowd"\nat_s = 50\nclients = "4"\n'
    row = measure(job(subject=plan(tmp_path, more=arrivals)))
    assert row.makespan_s is not None
    assert row.makespan_s > 50
    assert max(row.times_s) < 10
    assert row.bound_s is not None
    assert row.bound_s >= 50


def test_where_a_client_never_has_everything_there_is_no_makespan(tmp_path: Path) -> None:
    row = measure(job(subject=plan(tmp_path, faults='faults = ["kill client 3 after 2 segments"]')))
    assert not row.is_proven
    assert (row.makespan_s, row.num_leechers, row.num_done) == (None, 3, 2)
    assert row.p50_s == row.times_s[1]
    assert (row.p95_s, row.p99_s) == (None, None)


LOST = """\
faults = ["kill client 1 at 20%"]
[swarm]
clients = 30
owners = 1
files = 1
segments = 20

[network]
up = "1 MB/s"
"""
"""The only owner dies, and all others give the file up: they are through before anybody could have it."""


@pytest.mark.parametrize("strategy", ["peers-first", "swift"])
def test_who_gives_a_file_up_is_not_done_and_the_run_has_no_makespan(tmp_path: Path, strategy: str) -> None:
    (tmp_path / "plan.toml").write_text(LOST)
    row = measure(job(strategy=strategy, subject=Subject(scenario=str(tmp_path / "plan.toml"))))
    assert not row.is_proven
    assert (row.makespan_s, row.num_leechers, row.num_done, row.times_s) == (None, 29, 0, ())
    assert (row.p50_s, row.p95_s, row.p99_s) == (None, None, None)
    assert row.num_segments > 0
    shown = {name: BY_NAME[name].value(row) for name in ("makespan_s", "times_bound", "tracker_messages_per_s")}
    assert shown == {"makespan_s": None, "times_bound": None, "tracker_messages_per_s": None}


def test_who_died_after_it_had_everything_was_done(tmp_path: Path) -> None:
    late = 'faults = ["pause client 2 after 2 segments for 100s", "kill client 3 at 50s"]'
    row = measure(job(subject=plan(tmp_path, faults=late)))
    assert (row.is_proven, row.num_done) == (True, 3)
    assert row.makespan_s == row.times_s[-1] > 99


@given(st.lists(st.floats(0, 1e6), max_size=50), st.integers(0, 50), st.integers(1, 100))
def test_a_quantile_is_the_least_time_within_which_so_many_were_done(
    times_s: list[float], num_never: int, percent: int
) -> None:
    ordered, num = sorted(times_s), len(times_s) + num_never
    found = quantile(ordered, num, percent)
    needed = ceil(num * percent / 100)
    enough = [time_s for time_s in ordered if sum(other <= time_s for other in ordered) >= needed]
    assert found == (enough[0] if num and enough else None)


def test_of_many_times_the_first_and_the_last_and_some_between_are_kept() -> None:
    assert some_of([1.0, 2.0]) == (1.0, 2.0)
    kept = some_of([float(number) for number in range(100_001)])
    assert len(kept) == MAX_TIMES
    assert kept == tuple(float(number) for number in range(0, 100_001, 100))


def test_a_tick_is_called_in_long_runs() -> None:
    ticks: list[None] = []
    measure(job(subject=Subject(num_clients=60, num_seeds=1, num_segments=20)), lambda: ticks.append(None))
    assert ticks


# What every strategy must show


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    num_seeds = draw(st.integers(1, 3))
    return Subject(
        num_clients=num_seeds + draw(st.integers(1, 8)),
        num_seeds=num_seeds,
        num_segments=draw(st.integers(1, 15)),
        lines=NetworkFlags(
            up=draw(st.sampled_from([None, 10.0, 100.0])),
            down=draw(st.sampled_from([None, 5.0, 50.0])),
            segment_bytes=10,
            delay_s=draw(st.sampled_from([0.0, 0.001, 1.0])),
        ),
        quota=draw(st.sampled_from([None, 1, 4])),
    )


@given(subjects(), st.sampled_from(sorted(STRATEGIES)), st.integers(0, 3))
def test_no_strategy_beats_the_bound(subject: Subject, strategy: str, rng_seed: int) -> None:
    row = measure(Job(subject=subject, strategy=strategy, rng_seed=rng_seed))
    assert row.is_proven
    assert row.makespan_s is not None
    assert row.makespan_s >= (row.bound_s or 0.0) * (1 - 1e-9)
    assert row.num_segments == row.num_leechers * subject.num_segments
    assert row.num_segments + row.num_wasted >= row.num_from_origin >= subject.num_segments
    assert list(row.times_s) == sorted(row.times_s)


class SeedsOnly:
    """A strategy that asks nobody else: clients and a server."""

    def run_round(self, round: Round) -> None:
        with round.connect(round.random.choice(round.seeds)) as visit:
            visit.take_until_miss()


class LeastBusy:
    """A strategy that takes any segment from the least busy of a few that have something."""

    def run_round(self, round: Round) -> None:
        while round.is_open:
            others = [*round.seeds, *round.peers]
            asked = round.random.sample(others, min(6, len(others)))
            counts = {other: count for other in asked if (count := round.count_connections(other)) is not None}
            for other in sorted(counts, key=counts.__getitem__):
                if segments := round.ask_holdings(other):
                    with round.connect(other) as visit:
                        visit.take(round.random.choice(sorted(segments)))
                    break
            else:
                return


def test_the_same_run_has_the_same_row_and_another_rng_seed_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "swarm", LeastBusy)
    subject = Subject(num_clients=9, num_seeds=1, num_segments=20)
    one, again, other = (measure(job(rng_seed, "swarm", subject)) for rng_seed in (3, 3, 4))
    assert one == again
    assert one.times_s != other.times_s


def makespan_s(strategy: str, num_leechers: int) -> float:
    row = measure(job(strategy=strategy, subject=Subject(num_clients=num_leechers + 1, num_seeds=1, num_segments=20)))
    assert row.makespan_s is not None
    assert row.makespan_s > (row.bound_s or 0.0)
    return row.makespan_s


def test_a_server_alone_takes_as_much_longer_as_there_are_more_clients_and_a_swarm_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(STRATEGIES, "server", SeedsOnly)
    monkeypatch.setitem(STRATEGIES, "swarm", LeastBusy)
    assert makespan_s("server", 64) / makespan_s("server", 8) == pytest.approx(8, rel=0.02)
    assert makespan_s("swarm", 64) / makespan_s("swarm", 8) < 3
    assert makespan_s("swarm", 8) < makespan_s("server", 8)
