"""The swarms that engines are held to the promises with: samples, corners of the input format, and drawn ones."""

from collections.abc import Callable, Iterable
from pathlib import Path

from hypothesis import strategies as st

from emulator import Options, Scenario, read_scenario, write_inputs
from emulator.protocol.files import ClientInput, FileMetadata
from tests.conftest import SAMPLES
from tests.protocol.scripted import file_of

Swarm = tuple[Callable[[Path], Scenario], Options]
"""What makes the scenario, given an empty folder for its inputs, and how it is to be run."""


def sample(name: str = ".") -> Swarm:
    return (lambda _: read_scenario(SAMPLES / name)), Options()


Client = tuple[Iterable[FileMetadata], Iterable[str]]
"""What it owns, and the names of what it wants."""


def swarm(*clients: Client, quota: int = 10, numwant: int = 50) -> Swarm:
    inputs = [ClientInput(tuple(owned), tuple(wanted)) for owned, wanted in clients]
    return (lambda folder: write_inputs(folder, inputs)), Options(quota=quota, numwant=numwant)


def files_of(*lengths: int) -> list[FileMetadata]:
    return [file_of(length, f"file{number}-{length}") for number, length in enumerate(lengths, 1)]


def names_of(files: Iterable[FileMetadata]) -> list[str]:
    return [metadata.name for metadata in files]


EMPTY, ONE, AROUND_TEN = files_of(0), files_of(1), files_of(9, 10, 11, 19, 20, 21)
LONG = files_of(20_000)
CROWD: list[Client] = [([], names_of(AROUND_TEN))] * 3
MIXED = files_of(0, 1, 12)

SWARMS: dict[str, Swarm] = {
    "samples": sample(),
    "every corner at once": swarm(
        (MIXED, names_of(MIXED[:2])),  # owns what it wants
        ([], names_of(MIXED)),
        ([], []),
        (MIXED[2:], names_of(MIXED)),
    ),
    "flash crowd": sample("flash-crowd"),
    "one seed": sample("one-seed"),
    "wants nothing": sample("wants-nothing"),
    "a file without segments": swarm((EMPTY, []), ([], names_of(EMPTY)), ([], names_of(EMPTY))),
    "an owner wants its own file": swarm((ONE + AROUND_TEN, names_of(AROUND_TEN)), ([], names_of(AROUND_TEN))),
    "nobody wants anything": swarm((ONE, []), ([], [])),
    "one client alone that has nothing": swarm(([], [])),
    "one client alone with what it wants": swarm((AROUND_TEN, names_of(AROUND_TEN))),
    "files of one segment": swarm((ONE, []), *[([], names_of(ONE))] * 4),
    "lengths around multiples of ten": swarm((AROUND_TEN, []), *CROWD),
    "numwant 1": swarm((AROUND_TEN, []), (AROUND_TEN, []), *CROWD, numwant=1),
    "quota 1": swarm((AROUND_TEN, []), *CROWD, quota=1),
    "quota 100": swarm((AROUND_TEN, []), *CROWD, quota=100),
    "a client comes late": swarm((LONG + AROUND_TEN, []), *CROWD),
}

FOR_ALL = ("samples", "every corner at once")
"""What an engine that is slow to start runs as well."""


@st.composite
def drawn_swarms(draw: st.DrawFn) -> tuple[list[ClientInput], Options]:
    """Any small swarm that has an owner for every wanted file."""
    num_clients = draw(st.integers(1, 5))
    client = st.integers(0, num_clients - 1)
    lengths = draw(st.lists(st.one_of(st.integers(0, 23), st.sampled_from([0, 1, 9, 10, 11, 20])), max_size=4))
    owned: list[list[FileMetadata]] = [[] for _ in range(num_clients)]
    wanted: list[list[str]] = [[] for _ in range(num_clients)]
    for metadata in files_of(*lengths):
        for owner in draw(st.sets(client, min_size=1)):
            owned[owner].append(metadata)
        for leecher in draw(st.sets(client)):
            wanted[leecher].append(metadata.name)
    wants = [draw(st.permutations(names)) for names in wanted]
    options = Options(
        quota=draw(st.sampled_from([1, 2, 9, 10, 11, 100])),
        numwant=draw(st.sampled_from([1, 2, 50])),
        rng_seed=draw(st.integers(0, 99)),
    )
    return [ClientInput(tuple(mine), tuple(names)) for mine, names in zip(owned, wants, strict=True)], options
