"""For every rule a protocol that breaks it, run for real; the checker names the rule.

A mutant changes one method of the protocol before the workers are forked. What goes wrong after its first step off the
path is no business of this test: of some mutants' runs, nothing is left but a trace that is cut.
"""

import contextlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from emulator import Options, RunError, run, write_inputs
from emulator.checker import rules
from emulator.checker.checker import check_trace
from emulator.checker.report import Report
from emulator.checker.rule import Rule
from emulator.engines.processes.communicators import QueueCommunicator
from emulator.engines.virtual.faults import VirtualFaults
from emulator.protocol import upload
from emulator.protocol.beyond.patience import Patience
from emulator.protocol.beyond.pursuit import Pursuit
from emulator.protocol.beyond.stuck import StuckPeers
from emulator.protocol.download import Downloader
from emulator.protocol.events import FileUnavailable, FileWritten, RoleChanged
from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata
from emulator.protocol.library import HeldFile, Library
from emulator.protocol.messages import (
    TRACKER,
    AnyMessage,
    Barrier,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Lost,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    SegmentRequest,
    Stop,
    StuckAnswer,
)
from emulator.protocol.node import Node, ProtocolError
from emulator.protocol.questions import Questions
from emulator.protocol.round import Connection, Round
from emulator.protocol.swarm import RankSet, SwarmTable
from emulator.protocol.tracker import Tracker
from emulator.protocol.upload import Uploader
from emulator.scenario.storage import DirectoryStorage
from emulator.strategies import peers_first
from emulator.strategies.peers_first import PeersFirst
from emulator.trace.reader import Trace
from tests.checker.histories import invalid, violations
from tests.protocol.scripted import WRONG, file_of

F, G = "file1", "file2"
FEW, MANY = file_of(12, F), file_of(40, F)
OTHER = file_of(5, G)

LONGEST_RUN_S = 20.0
"""No mutant is meant to hang."""

Clients = Sequence[ClientInput]
Uploaders = tuple[tuple[int, ...], tuple[int, ...]]
LEECHER = ClientInput((), (F,))
ONE_PAIR = [ClientInput((FEW,)), LEECHER]
TWO_FILES = [ClientInput((FEW, OTHER)), ClientInput((), (F, G))]
THREE_SEEDS = [ClientInput((FEW,))] * 4 + [LEECHER]
CROWD = [ClientInput((MANY,))] + [LEECHER] * 4
"""With a quota of one segment, its clients meet in hundreds of rounds."""
SEEDED_CROWD = [ClientInput((MANY,))] * 3 + [LEECHER] * 4

Mutate = Callable[[pytest.MonkeyPatch], None]


class Mutant(NamedTuple):
    rule: Rule
    mutate: Mutate
    clients: Clients
    options: Options
    also: frozenset[Rule]
    """What else follows from it in some or all runs."""

    @property
    def name(self) -> str:
        return f"{self.rule.name}: {self.mutate.__name__.replace('_', ' ')}"


MUTANTS: list[Mutant] = []


def mutant(
    rule: Rule,
    clients: Clients = ONE_PAIR,
    *,
    also: Sequence[Rule] = (),
    quota: int = 10,
    numwant: int = 50,
    strategy: str = "peers-first",
    faults: tuple[str, ...] = (),
) -> Callable[[Mutate], Mutate]:
    """Runs with real processes; those with faults in virtual time, where a fault comes at the same moment each time."""

    def add(mutate: Mutate) -> Mutate:
        options = Options(
            engine="virtual" if faults else "processes",
            strategy=strategy,
            start_method="fork",
            quota=quota,
            numwant=numwant,
            faults=faults,
            timeout_s=LONGEST_RUN_S,
        )
        MUTANTS.append(Mutant(rule, mutate, clients, options, frozenset(also)))
        return mutate

    return add


# What is read, sent and received


