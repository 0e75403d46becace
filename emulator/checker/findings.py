"""What the checker has against a run."""

from collections import Counter

import msgspec

from emulator.checker.rules import Rule

LONGEST_QUOTE = 80
MOST_KEPT = 20
"""Violations of one rule that are kept; more are only counted."""


class Violation(msgspec.Struct, frozen=True):
    """One breach of a rule: what was done, in which lines of the trace, and what should have happened."""

    rule: str
    steps: tuple[str, ...]
    text: str
    expected: str
    lines: tuple[int, ...]


class Findings:
    """All violations so far, by rule."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: dict[str, list[Violation]] = {}

    def add(self, rule: Rule, lines: tuple[int, ...], text: str, expected: str) -> None:
        """`lines` is the evidence, the offending line last; lines that are not known are 0 and left out."""
        self.counts[rule.name] += 1
        kept = self.kept.setdefault(rule.name, [])
        if len(kept) < MOST_KEPT:
            evidence = tuple(dict.fromkeys(line for line in lines if line))
            kept.append(Violation(rule.name, rule.steps, text, expected, evidence))


def shown(message: object) -> str:
    """A message as a violation quotes it; the number of a question is left out where its sender gives it none."""
    return repr(message).replace(", request=0)", ")").replace("(request=0)", "()")[:LONGEST_QUOTE]
