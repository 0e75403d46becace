"""A scenario: the swarm that a folder of input files describes, checked as a whole before anything starts."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from emulator.errors import InputError
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.input_names import INPUT_NAME, input_name, misnamed
from emulator.scenario.input_parser import MAX_NAME_BYTES, ParsedInput
from emulator.scenario.inputs import read_input
from emulator.writing import write_set

MAX_MISSING_LISTED = 3


class Scenario(msgspec.Struct, frozen=True):
    """The clients of a swarm, client R at `clients[R - 1]`, and where they come from."""

    inputs: Path
    """The folder that their input files are in, or the scenario file that they were generated from."""
    clients: tuple[ClientInput, ...]
    is_on_disk: bool = True
    """True if `inputs` is a folder of input files."""

    @property
    def files(self) -> dict[str, FileMetadata]:
        """Every file of the swarm by name."""
        return {metadata.name: metadata for client in self.clients for metadata in client.owned}

    def expected_outputs(self) -> dict[tuple[int, str], FileMetadata]:
        """The metadata of every output that the clients must write, by client and file name."""
        files = self.files
        return {(rank, name): files[name] for rank, client in enumerate(self.clients, 1) for name in client.wanted}

    def wanted_segments(self) -> list[int]:
        """How many segments each client must get from others: those of its wanted files that it does not own."""
        files = self.files
        return [
            sum(files[name].num_segments for name in set(client.wanted) - {owned.name for owned in client.owned})
            for client in self.clients
        ]


def output_name(rank: int, file: str) -> str:
    return f"client{rank}_{file}"


def read_scenario(inputs: Path, num_clients: int | None = None) -> Scenario:
    """Read and check `in1.txt` … `in<N>.txt`, where N is `num_clients`, or the number of input files if that is None.

    Raises `InputError` with the problems of all files at once.
    """
    if num_clients is not None and num_clients < 1:
        raise InputError([f"{inputs}: cannot be run with {num_clients} clients; take at least 1"])
    ranks = _find_ranks(inputs)
    size = num_clients if num_clients is not None else len(ranks)
    problems: list[str] = []
    last = min(size, max(ranks))
    if last < size:
        problems.append(f"{inputs}: has inputs for {len(ranks)} of {size} clients; add the others, or take fewer")
    present = {rank for rank in ranks if rank <= last}
    # One stray in9999999.txt would make millions of missing ranks.
    missing = list(islice((rank for rank in range(1, last + 1) if rank not in present), MAX_MISSING_LISTED))
    parsed: dict[int, ParsedInput] = {}
    for rank in sorted(present.union(missing)):
        if rank not in present:
            problems.append(f"{inputs / input_name(rank)}: missing, a gap in the numbering; number the inputs from 1")
            continue
        try:
            parsed[rank] = read_input(inputs / input_name(rank))
        except InputError as error:
            problems += error.problems
    num_more = last - len(present) - len(missing)
    if num_more:
        problems.append(f"{inputs}: {num_more:,} more inputs are missing")
    if not problems:
        # Only if all files could be read: the owners in an unreadable file would seem to be missing.
        problems = _check_across(parsed)
    if problems:
        raise InputError(problems)
    return Scenario(inputs, tuple(parsed[rank].content for rank in sorted(parsed)))


def _find_ranks(inputs: Path) -> set[int]:
    """The numbers of the inputs in this folder. Raises `InputError` where a name is nearly that of an input."""
    try:
        names = _file_names(inputs)
    except OSError as error:
        raise InputError(
            [f"{inputs}: cannot be read as a folder ({error.strerror}); give the folder of in1.txt …"]
        ) from error
    if wrong := misnamed(names):
        raise InputError([f"{inputs / text}" for text in wrong])
    ranks = {int(match[1]) for name in names if (match := INPUT_NAME.fullmatch(name))}
    if not ranks:
        raise InputError([f"{inputs}: no input files; they are called in1.txt, in2.txt, …"])
    return ranks


def _file_names(folder: Path) -> set[str]:
    """The names of the files in the folder, and of folders that have the name of an input."""
    return {entry.name for entry in folder.iterdir() if INPUT_NAME.fullmatch(entry.name) or not entry.is_dir()}


def _check_across(parsed: dict[int, ParsedInput]) -> list[str]:
    """Problems between files: owners that disagree, wanted files without an owner, output names that are too long."""
    problems: list[str] = []
    owners: dict[str, tuple[ParsedInput, FileMetadata]] = {}
    for source in parsed.values():
        for metadata in source.content.owned:
            first, agreed = owners.setdefault(metadata.name, (source, metadata))
            if metadata != agreed:
                problems.append(_disagreement(source, metadata, first, agreed))
    for rank, source in parsed.items():
        for name, line in source.wanted_lines.items():
            if name not in owners:
                problems.append(
                    f"{source.path}:{line}: none of clients 1 to {len(parsed)} owns {name!r}; "
                    "give it an owner, or remove it"
                )
            if len(output_name(rank, name).encode()) > MAX_NAME_BYTES:
                problems.append(
                    f"{source.path}:{line}: the output {output_name(rank, name)[:20]!r}… would have a name of more "
                    f"than {MAX_NAME_BYTES} bytes; shorten the file's name"
                )
    return problems


def _disagreement(source: ParsedInput, metadata: FileMetadata, first: ParsedInput, agreed: FileMetadata) -> str:
    line, first_line = source.owned_lines[metadata.name], first.owned_lines[metadata.name]
    if metadata.num_segments != agreed.num_segments:
        what = f"has {metadata.num_segments} segments here and {agreed.num_segments}"
    else:
        segment = next(i for i in range(agreed.num_segments) if metadata.segment(i) != agreed.segment(i))
        line, first_line = line + 1 + segment, first_line + 1 + segment
        what = f"has another hash for segment {segment + 1} here than"
    return f"{source.path}:{line}: {metadata.name!r} {what} in {first.path}:{first_line}; make its owners agree"


def write_inputs(folder: Path, clients: Sequence[ClientInput]) -> Scenario:
    """Write `in1.txt` … for these clients, in the format that `read_scenario` reads.

    Raises `InputError` if the folder cannot be written or already holds inputs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = _file_names(folder)
        if any(INPUT_NAME.fullmatch(name) for name in names):
            raise InputError([f"{folder}: holds input files already; choose another --output, or remove them"])
        # Every run of the new inputs would refuse these names.
        if wrong := misnamed(names.union(input_name(rank) for rank in range(1, len(clients) + 1))):
            raise InputError([f"{folder / text}; or choose another --output" for text in wrong])
        write_set(folder, [(input_name(rank), format_input(client)) for rank, client in enumerate(clients, 1)])
    except OSError as error:
        raise InputError(
            [f"{error.filename}: cannot be written ({error.strerror}); choose another --output"]
        ) from error
    return Scenario(folder, tuple(clients))


def format_input(client: ClientInput) -> bytes:
    lines: list[str] = [str(len(client.owned))]
    for metadata in client.owned:
        lines.append(f"{metadata.name} {metadata.num_segments}")
        lines += (metadata.segment(index) for index in range(metadata.num_segments))
    lines.append(str(len(client.wanted)))
    lines += client.wanted
    return ("\n".join(lines) + "\n").encode()
