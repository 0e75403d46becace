"""What a course's version of the protocol leaves out or does in another way."""

from pathlib import Path

import msgspec

from emulator.checker import rules
from emulator.checker.rule import Rule
from emulator.checker.toml import read_table, shown
from emulator.errors import InputError
from emulator.trace.format import Header

ADVICE = "write a table [protocol] with lines such as second-barrier = false"
MAX_NUMBER = 1_000_000


class Course(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True, kw_only=True):
    """The table `[protocol]` of a TOML file. Without a key, the steps of the protocol hold as they are."""

    second_barrier: bool = True
    """Whether clients wait for each other a second time (D2, T4)."""
    close: bool = True
    """Whether a downloader closes its connections (D4, D6, U4)."""
    counts: bool = True
    """Whether seeds are asked how many connections they have (D5, U3)."""
    metadata_by_file: bool = False
    """Whether metadata is asked for file by file, when each is begun, or comes with the swarm list (D1, T3)."""
    seeds_in_peers: bool = False
    """Whether the peers of a swarm list are all ranks that have something, the seeds among them (T6)."""
    quota: int | None = None
    """Segments in a round (D3), whatever the header of the trace says."""
    strategy: str | None = None
    """Who chooses in D4 to D6, whatever the header says."""

    def header(self, header: Header) -> Header:
        """The header as it has to be."""
        quota, strategy = self.quota or header.quota, self.strategy or header.strategy
        return msgspec.structs.replace(header, quota=quota, strategy=strategy)

    def left_out(self) -> frozenset[str]:
        """The names of all rules that it takes away."""
        return frozenset(rule.name for rule in rules.RULES if self.leaves_out(rule))

    def leaves_out(self, rule: Rule) -> str:
        """The key that takes a rule away; empty for one that holds."""
        if not self.second_barrier and rule is rules.SECOND_BARRIER:
            return "second-barrier = false"
        if not self.counts and rule in (rules.THREE_COUNTS, rules.LEAST_CONNECTED, rules.TRUE_COUNT):
            return "counts = false"
        if not self.close and rule in (rules.CLOSED_ONCE, rules.TRUE_COUNT):
            return "close = false"
        return ""


WHOLE_PROTOCOL = Course()


def read_course(path: Path) -> Course:
    """Read a TOML file with a table `protocol`. Raises `InputError`."""
    table = read_table(path, "protocol", ADVICE)
    if not isinstance(table, dict):
        raise InputError([f"{path}: has no table [protocol]; {ADVICE}"])
    known = [field.encode_name for field in msgspec.structs.fields(Course)]
    problems = [f"{path}: unknown key {name!r:.60}; known: {', '.join(known)}" for name in table if name not in known]
    if problems:
        raise InputError(problems)
    try:
        course = msgspec.convert(table, Course)
    except (msgspec.ValidationError, ValueError) as error:
        raise InputError([f"{path}: [protocol]: {error}"]) from None
    if course.quota is not None and not 1 <= course.quota <= MAX_NUMBER:
        raise InputError([f"{path}: quota is {shown(course.quota)}; give a number from 1 to {MAX_NUMBER:,}"])
    return course
