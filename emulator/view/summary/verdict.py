"""The report of the checker: pure functions from it to what rich prints."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emulator.checker.findings import Violation
from emulator.checker.grade import Grade
from emulator.checker.report import Report
from emulator.checker.rules import RULES
from emulator.view.text import plural, printable

STYLES = {"valid": "green", "invalid": "bold red", "unknown": "yellow", "not exercised": "dim"}
OTHERS = ("invalid", "unknown", "not exercised")
MAX_VIOLATIONS = 12
"""Violations that are shown, from the earliest on; `--json` has all of them."""
MAX_WAITS = 10
MAX_QUOTE = 200


def shown_lines(report: Report) -> set[int]:
    """The numbers of the lines of the trace that `report_summary` quotes."""
    waits = {wait.line for wait in report.waits[:MAX_WAITS]}
    return waits | {line for found in _in_order(report)[:MAX_VIOLATIONS] for line in found.lines}


def report_summary(
    report: Report, quoted: Mapping[int, str], grade: Grade | None = None, *, is_brief: bool = False
) -> Iterator[RenderableType]:
    """What is wrong, from the earliest cause on, with its lines in `quoted`; who waits where the run was not over; a
    row a rule; and the verdict. Brief, without the rows.
    """
    yield from _violations(report, quoted)
    yield from _waits(report, quoted)
    if is_brief:
        yield from _not_valid(report)
    else:
        yield _rule_table(report, grade)
    if grade:
        yield from _not_earned(grade)
    yield _conclusion(report, grade)


def _in_order(report: Report) -> list[Violation]:
    """All violations, the earliest first, those of what never happened last."""
    found = [violation for judged in report.rules for violation in judged.violations]
    return sorted(found, key=lambda violation: (not violation.is_earliest, not violation.lines, violation.lines[-1:]))


def _not_valid(report: Report) -> Iterator[Text]:
    """The rules that a run could not show."""
    for judged in report.rules:
        if judged.verdict == "unknown" or (judged.verdict == report.verdict == "not exercised"):
            is_unknown = judged.verdict == "unknown"
            verb = "is unknown" if is_unknown else "was not exercised"
            yield Text(f"{judged.rule} {verb}: {judged.reason}", style=STYLES["unknown"])


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


def _violations(report: Report, quoted: Mapping[int, str]) -> Iterator[Text]:
    found = _in_order(report)
    for violation in found[:MAX_VIOLATIONS]:
        often = f", {violation.count:,} times, first" if violation.count > 1 else ""
        earliest = ", the earliest of all: mend this first" if violation.is_earliest and len(found) > 1 else ""
        yield Text.assemble((f"{violation.rule} ({', '.join(violation.steps)})", STYLES["invalid"]), often, earliest)
        yield Text(f"  {printable(violation.text)}")
        yield Text.assemble("  ", ("instead: ", "dim"), printable(violation.expected))
        yield from _quotes(violation.lines, quoted)
    if len(found) > MAX_VIOLATIONS:
        yield Text(f"and {plural(len(found) - MAX_VIOLATIONS, 'violation')} more; --json has them all")


def _quotes(lines: Iterable[int], quoted: Mapping[int, str]) -> Iterator[Text]:
    for line in lines:
        yield Text(f"{line:>8}  {_cut(printable(quoted.get(line, '')))}", style="dim")


def _waits(report: Report, quoted: Mapping[int, str]) -> Iterator[Text]:
    """Who waits for whom at the end of a trace that is not complete."""
    if not report.waits:
        return
    hung = "the run hangs: every client that is alive waits, and nothing is on its way to it"
    yield Text(hung if report.outcome == "hung" else "at the end of the trace these clients wait:", STYLES["unknown"])
    for wait in report.waits[:MAX_WAITS]:
        yield Text(f"  {printable(wait.text)}, since line {wait.line}")
        yield from _quotes((wait.line,), quoted)
    if len(report.waits) > MAX_WAITS:
        yield Text(f"  and {len(report.waits) - MAX_WAITS:,} more; --json has them all")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE] + "…"


def _not_earned(grade: Grade) -> Iterator[Text]:
    """Why points are out of reach where nothing is wrong."""
    needs = {rule.name: "give --inputs" if rule.needs_inputs else "the strategy has its own way" for rule in RULES}
    reasons = {name: f"was not checked ({needs[name]})" for name in grade.not_checked}
    reasons |= dict.fromkeys(grade.not_exercised, "was not exercised by this run")
    for name, reason in reasons.items():
        text = f"{name} {reason}: 0 of {_points_in_words(grade.rules[name].possible)}"
        yield Text(text, style=STYLES["unknown"])


def _points_in_words(points: float) -> str:
    return f"{points:g} point" if points == 1 else f"{points:g} points"


def _conclusion(report: Report, grade: Grade | None) -> Text:
    """`invalid: 24 of 26 rules of the protocol are valid, 2 invalid, over 3,213 events; the trace is complete`."""
    counts = {verdict: sum(judged.verdict == verdict for judged in report.rules) for verdict in STYLES}
    others = "".join(f", {counts[verdict]} {verdict}" for verdict in OTHERS if counts[verdict])
    points = f" · {grade.earned:g} of {_points_in_words(grade.possible)}" if grade else ""
    return Text.assemble(
        (report.verdict, STYLES[report.verdict]),
        f": {counts['valid']} of {plural(len(report.rules), 'rule')} of the protocol are valid{others}, "
        f"over {plural(report.num_events, 'event')}; the trace is {printable(report.end)}{points}",
    )
