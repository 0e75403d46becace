"""What a storm came to: pure functions from its outcome to what rich prints."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from emulator.storm.storm import Failure, Outcome
from emulator.view.text import plural, printable

MAX_PROBLEMS = 10


def storm_summary(outcome: Outcome, elapsed_s: float, repeat: str | None) -> Iterator[RenderableType]:
    """One line if all went well; else the failure, and `repeat`, the command that makes it once more."""
    rate = outcome.num_runs / elapsed_s if elapsed_s else 0.0
    runs = f"{plural(outcome.num_runs, 'run')} with {plural(outcome.num_faults, 'fault')} in {elapsed_s:,.1f} s"
    failure = outcome.failure
    if failure is None:
        yield Text.assemble(("all well", "bold green"), f": {runs}, {rate:,.0f} a second")
        return
    yield Text.assemble((f"run {failure.number} fails", "bold red"), f", after {runs}:")
    yield from _problems(failure.problems)
    yield from _smaller(failure)
    yield Text("this runs it once more, and checks it:")
    yield Text(f"  {printable(repeat or '')}")


def _smaller(failure: Failure) -> Iterator[Text]:
    if not failure.shown:
        yield Text("run again, it did not fail: two runs of real processes differ")
        return
    size = f"{plural(failure.case.num_clients, 'client')} and {plural(len(failure.case.faults), 'fault')}"
    is_same = failure.shown == failure.problems
    yield Text(f"made smaller, to {size}, {'the same is wrong' if is_same else 'what is wrong is:'}")
    yield from _problems(() if is_same else failure.shown)


def _problems(problems: Sequence[str]) -> Iterator[Text]:
    for problem in problems[:MAX_PROBLEMS]:
        yield Text(f"  {printable(problem)}")
    if len(problems) > MAX_PROBLEMS:
        yield Text(f"  … and {len(problems) - MAX_PROBLEMS} more", style="dim")
