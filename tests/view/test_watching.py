"""Watching can do a run no harm: a view that fails is dropped, and the run goes on to its right end."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from emulator.errors import RunError
from emulator.running.result import RunResult
from emulator.running.run import run
from emulator.scenario.generate import Shape
from emulator.scenario.options import Options
from emulator.trace.records import Record
from tests.conftest import MakeScenario
from tests.engines.swarms import failure_of, leaves_nothing

SMALL = Shape(clients=3, files=2, segments=(10, 10))
LONGER = Shape(clients=3, files=4, segments=(300, 300))


class Failing:
    """An observer that fails in some of its methods, every time that they are called."""

    interval_s: float | None = 0.001
    undo = b""

    def __init__(self, *fails_at: str, error: type[BaseException] = RuntimeError) -> None:
        self._fails_at = fails_at
        self._error = error
        self.calls: list[str] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self._fails_at:
            raise self._error(f"a bug in\n{name}")

    def begin(self) -> None:
        self._called("begin")

    def observe(self, records: Sequence[Record]) -> None:  # noqa: ARG002
        self._called("observe")

    def tick(self) -> None:
        self._called("tick")

    def end(self) -> None:
        self._called("end")


def watched(make_scenario: MakeScenario, tmp_path: Path, observer: Failing, shape: Shape = SMALL) -> RunResult:
    scenario = make_scenario(shape)
    with leaves_nothing(tmp_path / "out"):
        return run(scenario, tmp_path / "out", watch=lambda _: observer)


def told(error: str, name: str) -> str:
    return rf"emulator: the view failed ({error}('a bug in\n{name}')); the run went on without it" + "\n"


@pytest.mark.parametrize("name", ["begin", "observe", "tick", "end"])
def test_a_view_that_fails_is_ended_and_the_run_goes_on(
    make_scenario: MakeScenario, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    observer = Failing(name)
    result = watched(make_scenario, tmp_path, observer, LONGER)
    assert result.is_proven
    assert sum(client.num_from_peers + client.num_from_seeds for client in result.clients) == result.num_segments > 0
    assert observer.calls.count(name) == 1, "it is not asked again"
    assert observer.calls.count("end") == 1
    assert observer.calls[-1] == "end", "nothing is told to a view that has ended"
    assert capfd.readouterr().err == told("RuntimeError", name)


def test_a_view_that_cannot_even_be_ended_is_told_of_by_what_failed_first(
    make_scenario: MakeScenario, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    observer = Failing("observe", "end", error=OSError)
    assert watched(make_scenario, tmp_path, observer).is_proven
    assert observer.calls[-2:] == ["observe", "end"]
    assert capfd.readouterr().err == told("OSError", "observe")


def test_whoever_read_the_output_and_has_gone_is_told_nothing(
    make_scenario: MakeScenario, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert watched(make_scenario, tmp_path, Failing("observe", "end", error=BrokenPipeError)).is_proven
    assert capfd.readouterr().err == ""


def test_a_view_that_works_is_not_told_of(
    make_scenario: MakeScenario, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    observer = Failing()
    assert watched(make_scenario, tmp_path, observer).is_proven
    assert observer.calls[0] == "begin"
    assert observer.calls[-1] == "end"
    assert capfd.readouterr().err == ""


def test_without_a_view_a_run_that_fails_fails_as_it_would_have(
    make_scenario: MakeScenario, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scenario = make_scenario(LONGER)
    (scenario.inputs / "in2.txt").unlink()
    error = failure_of(scenario)
    with pytest.raises(RunError) as caught:
        run(scenario, tmp_path / "out", Options(), lambda _: Failing("begin"))
    assert str(caught.value) == str(error)
    assert capfd.readouterr().err == told("RuntimeError", "begin")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_meant_to_end_the_program_ends_the_run(
    make_scenario: MakeScenario, tmp_path: Path, error: type[BaseException]
) -> None:
    observer = Failing("observe", error=error)
    with pytest.raises(error):
        watched(make_scenario, tmp_path, observer, LONGER)
    assert observer.calls[-1] == "end"
