"""A run that was cut goes on from what is on the disk: nothing that was stored is transferred again."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from emulator import Options, RunError, Shape, generate, run, write_inputs
from emulator.protocol.events import SegmentsTaken
from emulator.scenario.scenario import Scenario, output_name
from emulator.scenario.storage import DirectoryStorage
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics

Segments = dict[tuple[int, str], set[int]]


class Takings:
    """An observer that notes which segments each client got, of which file."""

    interval_s: float | None = None
    undo = b""

    def __init__(self, statistics: SwarmStatistics) -> None:
        self.segments: Segments = defaultdict(set)
        self.statistics = statistics

    def observe(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record.event, SegmentsTaken):
                self.segments[record.rank, record.event.file].update(record.event.segments)

    def begin(self) -> None: ...

    def tick(self) -> None: ...

    def end(self) -> None: ...


def stored(scenario: Scenario, output: Path) -> Segments:
    """What is on all disks of wanted files that their client does not own, and is right."""
    found: Segments = defaultdict(set)
    for (rank, file), metadata in scenario.expected_outputs().items():
        if file not in {owned.name for owned in scenario.clients[rank - 1].owned}:
            disk = DirectoryStorage(scenario.inputs, output, rank, is_storing=True)
            segments = disk.read_stored(metadata)
            found[rank, file] |= {segment for segment, data in segments if data == metadata.segment(segment)}
    return found


def wanted(scenario: Scenario) -> Segments:
    return {
        (rank, file): set(range(metadata.num_segments))
        for (rank, file), metadata in scenario.expected_outputs().items()
        if file not in {owned.name for owned in scenario.clients[rank - 1].owned}
    }


def run_to_the_end(scenario: Scenario, output: Path, options: Options) -> Segments:
    """Resume, and return what was transferred."""
    watches: list[Takings] = []

    def watch(statistics: SwarmStatistics) -> Takings:
        watches.append(Takings(statistics))
        return watches[-1]

    result = run(scenario, output, options, watch)
    assert result.is_proven
    assert not (output / ".resume").exists()
    return watches[0].segments


def assert_nothing_was_stored_in_vain(scenario: Scenario, before: Segments, taken: Segments) -> None:
    for key, segments in wanted(scenario).items():
        assert taken.get(key, set()) == segments - before[key], key


def cut(scenario: Scenario, output: Path, options: Options, percent: int) -> bool:
    """Resume until so much is transferred; whether that was not all that was left."""
    try:
        run(scenario, output, msgspec.structs.replace(options, resume=True, faults=(f"kill tracker at {percent}%",)))
    except RunError:
        return True
    return False


@given(st.integers(0, 10**6), st.integers(2, 5), st.lists(st.integers(1, 99), min_size=1, max_size=3))
def test_a_run_that_is_cut_several_times_transfers_every_segment_once(
    seed: int, num_clients: int, cuts: list[int]
) -> None:
    options = Options(engine="virtual", resume=True)
    with TemporaryDirectory() as folder:
        shape = Shape(clients=num_clients, files=3, segments=(1, 20), seeds=1, rng_seed=seed)
        scenario = write_inputs(Path(folder, "in"), generate(shape))
        output = Path(folder, "out")
        before: Segments = {}
        for percent in cuts:
            cut(scenario, output, options, percent)
            now = stored(scenario, output)
            assert all(now[key] >= segments for key, segments in before.items()), "nothing is lost by resuming"
            before = now
        assert any(before.values())
        assert_nothing_was_stored_in_vain(scenario, before, run_to_the_end(scenario, output, options))


def cut_swarm(tmp_path: Path, options: Options) -> tuple[Scenario, Path]:
    shape = Shape(clients=4, files=2, segments=(20, 30), rng_seed=5)
    scenario = write_inputs(tmp_path / "in", generate(shape))
    is_cut = cut(scenario, tmp_path / "out", options, 30)
    # A machine that is busy may let real processes come to their end before one of them is killed.
    assert is_cut or options.engine == "processes"
    return scenario, tmp_path / "out"


def test_real_processes_go_on_from_what_is_there_too(tmp_path: Path) -> None:
    options = Options(resume=True, pace=200.0)
    scenario, output = cut_swarm(tmp_path, options)
    before = stored(scenario, output)
    assert any(before.values())
    assert_nothing_was_stored_in_vain(scenario, before, run_to_the_end(scenario, output, options))


def test_what_is_wrong_on_the_disk_is_got_again(tmp_path: Path) -> None:
    options = Options(engine="virtual", resume=True)
    scenario, output = cut_swarm(tmp_path, options)
    rng = random.Random(1)
    places = [path for path in output.rglob("client*") if path.is_file()]
    assert any(path.parent.name == ".resume" for path in places)
    for path in places:
        data = bytearray(path.read_bytes())
        for _ in range(3):
            data[rng.randrange(len(data))] = rng.choice(b"0123456789abcdef \n")
        path.write_bytes(data)
    before = stored(scenario, output)
    assert_nothing_was_stored_in_vain(scenario, before, run_to_the_end(scenario, output, options))


def test_another_run_begins_anew(tmp_path: Path) -> None:
    scenario, output = cut_swarm(tmp_path, Options(engine="virtual", resume=True))
    taken = run_to_the_end(scenario, output, Options(engine="virtual"))
    assert {key: segments for key, segments in taken.items() if segments} == wanted(scenario)
    assert {path.name for path in output.iterdir()} == {output_name(*key) for key in scenario.expected_outputs()}


def test_a_run_that_has_ended_well_is_resumed_without_a_transfer(tmp_path: Path) -> None:
    scenario = write_inputs(tmp_path / "in", generate(Shape(clients=3, files=2, rng_seed=5)))
    options = Options(engine="virtual", resume=True)
    run_to_the_end(scenario, tmp_path / "out", options)
    taken = run_to_the_end(scenario, tmp_path / "out", options)
    assert not any(taken.values())