@mutant(rules.INPUTS, TWO_FILES, also=[rules.FILE_ORDER])
def wants_in_another_order(patch: pytest.MonkeyPatch) -> None:
    read = DirectoryStorage.read_input

    def read_input(self: DirectoryStorage) -> ClientInput:
        mine = read(self)
        return ClientInput(mine.owned, mine.wanted[::-1])

    patch.setattr(DirectoryStorage, "read_input", read_input)


@mutant(rules.INPUTS, also=[rules.FINISHED, rules.EVERYTHING_COMPLETE])
def keeps_a_file_to_itself(patch: pytest.MonkeyPatch) -> None:
    read = DirectoryStorage.read_input

    def read_input(self: DirectoryStorage) -> ClientInput:
        mine = read(self)
        return ClientInput(mine.owned[1:], mine.wanted) if len(mine.owned) > 1 else ClientInput(mine.owned, ())

    patch.setattr(DirectoryStorage, "read_input", read_input)


def deliver_otherwise(patch: pytest.MonkeyPatch, change: Callable[[AnyMessage], Sequence[AnyMessage]]) -> None:
    """What a sender has recorded is exchanged for other messages on its way."""
    send = QueueCommunicator.send

    def send_otherwise(self: QueueCommunicator, message: AnyMessage, dest: int) -> None:
        for each in change(message):
            send(self, each, dest)

    patch.setattr(QueueCommunicator, "send", send_otherwise)


@mutant(rules.DELIVERY)
def a_message_is_lost(patch: pytest.MonkeyPatch) -> None:
    deliver_otherwise(patch, lambda message: () if isinstance(message, FileCompleted) else (message,))


@mutant(rules.DELIVERY)
def a_message_arrives_twice(patch: pytest.MonkeyPatch) -> None:
    deliver_otherwise(patch, lambda message: [message] * (1 + isinstance(message, FileCompleted)))


@mutant(rules.DELIVERY)
def two_messages_change_places(patch: pytest.MonkeyPatch) -> None:
    held: list[AnyMessage] = []

    def change(message: AnyMessage) -> Sequence[AnyMessage]:
        if isinstance(message, FileCompleted):
            held.append(message)
            return ()
        messages = (message, *held)
        held.clear()
        return messages

    deliver_otherwise(patch, change)


# Barriers


@mutant(rules.FIRST_BARRIER, also=[rules.METADATA])
def the_first_barrier_is_opened_early(patch: pytest.MonkeyPatch) -> None:
    add_owner = Tracker._add_owner

    def add_owner_and_signal(self: Tracker, owner: int, files: Sequence[FileMetadata]) -> None:
        if not self._reported:
            self._open_barrier(1)
        add_owner(self, owner, files)

    patch.setattr(Tracker, "_add_owner", add_owner_and_signal)


def skip_barrier(patch: pytest.MonkeyPatch, skipped: int) -> None:
    wait = Questions.await_barrier
    patch.setattr(Questions, "await_barrier", lambda self, number: None if number == skipped else wait(self, number))


@mutant(rules.FIRST_BARRIER, also=[rules.METADATA])
def the_first_barrier_is_skipped(patch: pytest.MonkeyPatch) -> None:
    skip_barrier(patch, 1)


@mutant(rules.SECOND_BARRIER)
def the_second_barrier_is_opened_for_each_client_alone(patch: pytest.MonkeyPatch) -> None:
    def answer(self: Tracker, asker: int, asked: MetadataRequest) -> None:
        self._node.download.send(MetadataAnswer(self._table.metadata(asked.files), asked.request), asker)
        self._node.download.send(Barrier(2), asker)

    patch.setattr(Tracker, "_answer_metadata", answer)


@mutant(rules.SECOND_BARRIER)
def the_second_barrier_is_skipped(patch: pytest.MonkeyPatch) -> None:
    skip_barrier(patch, 2)


# The tracker


@mutant(rules.METADATA, also=[rules.COMPLETION])
def metadata_is_cut_short(patch: pytest.MonkeyPatch) -> None:
    def metadata(self: SwarmTable, names: Sequence[str]) -> tuple[FileMetadata, ...]:
        files = (self._swarms[name].metadata for name in names)
        return tuple(FileMetadata(file.name, file.hashes[:-HASH_DIGITS]) for file in files)

    patch.setattr(SwarmTable, "metadata", metadata)


