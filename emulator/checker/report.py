"""The verdicts: what the findings of a run say about each rule, and about the whole."""

from typing import Literal

import msgspec

from emulator.checker.findings import Findings, Violation
from emulator.checker.rules import MESSAGES, Rule

Verdict = Literal["valid", "invalid", "unknown"]


class RuleVerdict(msgspec.Struct, frozen=True):
    """What the checker says about one rule."""

    rule: str
    steps: tuple[str, ...]
    text: str
    verdict: Verdict
    num_violations: int
    violations: tuple[Violation, ...]
    """The first of them."""
    reason: str = ""
    """Why it is unknown."""


class Report(msgspec.Struct, frozen=True):
    """What the checker says about a trace."""

    verdict: Verdict
    """Invalid if one rule is, unknown if one is, else valid."""
    rules: tuple[RuleVerdict, ...]
    num_events: int
    is_cut: bool
    """Whether the trace ends before the run did."""
    end: str
    """How the trace ends, in words."""

    @property
    def exit_status(self) -> int:
        return {"valid": 0, "invalid": 1, "unknown": 3}[self.verdict]


class Recorded(msgspec.Struct, frozen=True):
    """Which kinds of events a program records."""

    seen: frozenset[str]
    """Those that occur."""
    promised: frozenset[str]
    """Those that the header names."""

    def __contains__(self, kind: str) -> bool:
        return kind in self.seen or kind in self.promised

    def missing(self, rule: Rule) -> set[str]:
        """Kinds without which nothing can be said about the rule. A program may record kinds of events that do not
        occur, but no run is without messages.
        """
        return {kind for kind in rule.needs if kind not in self or (kind in MESSAGES and kind not in self.seen)}


def judge(rule: Rule, findings: Findings, recorded: Recorded, is_cut: bool) -> RuleVerdict:
    """The verdict on one rule."""
    num = findings.counts[rule.name]
    missing = recorded.missing(rule)
    reason = ""
    if missing:
        reason = f"the trace has no {' and no '.join(sorted(missing))} events"
    elif is_cut:
        reason = "the trace ends before the run did"
    if missing & MESSAGES:
        num = 0  # whatever was found may come from what is not there
    verdict: Verdict = "invalid" if num else "unknown" if reason else "valid"
    violations = tuple(findings.kept.get(rule.name, ())) if num else ()
    return RuleVerdict(rule.name, rule.steps, rule.text, verdict, num, violations, "" if num else reason)


def worst_of(verdicts: tuple[RuleVerdict, ...]) -> Verdict:
    """The verdict on the whole."""
    said = {judged.verdict for judged in verdicts}
    return "invalid" if "invalid" in said else "unknown" if "unknown" in said else "valid"
