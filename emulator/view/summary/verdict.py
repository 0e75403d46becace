"""The report of the checker: pure functions from it to what rich prints."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emulator.checker.grade import Grade
from emulator.checker.report import Report, RuleVerdict
from emulator.checker.rules import RULES
from emulator.view.text import plural, printable

STYLES = {"valid": "green", "invalid": "bold red", "unknown": "yellow"}
MAX_SHOWN = 3
"""Violations of one rule; `--json` has more."""
MAX_QUOTE = 200


def shown_lines(report: Report) -> set[int]:
    """The numbers of the lines of the trace that `report_summary` quotes."""
    return {line for judged in report.rules for found in judged.violations[:MAX_SHOWN] for line in found.lines}


def report_summary(
    report: Report, quoted: Mapping[int, str], grade: Grade | None = None, *, is_brief: bool = False
) -> Iterator[RenderableType]:
    """A row a rule, the violations with their lines in `quoted`, and the verdict; in brief, only what is not valid."""
    if not is_brief:
        yield _rule_table(report, grade)
    for judged in report.rules:
        if judged.verdict == "invalid":
            yield from _violations(judged, quoted)
        elif judged.verdict == "unknown" and is_brief:
            yield Text(f"{judged.rule} is unknown: {judged.reason}", style=STYLES["unknown"])
    if grade:
        yield from _not_checked(grade)
    yield _conclusion(report, grade)


def _rule_table(report: Report, grade: Grade | None) -> Table:
    table = Table(title="The rules of the protocol", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("rule", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    if grade:
        table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what must be true", ratio=1)
    for judged in report.rules:
        verdict = judged.verdict + (f" ({judged.num_violations:,})" if judged.num_violations else "")
        text = Text.assemble(judged.text, (f" ({', '.join(judged.steps)})", "dim"))
        if judged.reason:
            text.append(f"\n{judged.reason}", style=STYLES["unknown"])
        points = [_points(grade, judged.rule)] if grade else []
        table.add_row(judged.rule, Text(verdict, style=STYLES[judged.verdict]), *points, text)
    return table


def _points(grade: Grade, rule: str) -> str:
    points = grade.rules.get(rule)
    return f"{points.earned:g}/{points.possible:g}" if points else ""


def _violations(judged: RuleVerdict, quoted: Mapping[int, str]) -> Iterator[Text]:
    shown = judged.violations[:MAX_SHOWN]
    count = plural(judged.num_violations, "violation")
    more = f", the first {len(shown)} of them:" if judged.num_violations > len(shown) else ""
    yield Text.assemble((f"{judged.rule} ({', '.join(judged.steps)})", STYLES["invalid"]), f": {count}{more}")
    for found in shown:
        yield Text(f"  {printable(found.text)}")
        yield Text.assemble("  ", ("instead: ", "dim"), printable(found.expected))
        for line in found.lines:
            yield Text(f"{line:>8}  {_cut(printable(quoted.get(line, '')))}", style="dim")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE] + "…"


def _not_checked(grade: Grade) -> Iterator[Text]:
    """A line for each rule that has points but was not checked: the table has no row for it."""
    needs = {rule.name: "give --inputs" if rule.needs_inputs else "the strategy has its own way" for rule in RULES}
    for name in grade.not_checked:
        text = f"{name} was not checked ({needs[name]}): 0 of {_points_in_words(grade.rules[name].possible)}"
        yield Text(text, style=STYLES["unknown"])


def _points_in_words(points: float) -> str:
    return f"{points:g} point" if points == 1 else f"{points:g} points"


def _conclusion(report: Report, grade: Grade | None) -> Text:
    """`invalid: 24 of 26 rules of the protocol are valid, 2 invalid, over 3,213 events; the trace is complete`."""
    counts = {verdict: sum(judged.verdict == verdict for judged in report.rules) for verdict in STYLES}
    others = "".join(f", {counts[verdict]} {verdict}" for verdict in ("invalid", "unknown") if counts[verdict])
    points = f" · {grade.earned:g} of {_points_in_words(grade.possible)}" if grade else ""
    return Text.assemble(
        (report.verdict, STYLES[report.verdict]),
        f": {counts['valid']} of {plural(len(report.rules), 'rule')} of the protocol are valid{others}, "
        f"over {plural(report.num_events, 'event')}; the trace is {printable(report.end)}{points}",
    )
