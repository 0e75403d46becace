"""The public names, used as in a notebook: a scenario in, a typed and proven result out."""

import gc
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

import emulator
from emulator import InputError, Options, RunError, RunResult, Shape, generate, read_scenario, run, verify, write_inputs
from emulator.errors import RunTimedOut
from emulator.protocol.events import FileWritten, SegmentsTaken
from emulator.scenario.scenario import Scenario
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from tests.conftest import SAMPLES, MakeScenario

SMALL = Shape(clients=4, files=3, segments=(5, 25), seeds=2)


def assert_is_whole(scenario: Scenario, result: RunResult, output: Path) -> None:
    """Everything in a result of a run that went well that follows from its inputs."""
    wanted = scenario.wanted_segments()
    assert result.is_proven
    assert result.exit_status == 0
    assert result.num_clients == len(scenario.clients)
    assert result.num_files == len(scenario.files)
    assert result.num_segments == sum(wanted)
    assert [client.num_from_peers + client.num_from_seeds for client in result.clients] == wanted
    assert sum(client.num_uploaded for client in result.clients) == sum(wanted)
    assert [tuple(client.file_times_s) for client in result.clients] == [client.wanted for client in scenario.clients]
    assert result.makespan_s is not None
    for client in result.clients:
        assert client.finished_s is not None
        assert all(0 <= time_s <= client.finished_s for time_s in client.file_times_s.values())
        assert client.finished_s <= result.makespan_s <= result.elapsed_s
    assert 1 / result.num_clients <= result.jain_index <= 1
    assert result.verification == verify(scenario, output)


# The names


def test_every_public_name_can_be_imported_in_any_order_and_is_what_it_says() -> None:
    """In a fresh process: names are imported when they are first used, and importing one may not hide another."""
    program = (
        "import emulator\n"
        "from emulator import *\n"
        "for name in (*emulator.__all__, *reversed(emulator.__all__)):\n"
        "    value = getattr(emulator, name)\n"
        "    assert value is globals()[name] and callable(value) and value.__name__ == name, name\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_importing_the_package_imports_nothing_else() -> None:
    """A Ctrl-C in the first moments meets no import that it could break."""
    program = "import sys, emulator; print([name for name in sys.modules if name.startswith('emulator')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "['emulator']\n"


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'emulator' has no attribute 'swarm'"):
        _ = emulator.swarm


# Running


def test_the_samples_run_in_one_call(tmp_path: Path) -> None:
    scenario = read_scenario(SAMPLES)
    assert_is_whole(scenario, run(scenario, tmp_path / "out"), tmp_path / "out")


def test_a_swarm_made_in_memory_is_written_run_and_proven(tmp_path: Path) -> None:
    scenario = write_inputs(tmp_path / "in", generate(SMALL))
    options = Options(rng_seed=3, quota=4, numwant=1)
    result = run(scenario, tmp_path / "out", options)
    assert result.options == options
    assert result.output == str(tmp_path / "out")
    assert_is_whole(scenario, result, tmp_path / "out")


def test_a_client_alone_that_wants_what_it_owns_gets_its_output(tmp_path: Path) -> None:
    clients = generate(Shape(clients=1, files=1, segments=(3, 3)))
    [client] = clients
    whole = type(client)(client.owned, ("file1",))
    scenario = write_inputs(tmp_path / "in", [whole])
    result = run(scenario, tmp_path / "out")
    assert (result.is_proven, result.num_segments) == (True, 0)
    assert (tmp_path / "out" / "client1_file1").read_text().count("\n") == 3


def test_a_swarm_that_wants_nothing_ends_well(make_scenario: MakeScenario, tmp_path: Path) -> None:
    scenario = make_scenario(Shape(clients=3, files=2, wants=0.0))
    result = run(scenario, tmp_path / "out")
    assert (result.is_proven, result.num_segments, result.jain_index) == (True, 0, 1.0)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_second_run_leaves_nothing_of_the_first_under_its_names(make_scenario: MakeScenario, tmp_path: Path) -> None:
    scenario = make_scenario(SMALL)
    output = tmp_path / "out"
    output.mkdir()
    for rank, file in scenario.expected_outputs():
        (output / f"client{rank}_{file}").write_text("rubbish")
    assert_is_whole(scenario, run(scenario, output), output)


def test_a_run_can_be_made_from_a_thread_that_is_not_the_main_one(make_scenario: MakeScenario, tmp_path: Path) -> None:
    """As a notebook's or a web server's: signals are left alone, processes are spawned, and nothing is left open."""
    scenario = make_scenario(Shape(clients=2, files=2))
    results: list[RunResult] = []
    thread = threading.Thread(target=lambda: results.append(run(scenario, tmp_path / "out")))
    thread.start()
    thread.join()
    assert_is_whole(scenario, results[0], tmp_path / "out")
    assert results[0].start_method == "spawn", "to fork beside other threads is not safe"
    gc.collect()  # a socket that was left open would be an error here


def test_an_observer_sees_the_same_run_as_the_result(make_scenario: MakeScenario, tmp_path: Path) -> None:
    scenario = make_scenario(SMALL)

    class Watcher:
        interval_s: float | None = None
        undo = b""

        def __init__(self, statistics: SwarmStatistics) -> None:
            self.statistics = statistics
            self.records: list[Record] = []
            self.calls: list[str] = []

        def begin(self) -> None:
            self.calls.append("begin")

        def observe(self, records: Sequence[Record]) -> None:
            self.records += records
            assert self.statistics.num_records == len(self.records), "the statistics know first"

        def tick(self) -> None:
            self.calls.append("tick")

        def end(self) -> None:
            self.calls.append("end")

    watchers: list[Watcher] = []

    def watch(statistics: SwarmStatistics) -> Watcher:
        watchers.append(Watcher(statistics))
        return watchers[-1]

    result = run(scenario, tmp_path / "out", watch=watch)
    [watcher] = watchers
    assert watcher.calls == ["begin", "end"], "it asked for no ticks"
    events = [(record.rank, record.event) for record in watcher.records]
    written = {(rank, event.file) for rank, event in events if isinstance(event, FileWritten)}
    assert written == set(scenario.expected_outputs())
    taken = sum(len(event.segments) for _, event in events if isinstance(event, SegmentsTaken))
    assert taken == result.num_segments


# What is refused, and what goes wrong


def test_a_scenario_with_problems_is_refused_with_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "in1.txt").write_text("")
    (tmp_path / "in2.txt").write_text("-")
    with pytest.raises(InputError) as caught:
        read_scenario(tmp_path)
    assert len(caught.value.problems) == 2
    assert str(caught.value) == "\n".join(caught.value.problems)


