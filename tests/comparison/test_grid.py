"""What is compared, and when two runs are the same."""

from pathlib import Path

import msgspec
import pytest

from emulator.comparison import grid as module
from emulator.comparison.grid import Grid, key_of
from emulator.comparison.subjects import Subject, setup_of
from emulator.errors import InputError
from emulator.scenario.generate import Shape
from emulator.scenario.plan_network import NetworkFlags
from tests.comparison.made import grid, job
from tests.conftest import MakeScenario


def test_every_strategy_runs_on_every_swarm_with_every_rng_seed_the_largest_swarms_first() -> None:
    jobs = grid(clients=(4, 9), repeat=2, rng_seed=7).jobs()
    assert [(job.subject.num_clients, job.rng_seed, job.strategy) for job in jobs] == [
        (9, 7, "peers-first"),
        (9, 8, "peers-first"),
        (4, 7, "peers-first"),
        (4, 8, "peers-first"),
    ]


def test_scenarios_take_the_place_of_made_swarms_in_their_own_size_or_in_others() -> None:
    own = grid(scenarios=("a", "b"), clients=())
    assert [(subject.scenario, subject.num_clients) for subject in own.subjects()] == [("a", None), ("b", None)]
    others = grid(scenarios=("a", "b"), clients=(4, 6))
    assert [(subject.scenario, subject.num_clients) for subject in others.subjects()] == [
        *(("a", 4), ("a", 6), ("b", 4), ("b", 6)),
    ]
    assert {subject.num_segments for subject in others.subjects()} == {0}, "what is said of made swarms is not theirs"


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"strategies": ()}, ["--strategies: none to compare; name at least one"]),
        ({"strategies": ("peers-first",) * 2}, ["--strategies: 'peers-first' is there twice"]),
        ({"clients": (4, 9, 4)}, ["--clients: 4 is there twice"]),
        ({"clients": ()}, ["--clients: no swarm to run; give at least one size"]),
        ({"repeat": 0}, ["--repeat 0: makes 0 runs; take 1 to 1,000,000 in all"]),
        ({"repeat": 10**6, "clients": (4, 5)}, ["--repeat 1000000: makes 2,000,000 runs; take 1 to 1,000,000 in all"]),
        ({"num_seeds": 4}, ["--seeds 4: take 1 to 3, fewer than clients"]),
        ({"clients": (5, 100_001)}, ["--clients: 100,001 is too many; take at most 100,000"]),
        ({"num_segments": 0}, ["--segments 0: take 1 to 4,000,000, of all seeds together"]),
        (
            {"num_segments": 2_000_001, "num_seeds": 2},
            ["--segments 2000001: take 1 to 4,000,000, of all seeds together"],
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(fields: dict[str, object], problems: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        grid(**fields)
    assert list(caught.value.problems) == problems


def test_an_unknown_strategy_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"'luck'.*peers-first"):
        Grid(strategies=("luck",), clients=(4,))


def test_the_same_run_has_the_same_key_and_any_other_another() -> None:
    one = job()
    subject = one.subject
    others = [
        job(rng_seed=1),
        *(
            msgspec.structs.replace(one, subject=msgspec.structs.replace(subject, **change))
            for change in (
                {"num_clients": 5},
                {"num_seeds": 2},
                {"num_segments": 4},
                {"quota": 5},
                {"numwant": 5},
                {"lines": NetworkFlags(up=1.0)},
                {"lines": NetworkFlags(delay_s=1.0)},
            )
        ),
    ]
    keys = [key_of(other) for other in (one, *others)]
    assert len(set(keys)) == len(keys)
    assert key_of(job()) == keys[0]


def test_a_run_is_another_one_when_its_inputs_have_changed(make_scenario: MakeScenario) -> None:
    folder = make_scenario(Shape(clients=3, files=1, segments=(2, 2))).inputs
    before = key_of(job(subject=Subject(scenario=str(folder))))
    leecher = next(path for path in folder.iterdir() if path.read_text().startswith("0\n"))
    leecher.write_text("0\n0\n")
    _forget()
    assert key_of(job(subject=Subject(scenario=str(folder)))) != before


def test_a_run_is_another_one_when_a_strategy_of_ones_own_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("class Mine: ...\n")
    before = key_of(job(strategy=f"{file}:Mine"))
    assert key_of(job(strategy=f"{file}:Mine")) == before
    file.write_text("class Mine: pass\n")
    _forget()
    assert key_of(job(strategy=f"{file}:Mine")) != before


def test_a_run_is_another_one_when_the_program_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "protocol").mkdir()
    (tmp_path / "view").mkdir()
    (tmp_path / "protocol" / "tracker.py").write_text("a")
    (tmp_path / "view" / "live.py").write_text("a")
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    _forget()
    before = key_of(job())
    (tmp_path / "view" / "live.py").write_text("b")
    _forget()
    assert key_of(job()) == before, "how results are shown changes none of them"
    (tmp_path / "protocol" / "tracker.py").write_text("b")
    _forget()
    assert key_of(job()) != before
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    """As if by another process."""
    for kept in (module._digest_of_swarm, module._digest_of_program, module._digest_of_files, setup_of):
        kept.cache_clear()
