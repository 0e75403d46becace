"""Every strategy, the example of one's own among them, brings every file whole on every engine, by all the promises."""

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Options, write_inputs
from emulator.protocol.files import ClientInput
from emulator.strategies import DEFAULT, STRATEGIES
from tests.conformance.engines import ENGINES, Engine
from tests.conformance.history import History
from tests.conformance.promises import PROMISES, WITHOUT_RACES
from tests.conformance.swarms import SWARMS, drawn_swarms
from tests.conftest import SAMPLES

MINE = f"{SAMPLES}/strategies/mine.py:NewestPeers"
OTHERS = [name for name in STRATEGIES if name != DEFAULT] + [MINE]
CORNERS = [
    name
    for name in SWARMS
    if name not in ("a client comes late", "one client alone that has nothing", "nobody wants anything")
]
"""One of those that are left out takes long, in the others nobody downloads."""

by_name = pytest.mark.parametrize("strategy", OTHERS, ids=lambda text: text.rpartition(":")[2])


def engine_of(name: str) -> Engine:
    return next(engine for engine in ENGINES if engine.name == name)


def check(history: History, strategy: str) -> None:
    for promise in PROMISES:
        if strategy != "endgame" or promise not in WITHOUT_RACES:
            promise(history)


@by_name
@pytest.mark.parametrize("swarm", CORNERS)
def test_a_strategy_keeps_all_promises_in_virtual_time(strategy: str, swarm: str, tmp_path: Path) -> None:
    make, options = SWARMS[swarm]
    options = msgspec.structs.replace(options, strategy=strategy)
    check(engine_of("virtual").play(make(tmp_path / "inputs"), tmp_path / "out", options), strategy)


@by_name
def test_a_strategy_keeps_all_promises_on_processes(strategy: str, tmp_path: Path) -> None:
    make, options = SWARMS["samples"]
    options = msgspec.structs.replace(options, strategy=strategy)
    check(engine_of("fork").play(make(tmp_path / "inputs"), tmp_path / "out", options), strategy)


def test_a_strategy_of_ones_own_is_found_by_spawned_workers(tmp_path: Path) -> None:
    make, options = SWARMS["one seed"]
    options = msgspec.structs.replace(options, strategy=MINE)
    check(engine_of("spawn").play(make(tmp_path / "inputs"), tmp_path / "out", options), MINE)


@settings(max_examples=60)
@given(drawn=drawn_swarms(), strategy=st.sampled_from(OTHERS), pace=st.sampled_from([None, 1.0, 100.0]))
def test_any_small_swarm_keeps_all_promises_with_any_strategy(
    drawn: tuple[list[ClientInput], Options], strategy: str, pace: float | None
) -> None:
    clients, options = drawn
    options = msgspec.structs.replace(options, strategy=strategy, pace=pace)
    with tempfile.TemporaryDirectory() as folder:
        scenario = write_inputs(Path(folder, "inputs"), clients)
        check(engine_of("virtual").play(scenario, Path(folder, "out"), options), strategy)
