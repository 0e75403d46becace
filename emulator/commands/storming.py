"""A storm, with everything that is said about it."""

import os
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.commands.answers import errors_as_json, print_json
from emulator.errors import EmulatorError, InputError
from emulator.scenario.outputs import write_whole
from emulator.storm.storm import Failure, Outcome, Weather, make_storm

MOST_PROBLEMS = 10
LONGEST_RUN_S = 60
"""For the command that runs a failure once more."""


@dataclass(frozen=True)
class StormRequest:
    """What the user asked for."""

    make_weather: Callable[[], Weather]
    """Raises `InputError` for what cannot be."""
    first: int
    num_runs: int | None
    """None for as many as the weather has cases."""
    num_workers: int
    is_json: bool
    failure: Path
    """Where the smallest run that fails is written, if one does."""


def storm_and_tell(request: StormRequest) -> int:
    """Make a storm, tell what came of it, and return the exit status. Errors are raised for the caller to tell."""
    with errors_as_json(request.is_json):
        _check_writable(request.failure)
        weather = request.make_weather()
        num_runs = len(weather.cases) if request.num_runs is None else request.num_runs
        began_s = time.monotonic()
        outcome = _make(request, weather, num_runs)
        elapsed_s = time.monotonic() - began_s
        command = None
        if outcome.failure is not None:
            command = _command(outcome.failure, weather, request.failure)
            _keep(outcome.failure, request.failure)
    if request.is_json:
        print_json(_facts(outcome, elapsed_s, command))
    else:
        _tell(outcome, elapsed_s, command)
    return outcome.exit_status


def _check_writable(path: Path) -> None:
    """Raise `InputError` before all the work rather than after it."""
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError([f"{path}: cannot be written; choose another --failure"])


def _keep(failure: Failure, path: Path) -> None:
    if failure.case.given is not None:
        return  # the command says all of it
    try:
        write_whole(path, failure.case.toml().encode())
    except OSError as error:
        told = f"run {failure.number} fails, and {path} cannot be written: {error.strerror}"
        raise EmulatorError(f"{told}; --rng-seed {failure.number} begins with it") from None


def _make(request: StormRequest, weather: Weather, num_runs: int) -> Outcome:
    # rich is imported here only: nothing is drawn in workers.
    from emulator.view.console import make_console
    from emulator.view.progress import StormBar

    console = make_console(is_problem=True)
    shows_bar = not request.is_json and console.is_terminal and not console.is_dumb_terminal
    return make_storm(weather, request.first, num_runs, request.num_workers, StormBar(console, is_shown=shows_bar))


def _command(failure: Failure, weather: Weather, path: Path) -> str:
    words = ["emulator", *failure.case.arguments(path), "--engine", weather.engine, "--check", "--trace", "storm.jsonl"]
    # What fails because it never ends would do so here, too.
    return shlex.join([*words, "--timeout", str(LONGEST_RUN_S)])


def _facts(outcome: Outcome, elapsed_s: float, command: str | None) -> dict[str, object]:
    facts: dict[str, object] = {
        "num_runs": outcome.num_runs,
        "num_faults": outcome.num_faults,
        "elapsed_s": elapsed_s,
        "exit_status": outcome.exit_status,
    }
    failure = outcome.failure
    if failure is not None:
        facts["failure"] = {
            "run": failure.number,
            "problems": failure.problems,
            "faults": failure.case.faults,
            "shown": failure.shown,
            "command": command,
        }
    return facts


def _tell(outcome: Outcome, elapsed_s: float, command: str | None) -> None:
    from rich.text import Text

    from emulator.view.console import make_console
    from emulator.view.text import plural, printable

    console = make_console()
    rate = outcome.num_runs / elapsed_s if elapsed_s else 0.0
    runs = f"{plural(outcome.num_runs, 'run')} with {plural(outcome.num_faults, 'fault')} in {elapsed_s:,.1f} s"
    failure = outcome.failure
    if failure is None:
        console.print(Text.assemble(("all well", "bold green"), f": {runs}, {rate:,.0f} a second"), soft_wrap=True)
        return
    console.print(Text.assemble(("run ", "bold red"), (f"{failure.number} fails", "bold red"), f", after {runs}:"))
    _list(console.print, failure.problems)
    if failure.shown:
        size = f"{plural(failure.case.num_clients, 'client')} and {plural(len(failure.case.faults), 'fault')}"
        is_same = failure.shown == failure.problems
        console.print(f"made smaller, to {size}, {'the same is wrong' if is_same else 'what is wrong is:'}")
        _list(console.print, () if is_same else failure.shown)
    else:
        console.print("run again, it did not fail: real processes do not do the same twice")
    console.print("this runs it once more, and checks it:")
    console.print(Text(f"  {printable(command or '')}"), soft_wrap=True)


def _list(print_line: Callable[..., None], problems: tuple[str, ...]) -> None:
    from rich.text import Text

    from emulator.view.text import printable

    for problem in problems[:MOST_PROBLEMS]:
        print_line(Text(f"  {printable(problem)}"), soft_wrap=True)
    if len(problems) > MOST_PROBLEMS:
        print_line(Text(f"  … and {len(problems) - MOST_PROBLEMS} more", style="dim"))
