"""A run, or a verification, with everything that is said about it."""

import sys
from pathlib import Path
from typing import Literal

import msgspec

from emulator.errors import InputError, RunError
from emulator.options import Options
from emulator.runner import ObserverFactory, RunResult, run
from emulator.scenario.scenario import read_scenario
from emulator.scenario.verify import verify
from emulator.view.text import plural

Manner = Literal["person", "quiet", "json"]


class _Failure(msgspec.Struct):
    """What `--json` says of a run that ended early."""

    error: str
    exit_status: int
    is_proven: bool = False


def run_and_tell(inputs: Path, num_clients: int | None, output: Path, options: Options, manner: Manner) -> int:
    """Run the scenario in `inputs` and return the exit status. Errors are raised for the caller to tell.

    `person` watches it live on a terminal, gets lines where there is none, and a summary; `json` prints the result,
    or the error, as one JSON object.
    """
    if manner == "person":
        return _run_for_person(inputs, num_clients, output, options)
    try:
        result = run(read_scenario(inputs, num_clients), output, options)
    except (InputError, RunError) as error:
        if manner == "json":
            _print_json(_Failure(str(error), error.exit_status))
        raise
    if manner == "json":
        _print_json({**msgspec.to_builtins(result), "is_proven": result.is_proven, "exit_status": result.exit_status})
    elif not result.is_proven:
        raise RunError(f"not proven: {result.verification.summary()} in {result.output}")
    return result.exit_status


def _print_json(value: object) -> None:
    # Imported where it is needed, as for rich; msgspec's own encoder refuses names of files that are not UTF-8.
    import json

    sys.stdout.write(json.dumps(msgspec.to_builtins(value)) + "\n")
    sys.stdout.flush()


def _run_for_person(inputs: Path, num_clients: int | None, output: Path, options: Options) -> int:
    scenario = read_scenario(inputs, num_clients)
    watch: ObserverFactory
    # rich is imported by the views: while the workers start where there is a live view, and not at all for --quiet.
    from emulator.view.console import make_console, print_all
    from emulator.view.live import LineView, LiveView
    from emulator.view.summary import run_summary

    console = make_console()
    wanted = sum(scenario.wanted_segments())
    console.print(
        f"{plural(len(scenario.clients), 'client')} and a tracker, {plural(len(scenario.files), 'file')}, "
        f"{plural(wanted, 'segment')} to get, strategy {options.strategy}",
        highlight=False,
    )
    view = LiveView if console.is_terminal and not console.is_dumb_terminal else LineView
    watch = lambda statistics: view(console, scenario, statistics)  # noqa: E731
    result: RunResult = run(scenario, output, options, watch)
    print_all(console, run_summary(result))
    return result.exit_status


def verify_and_tell(inputs: Path, num_clients: int | None, output: Path, as_json: bool) -> int:
    """Prove the outputs in a folder; the exit status is 0 where every wanted file is right, else 1."""
    scenario = read_scenario(inputs, num_clients)
    if not output.is_dir():
        raise InputError([f"{output}: not a folder; give the folder of the outputs"])
    verification = verify(scenario, output)
    if as_json:
        _print_json({**msgspec.to_builtins(verification), "is_proven": verification.is_proven})
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary import unexpected_files, verification_summary, verification_table

        verdict = verification_summary(verification, str(output))
        print_all(make_console(), [*verification_table(verification), *unexpected_files(verification), *verdict])
    return 0 if verification.is_proven else 1
