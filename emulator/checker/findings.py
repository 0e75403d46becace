"""What the checker has against a run: one violation for each cause, with how often it was found."""

import msgspec

from emulator.checker.rule import Rule


class Violation(msgspec.Struct, frozen=True):
    """One way of breaking a rule: what was done first, in which lines of the trace, and what should have happened."""

    rule: str
    steps: tuple[str, ...]
    text: str
    expected: str
    lines: tuple[int, ...]
    """The evidence, the offending line last. Empty for what never happened and left no line."""
    count: int = 1
    """How often the same cause was found in the whole trace; `text` and `lines` are of the first time."""
    is_earliest: bool = False
    """Whether no other violation of the run comes before this one: what to mend first."""


class _Cause:
    """A violation in the making."""

    __slots__ = ("count", "first")

    def __init__(self, first: Violation, count: int) -> None:
        self.first = first
        self.count = count


class Findings:
    """All violations so far, by rule and cause."""

    def __init__(self) -> None:
        self._causes: dict[str, dict[str, _Cause]] = {}

    def add(
        self, rule: Rule, lines: tuple[int, ...], text: str, expected: str, cause: str = "", count: int = 1
    ) -> None:
        """`lines` is the evidence, the offending line last; lines that are not known are 0 and left out.

        What has the same `cause`, which is `expected` unless it is given, is one violation.
        """
        causes = self._causes.setdefault(rule.name, {})
        found = causes.get(cause or expected)
        if found is None:
            evidence = tuple(dict.fromkeys(line for line in lines if line))
            causes[cause or expected] = _Cause(Violation(rule.name, rule.steps, text, expected, evidence), count)
        else:
            found.count += count

    def replace(self, rule: Rule, cause: str, text: str, expected: str) -> None:
        """Say in other words what was found for a cause, if anything was: it follows from something larger."""
        found = self._causes.get(rule.name, {}).pop(cause, None)
        if found is not None:
            self.add(rule, found.first.lines, text, expected, count=found.count)

    def drop(self, rule: Rule, cause: str) -> None:
        """Forget what was found for a cause: it follows from something that is told."""
        self._causes.get(rule.name, {}).pop(cause, None)

    def all(self, left_out: frozenset[str] = frozenset()) -> tuple[Violation, ...]:
        """All violations, in the order of their lines, but for rules that are left out; the first is the earliest."""
        every = (each for name, causes in self._causes.items() if name not in left_out for each in causes.values())
        violations = sorted((msgspec.structs.replace(each.first, count=each.count) for each in every), key=_line)
        if violations:
            violations[0] = msgspec.structs.replace(violations[0], is_earliest=True)
        return tuple(violations)


def _line(violation: Violation) -> int:
    """What never happened comes last."""
    return violation.lines[-1] if violation.lines else 1 << 62
