"""A folder or a file, and flags before them, become a scenario and its options."""

import json
from pathlib import Path

import pytest

from emulator.commands.command_line import run_command
from emulator.errors import InputError
from emulator.faults import AtShare, AtTime, Kill, Pause
from emulator.running.prepare import Source, prepare
from emulator.running.run import run_setup
from emulator.scenario.generate import Shape, generate
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.plan_network import NetworkFlags
from emulator.scenario.scenario import Scenario
from tests.conftest import SAMPLES

# One origin and two others; a segment takes a second, the way nothing.
PLAN = """\
faults = ["kill client 3 at 40%"]
[swarm]
clients = 3
owners = 1
files = 1
segments = 4
[network]
up = "1 MB/s"
segment_bytes = "1 MB"
delay = 0
[arrivals]
kind = "flash-crowd"
at_s = 7
[departures]
stays_s = 2
[run]
quota = 3
rng_seed = 5
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


def test_a_folder_is_run_with_the_flags_alone() -> None:
    setup = prepare(Source(inputs=SAMPLES, num_clients=3), {"quota": 4, "numwant": None})
    assert (setup.scenario.inputs, setup.num_clients) == (SAMPLES, 3)
    assert setup.options == Options(quota=4)


def test_flags_of_the_network_make_one_of_the_right_size() -> None:
    setup = prepare(Source(inputs=SAMPLES, network=NetworkFlags(up=9.0, delay_s=0.0)), {})
    assert setup.network == setup.options.network == Network.uniform(6, up=9.0, delay_s=0.0)


def test_a_file_says_everything_and_flags_go_before_it(plan: Path) -> None:
    setup = prepare(Source(plan=plan, network=NetworkFlags(up=5.0)), {"rng_seed": 9, "faults": ()})
    shape = Shape(clients=3, owners=1, files=1, segments=(4, 4))
    assert setup.scenario == Scenario(plan, generate(shape), is_on_disk=False)
    assert setup.options == Options(
        quota=3,
        rng_seed=9,
        network=Network.uniform(4, up=5.0, segment_bytes=1_000_000, delay_s=0.0),
        arrivals_s=(0.0, 0.0, 7.0, 7.0),
        stays_s=2.0,
        faults=("kill client 3 at 40%",),
    )


def test_faults_of_flags_come_on_top_of_those_of_the_file(plan: Path) -> None:
    setup = prepare(Source(plan=plan), {"faults": ("pause client 2 at 1s for 1s",)})
    assert setup.options.faults == ("kill client 3 at 40%", "pause client 2 at 1s for 1s")
    assert setup.faults == (
        Kill(ranks=(3,), when=AtShare(40.0)),
        Pause(ranks=(2,), when=AtTime(1.0), for_s=1.0),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("quota = 3", 'strategy = "luck"', "17: strategy 'luck': unknown; take one of: "),
        ('["kill client 3 at 40%"]', '[\n"kill client 3 at 40%",\n"kill client 4 at 40%"]', "3: '4': there is no"),
    ],
)  # fmt: skip
def test_what_only_a_run_can_find_wrong_with_a_file_is_told_with_its_line_too(
    plan: Path, old: str, new: str, problem: str
) -> None:
    plan.write_text(PLAN.replace(old, new))
    with pytest.raises(InputError) as caught:
        prepare(Source(plan=plan), {})
    assert str(caught.value).startswith(f"{plan}:{problem}")


def test_a_wrong_flag_is_told_before_inputs_are_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="quota 0"):
        prepare(Source(inputs=tmp_path / "none"), {"quota": 0})


def test_a_scenario_file_runs_and_its_swarm_needs_no_folder(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text(PLAN.replace('"kill client 3 at 40%"', ""))
    arguments = ["--scenario", str(plan), "--clients", "2", "--engine", "virtual", "--output", str(tmp_path / "out")]
    assert run_command([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    # The second client comes after 7 s and gets 4 segments of a second each from the only one that has them.
    assert result["makespan_s"] == pytest.approx(11)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "plan.toml"]


def test_a_generated_swarm_runs_on_processes(plan: Path, tmp_path: Path) -> None:
    plan.write_text(PLAN.split("[network]")[0].replace('"kill client 3 at 40%"', ""))
    assert run_setup(prepare(Source(plan=plan), {}), tmp_path / "out").is_proven


def test_flags_lay_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--inputs", str(SAMPLES), "--engine", "virtual", "--output", str(tmp_path), "--json", "--delay", "0"]
    lines = ["--rate", "8 Mbit/s", "--down-rate", "500 kB/s", "--segment-bytes", "1 MB"]
    assert run_command([*arguments, *lines]) == 0
    options = json.loads(capsys.readouterr().out)["options"]["network"]
    assert (options["up"], options["down"]) == ([None, *[1e6] * 5], [None, *[5e5] * 5])
    assert (options["segment_bytes"], options["delay_s"]) == (10**6, 0.0)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rate", "fast"], "argument --rate: 'fast' is not a rate such as 12.5 MB/s or 100 Mbit/s; see "),
        (["--rate", "0"], "argument --rate: '0' is not a rate such as 12.5 MB/s or 100 Mbit/s, from 1e-09 to 1e+24; "),
        (["--segment-bytes", "0"], "argument --segment-bytes: 0 is no whole number from 1 to 1,099,511,627,776; give "),
        (
            ["--delay", "1 day"],
            "argument --delay: '1 day' is not a time such as 20 ms or 1.5 s; the units are us, µs, ",
        ),
        (["--inputs", "a", "--scenario", "b"], "argument --scenario: not allowed with argument --inputs; see "),
    ],
)
def test_wrong_lines_are_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        run_command(arguments)
    assert capsys.readouterr().err.startswith(f"emulator: {complaint}")


def test_a_trace_does_not_take_the_place_of_the_scenario(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run_command(["--scenario", str(plan), "--trace", str(plan), "--quiet", "--engine", "virtual"])
    assert (status, plan.read_text()) == (2, PLAN)
    assert capsys.readouterr().err == f"emulator: {plan}: is the scenario file; choose another --trace\n"
