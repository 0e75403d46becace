"""Making swarms of any shape, as input files."""

import random

import msgspec

from emulator.errors import InputError
from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata

MAX_CLIENTS = 100_000
MAX_FILES = 100_000
MAX_WANTS = 10_000_000
"""Of clients × files."""
MAX_SEGMENTS = 4_000_000
"""Of files × segments × seeds: 132 MB of input files."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of a swarm. Each file has `seeds` owners; each client wants a part of what it does not own."""

    clients: int = 5
    files: int = 4
    segments: tuple[int, int] = (20, 60)
    """The fewest and the most segments of a file; each file draws its own number."""
    seeds: int = 1
    """Owners of each file, drawn among those who may own files, those with the fewest files first."""
    owners: int | None = None
    """Only the first so many clients own files, as the origins of a deployment do; None for all."""
    wants: float = 1.0
    """The share of the files it does not own that a client wants: 1 for all, 0 for none."""
    overlap: float = 0.0
    """How alike the wants are: 0 draws them for each client anew, 1 lets all choose the same files first."""
    rng_seed: int = 0


def generate(shape: Shape) -> tuple[ClientInput, ...]:
    """The inputs of clients 1 … N. The same shape gives the same swarm. Raises `InputError` for one that cannot be."""
    _check(shape)
    rng = random.Random(f"generate/{shape.rng_seed}")
    files = [_draw_file(f"file{number}", rng.randint(*shape.segments), rng) for number in range(1, shape.files + 1)]
    owned: list[list[FileMetadata]] = [[] for _ in range(shape.clients)]
    for metadata in files:
        order = sorted(range(_num_owners(shape)), key=lambda client: (len(owned[client]), rng.random()))
        for client in order[: shape.seeds]:
            owned[client].append(metadata)
    favourites = {metadata.name: rng.random() for metadata in files}
    return tuple(ClientInput(tuple(mine), _draw_wanted(shape, files, mine, favourites, rng)) for mine in owned)


def _num_owners(shape: Shape) -> int:
    """How many clients may own files."""
    return shape.clients if shape.owners is None else shape.owners


def _check(shape: Shape) -> None:
    fewest, most = shape.segments
    num_owners = _num_owners(shape)
    who = "the clients" if shape.owners is None else "those of --owners"
    problems = [
        text
        for is_wrong, text in (
            (shape.clients < 1, f"--clients {shape.clients}: give at least 1"),
            (shape.files < 0, f"--files {shape.files}: give 0 or more"),
            (not 0 <= fewest <= most, f"--segments {fewest}-{most}: give a number or LEAST-MOST"),
            (not 1 <= num_owners <= shape.clients, f"--owners {num_owners}: give 1 to {shape.clients}, the clients"),
            (not 1 <= shape.seeds <= num_owners, f"--seeds {shape.seeds}: give 1 to {num_owners}, {who}"),
            (not 0 <= shape.wants <= 1, f"--wants {shape.wants}: give a share from 0 to 1"),
            (not 0 <= shape.overlap <= 1, f"--overlap {shape.overlap}: give a number from 0 to 1"),
        )
        if is_wrong
    ]
    # Only what can be is worth measuring.
    if problems := problems or _excesses(shape):
        raise InputError(problems)


def _excesses(shape: Shape) -> list[str]:
    """What would fill the memory or the disk, before anything of it is made."""
    most = shape.segments[1]
    limits = (
        (shape.clients, MAX_CLIENTS, "--clients"),
        (shape.files, MAX_FILES, "--files"),
        (shape.clients * shape.files, MAX_WANTS, "--clients × --files"),
        (shape.files * most * shape.seeds, MAX_SEGMENTS, "--files × --segments × --seeds"),
    )
    return [f"{what}: {value:,} is too many; take at most {limit:,}" for value, limit, what in limits if value > limit]


def _draw_file(name: str, num_segments: int, rng: random.Random) -> FileMetadata:
    return FileMetadata(name, rng.randbytes(num_segments * HASH_DIGITS // 2).hex())


def _draw_wanted(
    shape: Shape,
    files: list[FileMetadata],
    mine: list[FileMetadata],
    favourites: dict[str, float],
    rng: random.Random,
) -> tuple[str, ...]:
    owned = {metadata.name for metadata in mine}
    others = [metadata.name for metadata in files if metadata.name not in owned]
    # A common order and an own one, mixed: the more overlap, the more alike the clients' first choices.
    taste = {name: shape.overlap * favourites[name] + (1 - shape.overlap) * rng.random() for name in others}
    return tuple(sorted(others, key=taste.__getitem__)[: round(shape.wants * len(others))])
