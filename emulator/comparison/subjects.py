"""The swarms of a comparison: generated ones, folders of inputs, and scenario files."""

from functools import lru_cache
from pathlib import Path

import msgspec

from emulator.running.prepare import Source, prepare
from emulator.scenario.generate import Shape, generate
from emulator.scenario.options import Options
from emulator.scenario.plan_network import NetworkFlags
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup

DEFAULT_UP = 10e6
"""Default uplink of every client, in bytes per second. A network without limits would have no lower bound."""
MADE = Path("made")
"""What a made swarm is called in place of a folder."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A swarm, its network, and the options that flags set for its runs."""

    scenario: str = ""
    """A scenario file or a folder of inputs; empty for a generated file that its seeds own and all others want."""
    num_clients: int | None = None
    """None for as many as the scenario has."""
    num_seeds: int = 0
    num_segments: int = 0
    lines: NetworkFlags = NetworkFlags()
    quota: int | None = None
    """None for what the scenario says, or else the default; likewise `numwant`."""
    numwant: int | None = None

    @property
    def name(self) -> str:
        """The swarm's name for people, without its size."""
        seeds = "1 seed" if self.num_seeds == 1 else f"{self.num_seeds} seeds"
        return self.scenario or f"{self.num_segments} segments of {seeds}"


@lru_cache(maxsize=2)
def setup_of(subject: Subject) -> Setup:
    """Read or make the swarm of a subject; a job adds its strategy and rng seed.

    The last two are kept, because strategies take turns on the same swarm.

    Raises `InputError` with all problems of its files.
    """
    flags = {"engine": "virtual", "quota": subject.quota, "numwant": subject.numwant}
    if subject.scenario:
        path = Path(subject.scenario)
        is_folder = path.is_dir()
        source = Source(
            inputs=path,
            plan=None if is_folder else path,
            num_clients=subject.num_clients,
            network=_with_default(subject.lines) if is_folder else subject.lines,
        )
        return prepare(source, flags)
    scenario = _make(subject)
    network = _with_default(subject.lines).network(len(scenario.clients) + 1)
    given = {name: value for name, value in flags.items() if value is not None}
    return Setup.of(scenario, msgspec.structs.replace(Options(network=network), **given))


def _make(subject: Subject) -> Scenario:
    shape = Shape(
        clients=subject.num_clients or 0,
        files=1,
        segments=(subject.num_segments, subject.num_segments),
        seeds=subject.num_seeds,
    )
    return Scenario(MADE, generate(shape), is_on_disk=False)


def _with_default(lines: NetworkFlags) -> NetworkFlags:
    if lines.up is None and lines.down is None:
        return msgspec.structs.replace(lines, up=DEFAULT_UP)
    return lines