@mutant(rules.SWARM_LIST, THREE_SEEDS)
def a_list_lacks_one(patch: pytest.MonkeyPatch) -> None:
    draw = RankSet.draw
    patch.setattr(RankSet, "draw", lambda *arguments: draw(*arguments)[1:])


@mutant(rules.SWARM_LIST, also=[rules.TRACKER_HOLDS_NOTHING])
def a_list_has_the_asker(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RankSet, "draw", lambda self, *_: tuple(sorted(self)))


@mutant(rules.SWARM_LIST, [*ONE_PAIR, ClientInput()])
def a_list_has_a_stranger(patch: pytest.MonkeyPatch) -> None:
    draw = SwarmTable.draw

    def draw_with_another(self: SwarmTable, *arguments: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        seeds, peers = draw(self, *arguments)
        return seeds, (*peers, 3)

    patch.setattr(SwarmTable, "draw", draw_with_another)


@mutant(rules.ROLES, also=[rules.SWARM_LIST])
def a_peer_is_never_made_a_seed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tracker, "_add_seed", lambda *_: None)


@mutant(rules.ROLES)
def a_client_is_made_a_seed_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("emulator.protocol.tracker.RoleChanged", lambda rank, file, _: RoleChanged(rank, file, "seed"))


@mutant(rules.STOP)
def stop_is_sent_twice(patch: pytest.MonkeyPatch) -> None:
    stop = Tracker._stop_if_all_finished

    def stop_twice(self: Tracker) -> None:
        stop(self)
        if not self.is_running:
            self._node.upload.send(Stop(), max(self._live))

    patch.setattr(Tracker, "_stop_if_all_finished", stop_twice)


@mutant(rules.STOP)
def stop_is_sent_when_the_first_is_finished(patch: pytest.MonkeyPatch) -> None:
    def finish(self: Tracker, _finished: int) -> None:
        for rank in sorted(self._live):
            self._node.upload.send(Stop(), rank)
        raise ProtocolError("nobody serves the others")

    patch.setattr(Tracker, "_finish", finish)


@mutant(rules.STOP)
def an_upload_thread_ends_early(patch: pytest.MonkeyPatch) -> None:
    init = Uploader.__init__

    def begin_and_end(self: Uploader, node: Node, library: Library) -> None:
        init(self, node, library)
        self.is_running = node.rank == 1  # nobody asks client 2

    patch.setattr(Uploader, "__init__", begin_and_end)


# Rounds


@mutant(rules.FRESH_LIST, THREE_SEEDS, numwant=1, quota=1)
def the_first_list_is_used_for_ever(patch: pytest.MonkeyPatch) -> None:
    init = Round.__init__
    first: list[Uploaders] = []

    def begin(
        self: Round, node: Node, questions: Questions, holding: HeldFile, uploaders: Uploaders, quota: int
    ) -> None:
        first.append(uploaders)
        init(self, node, questions, holding, first[0], quota)

    patch.setattr(Round, "__init__", begin)


@mutant(rules.QUOTA)
def the_quota_is_exceeded(patch: pytest.MonkeyPatch) -> None:
    init = Round.__init__

    def begin(
        self: Round, node: Node, questions: Questions, holding: HeldFile, uploaders: Uploaders, quota: int
    ) -> None:
        init(self, node, questions, holding, uploaders, quota + 1)

    patch.setattr(Round, "__init__", begin)


@mutant(rules.FULL_ROUND)
def a_round_ends_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Connection, "take_until_miss", lambda self: self.take())


