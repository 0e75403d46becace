"""The summary of a comparison: pure functions from it to what rich prints, and a bar while it lasts."""

from collections.abc import Callable, Iterator, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from emulator.comparison import compare
from emulator.comparison.compare import Cell, Comparison, Judgement, judgements
from emulator.comparison.grid import Grid, Job
from emulator.comparison.intervals import MIN_MEASUREMENTS
from emulator.comparison.measures import BY_NAME, Measure
from emulator.view.progress import make_bar
from emulator.view.text import index, plural, printable, seconds

JUDGED = ("makespan_s", "p50_s", "num_from_origin", "num_cross_zone", "messages_per_segment")
"""Measures that have a verdict here; `--json` has the verdicts on all."""
TIMES = (("times_bound", "÷ bound"), ("p50_s", "50 %"), ("p95_s", "95 %"), ("p99_s", "99 %"))
COSTS = (
    ("num_from_origin", "from\norigin"),
    ("num_cross_zone", "cross\nzones"),
    ("num_wasted", "wasted"),
    ("jain_index", "even-\nness"),
    ("misses_per_segment", "misses /\nsegment"),
    ("messages_per_segment", "messages\n/ segment"),
    ("tracker_messages_per_s", "tracker\nmess. / s"),
)
MAX_FAILURES = 10


class BarView(compare.Progress):
    """A bar that grows with every run that ends."""

    def __init__(self, console: Console) -> None:
        self._bar = make_bar(console)
        self._task = self._bar.add_task("runs", start=False)

    def begin(self, num_kept: int, num_runs: int) -> None:
        self._bar.update(self._task, total=num_runs, completed=num_kept)
        self._bar.start_task(self._task)
        self._bar.start()

    def advance(self, job: Job) -> None:
        self._bar.update(self._task, advance=1, description=printable(job.strategy))

    def tick(self) -> None:
        self._bar.refresh()

    def end(self) -> None:
        self._bar.stop()


def what_is_run(grid: Grid) -> str:
    num_swarms = len(grid.subjects())
    runs = f"{len(grid.jobs()):,} runs" if len(grid.jobs()) != 1 else "1 run"
    strategies = "1 strategy" if len(grid.strategies) == 1 else f"{len(grid.strategies)} strategies"
    return f"{strategies} × {plural(num_swarms, 'swarm')} × {plural(grid.repeat, 'rng seed')}: {runs}"


def comparison_summary(comparison: Comparison) -> Iterator[RenderableType]:
    """For each swarm two tables and the verdicts; then what went wrong."""
    for cells in comparison.swarms:
        yield Text()
        yield _title(cells)
        yield Text()
        yield _times_table(cells)
        yield Text()
        yield _costs_table(cells)
        yield Text()
        yield from map(Text, verdict_texts(cells))
    if comparison.grid.repeat < MIN_MEASUREMENTS and len(comparison.grid.strategies) > 1:
        yield Text(
            f"no verdicts: an interval needs {MIN_MEASUREMENTS} runs of each strategy, and there are fewer", style="dim"
        )
    yield from _problems(comparison)


def _title(cells: Sequence[Cell]) -> Text:
    row = cells[0].rows[0]
    bound = f"bound {seconds(row.bound_s)} ({row.bound})" if row.bound_s else "no bound known"
    return Text(f"{plural(row.num_clients, 'client')}, {printable(cells[0].subject.name)} · {bound}", style="bold")


def _table(names: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False)
    table.add_column("strategy", overflow="fold", max_width=24)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _times_table(cells: Sequence[Cell]) -> Table:
    """Medians over the runs, and an interval of the makespan."""
    table = _table(("makespan", "95 % interval", *(title for _, title in TIMES)))
    for cell in cells:
        makespan = cell.estimates.get("makespan_s")
        interval = "–"
        if makespan is not None and makespan.low is not None and makespan.high is not None:
            interval = f"{_time(makespan.low).removesuffix(' s')} – {_time(makespan.high)}"
        rest = (_shown(cell, name) for name, _ in TIMES)
        table.add_row(Text(printable(cell.strategy)), _shown(cell, "makespan_s"), interval, *rest)
    return table


def _costs_table(cells: Sequence[Cell]) -> Table:
    table = _table([title for _, title in COSTS])
    for cell in cells:
        table.add_row(Text(printable(cell.strategy)), *(_shown(cell, name) for name, _ in COSTS))
    return table


def _shown(cell: Cell, name: str) -> str:
    estimate = cell.estimates.get(name)
    if estimate is None:
        return "–"
    return _UNITS[BY_NAME[name].unit](estimate.median)


def figure(value: float) -> str:
    """A number of about three digits."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"


def _time(time_s: float) -> str:
    return seconds(time_s) if time_s < 1000 else f"{time_s:,.0f} s"


_UNITS: dict[str, Callable[[float], str]] = {
    "s": _time,
    "x": figure,
    "segments": lambda value: f"{value:,.0f}",
    "per segment": figure,
    "per s": figure,
    "index": index,
}


def verdict_texts(cells: Sequence[Cell]) -> Iterator[str]:
    """For each measure, the strategy with the smallest median against all others."""
    for name in JUDGED:
        pairs = judgements(cells, BY_NAME[name])
        judged = [pair for pair in pairs if pair.less is pairs[0].less]
        if any(pair.less.estimates[name].low is not None for pair in judged):
            yield _verdict(BY_NAME[name], judged)


def _verdict(measure: Measure, judged: Sequence[Judgement]) -> str:
    certain = [f"{printable(pair.more.strategy)} by {_percent(pair)}" for pair in judged if pair.verdict]
    open = [printable(pair.more.strategy) for pair in judged if not pair.verdict]
    best = printable(judged[0].less.strategy)
    parts = [f"{best} {measure.phrase} than {', '.join(certain)}"] if certain else []
    parts += [f"no verdict between {best} and {', '.join(open)}"] if open else []
    return f"{measure.title}: {'; '.join(parts)}"


def _percent(judged: Judgement) -> str:
    if judged.verdict is None:
        return "–"
    least, most = (_share(share) for share in (judged.verdict.least, judged.verdict.most))
    return f"{least} %" if least == most else f"{least}–{most} %"


def _share(share: float) -> str:
    """In percent, with enough digits to differ from 0 and from 100."""
    if share < 0.01:
        return f"{100 * share:.2g}"
    rest = float(f"{100 * (1 - share):.2g}") if share > 0.99 else round(100 * (1 - share))
    return f"{100 - rest:.6g}"


def _problems(comparison: Comparison) -> Iterator[Text]:
    for cell in comparison.cells:
        num_unproven = len(cell.rows) - cell.num_proven
        if num_unproven:
            where = f"{printable(cell.strategy)}, {plural(cell.num_clients, 'client')}"
            count = (
                f"{num_unproven} of {plural(len(cell.rows), 'run')} {'was' if num_unproven == 1 else 'were'} not proven"
            )
            text = f"{where}: {count}, as wanted files were missing: no makespan and no verdict"
            yield Text(text, style="red")
    for failure in comparison.failures[:MAX_FAILURES]:
        yield Text(f"failed: {printable(str(failure.job))}: {printable(failure.text)}", style="red")
    num_more = len(comparison.failures) - MAX_FAILURES
    if num_more > 0:
        yield Text(f"… and {num_more:,} more (--json has all)", style="dim")
