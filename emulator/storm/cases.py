"""One run of a storm: its swarm, its options and its faults."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from emulator.faults import Fault, parse_faults, restricted, shrunk
from emulator.scenario.generate import Shape, generate
from emulator.scenario.network import DELAY_S, SEGMENT_BYTES, Network
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup
from emulator.strategies.loader import is_file_strategy

NOWHERE = Path("storm")
"""The inputs' folder of a scenario in memory, which has none."""


class Given(msgspec.Struct, frozen=True):
    """A swarm of the user's own, from a folder of inputs or a scenario file."""

    setup: Setup
    """The swarm and its options. A storm adds faults and changes the rng seed."""
    arguments: tuple[str, ...]
    """The command-line arguments that name this swarm."""

    def by(self, strategies: Sequence[str], number: int) -> "Given":
        """The same swarm with the strategy that the run of this number draws."""
        strategy = random.Random(f"storm/strategy/{number}").choice(strategies)
        replace = msgspec.structs.replace
        options = replace(self.setup.options, strategy=strategy)
        return replace(self, setup=replace(self.setup, options=options))

    def case(self, rng_seed: int) -> "Case":
        """A run of the swarm with its own options and this rng seed."""
        options = self.setup.options
        return Case(given=self, strategy=options.strategy, rng_seed=rng_seed, faults=options.faults)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A run that can be repeated, made smaller, and written as a scenario file."""

    shape: Shape = Shape(clients=2, files=1, segments=(1, 1))
    """The generated swarm; not used if `given` is set."""
    given: Given | None = None
    strategy: str = "peers-first"
    quota: int = 10
    numwant: int = 50
    rng_seed: int = 0
    delay_s: float = DELAY_S
    up: float | None = None
    """Upload rate of every client, in bytes a second."""
    stays_s: float | None = None
    faults: tuple[str, ...] = ()

    @property
    def num_clients(self) -> int:
        return self.shape.clients if self.given is None else self.given.setup.num_clients

    @property
    def _given_faults(self) -> tuple[str, ...]:
        """The faults of the user's own scenario file; they come first in `faults`."""
        return () if self.given is None else self.given.setup.options.faults

    def scenario(self) -> Scenario:
        if self.given is not None:
            return self.given.setup.scenario
        return Scenario(NOWHERE, generate(self.shape), is_on_disk=False)

    def options(self) -> Options:
        if self.given is not None:
            own = {"strategy": self.strategy, "rng_seed": self.rng_seed, "faults": self.faults}
            return msgspec.structs.replace(self.given.setup.options, **own)
        network = None
        if self.up is not None or self.delay_s != DELAY_S:
            network = Network.uniform(self.shape.clients + 1, self.up, delay_s=self.delay_s)
        return Options(
            engine="virtual",
            strategy=self.strategy,
            quota=self.quota,
            numwant=self.numwant,
            rng_seed=self.rng_seed,
            network=network,
            stays_s=self.stays_s,
            faults=self.faults,
        )

    def setup(self) -> Setup:
        """What an engine runs. Raises `InputError` if a fault does not fit the swarm."""
        return Setup.of(self.scenario(), self.options())

    def plan(self) -> tuple[Fault, ...]:
        return parse_faults(self.faults, self.num_clients)

    def smaller(self) -> Iterator["Case"]:
        """Yield simpler cases that may fail as well, those with the fewest faults first."""
        replace = msgspec.structs.replace
        own = len(self._given_faults)
        for plan in shrunk(self.plan()[own:]):
            yield replace(self, faults=(*self._given_faults, *map(str, plan)))
        if self.given is not None:
            return
        for shape in _smaller_shapes(self.shape):
            plan = restricted(self.plan(), shape.clients)
            yield replace(self, shape=shape, faults=tuple(map(str, plan)))
        own_values = msgspec.structs.asdict(self)
        for name, plain in PLAIN_VALUES.items():
            if own_values[name] != plain:
                yield replace(self, **{name: plain})

    def arguments(self, path: Path) -> list[str]:
        """The command-line arguments that repeat this case. `path` is its scenario file, if it needs one (`toml`)."""
        if self.given is None:
            # A scenario file cannot name a strategy's program.
            program = ["--strategy", self.strategy] if is_file_strategy(self.strategy) else []
            return ["--scenario", str(path), *program]
        drawn = self.faults[len(self._given_faults) :]
        own = [word for text in drawn for word in ("--fault", text)]
        return [*self.given.arguments, "--strategy", self.strategy, "--rng-seed", str(self.rng_seed), *own]

    def toml(self) -> str:
        """The case as a scenario file; only for a generated swarm."""
        shape, fewest, most = self.shape, *self.shape.segments
        lines = [
            "[swarm]",
            *(f"{name} = {getattr(shape, name)}" for name in ("clients", "files", "seeds", "wants", "overlap")),
            f'segments = "{fewest}-{most}"',
            f"rng_seed = {shape.rng_seed}",
            "",
            "[run]",
            *([] if is_file_strategy(self.strategy) else [f'strategy = "{self.strategy}"']),
            *(f"{name} = {getattr(self, name)}" for name in ("quota", "numwant", "rng_seed")),
            "",
            "[network]",
            *([f"delay = {self.delay_s!r}"] if self.delay_s != DELAY_S else []),
            f"segment_bytes = {SEGMENT_BYTES}",
            *([f"up = {self.up!r}"] if self.up is not None else []),
        ]
        if self.stays_s is not None:
            lines += ["", "[departures]", f"stays_s = {self.stays_s!r}"]
        texts = "".join(f"    {_quoted(text)},\n" for text in self.faults)
        return f"faults = [\n{texts}]\n\n" + "\n".join(lines) + "\n"


PLAIN_VALUES = {
    name: value
    for name, value in msgspec.structs.asdict(Case()).items()
    if name in ("stays_s", "up", "delay_s", "strategy", "quota", "numwant", "rng_seed")
}
"""The options that shrinking sets back to their defaults, one at a time."""


def _smaller_shapes(shape: Shape) -> Iterator[Shape]:
    replace = msgspec.structs.replace
    if shape.clients > 2:
        clients = shape.clients - 1
        yield replace(shape, clients=clients, seeds=min(shape.seeds, clients))
    if shape.files > 1:
        yield replace(shape, files=shape.files - 1)
    fewest, most = shape.segments
    for fewer in (most // 2, most - 1):
        if fewer >= max(1, fewest):
            yield replace(shape, segments=(fewest, fewer))
    if fewest < most:
        yield replace(shape, segments=(most, most))
    if shape.seeds > 1:
        yield replace(shape, seeds=shape.seeds - 1)
    if shape.wants < 1:
        yield replace(shape, wants=1.0)
    if shape.overlap:
        yield replace(shape, overlap=0.0)
    if shape.rng_seed:
        yield replace(shape, rng_seed=0)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
