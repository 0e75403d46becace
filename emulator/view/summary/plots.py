"""Pictures of a comparison as SVG and PNG, by matplotlib, which is an extra."""

import io
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.comparison.compare import Cell, Comparison
from emulator.comparison.intervals import Estimate
from emulator.errors import EmulatorError, InputError
from emulator.writing import check_folder, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")
INCHES = (7.0, 4.5)
DOTS_PER_INCH = 120
FAR_APART = 10
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#f0e442")
"""The palette of Okabe and Ito, which most people can tell apart."""


def check_plots(folder: Path) -> None:
    """Raise `EmulatorError` unless matplotlib is there and pictures can be written to the folder."""
    if find_spec("matplotlib") is None:
        raise EmulatorError("plots need the package matplotlib: pip install '.[plots]'")
    check_folder(folder, "--plots")


def write_plots(comparison: Comparison, folder: Path) -> None:
    """Write a picture of the completion times for each swarm, and one of the makespans for each scenario."""
    # Without this, numpy starts threads, and a process with threads cannot fork safely.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import matplotlib

    names: set[str] = set()
    # The same comparison gives the same picture, to the byte. Names are text, not formulas.
    with matplotlib.rc_context({"svg.hashsalt": "emulator", "text.parse_math": False}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a font may lack a letter of a name
        for name, figure in _figures(comparison):
            while name in names:
                name += "-"
            names.add(name)
            _save(figure, folder / name)


def _save(figure: "Figure", path: Path) -> None:
    for ending in FORMATS:
        file = path.with_name(f"{path.name}.{ending}")
        try:
            write_whole(file, _drawn(figure, ending))
        except OSError as error:
            raise InputError([f"{file}: cannot be written ({error.strerror}); choose another --plots"]) from error


def _drawn(figure: "Figure", ending: str) -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format=ending, dpi=DOTS_PER_INCH, metadata={"Date": None} if ending == "svg" else None)
    return drawn.getvalue()


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
    for index, cell in enumerate(cells):
        # Each run counts alike: where only some of its times are kept, they stand for all of them.
        points = sorted(
            (time_s, row.num_done / row.num_leechers / len(row.times_s) / len(cell.rows))
            for row in cell.rows
            for time_s in row.times_s
        )
        times_s, shares = [time_s for time_s, _ in points], list(accumulate(share for _, share in points))
        axes.step(times_s, shares, where="post", label=cell.strategy, color=_colour(index), linewidth=_width(index))
    if row.bound_s:
        axes.axvline(row.bound_s, color="black", linestyle=":", label=f"no makespan is below ({row.bound})")
    axes.set_ylim(0, 1.02)
    _scale(axes.xaxis, axes.set_xscale, [time_s for cell in cells for row in cell.rows for time_s in row.times_s])
    axes.legend()
    return figure


def _makespan_figure(swarms: Sequence[Sequence[Cell]]) -> "Figure":
    """The makespan of each strategy, with its interval, and the bound, against the size of the swarm."""
    figure, axes = _new_figure(swarms[0][0].subject.name, "clients", "makespan [s]")
    measured = [cell for cells in swarms for cell in cells if "makespan_s" in cell.estimates]
    for index, strategy in enumerate(dict.fromkeys(cell.strategy for cells in swarms for cell in cells)):
        found = {cell.num_clients: cell.estimates["makespan_s"] for cell in measured if cell.strategy == strategy}
        sizes = sorted(found)
        medians = [found[size].median for size in sizes]
        axes.plot(sizes, medians, label=strategy, color=_colour(index), linewidth=_width(index), marker="o")
        for size in sizes:
            _draw_interval(axes, size, found[size], _colour(index))
    bounds = sorted((cells[0].num_clients, cells[0].rows[0].bound_s) for cells in swarms if cells[0].rows[0].bound_s)
    if bounds:
        axes.plot(*zip(*bounds, strict=True), color="black", linestyle=":", label="lower bound")
    _scale(axes.yaxis, axes.set_yscale, [cell.estimates["makespan_s"].median for cell in measured])
    sizes = sorted({cells[0].num_clients for cells in swarms})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    axes.legend()
    return figure


def _draw_interval(axes: "Axes", size: int, estimate: Estimate, colour: str) -> None:
    if estimate.low is not None and estimate.high is not None:
        axes.plot((size, size), (estimate.low, estimate.high), color=colour, marker="_")


def _scale(axis: "XAxis | YAxis", set_scale: Callable[[str], None], values: Sequence[float]) -> None:
    """A logarithmic scale if values are far apart; a run without rates and delays takes 0 s, which has no logarithm."""
    if values and min(values) > 0 and max(values) / min(values) > FAR_APART:
        from matplotlib.ticker import LogLocator

        set_scale("log")
        axis.set_minor_locator(LogLocator(subs=(2, 5)))
        axis.set_major_formatter("{x:g}")  # matplotlib's own writes powers as formulas
        axis.set_minor_formatter("{x:g}")


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _width(index: int) -> float:
    """Broad for the first lines: those drawn over them do not hide them."""
    return max(1.2, 5 - 1.2 * index)
