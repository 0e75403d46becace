"""Runs of all kinds, held to every rule; and defects in the protocol, which are found."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings

from emulator.engines.virtual.faults import VirtualFaults
from emulator.errors import InputError
from emulator.protocol.beyond.pursuit import Pursuit
from emulator.protocol.beyond.tracker import ExtendedTracker
from emulator.protocol.files import FileMetadata
from emulator.protocol.library import HeldFile
from emulator.protocol.messages import Answer, AnyMessage, Close, Hit, Lost, Miss, Returned
from emulator.protocol.questions import Questions
from emulator.protocol.round import Connection
from emulator.protocol.swarm import SwarmTable
from emulator.protocol.upload import Uploader
from emulator.scenario.generate import Shape
from emulator.scenario.storage import MemoryStorage
from emulator.storm.cases import Case
from emulator.storm.judge import judge
from emulator.storm.weather import Weather
from emulator.strategies import STRATEGIES
from tests.storm.drawn import cases, tell

ALL = tuple(STRATEGIES)
NUM_RUNS, NUM_WITHOUT_FAULTS = 3_000, 400
"""Of the same numbers each time."""
MAX_RUNS = 600
"""Until a defect is found."""


DEEP = settings(max_examples=4 * settings().max_examples)


@DEEP
@given(cases())
@example(Case(faults=("kill client 1 at 0s",)))
def test_no_run_breaks_a_rule(case: Case) -> None:
    tell(case)
    assert Weather(strategies=ALL).judge(case) == ()


@given(cases(most_faults=0))
def test_where_nothing_goes_wrong_every_run_comes_to_its_end(case: Case) -> None:
    tell(case)
    assert Weather(strategies=ALL).judge(case) == ()


def first_failure(num_runs: int, *, first: int = 0, has_faults: bool = True) -> tuple[int, tuple[str, ...]] | None:
    weather = Weather(strategies=ALL, has_faults=has_faults)
    for number in range(first, first + num_runs):
        problems = weather.judge(weather.case(number))
        if problems:
            return number, problems
    return None


@pytest.mark.parametrize(("num_runs", "has_faults"), [(NUM_RUNS, True), (NUM_WITHOUT_FAULTS, False)])
def test_a_storm_finds_nothing(num_runs: int, has_faults: bool) -> None:
    assert first_failure(num_runs, has_faults=has_faults) is None


# Defects

Break = Callable[[pytest.MonkeyPatch], None]
DEFECTS: list[Break] = []


def defect(change: Break) -> Break:
    DEFECTS.append(change)
    return change


@defect
def the_tracker_waits_for_the_dead(patch: pytest.MonkeyPatch) -> None:
    lose = ExtendedTracker._lose
    patch.setattr(ExtendedTracker, "_lose", lambda self, client, _is_coming_back: lose(self, client, True))


@defect
def the_tracker_does_not_wait_for_those_who_come_back(patch: pytest.MonkeyPatch) -> None:
    lose = ExtendedTracker._lose
    patch.setattr(ExtendedTracker, "_lose", lambda self, client, _is_coming_back: lose(self, client, False))


@defect
def the_dead_stay_in_swarms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SwarmTable, "forget", lambda *_: None)


@defect
def a_death_wakes_nobody(patch: pytest.MonkeyPatch) -> None:
    set_aside = Questions._set_aside

    def set_aside_all_but_deaths(self: Questions, source: int, message: AnyMessage) -> None:
        if not isinstance(message, Lost):
            set_aside(self, source, message)

    patch.setattr(Questions, "_set_aside", set_aside_all_but_deaths)


@defect
def deaths_are_told_to_the_tracker_alone(patch: pytest.MonkeyPatch) -> None:
    def tell(self: VirtualFaults, rank: int, message: AnyMessage) -> None:
        self._simulation.inboxes["download"][0].deliver(rank, message)

    patch.setattr(VirtualFaults, "_tell", tell)


@defect
def connections_with_the_dead_stay_open(patch: pytest.MonkeyPatch) -> None:
    handle = Uploader.handle

    def handle_all_but_deaths(self: Uploader, source: int, message: AnyMessage) -> None:
        if not isinstance(message, Lost):
            handle(self, source, message)

    patch.setattr(Uploader, "handle", handle_all_but_deaths)


@defect
def a_close_is_forgotten_after_a_wrong_segment(patch: pytest.MonkeyPatch) -> None:
    take_in = Connection.take_in

    def take_in_and_forget(self: Connection, segment: int, answer: Hit | Miss | None) -> bool:
        is_taken = take_in(self, segment, answer)
        if self._num_wrong:
            self._is_open = False
        return is_taken

    patch.setattr(Connection, "take_in", take_in_and_forget)


@defect
def wrong_segments_are_kept(patch: pytest.MonkeyPatch) -> None:
    add = HeldFile.add

    def keep(self: HeldFile, segment: int, data: str) -> bool:
        return add(self, segment, self.metadata.segment(segment) if data else data)

    patch.setattr(HeldFile, "add", keep)


@defect
def any_answer_will_do(patch: pytest.MonkeyPatch) -> None:
    def await_any(self: Questions, _question: object, source: int, patience_s: float | None) -> Answer | None:
        while True:
            try:
                sender, answer = self._node.download.recv(patience_s)
            except TimeoutError:
                return None
            if sender == source and isinstance(answer, Answer):
                return answer
            self._set_aside(sender, answer)
            if source in self.lost:
                return None

    patch.setattr(Questions, "_await_answer", await_any)


@defect
def a_lost_answer_is_waited_for(patch: pytest.MonkeyPatch) -> None:
    init = Questions.__init__
    patch.setattr(Questions, "__init__", lambda self, node, _patience_s, life, _more_s: init(self, node, None, life))


@defect
def nobody_is_ever_stuck(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pursuit, "gives_up", lambda *_: False)


@defect
def whoever_is_stuck_gives_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pursuit, "gives_up", lambda _, empty: not empty.num_taken and not empty.seeds)


@defect
def those_who_come_back_are_never_asked_again(patch: pytest.MonkeyPatch) -> None:
    set_aside = Questions._set_aside

    def set_aside_all_but_returns(self: Questions, source: int, message: AnyMessage) -> None:
        if not isinstance(message, Returned):
            set_aside(self, source, message)

    patch.setattr(Questions, "_set_aside", set_aside_all_but_returns)


@defect
def a_close_closes_nothing(patch: pytest.MonkeyPatch) -> None:
    handle = Uploader.handle

    def handle_all_but_closes(self: Uploader, source: int, message: AnyMessage) -> None:
        if not isinstance(message, Close):
            handle(self, source, message)

    patch.setattr(Uploader, "handle", handle_all_but_closes)


@pytest.mark.parametrize("change", DEFECTS, ids=lambda change: change.__name__)
def test_a_storm_finds_a_defect(change: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.storm.judge.MAX_EVENTS", 10_000)  # most of them are found by hanging
    with monkeypatch.context() as patch:
        change(patch)
        found = first_failure(MAX_RUNS)
    assert found is not None
    number, _ = found
    assert first_failure(1, first=number) is None, "that run fails without the defect"


# What is wrong, in words


def test_a_run_that_comes_to_no_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.storm.judge.MAX_EVENTS", 2_000)
    monkeypatch.setattr(Pursuit, "gives_up", lambda *_: False)
    case = Case(faults=("kill client 1 at message 5",))
    (problem,) = Weather().judge(case)
    assert problem.startswith("no end after 2,000 events, at ")


def test_an_exception_in_the_protocol_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Uploader, "_answer_segment", lambda *_: 1 / 0)
    problems = Weather().judge(Case())
    assert problems[0] == "client 1 failed in its upload thread at U2: ZeroDivisionError: division by zero"


def test_a_tracker_that_is_killed_ends_the_run_and_nothing_is_wrong_with_that() -> None:
    assert Weather().judge(Case(faults=("kill tracker at message 3",))) == ()


def test_a_wrong_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    write = MemoryStorage.write_output
    monkeypatch.setattr(
        MemoryStorage, "write_output", lambda self, content: write(self, FileMetadata(content.name, "0" * 32))
    )
    assert Weather().judge(Case()) == ("client 2 has a wrong 'file1'",)


def test_a_missing_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryStorage, "write_output", lambda *_: None)
    assert Weather().judge(Case()) == ("client 2 has ended without 'file1', and has not given it up",)


def test_a_file_that_is_given_up_though_nothing_can_be_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.storm.judge.can_lose_files", lambda _: False)
    problems = Weather().judge(Case(faults=("kill client 1 at message 5",)))
    assert problems == ("client 2 has given 'file1' up, which nothing has taken away",)


def test_a_fault_that_cannot_be_is_no_failure_but_an_error() -> None:
    with pytest.raises(InputError, match="there is no client 3"):
        Weather().judge(Case(faults=("kill client 3 at 1s",)))


def test_who_is_killed_by_what_it_does_first_after_a_pause_is_not_woken_by_a_time_limit_that_is_over() -> None:
    """Run 20119326 of a storm, made small: its upload thread dies at a message, and its download thread goes on."""
    case = Case(
        shape=Shape(clients=2, files=2, segments=(2, 2)),
        faults=(
            "slow client 1 by 2 for 12.938ms",
            "kill client 2 at message 5",
            "pause client 2 at 12.305ms for 34.667ms",
            "drop 1% of messages of client 2 for 7.392ms",
        ),
    )
    assert judge(case) == ()