@mutant(rules.PEERS_FIRST_RULE, CROWD, quota=2)
def peers_are_asked_again_after_the_seed(patch: pytest.MonkeyPatch) -> None:
    def run_round(self: PeersFirst, round: Round) -> None:
        self._take_from_peers(round)
        seed = self._choose_seed(round) if round.is_open else None
        if seed is not None:
            with round.connect(seed) as connection:
                connection.take()
        if round.is_open:
            self._take_from_peers(round)
        if round.is_open:
            assert seed is not None
            with round.connect(seed) as connection:
                connection.take_until_miss()

    patch.setattr(PeersFirst, "run_round", run_round)


@mutant(rules.TWO_MISSES, CROWD, quota=1)
def the_two_miss_rule_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(peers_first, "MAX_MISSES_IN_A_ROW", 3)


@mutant(rules.TWO_MISSES, CROWD, quota=1)
def the_search_is_given_up_after_one_miss(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(peers_first, "MAX_MISSES_IN_A_ROW", 1)


@mutant(rules.TWO_MISSES, CROWD, quota=1)
def peers_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PeersFirst, "_take_from_peers", lambda *_: None)


@mutant(rules.THREE_COUNTS, THREE_SEEDS)
def two_seeds_are_asked_instead_of_three(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(peers_first, "NUM_SEEDS_ASKED", 2)


@mutant(rules.LEAST_CONNECTED, SEEDED_CROWD, quota=1)
def the_busiest_seed_is_taken(patch: pytest.MonkeyPatch) -> None:
    def most_of_one(first: Any, *others: Any) -> Any:
        return min(first, *others) if others else max(first)

    patch.setattr(peers_first, "min", most_of_one, raising=False)


@mutant(rules.ONE_OUTSTANDING, THREE_SEEDS)
def all_seeds_are_asked_at_once(patch: pytest.MonkeyPatch) -> None:
    def choose_seed(_: PeersFirst, round: Round) -> int:
        asked, node = round.seeds[:3], round._node
        for seed in asked:
            node.upload.send(ConnectionCountRequest(), seed)
        counts = dict(node.download.recv() for _ in asked)
        return min(counts, key=lambda seed: str(counts[seed]))

    patch.setattr(PeersFirst, "_choose_seed", choose_seed)


@mutant(rules.TRACKER_HOLDS_NOTHING)
def the_tracker_is_asked_for_a_segment(patch: pytest.MonkeyPatch) -> None:
    def choose_seed(_: PeersFirst, round: Round) -> int:
        round._node.upload.send(SegmentRequest(F, 0), TRACKER)
        raise ProtocolError("nobody answers")

    patch.setattr(PeersFirst, "_choose_seed", choose_seed)


@mutant(rules.CLOSED_ONCE)
def a_close_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Connection, "__exit__", lambda *_: None)


@mutant(rules.CLOSED_ONCE)
def a_connection_is_closed_twice(patch: pytest.MonkeyPatch) -> None:
    leave = Connection.__exit__

    def leave_twice(self: Connection, *error: Any) -> None:
        leave(self, *error)
        leave(self, *error)

    patch.setattr(Connection, "__exit__", leave_twice)


@mutant(rules.CLOSED_ONCE, CROWD, quota=1)
def a_peer_that_only_missed_gets_a_close(patch: pytest.MonkeyPatch) -> None:
    leave = Connection.__exit__

    def close_and_leave(self: Connection, *error: Any) -> None:
        self._is_open = True
        leave(self, *error)

    patch.setattr(Connection, "__exit__", close_and_leave)


# Segments


@mutant(rules.ONCE_EACH)
def a_segment_is_asked_for_again(patch: pytest.MonkeyPatch) -> None:
    take = Connection.take

    def take_twice(self: Connection, segment: int | None = None) -> bool:
        is_hit = take(self, segment)
        if self.segments and self._round.is_open:
            self._round._node.upload.send(SegmentRequest(F, self.segments[-1]), self.uploader)
            self._round._node.download.recv()
        return is_hit

    patch.setattr(Connection, "take", take_twice)


@mutant(rules.FILE_ORDER)
def segments_come_out_of_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HeldFile, "first_missing", property(lambda self: max(self.missing())))


