"""A strategy of the user's own: found by its path, and wrong ones told in one line before anything starts."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from emulator.commands.command_line import run_command
from emulator.errors import InputError, WorkerFailed
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.scenario import read_scenario
from emulator.strategies import find_strategy, settled
from tests.conftest import SAMPLES
from tests.engines.swarms import seed_and_leechers

GOOD = """\
import dataclasses
from emulator import Round

@dataclasses.dataclass
class Mine:
    num_rounds: "int" = 0

    def run_round(self, round: Round) -> None:
        self.num_rounds += 1
        with round.connect(round.seeds[0]) as visit:
            visit.take_until_miss()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(GOOD)
    return path


def problem_of(text: str) -> str:
    """What is said of a strategy that will not do."""
    with pytest.raises(InputError) as caught:
        find_strategy(text)
    (problem,) = caught.value.problems
    return problem


def test_each_client_has_an_instance_of_its_own_and_the_file_is_run_once(file: Path) -> None:
    file.write_text(GOOD + f"with open({str(file) + '.log'!r}, 'a') as log:\n    log.write('run ')\n")
    first, second = find_strategy(f"{file}:Mine"), find_strategy(f"{file}:Mine")
    assert type(first) is type(second)
    assert first is not second
    assert Path(f"{file}.log").read_text() == "run "


def test_the_options_have_the_absolute_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    options = Options(strategy="mine.py:Mine")
    assert options.strategy == f"{file}:Mine"
    assert settled("mine.py:Mine") == f"{file}:Mine"
    assert msgspec.structs.replace(options, quota=3).strategy == options.strategy


@pytest.mark.parametrize("text", ["mine.py", "mine:Mine", ":Mine", "mine.py:", "mine.py:My Own", "mine.py:1st"])
def test_what_is_neither_a_name_nor_a_class_in_a_file_is_refused(text: str) -> None:
    assert problem_of(text) == f"strategy {text!r}: give path/to/file.py:Name, where Name is a class in that file"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.py"
    assert problem_of(f"{path}:Mine") == f"{path}: No such file or directory; give the path of the strategy's file"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("class Other: pass\nclass Another: pass", "there is no class 'Mine'; its classes are: Other, Another"),
        ("Mine = 3", "there is no class 'Mine'; it defines no class"),
        ("from dataclasses import Field as Own", "there is no class 'Mine'; it defines no class"),
        ("class Mine: pass", "class 'Mine' has no method run_round(self, round); every strategy needs one"),
    ],
)
def test_a_file_without_the_class_says_which_there_are(file: Path, source: str, problem: str) -> None:
    file.write_text(source)
    assert problem_of(f"{file}:Mine") == f"{file}: {problem}"


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("x = 1\n\n1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("def f():\n    raise ValueError('a\\nb')\nf()\n", 2, "ValueError: a\\nb"),
        ("import sys\nsys.exit(4)\n", 2, "SystemExit: 4"),
        ("import no_such_module\n", 1, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1\nclass Mine\n", 2, "SyntaxError: expected ':'"),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(file: Path, source: str, line: int, problem: str) -> None:
    file.write_text(source)
    assert problem_of(f"{file}:Mine") == f"{file}:{line}: {problem}"


def test_a_class_that_wants_arguments_is_refused(file: Path) -> None:
    file.write_text("class Mine:\n    def __init__(self, n): ...\n    def run_round(self, round): ...\n")
    problem = problem_of(f"{file}:Mine")
    assert problem.startswith(f"{file}: Mine() raises TypeError: ")
    assert problem.endswith("; it must work without arguments")


def test_a_class_that_raises_is_told_with_its_line(file: Path) -> None:
    file.write_text("class Mine:\n    def __init__(self):\n        1 / 0\n    def run_round(self, round): ...\n")
    said = "Mine() raises ZeroDivisionError: division by zero; it must work without arguments"
    assert problem_of(f"{file}:Mine") == f"{file}:3: {said}"


def test_on_the_command_line_it_is_one_line_and_exit_status_2_and_nothing_is_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run_command(
        ["--strategy", f"{tmp_path}/no.py:Mine", "--inputs", str(SAMPLES), "--output", f"{tmp_path}/o"]
    )
    said = f"emulator: {tmp_path}/no.py: No such file or directory; give the path of the strategy's file\n"
    assert (status, *capsys.readouterr()) == (2, "", said)
    assert not (tmp_path / "o").exists()


# What fails in a run

FAILING = """\
class Mine:
    def run_round(self, round):
        self.divide(round)

    def divide(self, round):
        {fault}
"""
FAULTS = [
    ("1 / 0", "D3: {at}: ZeroDivisionError: division by zero"),
    ("raise SystemExit(0)", "D3: {at}: SystemExit: 0"),
    (
        "round.connect(0)",
        "D3: {at}: ValueError: rank 0 is not in this round's list: ask those in round.seeds and round.peers",
    ),
    (
        "round.connect(1).take(12)",
        "D6: {at}: ValueError: segment 12 of 'file1' is not missing: take one of round.missing()",
    ),
    ("sorted([1], key=lambda n: n / 0)", "D3: {at}: ZeroDivisionError: division by zero"),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_a_failure_in_a_run_names_client_thread_step_file_and_line(file: Path, fault: str, said: str) -> None:
    file.write_text(FAILING.format(fault=fault))
    scenario = seed_and_leechers(file.parent / "in")
    with pytest.raises(WorkerFailed) as caught:
        run(scenario, file.parent / "out", Options(strategy=f"{file}:Mine", engine="virtual"))
    assert str(caught.value) == f"client 2 failed in its download thread at {said.format(at=f'{file}:6')}"
    assert "self.divide(round)" in caught.value.traceback or "line 3" in caught.value.traceback


def test_it_is_the_same_on_processes(file: Path) -> None:
    file.write_text(FAILING.format(fault="1 / 0"))
    scenario = seed_and_leechers(file.parent / "in")
    with pytest.raises(WorkerFailed) as caught:
        run(scenario, file.parent / "out", Options(strategy=f"{file}:Mine"))
    where = "client 2 failed in its download thread at D3"
    assert str(caught.value) == f"{where}: {file}:6: ZeroDivisionError: division by zero"


# The example


def test_the_example_runs_as_its_first_line_says(tmp_path: Path) -> None:
    example = SAMPLES / "strategies" / "mine.py"
    command = example.read_text().partition("emulator ")[2].partition('"""')[0].split()
    done = subprocess.run(
        [sys.executable, "-m", "emulator", *command, "--output", tmp_path, "--check", "--quiet"],
        cwd=SAMPLES.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(tmp_path.iterdir())) == len(read_scenario(SAMPLES).expected_outputs())


def test_the_example_is_about_twenty_lines() -> None:
    assert len((SAMPLES / "strategies" / "mine.py").read_text().splitlines()) <= 22


def test_the_documentation_shows_the_example_as_it_is() -> None:
    _, _, source = (SAMPLES / "strategies" / "mine.py").read_text().partition('Peers"""\n\n')
    assert f"```python\n{source}```\n" in (SAMPLES.parent / "docs" / "strategies.md").read_text()
