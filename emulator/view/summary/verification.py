"""The verdict on outputs: pure functions from it to what rich prints."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emulator.scenario.verify import Verification
from emulator.view.summary.rows import MAX_PROBLEMS, MAX_ROWS, left_out
from emulator.view.text import plural, printable


def verification_report(verification: Verification, output: str) -> Iterator[RenderableType]:
    """Every output with its verdict, files that no input asks for, and the verdict on all of it."""
    yield from verification_table(verification)
    yield from unexpected_files(verification)
    yield from verification_summary(verification, output)


def verification_summary(verification: Verification, output: str) -> Iterator[RenderableType]:
    """The verdict on a folder of outputs, and what is wrong with it."""
    wrong = [check for check in verification.outputs if check.verdict != "right"]
    for check in wrong[:MAX_PROBLEMS]:
        detail = f": {check.detail}" if check.detail else ""
        yield Text(printable(f"client{check.client}_{check.file} is {check.verdict}{detail}"), style="red")
    yield from left_out(len(wrong), MAX_PROBLEMS)
    verdict = "proven" if verification.is_proven else "NOT proven"
    style = "bold green" if verification.is_proven else "bold red"
    yield Text.assemble((verdict, style), f": {verification.summary()} in {printable(output)}")


def unexpected_files(verification: Verification) -> Iterator[RenderableType]:
    """A line about files that look like outputs but that no input asks for; nothing if there are none."""
    names = ", ".join(printable(name) for name in verification.unexpected[:3])
    count = len(verification.unexpected)
    if count:
        yield Text(f"{plural(count, 'file')} that no client wants: {names}", style="yellow")


def verification_table(verification: Verification) -> Iterator[RenderableType]:
    """Every output with its verdict, those that are not right first."""
    table = Table(title="Outputs against the inputs", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("client", justify="right")
    table.add_column("file")
    table.add_column("segments", justify="right")
    table.add_column("verdict")
    ordered = sorted(verification.outputs, key=lambda check: check.verdict == "right")
    for check in ordered[:MAX_ROWS]:
        style = "green" if check.verdict == "right" else "red"
        verdict = Text(check.verdict, style=style)
        table.add_row(str(check.client), Text(printable(check.file)), str(check.num_segments), verdict)
    yield table
    yield from left_out(len(ordered))