@mutant(rules.FILE_ORDER, TWO_FILES)
def files_come_out_of_order(patch: pytest.MonkeyPatch) -> None:
    ask = Downloader._ask_metadata

    def ask_and_turn(self: Downloader) -> dict[str, FileMetadata]:
        files = ask(self)
        self._mine = ClientInput(self._mine.owned, self._mine.wanted[::-1])
        return files

    patch.setattr(Downloader, "_ask_metadata", ask_and_turn)


@mutant(rules.HOLDS_WHAT_IT_GIVES, CROWD, quota=1)
def a_segment_is_given_that_is_not_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HeldFile, "get", lambda self, segment: self.metadata.segment(segment))


def every_third(patch: pytest.MonkeyPatch, change: Callable[[Uploader, int, SegmentRequest], None]) -> None:
    """Every third request for a segment is served in another way."""
    serve = Uploader._answer_segment
    served = iter(range(1_000_000))

    def answer(self: Uploader, asker: int, asked: SegmentRequest) -> None:
        (change if next(served) % 3 == 2 else serve)(self, asker, asked)

    patch.setattr(Uploader, "_answer_segment", answer)


@mutant(rules.HOLDS_WHAT_IT_GIVES, also=[rules.TRULY_LOST])
def a_segment_is_refused_that_is_held(patch: pytest.MonkeyPatch) -> None:
    every_third(
        patch,
        lambda self, asker, asked: self._node.download.send(Miss(asked.file, asked.segment, asked.request), asker),
    )


@mutant(rules.RIGHT_HASH)
def a_wrong_segment_is_given(patch: pytest.MonkeyPatch) -> None:
    every_third(
        patch,
        lambda self, asker, asked: self._node.download.send(
            Hit(asked.file, asked.segment, WRONG, asked.request), asker
        ),
    )


@mutant(rules.TRUE_COUNT)
def a_wrong_count_is_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(upload, "ConnectionCount", lambda count, request: ConnectionCount(count + 1, request))


@mutant(rules.ONE_ANSWER, also=[rules.DELIVERY])
def an_answer_is_sent_twice(patch: pytest.MonkeyPatch) -> None:
    def answer(self: Uploader, asker: int, asked: SegmentRequest) -> None:
        data = self._library.get(asked.file, asked.segment)
        assert data is not None
        for _ in range(2):
            self._node.download.send(Hit(asked.file, asked.segment, data, asked.request), asker)

    every_third(patch, answer)


@mutant(rules.ONE_ANSWER, [*ONE_PAIR, LEECHER])
def an_answer_is_sent_to_another_client(patch: pytest.MonkeyPatch) -> None:
    def answer(self: Uploader, asker: int, asked: SegmentRequest) -> None:
        self._node.download.send(Miss(asked.file, asked.segment, asked.request), 2 if asker == 3 else 3)
        raise ProtocolError("nobody answers the asker")

    every_third(patch, answer)


@mutant(rules.ONE_ANSWER)
def an_answer_is_of_another_kind(patch: pytest.MonkeyPatch) -> None:
    every_third(patch, lambda self, asker, asked: self._node.download.send(ConnectionCount(1, asked.request), asker))


@mutant(rules.ONE_ANSWER)
def an_answer_has_another_number(patch: pytest.MonkeyPatch) -> None:
    every_third(
        patch, lambda self, asker, asked: self._node.download.send(Miss(asked.file, asked.segment, 10**6), asker)
    )


@mutant(rules.CHANNELS)
def an_answer_travels_on_the_other_communicator(patch: pytest.MonkeyPatch) -> None:
    def answer(self: Uploader, asker: int, asked: SegmentRequest) -> None:
        right = FEW.segment(asked.segment)
        self._node.upload.send(Hit(asked.file, asked.segment, right, asked.request), asker)

    every_third(patch, answer)


