"""Pictures of a comparison, by matplotlib, which is an extra: as SVG and as PNG."""

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.comparison.compare import Cell, Comparison
from emulator.errors import EmulatorError, InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")
INCHES = (7.0, 4.5)
DOTS_PER_INCH = 120
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#f0e442")
"""Okabe and Ito's, which most people can tell apart."""


def check_plots(folder: Path) -> None:
    """Raise an error where pictures cannot be made: for want of matplotlib, or of the folder."""
    if find_spec("matplotlib") is None:
        raise EmulatorError("plots need the package matplotlib: pip install '.[plots]'")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError([f"{folder}: cannot be used ({error.strerror}); choose another --plots"]) from error


def write_plots(comparison: Comparison, folder: Path) -> None:
    """Write a picture of the completion times for each swarm, and one of the makespans for each scenario."""
    # Else numpy starts threads, and a process with threads cannot safely fork any more.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import matplotlib

    names: set[str] = set()
    # The same comparison has the same picture, to the byte; and names are text, never formulas.
    with matplotlib.rc_context({"svg.hashsalt": "emulator", "text.parse_math": False}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a font lacks a letter of a name
        for name, figure in _figures(comparison):
            while name in names:
                name += "-"
            names.add(name)
            _save(figure, folder / name)


def _save(figure: "Figure", path: Path) -> None:
    for ending in FORMATS:
        file = path.with_name(f"{path.name}.{ending}")
        try:
            figure.savefig(file, dpi=DOTS_PER_INCH, metadata={"Date": None} if ending == "svg" else None)
        except OSError as error:
            raise InputError([f"{file}: cannot be written ({error.strerror}); choose another --plots"]) from error


def _figures(comparison: Comparison) -> Iterator[tuple[str, "Figure"]]:
    scenarios: dict[str, list[list[Cell]]] = {}
    for cells in comparison.swarms:
        scenarios.setdefault(cells[0].subject.name, []).append(cells)
        size = f"{cells[0].num_clients} clients"
        yield _file_name("completion", cells[0].subject.name, size), _completion_figure(cells)
    for name, swarms in scenarios.items():
        if len(swarms) > 1:
            yield _file_name("makespan", name), _makespan_figure(swarms)


def _file_name(*parts: str) -> str:
    """A name that is safe in every folder."""
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-").lower()[:150]


def _new_figure(title: str, x: str, y: str) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    return figure, axes


def _completion_figure(cells: Sequence[Cell]) -> "Figure":
    """Which share of the clients had everything within which time, over all runs of a strategy."""
    row = cells[0].rows[0]
    title = f"{cells[0].subject.name}, {row.num_clients:,} clients"
    figure, axes = _new_figure(title, "completion time of a client [s]", "share of clients")
    for colour, cell in enumerate(cells):
        # Each run counts alike: where only some of its times are kept, they stand for all of them.
        points = sorted(
            (time_s, row.num_done / row.num_leechers / len(row.times_s) / len(cell.rows))
            for row in cell.rows
            for time_s in row.times_s
        )
        total, shares = 0.0, []
        for _, share in points:
            total += share
            shares.append(total)
        axes.step([time_s for time_s, _ in points], shares, where="post", label=cell.strategy, color=_colour(colour))
    if row.bound_s:
        axes.axvline(row.bound_s, color="black", linestyle=":", label=f"no makespan is below ({row.bound})")
    axes.set_ylim(0, 1.02)
    axes.legend()
    return figure


def _makespan_figure(swarms: Sequence[Sequence[Cell]]) -> "Figure":
    """The makespan of each strategy, with its interval, and the bound, against the size of the swarm."""
    title = swarms[0][0].subject.name
    figure, axes = _new_figure(title, "clients", "makespan [s]")
    found_s: list[float] = []
    for colour, strategy in enumerate(dict.fromkeys(cell.strategy for cells in swarms for cell in cells)):
        found = [
            (cell.num_clients, cell.estimates["makespan_s"])
            for cells in swarms
            for cell in cells
            if cell.strategy == strategy and "makespan_s" in cell.estimates
        ]
        found.sort(key=lambda point: point[0])
        medians = [estimate.median for _, estimate in found]
        found_s += [estimate.low or estimate.median for _, estimate in found]
        below = [median - (estimate.low or median) for median, (_, estimate) in zip(medians, found, strict=True)]
        above = [(estimate.high or median) - median for median, (_, estimate) in zip(medians, found, strict=True)]
        sizes = [size for size, _ in found]
        axes.errorbar(sizes, medians, (below, above), label=strategy, color=_colour(colour), marker="o", capsize=3)
    bounds = sorted((cells[0].num_clients, cells[0].rows[0].bound_s) for cells in swarms if cells[0].rows[0].bound_s)
    if bounds:
        axes.plot(*zip(*bounds, strict=True), color="black", linestyle=":", label="lower bound")
    axes.set_xscale("log")
    if found_s and min(found_s) > 0:  # a run without rates and delays takes no time at all
        axes.set_yscale("log")
    sizes = sorted({cells[0].num_clients for cells in swarms})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    for which in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        which("{x:g}")  # matplotlib's own writes powers as formulas
    axes.legend()
    return figure


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]
