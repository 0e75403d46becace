"""Swarms for comparisons: made, from a folder, from a scenario file."""

from pathlib import Path

import pytest

from emulator.comparison.subjects import DEFAULT_UP, Subject, setup_of
from emulator.errors import InputError
from emulator.scenario.plan_network import NetworkFlags
from tests.conftest import SAMPLES

PLAN = """\
[swarm]
clients = 6
files = 1
segments = 8

[network]
up = 5000
delay = "20 ms"

[run]
quota = 4
numwant = 3
"""


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return str(path)


def test_a_made_swarm_has_one_file_that_its_seeds_own_and_all_others_want() -> None:
    swarm = setup_of(Subject(num_clients=7, num_seeds=2, num_segments=9))
    (file,) = swarm.scenario.files.values()
    assert file.num_segments == 9
    assert sum(len(client.owned) for client in swarm.scenario.clients) == 2
    assert [client.wanted for client in swarm.scenario.clients if not client.owned] == [(file.name,)] * 5
    assert swarm.options.engine == "virtual"


def test_where_nothing_is_said_of_lines_uplinks_have_a_rate() -> None:
    for subject in (
        Subject(num_clients=3, num_seeds=1, num_segments=2),
        Subject(scenario=str(SAMPLES), lines=NetworkFlags(delay_s=0.5)),
    ):
        network = setup_of(subject).network
        assert set(network.up[1:]) == {DEFAULT_UP}
        assert set(network.down) == {None}
    assert network.delay_s == 0.5


def test_any_rate_goes_before_the_default() -> None:
    slow = setup_of(Subject(num_clients=3, num_seeds=1, num_segments=2, lines=NetworkFlags(down=7.0)))
    assert set(slow.network.up) == {None}
    assert set(slow.network.down[1:]) == {7.0}


def test_a_scenario_file_says_how_it_is_run_and_flags_go_before_it(plan: str) -> None:
    swarm = setup_of(Subject(scenario=plan))
    assert (len(swarm.scenario.clients), swarm.options.quota, swarm.options.numwant) == (6, 4, 3)
    assert (set(swarm.network.up[1:]), swarm.network.delay_s) == ({5000.0}, 0.02)
    swarm = setup_of(Subject(scenario=plan, num_clients=9, quota=2, lines=NetworkFlags(up=10.0)))
    assert (len(swarm.scenario.clients), swarm.options.quota, swarm.options.numwant) == (9, 2, 3)
    assert (set(swarm.network.up[1:]), swarm.network.delay_s) == ({10.0}, 0.02)


def test_a_folder_can_be_cut_to_its_first_clients() -> None:
    assert len(setup_of(Subject(scenario=str(SAMPLES / "flash-crowd"), num_clients=5)).scenario.clients) == 5


def test_problems_are_told_with_their_place(tmp_path: Path, plan: str) -> None:
    with pytest.raises(InputError, match=r"absent: cannot be read"):
        setup_of(Subject(scenario=str(tmp_path / "absent")))
    Path(plan).write_text(PLAN.replace("quota = 4", "quota = 0"))
    with pytest.raises(InputError, match=r"plan\.toml:11: "):
        setup_of(Subject(scenario=plan, num_clients=5))
