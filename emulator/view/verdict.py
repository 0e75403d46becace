"""What the checker says, for a person."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emulator.trace.checker import Report, RuleVerdict
from emulator.trace.grade import Grade
from emulator.view.text import plural, printable

STYLES = {"valid": "green", "invalid": "bold red", "unknown": "yellow"}
MOST_SHOWN = 3
"""Violations of one rule that are shown; `--json` has more."""


def shown_lines(report: Report) -> set[int]:
    """The numbers of the lines of the trace that `report_summary` quotes."""
    return {line for judged in report.rules for found in judged.violations[:MOST_SHOWN] for line in found.lines}


def report_summary(
    report: Report, quoted: Mapping[int, str], grade: Grade | None = None, *, is_brief: bool = False
) -> Iterator[RenderableType]:
    """A row a rule, every violation with its lines in `quoted`, and the verdict; brief, only what is not valid."""
    if not is_brief:
        yield _rule_table(report, grade)
    for judged in report.rules:
        if judged.verdict == "invalid":
            yield from _violations(judged, quoted)
        elif judged.verdict == "unknown" and is_brief:
            yield Text(f"{judged.rule} is unknown: {judged.reason}", style=STYLES["unknown"])
    counts = {verdict: sum(judged.verdict == verdict for judged in report.rules) for verdict in STYLES}
    rules = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    points = f" · {grade.earned:g} of {grade.possible:g} points" if grade else ""
    yield Text.assemble(
        (report.verdict, STYLES[report.verdict]),
        f": {plural(len(report.rules), 'rule')} of the protocol, {rules}, "
        f"over {plural(report.num_events, 'event')} (the trace is {printable(report.end)}){points}",
    )


def _rule_table(report: Report, grade: Grade | None) -> Table:
    table = Table(title="The rules of the protocol", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("rule", no_wrap=True)
    table.add_column("steps")
    table.add_column("verdict", no_wrap=True)
    if grade:
        table.add_column("points", justify="right")
    table.add_column("what must be true", ratio=1)
    for judged in report.rules:
        verdict = judged.verdict + (f" ({judged.num_violations:,})" if judged.num_violations else "")
        text = Text(judged.text)
        if judged.reason:
            text.append(f" ({judged.reason})", style=STYLES["unknown"])
        points = [f"{grade.points[judged.rule]:g}" if judged.rule in grade.points else ""] if grade else []
        table.add_row(judged.rule, " ".join(judged.steps), Text(verdict, style=STYLES[judged.verdict]), *points, text)
    return table


def _violations(judged: RuleVerdict, quoted: Mapping[int, str]) -> Iterator[RenderableType]:
    count = plural(judged.num_violations, "violation")
    yield Text.assemble((f"{judged.rule} ({', '.join(judged.steps)})", STYLES["invalid"]), f": {count}")
    for found in judged.violations[:MOST_SHOWN]:
        text = Text.assemble(printable(found.text), ("\ninstead: ", "dim"), printable(found.expected))
        yield Padding(text, (0, 0, 0, 2))
        for line in found.lines:
            quote = f"{line:>8}  {printable(quoted.get(line, ''))}"
            yield Text(quote, style="dim", no_wrap=True, overflow="ellipsis")
