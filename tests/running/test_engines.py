"""Engines are found by name."""

from pathlib import Path

import pytest

from emulator.engines.processes.engine import run_processes
from emulator.engines.virtual.engine import run_virtual
from emulator.errors import InputError
from emulator.running.engines import ENGINES, find_engine
from emulator.running.run import run
from emulator.scenario.generate import Shape
from emulator.scenario.options import Options
from tests.conftest import MakeScenario


def test_every_engine_of_the_table_can_be_found() -> None:
    assert {name: find_engine(name) for name in ENGINES} == {"processes": run_processes, "virtual": run_virtual}


def test_an_unknown_engine_is_told_with_the_known_ones_and_before_anything_is_written(
    make_scenario: MakeScenario, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        run(make_scenario(Shape(clients=2)), tmp_path / "out", Options(engine="luck"))
    assert caught.value.problems == ("engine 'luck': unknown; take one of: processes, virtual",)
    assert not (tmp_path / "out").exists()
