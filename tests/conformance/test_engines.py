"""Every engine runs real swarms, and each run keeps every promise."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from emulator import Options, write_inputs
from emulator.protocol.files import ClientInput
from tests.conformance.engines import ENGINES, Engine
from tests.conformance.history import History
from tests.conformance.promises import PEERS_FIRST_PROMISES, PROMISES, Promise
from tests.conformance.swarms import FOR_ALL, SWARMS, drawn_swarms

RUNS = [
    pytest.param((engine, name), id=f"{engine.name}: {name}")
    for engine in ENGINES
    for name in SWARMS
    if engine.is_quick or name in FOR_ALL
]


@pytest.fixture(scope="module", params=RUNS)
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A run of one swarm on one engine, made once for all promises."""
    engine: Engine
    engine, name = request.param
    make, options = SWARMS[name]
    folder = tmp_path_factory.mktemp("swarm")
    return engine.play(make(folder / "inputs"), folder / "out", options)


@pytest.mark.parametrize("promise", PROMISES + PEERS_FIRST_PROMISES, ids=lambda promise: promise.__name__)
def test_a_run_keeps_the_promise(history: History, promise: Promise) -> None:
    promise(history)


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine.is_quick], ids=lambda engine: engine.name)
@settings(max_examples=20)  # real processes
@given(drawn=drawn_swarms())
def test_a_run_of_any_small_swarm_keeps_all_promises(engine: Engine, drawn: tuple[list[ClientInput], Options]) -> None:
    clients, options = drawn
    with tempfile.TemporaryDirectory() as folder:
        played = engine.play(write_inputs(Path(folder, "inputs"), clients), Path(folder, "out"), options)
        for promise in PROMISES + PEERS_FIRST_PROMISES:
            promise(played)
