"""`emulator generate`."""

from pathlib import Path

import pytest

from emulator.scenario.scenario import read_scenario
from tests.commands.calls import call, emulate


def generate(folder: Path, *arguments: str) -> Path:
    done = emulate("generate", "--output", folder, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_a_swarm_can_be_generated_run_and_verified(tmp_path: Path) -> None:
    inputs, output = tmp_path / "in", tmp_path / "out"
    done = emulate(
        "generate", "--clients", "6", "--files", "3", "--segments", "5-30", "--seeds", "2", "--output", inputs
    )
    assert done.returncode == 0
    assert done.stdout == f"6 input files in {inputs}; run them with: emulator --inputs {inputs}\n"
    assert len(list(inputs.iterdir())) == 6
    assert emulate("--inputs", inputs, "--output", output, "--quiet").returncode == 0
    done = emulate("verify", "--inputs", inputs, "--outputs", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"proven: 12 of 12 wanted files are right in {output}"


def test_generate_means_what_its_options_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        "--clients",
        "4",
        "--files",
        "6",
        "--segments",
        "9",
        "--seeds",
        "3",
        "--wants",
        "0.5",
        "--rng-seed",
        "-3",
    ]
    for folder in ("one", "two"):
        assert call(capsys, "generate", *options, "--output", tmp_path / folder)[0] == 0
    one, two = read_scenario(tmp_path / "one"), read_scenario(tmp_path / "two")
    assert one.clients == two.clients
    assert len(one.clients) == 4
    assert {file.num_segments for file in one.files.values()} == {9}
    assert sum(len(client.owned) for client in one.clients) == 18
    assert [len(client.wanted) for client in one.clients] == [
        round((6 - len(client.owned)) / 2) for client in one.clients
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--segments", "a-b"], "argument --segments: 'a-b' is neither a number nor a range such as 20-60"),
        (["--segments", "-5"], "argument --segments: '-5' is neither a number nor a range such as 20-60"),
        (["--segments", "5-"], "argument --segments: '5-' is neither a number nor a range such as 20-60"),
        (["--files", "1_0"], "argument --files: '1_0' is not a whole number of at most 20 digits"),
        (["--wants", "all"], "argument --wants: invalid float value: 'all'"),
    ],
)
def test_wrong_shapes_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    status, out, err = call(capsys, "generate", *arguments, "--output", tmp_path / "in")
    assert (status, out, err) == (2, "", f"emulator generate: {complaint}; see emulator generate --help\n")


def test_impossible_shapes_are_named_one_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(
        capsys, "generate", "--clients", "2", "--seeds", "3", "--wants", "2", "--output", tmp_path / "in"
    )
    assert (status, out) == (2, "")
    assert (
        err
        == "emulator: --seeds 3: give 1 to 2, the number of clients\nemulator: --wants 2.0: give a share from 0 to 1\n"
    )
    assert not (tmp_path / "in").exists()


def test_a_swarm_that_would_fill_the_memory_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = ["--clients", "1000000000", "--files", "1000000000", "--segments", "999999999"]
    status, out, err = call(capsys, "generate", *shape, "--output", tmp_path / "in")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "emulator: --clients: 1,000,000,000 is too many; take at most 100,000",
        "emulator: --files: 1,000,000,000 is too many; take at most 100,000",
        "emulator: --clients × --files: 1,000,000,000,000,000,000 is too many; take at most 10,000,000",
        "emulator: --files × --segments × --seeds: 999,999,999,000,000,000 is too many; take at most 4,000,000",
    ]
    assert not (tmp_path / "in").exists()