def test_a_run_that_takes_too_long_is_an_error_and_leaves_no_half_output(
    make_scenario: MakeScenario, tmp_path: Path
) -> None:
    scenario = make_scenario(SMALL)
    with pytest.raises(RunTimedOut, match="the time limit was reached; still running: ") as caught:
        run(scenario, tmp_path / "out", Options(timeout_s=0.001))
    assert isinstance(caught.value, RunError)
    assert caught.value.exit_status == 1
    assert {check.verdict for check in verify(scenario, tmp_path / "out").outputs} <= {"right", "missing"}


def test_a_client_whose_input_has_gone_since_is_named(make_scenario: MakeScenario, tmp_path: Path) -> None:
    scenario = make_scenario(SMALL)
    (scenario.inputs / "in3.txt").unlink()
    with pytest.raises(RunError, match=r"client 3 failed in its main thread at P1: .*in3\.txt: cannot be read"):
        run(scenario, tmp_path / "out")


def test_a_swarm_without_clients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        run(Scenario(tmp_path, ()), tmp_path / "out")
    assert caught.value.problems == (f"{tmp_path}: a swarm has at least one client",)


def test_the_result_tells_who_died_and_what_went_with_it(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, generate(Shape(clients=4, files=1, segments=(30, 30))), is_on_disk=False)
    owner = next(rank for rank, client in enumerate(scenario.clients, 1) if client.owned)
    result = run(scenario, None, Options(engine="virtual", faults=(f"kill client {owner} at 40%",)))
    assert list(result.died) == [owner]
    assert result.exit_status == 1
    (num_lost,) = result.unavailable.values()
    assert 0 < num_lost < 30
    assert result.losses == [
        result.died[owner],
        f"file1 is unavailable: no live client gives {num_lost} of its 30 segments",
    ]


def test_who_gave_a_file_up_never_finished_and_the_run_has_no_makespan(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, generate(Shape(clients=4, files=1, segments=(30, 30))), is_on_disk=False)
    owner = next(rank for rank, client in enumerate(scenario.clients, 1) if client.owned)
    result = run(scenario, None, Options(engine="virtual", faults=(f"kill client {owner} at 40%",)))
    assert (result.makespan_s, result.segments_per_s) == (None, None)
    told = {client.rank: (client.finished_s is None, client.given_up) for client in result.clients}
    assert told == {rank: (False, ()) if rank == owner else (True, ("file1",)) for rank in range(1, 5)}


def test_a_death_that_takes_nothing_with_it_leaves_a_makespan(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, generate(Shape(clients=4, files=1, segments=(30, 30))), is_on_disk=False)
    other = next(rank for rank, client in enumerate(scenario.clients, 1) if not client.owned)
    result = run(scenario, None, Options(engine="virtual", faults=(f"kill client {other} at 40%",)))
    ends = [client.finished_s for client in result.clients if client.rank != other]
    assert result.makespan_s == max(end_s for end_s in ends if end_s is not None)
    assert not result.is_proven


@pytest.mark.parametrize("engine", ["virtual", "processes"])
def test_faults_that_never_happened_are_told_as_the_language_writes_them(
    tmp_path: Path, engine: Literal["virtual", "processes"]
) -> None:
    scenario = Scenario(tmp_path, generate(Shape(clients=4, files=1, segments=(30, 30))), is_on_disk=False)
    happens = ("pause client 2 at 10% for 1ms", "delay 10% of messages by 1ms", "free rider client 4")
    never = ("kill clients 2,3 at 100s", "pause client 3 after 99 segments for 1s", "drop 10% of messages at 100000ms")
    result = run(scenario, tmp_path / "out", Options(engine=engine, faults=(*happens, *never)))
    assert result.faults_not_begun == (
        "kill clients 2-3 at 100s",
        "pause client 3 after 99 segments for 1s",
        "drop 10% of messages at 100s",
    )
    assert result.elapsed_s < 100


def test_a_file_whose_owners_died_before_they_told_of_it_is_told_without_a_count(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, generate(Shape(clients=3, files=1, segments=(5, 5))), is_on_disk=False)
    owner = next(rank for rank, client in enumerate(scenario.clients, 1) if client.owned)
    result = run(scenario, None, Options(engine="virtual", faults=(f"kill client {owner} at message 1",)))
    assert result.unavailable == {"file1": 0}
    assert result.losses[1:] == ["file1 is unavailable: no live client owns it"]
