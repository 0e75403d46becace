"""Generating swarms of any shape."""

import random

import msgspec

from emulator.errors import InputError
from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata

MAX_CLIENTS = 100_000
MAX_FILES = 100_000
MAX_WANTS = 10_000_000
"""Limit of clients × files."""
MAX_SEGMENTS = 4_000_000
"""Limit of files × segments × seeds: 132 MB of input files."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of a swarm. Each file has `seeds` owners; each client wants a share of the other files."""

    clients: int = 5
    files: int = 4
    segments: tuple[int, int] = (20, 60)
    """The minimum and maximum number of segments of a file; each file draws its own number."""
    seeds: int = 1
    """Owners of each file. They are drawn from the clients that may own files, those with the fewest files first."""
    owners: int | None = None
    """Only this many clients, the first ones, may own files, like the origins of a deployment; None for all."""
    wants: float = 1.0
    """The share of the files it does not own that a client wants: 1 for all, 0 for none."""
    overlap: float = 0.0
    """How similar the wants are: 0 draws them for each client alone, 1 makes all choose the same files first."""
    rng_seed: int = 0


def generate(shape: Shape) -> tuple[ClientInput, ...]:
    """Generate the inputs of clients 1 … N. The same shape gives the same swarm. Raises `InputError` if it is wrong."""
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
    limit = "the number of clients" if shape.owners is None else "the number of owners"
    problems = [
        text
        for is_wrong, text in (
            (shape.clients < 1, f"--clients {shape.clients}: give at least 1"),
            (shape.files < 0, f"--files {shape.files}: give 0 or more"),
            (not 0 <= fewest <= most, f"--segments {fewest}-{most}: give a number or MIN-MAX"),
            (
                not 1 <= num_owners <= shape.clients,
                f"--owners {num_owners}: give 1 to {shape.clients}, the number of clients",
            ),
            (not 1 <= shape.seeds <= num_owners, f"--seeds {shape.seeds}: give 1 to {num_owners}, {limit}"),
            (not 0 <= shape.wants <= 1, f"--wants {shape.wants}: give a share from 0 to 1"),
            (not 0 <= shape.overlap <= 1, f"--overlap {shape.overlap}: give a number from 0 to 1"),
        )
        if is_wrong
    ]
    # The sizes of a shape mean something only if the shape is valid.
    if problems := problems or _excesses(shape):
        raise InputError(problems)


def _excesses(shape: Shape) -> list[str]:
    """Problems of a shape that would fill the memory or the disk."""
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
    # A mix of a common order and the client's own: more overlap makes the clients' first choices more alike.
    taste = {name: shape.overlap * favourites[name] + (1 - shape.overlap) * rng.random() for name in others}
    return tuple(sorted(others, key=taste.__getitem__)[: round(shape.wants * len(others))])
