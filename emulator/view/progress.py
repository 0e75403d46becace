"""Progress bars."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def make_bar(console: Console) -> Progress:
    """A bar that is refreshed by hand: a process with a thread that refreshes it could not fork safely."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class StormBar:
    """A bar that grows with every batch of runs; nothing if it is not shown."""

    def __init__(self, console: Console, *, is_shown: bool) -> None:
        self._bar = make_bar(console) if is_shown else None
        self._task = self._bar.add_task("storm", start=False) if self._bar else None

    def begin(self, num_runs: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=num_runs)
            self._bar.start_task(self._task)
            self._bar.start()

    def advance(self, num_runs: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=num_runs)
            self._bar.refresh()

    def shrinking(self, number: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=f"run {number} fails; making it smaller")
            self._bar.refresh()

    def end(self) -> None:
        if self._bar is not None:
            self._bar.stop()
