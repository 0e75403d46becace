"""A client's own disk: its input file and its outputs."""

from pathlib import Path

from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.inputs import read_input
from emulator.scenario.outputs import format_output, write_whole
from emulator.scenario.scenario import input_name, output_name


class DirectoryStorage:
    """Inputs in one folder, outputs in another, for one rank."""

    def __init__(self, inputs: Path, output: Path, rank: int) -> None:
        self._inputs = inputs
        self._output = output
        self._rank = rank

    def read_input(self) -> ClientInput:
        """P1."""
        return read_input(self._inputs / input_name(self._rank)).content

    def write_output(self, content: FileMetadata) -> None:
        """D7."""
        write_whole(self._output / output_name(self._rank, content.name), format_output(content))
