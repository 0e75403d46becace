"""A run opens as many files as it said, or says in one line that it may not."""

import itertools
import resource
from pathlib import Path

import pytest

from emulator.engines.processes import engine as processes
from emulator.engines.processes.engine import make_room_for, run_processes
from emulator.engines.processes.wiring import Wiring
from emulator.errors import RunError
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.scenario.setup import Setup
from tests.engines.processes.plans import forked, reaped
from tests.engines.swarms import Recorder, seed_and_leechers


def test_the_soft_limit_is_raised_as_far_as_the_run_needs_and_no_further() -> None:
    def check() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        make_room_for(50)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (64, hard)
        make_room_for(150)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (150, hard)

    with reaped([forked(check)]):
        pass


def test_a_hard_limit_that_is_too_low_is_told_before_anything_is_opened() -> None:
    def check() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 100))
        with pytest.raises(RunError) as failure:
            make_room_for(118)
        assert str(failure.value) == (
            "this swarm needs 118 open files a process and the limit is 100: "
            "take fewer --clients, or raise the hard limit (ulimit -Hn)"
        )

    with reaped([forked(check)]):
        pass


@pytest.mark.parametrize("num_clients", [1, 5, 40])
def test_room_is_made_for_as_many_descriptors_as_a_run_opens(tmp_path: Path, num_clients: int) -> None:
    scenario, output = seed_and_leechers(tmp_path / "in", num_clients - 1 or 1, 1), tmp_path / "out"

    def check() -> None:
        # Some are this test's own; the run has 64 in reserve for such.
        num_needed = Wiring.num_descriptors(len(scenario.clients))
        resource.setrlimit(resource.RLIMIT_NOFILE, (num_needed, num_needed))
        assert run(scenario, output, Options(start_method="fork")).is_proven

    with reaped([forked(check)]):
        pass


def test_descriptors_that_others_have_taken_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "make_room_for", lambda _: None)
    scenario, output = seed_and_leechers(tmp_path / "in"), tmp_path / "out"
    output.mkdir()

    def check() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        texts: list[str] = []
        for limit in itertools.count():
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            try:
                run_processes(Setup.of(scenario, Options(start_method="fork")), output, Recorder())
                break
            except RunError as error:
                texts.append(str(error))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert set(texts) == {
            "the inboxes of 3 processes could not be made: Too many open files; "
            "take fewer --clients, or raise the limit of open files (ulimit -n)"
        }

    with reaped([forked(check)]):
        pass
