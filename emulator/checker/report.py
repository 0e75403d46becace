"""The verdicts: what the findings of a run say about each rule, and about the whole."""

from typing import Literal

import msgspec

from emulator.checker.findings import Violation
from emulator.checker.known import Known
from emulator.checker.rule import MESSAGES, Phase, Rule
from emulator.checker.waits import Wait
from emulator.strategies import STRATEGIES

Verdict = Literal["valid", "invalid", "unknown", "not exercised"]
Outcome = Literal["complete", "cut", "hung"]
FILE_MARK = ".py:"
"""In the name of a strategy of one's own: `path/to/mine.py:Name`."""
CUT = "the trace ends before the run did"


class RuleVerdict(msgspec.Struct, frozen=True):
    """What the checker says about one rule."""

    rule: str
    steps: tuple[str, ...]
    text: str
    verdict: Verdict
    num_violations: int
    """How many causes: each of them is one violation, with how often it was found."""
    violations: tuple[Violation, ...]
    reason: str = ""
    """Why it is unknown, or was not exercised."""


class Report(msgspec.Struct, frozen=True):
    """What the checker says about a trace."""

    verdict: Verdict
    """Invalid if one rule is; else unknown if one is; else not exercised if a rule is that this run had to exercise;
    else valid.
    """
    rules: tuple[RuleVerdict, ...]
    num_events: int
    is_cut: bool
    """Whether the trace ends before the run did."""
    end: str
    """How the trace ends, in words."""
    outcome: Outcome = "complete"
    """Hung where the trace is cut, every client that is alive waits, and nothing is on its way to any of them."""
    waits: tuple[Wait, ...] = ()
    """Where the trace is cut: the clients that wait at its end."""

    @property
    def exit_status(self) -> int:
        return {"valid": 0, "invalid": 1, "unknown": 3, "not exercised": 3}[self.verdict]


class Evidence:
    """What a run has shown, as far as the verdicts of its rules depend on it."""

    def __init__(self, known: Known, *, is_cut: bool) -> None:
        self.known = known
        self.is_cut = is_cut
        self.seen = known.seen
        """Kinds of events and messages, and other occasions of rules, that occur."""
        self.recorded = known.seen | set(known.header.events or ())
        """Kinds of events that the program records, by its own word or by what occurs."""
        self.violations = known.findings.all(known.course.left_out())
        self._is_segment_wanted = known.is_segment_wanted()

    def missing(self, rule: Rule) -> frozenset[str]:
        """Kinds without which nothing can be said about the rule. A program may record kinds of events that do not
        occur, but no run is without messages.
        """
        return frozenset(rule.needs - self.recorded | (rule.needs & MESSAGES) - self.seen)

    def has_to_exercise(self, rule: Rule) -> bool:
        """Whether a right run of these clients exercises the rule."""
        if self.known.course.leaves_out(rule) or (rule.is_strategy and not self.known.is_peers_first):
            return False
        match rule.due:
            case "always":
                return True
            case "segments":
                return self._is_segment_wanted
            case "choices":
                return self._is_segment_wanted and self.known.is_peers_first
            case "sometimes":
                return False

    def is_settled(self, phase: Phase) -> bool:
        """Whether the run has got so far that nothing after it can break the rules of this phase."""
        known = self.known
        clients = list(known.alive())
        if known.num_silent or not clients:
            return False
        match phase:
            case "first barrier":
                return all(client.barriers[1] for client in clients)
            case "second barrier":
                return all(client.barriers[2] for client in clients)
            case "finished":
                return all(client.rank in known.told_finished for client in clients)
            case "end":
                return False


def judge(rule: Rule, evidence: Evidence) -> RuleVerdict:
    """The verdict on one rule."""
    missing = evidence.missing(rule)
    violations = tuple(found for found in evidence.violations if found.rule == rule.name)
    if violations and not missing & MESSAGES:  # else what was found may come from what is not there
        return RuleVerdict(rule.name, rule.steps, rule.text, "invalid", len(violations), violations)
    verdict, reason = _without_violations(rule, evidence, missing)
    return RuleVerdict(rule.name, rule.steps, rule.text, verdict, 0, (), reason)


def _without_violations(rule: Rule, evidence: Evidence, missing: frozenset[str]) -> tuple[Verdict, str]:
    known = evidence.known
    left_out = known.course.leaves_out(rule)
    is_exercised = bool(rule.occasions & evidence.seen)
    if left_out:
        return "not exercised", f"the course leaves it out: {left_out}"
    if rule.is_strategy and not known.is_peers_first:
        return _of_another_strategy(known.header.strategy)
    if missing & MESSAGES or (missing and (is_exercised or evidence.is_cut)):
        return "unknown", f"the trace has no {' and no '.join(sorted(missing))} events"
    if evidence.is_cut and not (is_exercised and evidence.is_settled(rule.settled)):
        return "unknown", CUT
    if is_exercised:
        return "valid", ""
    if evidence.has_to_exercise(rule):
        return "not exercised", "a run of these clients has to, and this one did not"
    return "not exercised", "this run gave no occasion for it"


def _of_another_strategy(strategy: str) -> tuple[Verdict, str]:
    """A header is not believed: a name that the checker does not know excuses nothing, and proves nothing."""
    if strategy in STRATEGIES or FILE_MARK in strategy:
        return "not exercised", f"the strategy {strategy!r:.60} chooses in its own way"
    known = ", ".join(STRATEGIES)
    return "unknown", f"the header's strategy {strategy!r:.60} is none of: {known}; --course can name the right one"


def verdict_of(verdicts: tuple[RuleVerdict, ...], due: frozenset[str]) -> Verdict:
    """The verdict on the whole; `due` are the rules that the run had to exercise."""
    said = {judged.verdict for judged in verdicts}
    for verdict in ("invalid", "unknown"):
        if verdict in said:
            return "invalid" if verdict == "invalid" else "unknown"
    is_lacking = any(judged.verdict == "not exercised" and judged.rule in due for judged in verdicts)
    return "not exercised" if is_lacking else "valid"
