"""Reading a TOML file that may hold anything."""

import os
from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.scenario.toml_text import MAX_BYTES, parse, read_text


def read(path: Path) -> dict[str, object]:
    return parse(read_text(path), path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[swarm]\nx = '\xff'\n", ":2: not UTF-8 (byte 0xff); save the file as UTF-8"),
        (b"[swarm]\r\nx =\r\n", ":2: not TOML: Invalid value in column 4; correct it"),
        (b"x = [1,\n", ":1: not TOML: Invalid value at the end of the file; correct it"),
        (b"x = " + b"9" * 9_000, ": has a number of thousands of digits, or a date that is none; correct it"),
        (b"x = " + b"[" * 90_000, ": nested too deeply; no scenario is"),
        (b"a" + b".a" * 300 + b" = 1", ":1: more than 200 dots in one line; break it into several"),
        (b"#" * (MAX_BYTES + 1), ": more than 262,144 bytes; give a smaller TOML file"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == f"{path}{problem}"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, problem in (
        (tmp_path / "none.toml", "cannot be read (No such file or directory); give a TOML file"),
        (tmp_path, "not a regular file; give a TOML file"),
        (fifo, "not a regular file; give a TOML file"),
        (tmp_path / "a\0b", "no name of a file; give a TOML file"),
    ):
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(caught.value) == f"{path}: {problem}"
