"""Judging a run in virtual time: the checker's rules, the outputs, and whether the run ended."""

from emulator.checker.checker import Checker
from emulator.engines.outcome import Outcome
from emulator.engines.virtual.engine import simulate
from emulator.errors import RunError, WorkerDied
from emulator.faults import can_lose_files, killed_ranks
from emulator.protocol.events import AnyEvent, FileNotWritten, FileUnavailable, Restarted
from emulator.protocol.messages import TRACKER
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup
from emulator.storm.cases import Case
from emulator.trace.format import VERSION, Header

MAX_EVENTS = 1_000_000
"""A run with more events is taken to be endless. A small swarm takes hundreds, and up to 100,000 with many losses."""
MAX_EVENTS_A_SEGMENT = 1_000
"""Added for each wanted segment of a given swarm."""
MAX_PROBLEMS = 20


class Ear(Checker):
    """The checker as a run's ear; it keeps in mind which files clients have given up, or could not write."""

    def __init__(self, header: Header, scenario: Scenario) -> None:
        super().__init__(header, scenario.clients)
        self.given_up: set[tuple[int, str]] = set()
        self.not_written: set[tuple[int, str]] = set()

    def event(self, rank: int, thread: str, event: AnyEvent) -> None:
        super().event(rank, thread, event)
        kind = type(event)
        if kind not in (FileUnavailable, FileNotWritten, Restarted):
            return  # the common case, decided first
        if isinstance(event, FileUnavailable):
            self.given_up.add((rank, event.file))
        elif isinstance(event, FileNotWritten):
            self.not_written.add((rank, event.file))
        elif isinstance(event, Restarted):
            self.given_up = {given_up for given_up in self.given_up if given_up[0] != rank}
            self.not_written = {not_written for not_written in self.not_written if not_written[0] != rank}


def judge(case: Case) -> tuple[str, ...]:
    """Run a case in virtual time and return what is wrong with it; empty if it is right."""
    setup = case.setup()
    ear = Ear(_header(setup), setup.scenario)
    try:
        outcome = simulate(setup, ear, _max_events(case, setup.scenario))
    except WorkerDied as error:
        if TRACKER in killed_ranks(setup.faults):
            return _violations(ear, is_cut=True)
        return (str(error),)
    except RunError as error:
        return (str(error), *_violations(ear, is_cut=True))
    return (*_violations(ear, is_cut=False), *_wrong_outputs(setup, ear, outcome))[:MAX_PROBLEMS]


def _max_events(case: Case, scenario: Scenario) -> int:
    return MAX_EVENTS if case.given is None else MAX_EVENTS + MAX_EVENTS_A_SEGMENT * sum(scenario.wanted_segments())


def _header(setup: Setup) -> Header:
    options = setup.options
    return Header(
        format="swarm-trace",
        version=VERSION,
        clients=setup.num_clients,
        strategy=options.strategy,
        quota=options.quota,
        numwant=options.numwant,
        faults=options.faults,
    )


def _violations(ear: Ear, *, is_cut: bool) -> tuple[str, ...]:
    return tuple(f"{violation.text}; {violation.expected}" for violation in ear.violations(is_cut))


def _wrong_outputs(setup: Setup, ear: Ear, outcome: Outcome) -> list[str]:
    """What is wrong with outputs. One may be missing only if its client died, or gave it up as a fault allows."""
    may_be_lost = can_lose_files(setup.faults)
    problems = []
    for rank, file in setup.scenario.expected_outputs():
        is_right = outcome.written[rank].get(file) if rank in outcome.written else None
        if is_right is False:
            problems.append(f"client {rank} has a wrong {file!r}")
        if is_right is None and rank not in outcome.died and (rank, file) not in ear.given_up | ear.not_written:
            problems.append(f"client {rank} has ended without {file!r}, and has not given it up")
        if (rank, file) in ear.given_up and (is_right or not may_be_lost):
            problems.append(f"client {rank} has given {file!r} up, which nothing has taken away")
    return problems
