"""The trace file of a run: where it may be written, its header, and its end."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec

from emulator import __version__
from emulator.engines.processes.engine import choose_start_method
from emulator.errors import InputError
from emulator.protocol.events import AnyEvent
from emulator.scenario.input_names import looks_like_input
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup
from emulator.trace.format import VERSION, Header, HeaderZone, host_facts
from emulator.trace.writer import TraceWriter


def refuse_to_overwrite(trace: Path, scenario: Scenario, output: Path | None, names: list[str]) -> None:
    """Raise `InputError` where the trace and an input or output would be the same file.

    `names` are those of the outputs in the folder `output`.
    """
    at = Path(os.path.realpath(trace))
    if at == Path(os.path.realpath(scenario.inputs)):
        raise InputError([f"{trace}: is the scenario file; choose another --trace"])
    if at.parent == Path(os.path.realpath(scenario.inputs)) and looks_like_input(at.name):
        raise InputError([f"{trace}: is an input file; choose another --trace"])
    if output is not None and at.parent == Path(os.path.realpath(output)) and at.name in names:
        raise InputError([f"{trace}: is an output of this run; choose another --trace"])


@contextlib.contextmanager
def traced(path: Path | None, setup: Setup) -> Iterator[TraceWriter | None]:
    """A trace for the time of a run. Its last line says whether the run came to its end."""
    if path is None:
        yield None
        return
    writer = TraceWriter(path, _header(setup))
    try:
        yield writer
    except BaseException as error:
        writer.close("cut", str(error))
        raise
    writer.close("complete")


def _header(setup: Setup) -> Header:
    options = setup.options
    header = Header(
        format="swarm-trace",
        version=VERSION,
        clients=setup.num_clients,
        strategy=options.strategy,
        quota=options.quota,
        numwant=options.numwant,
        events=tuple(kind.__name__ for kind in get_args(AnyEvent)),
        scenario=str(setup.scenario.inputs),
        engine=options.engine,
        rng_seed=options.rng_seed,
        faults=options.faults,
        is_resumed=options.resume,
        zones=tuple(HeaderZone(zone.name, zone.ranks) for zone in setup.network.zones),
        program=f"emulator {__version__}",
    )
    if options.engine == "virtual":
        return header  # the same run has the same trace, wherever it is made
    return msgspec.structs.replace(
        header,
        start_method=choose_start_method(options),
        python=".".join(map(str, sys.version_info[:3])),
        host=host_facts(),
    )