@mutant(rules.TRUE_HOLDINGS, CROWD, quota=1, strategy="rarest-first")
def all_is_said_to_be_held_now_and_then(patch: pytest.MonkeyPatch) -> None:
    tell = Library.present_bits
    told = iter(range(1_000_000))

    def present_bits(self: Library, file: str) -> bytes:
        return b"\xff" * 5 if next(told) % 3 == 2 else tell(self, file)

    patch.setattr(Library, "present_bits", present_bits)


@mutant(rules.TRUE_HOLDINGS, CROWD, quota=1, strategy="rarest-first")
def nothing_is_said_to_be_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Library, "present_bits", lambda *_: b"")


# What goes on when others die


DEATH = ("kill client 1 at 40%",)
"""The only seed of the crowd dies."""


@mutant(rules.DEATHS, CROWD, faults=DEATH)
def a_client_is_called_lost_before_it_dies(patch: pytest.MonkeyPatch) -> None:
    kill = VirtualFaults.kill

    def tell_and_kill(self: VirtualFaults, rank: int, restart_s: float | None, is_state_kept: bool) -> None:
        self._tell(rank, Lost())
        kill(self, rank, restart_s, is_state_kept)

    patch.setattr(VirtualFaults, "kill", tell_and_kill)


@mutant(rules.LOST_ARE_NOT_ASKED, SEEDED_CROWD, faults=DEATH, quota=1, also=[rules.TRUE_COUNT])
def it_is_forgotten_who_is_lost(patch: pytest.MonkeyPatch) -> None:
    set_aside = Questions._set_aside

    def set_aside_and_forget(self: Questions, source: int, message: AnyMessage) -> None:
        set_aside(self, source, message)
        self.lost.clear()

    patch.setattr(Questions, "_set_aside", set_aside_and_forget)


@mutant(rules.SWARM_LIST, SEEDED_CROWD, faults=DEATH, quota=1, also=[rules.LOST_ARE_NOT_ASKED, rules.ROLES])
def the_lost_stay_in_the_swarm(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SwarmTable, "forget", lambda *_: None)


@mutant(rules.TRUE_COUNT, SEEDED_CROWD, faults=("kill clients 5-6 at 40%",))
def connections_with_the_dead_are_counted(patch: pytest.MonkeyPatch) -> None:
    handle = Uploader.handle

    def handle_all_but_deaths(self: Uploader, source: int, message: AnyMessage) -> None:
        if not isinstance(message, Lost):
            handle(self, source, message)

    patch.setattr(Uploader, "handle", handle_all_but_deaths)


@mutant(rules.TRULY_LOST)
def a_file_is_given_up_at_once(patch: pytest.MonkeyPatch) -> None:
    def give_up(self: Pursuit) -> bool:
        self._node.record(FileUnavailable(self.file, self._held.num_present, self._held.num_missing))
        return True

    patch.setattr(Pursuit, "gives_up", give_up)


@mutant(rules.TRULY_LOST)
def the_tracker_calls_lost_what_a_seed_has(patch: pytest.MonkeyPatch) -> None:
    def judge(self: StuckPeers, *_: Collection[int]) -> dict[int, StuckAnswer]:
        answers = {rank: StuckAnswer(stuck.file, 1, (), stuck.request) for rank, stuck in self._stuck.items()}
        self._stuck.clear()
        return answers

    gives_up = Pursuit.gives_up

    def give_up_with_a_seed(self: Pursuit) -> bool:
        self._has_seeds = False
        return gives_up(self)

    patch.setattr(StuckPeers, "judge", judge)
    patch.setattr(Pursuit, "gives_up", give_up_with_a_seed)
    patch.setattr(Patience, "has_run_out", True)


# Ends


@mutant(rules.COMPLETION)
def completion_is_told_twice(patch: pytest.MonkeyPatch) -> None:
    complete = Downloader._complete

    def complete_and_tell(self: Downloader, holding: HeldFile, is_owned: bool) -> None:
        complete(self, holding, is_owned)
        self._node.download.send(FileCompleted(F), TRACKER)

    patch.setattr(Downloader, "_complete", complete_and_tell)


