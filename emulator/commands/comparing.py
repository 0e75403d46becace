"""A comparison, with everything that is said about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.commands.answers import errors_as_json, print_json
from emulator.comparison.compare import Comparison, compare
from emulator.comparison.grid import Grid
from emulator.comparison.tables import facts_of, write_table


@dataclass(frozen=True)
class CompareRequest:
    """What the user asked for."""

    make_grid: Callable[[], Grid]
    """Raises `InputError` for what cannot be compared."""
    results: Path
    num_workers: int
    timeout_s: float | None
    """Of one run, by the clock on the wall."""
    is_json: bool
    table: Path | None
    """Where to write a line for each run."""
    plots: Path | None
    """The folder for pictures."""


def compare_and_tell(request: CompareRequest) -> int:
    """Compare, tell what came of it, and return the exit status. Errors are raised for the caller to tell."""
    with errors_as_json(request.is_json):
        if request.plots is not None:
            from emulator.view.summary.plots import check_plots, write_plots

            check_plots(request.plots)  # before all the work, not after it
        comparison = _compare(request, request.make_grid())
        if request.table is not None:
            write_table(comparison, request.table)
        if request.plots is not None:
            write_plots(comparison, request.plots)
    if request.is_json:
        print_json(facts_of(comparison))
    else:
        _tell(comparison)
    return comparison.exit_status


def _compare(request: CompareRequest, grid: Grid) -> Comparison:
    # rich is imported here only: nothing is drawn in workers.
    from emulator.view.console import make_console
    from emulator.view.summary.comparison import BarView, what_is_run

    if not request.is_json:
        make_console().print(f"{what_is_run(grid)}, results in {request.results}", soft_wrap=True, markup=False)
    console = make_console(is_problem=True)
    shows_bar = console.is_terminal and not console.is_dumb_terminal
    bar = BarView(console) if shows_bar else None
    return compare(grid, request.results, request.num_workers, bar, request.timeout_s)


def _tell(comparison: Comparison) -> None:
    from emulator.view.console import make_console, print_all
    from emulator.view.summary.comparison import comparison_summary

    print_all(make_console(), comparison_summary(comparison))