@mutant(rules.COMPLETION)
def completion_is_told_before_the_output_is_written(patch: pytest.MonkeyPatch) -> None:
    def complete(self: Downloader, holding: HeldFile, _is_owned: bool) -> None:
        self._node.download.send(FileCompleted(F), TRACKER)
        self._node.storage.write_output(holding.metadata)
        self._node.record(FileWritten(F, holding.metadata.num_segments))

    patch.setattr(Downloader, "_complete", complete)


@mutant(rules.COMPLETION, also=[rules.ROLES, rules.FULL_ROUND])
def completion_is_told_after_the_first_round(patch: pytest.MonkeyPatch) -> None:
    end_round = Pursuit.end_round

    def end_and_tell(self: Pursuit, round: Round) -> None:
        end_round(self, round)
        if round.num_missing:
            self._node.download.send(FileCompleted(F), TRACKER)

    patch.setattr(Pursuit, "end_round", end_and_tell)


@mutant(rules.COMPLETION, also=[rules.ROLES])
def completion_is_never_told(patch: pytest.MonkeyPatch) -> None:
    complete = Downloader._complete
    patch.setattr(Downloader, "_complete", lambda self, holding, _: complete(self, holding, True))


@mutant(rules.FINISHED)
def a_client_is_finished_twice(patch: pytest.MonkeyPatch) -> None:
    live = Downloader.run

    def live_and_tell(self: Downloader) -> None:
        live(self)
        self._node.download.send(Finished(), TRACKER)

    patch.setattr(Downloader, "run", live_and_tell)


def give_up_the_last_file(patch: pytest.MonkeyPatch) -> None:
    ask = Downloader._ask_metadata

    def ask_and_forget(self: Downloader) -> dict[str, FileMetadata]:
        files = ask(self)
        self._mine = ClientInput(self._mine.owned, self._mine.wanted[:-1])
        return files

    patch.setattr(Downloader, "_ask_metadata", ask_and_forget)


@mutant(rules.FINISHED, TWO_FILES, also=[rules.EVERYTHING_COMPLETE])
def a_client_is_finished_without_a_file(patch: pytest.MonkeyPatch) -> None:
    give_up_the_last_file(patch)


@mutant(rules.EVERYTHING_COMPLETE, TWO_FILES, also=[rules.FINISHED])
def a_wanted_file_is_never_complete(patch: pytest.MonkeyPatch) -> None:
    give_up_the_last_file(patch)


def play(clients: Clients, options: Options, folder: Path) -> Report:
    """Run the swarm, whatever becomes of it, and check its trace."""
    scenario = write_inputs(folder / "inputs", clients)
    trace = folder / "trace.jsonl"
    with contextlib.suppress(RunError):
        run(scenario, folder / "out", options, trace=trace)
    return check_trace(Trace(trace), scenario.clients)


@pytest.mark.parametrize("case", MUTANTS, ids=lambda case: case.name)
def test_the_checker_names_the_rule_that_a_mutant_breaks(
    case: Mutant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    case.mutate(monkeypatch)
    report = play(case.clients, case.options, tmp_path)
    monkeypatch.undo()
    said = [violation.text for violation in violations(report)]
    assert case.rule.name in invalid(report), said
    assert invalid(report) <= {rule.name for rule in {case.rule, *case.also}}, said


def swarms() -> list[tuple[Clients, Options]]:
    """The different swarms that mutants are run on."""
    return [
        (case.clients, case.options)
        for n, case in enumerate(MUTANTS)
        if not any((case.clients, case.options) == (other.clients, other.options) for other in MUTANTS[:n])
    ]


@pytest.mark.parametrize(("clients", "options"), swarms())
def test_without_a_mutation_their_swarms_are_valid(clients: Clients, options: Options, tmp_path: Path) -> None:
    report = play(clients, options, tmp_path)
    assert (report.verdict, violations(report)) == ("valid", [])


def test_every_rule_is_tripped_by_a_mutant() -> None:
    assert {case.rule for case in MUTANTS} == set(rules.RULES)
