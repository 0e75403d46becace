"""A folder of inputs as a whole: which files belong to it, and what only shows when they are put side by side."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import Scenario, output_name, read_scenario, write_inputs
from tests.conftest import SAMPLES
from tests.scenario.swarms import client_inputs, hashes, names

A, B, C = "0" * 32, "1b" * 16, "Ff" * 16


def write(folder: Path, *contents: str) -> Path:
    """Write `in1.txt` … with these contents, as they are."""
    folder.mkdir(exist_ok=True)
    for rank, content in enumerate(contents, 1):
        (folder / f"in{rank}.txt").write_bytes(content.encode())
    return folder


def problems_of(folder: Path, num_clients: int | None = None) -> list[str]:
    """The problems of a folder, with its path cut off the lines that begin with it."""
    with pytest.raises(InputError) as caught:
        read_scenario(folder, num_clients)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


OWNS_1 = f"1\nfile1 2\n{A}\n{B}\n0\n"
WANTS_1 = "0\n1\nfile1\n"

# Swarms


@st.composite
def swarms(draw: st.DrawFn) -> tuple[ClientInput, ...]:
    """Any swarm whose clients agree about the files and want only files that somebody owns."""
    files = [
        FileMetadata(name, "".join(draw(st.lists(hashes, max_size=3))))
        for name in draw(st.lists(names, unique=True, max_size=4))
    ]
    some_files = st.lists(st.sampled_from(files), unique_by=lambda file: file.name) if files else st.just([])
    owned = [tuple(draw(some_files)) for _ in range(draw(st.integers(1, 4)))]
    there = sorted({file.name for mine in owned for file in mine})
    some_names = st.lists(st.sampled_from(there), unique=True) if there else st.just([])
    return tuple(ClientInput(mine, tuple(draw(some_names))) for mine in owned)


@given(swarms())
def test_a_swarm_that_was_written_is_read_again(clients: tuple[ClientInput, ...]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = write_inputs(folder, clients)
        assert read_scenario(folder) == written == Scenario(folder, clients)


@given(st.lists(client_inputs(), min_size=1, max_size=3))
def test_a_folder_is_refused_exactly_when_its_clients_do_not_fit_together(clients: list[ClientInput]) -> None:
    """Against a model: no wanted file without an owner, no name with two contents."""
    contents: dict[str, set[str]] = {}
    for client in clients:
        for file in client.owned:
            contents.setdefault(file.name, set()).add(file.hashes)
    fits = all(len(of_name) == 1 for of_name in contents.values())
    fits = fits and all(name in contents for client in clients for name in client.wanted)
    with tempfile.TemporaryDirectory() as name:
        write_inputs(Path(name), clients)
        assert is_accepted(Path(name)) == fits


def is_accepted(folder: Path) -> bool:
    try:
        read_scenario(folder)
    except InputError:
        return False
    return True


def test_the_swarm_says_what_has_to_be_written_and_transferred() -> None:
    one, two = FileMetadata("one", A + B), FileMetadata("two", C)
    clients = (ClientInput((one,), ("two",)), ClientInput((two, one), ("one",)), ClientInput((), ("two", "one")))
    scenario = Scenario(Path("unused"), clients)
    assert scenario.files == {"one": one, "two": two}
    assert scenario.expected_outputs() == {(1, "two"): two, (2, "one"): one, (3, "two"): two, (3, "one"): one}
    assert scenario.wanted_segments() == [1, 0, 3], "what a client owns already is written, but not transferred"
    assert output_name(3, "two") == "client3_two"


def test_the_first_n_inputs_are_a_swarm_of_their_own(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1, WANTS_1, WANTS_1, "rubbish")
    assert len(read_scenario(folder, 2).clients) == 2
    assert len(read_scenario(folder, 3).clients) == 3
    assert problems_of(folder) == problems_of(folder, 4)


def test_without_a_number_all_inputs_take_part() -> None:
    assert len(read_scenario(SAMPLES).clients) == 5


@pytest.mark.parametrize("folder", sorted(path.parent for path in SAMPLES.rglob("in1.txt")), ids=str)
def test_every_sample_is_a_swarm(folder: Path) -> None:
    assert read_scenario(folder).clients


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1, WANTS_1)
    for name in ("in3.txt~", "main3.txt", "in3.txt.bak", "notes"):
        (folder / name).write_text("rubbish")
    assert len(read_scenario(folder).clients) == 2


# What is wrong


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    gone, file = tmp_path / "gone", tmp_path / "file"
    file.touch()
    advice = "give the folder of in1.txt …"
    assert problems_of(gone) == [f"{gone}: cannot be read as a folder (No such file or directory); {advice}"]
    assert problems_of(file) == [f"{file}: cannot be read as a folder (Not a directory); {advice}"]


def test_a_folder_without_inputs_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == [f"{tmp_path}: no input files; they are called in1.txt, in2.txt, …"]


def test_more_clients_than_inputs_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1, WANTS_1)
    assert problems_of(folder, 3) == [f"{folder}: has inputs for 2 of 3 clients; add the others, or take fewer"]


@pytest.mark.parametrize("num_clients", [0, -1])
def test_a_swarm_has_at_least_one_client(tmp_path: Path, num_clients: int) -> None:
    folder = write(tmp_path, OWNS_1)
    assert problems_of(folder, num_clients) == [
        f"{folder}: cannot be run with {num_clients} clients; take at least 1",
    ]


def test_a_gap_in_the_numbering_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1, WANTS_1, WANTS_1, WANTS_1)
    (folder / "in2.txt").unlink()
    missing = "in2.txt: missing, a gap in the numbering; number the inputs from 1"
    assert problems_of(folder) == [missing]
    assert problems_of(folder, 4) == [missing]
    assert len(read_scenario(folder, 1).clients) == 1, "a gap beyond the clients that take part does no harm"


def test_a_huge_number_in_a_name_costs_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1)
    (folder / "in9999999.txt").touch()
    assert problems_of(folder) == ["in2.txt: missing, a gap in the numbering; number the inputs from 1"]


def test_of_a_long_gap_only_the_first_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1)
    (folder / "in9999999.txt").write_text("x\n")
    advice = "missing, a gap in the numbering; number the inputs from 1"
    assert problems_of(folder, 9999999) == [
        *(f"in{rank}.txt: {advice}" for rank in (2, 3, 4)),
        "in9999999.txt:1: expected the number of files owned, found 'x'; write a whole number in decimal digits",
        f"{folder}: 9,999,994 more inputs are missing",
    ]


def test_the_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path, "x\n", WANTS_1, "", f"1\nfile1 1\n{A[1:]}\n1\n..\n")
    assert problems_of(folder, 5) == [
        f"{folder}: has inputs for 4 of 5 clients; add the others, or take fewer",
        "in1.txt:1: expected the number of files owned, found 'x'; write a whole number in decimal digits",
        "in3.txt:1: the file is empty; begin with the number of files owned",
        f"in4.txt:3: '{A[1:]}' is no hash; write 32 hexadecimal digits",
        "in4.txt:5: the name '..' could leave the output directory; give a plain file name",
    ]


def test_an_input_that_is_no_file_is_one_problem_among_the_others(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1, "x\n", WANTS_1)
    (folder / "in3.txt").unlink()
    os.mkfifo(folder / "in3.txt")
    (folder / "in4.txt").symlink_to("nowhere")
    assert problems_of(folder) == [
        "in2.txt:1: expected the number of files owned, found 'x'; write a whole number in decimal digits",
        "in3.txt: not a regular file; give a text file",
        "in4.txt: cannot be read (No such file or directory); check the name and its permissions",
    ]


def test_a_wanted_file_that_nobody_owns_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1, "0\n2\nfile1\nfile2\n", f"1\nfile2 1\n{C}\n0\n")
    assert len(read_scenario(folder).clients) == 3
    assert problems_of(folder, 2) == ["in2.txt:4: none of clients 1 to 2 owns 'file2'; give it an owner, or remove it"]


def test_owners_that_disagree_about_a_hash_are_told_both_lines(tmp_path: Path) -> None:
    other = f"2\nfile0 0\nfile1 2\n{A}\n{C}\n0\n"
    folder = write(tmp_path, OWNS_1, OWNS_1, other)
    assert problems_of(folder) == [
        f"in3.txt:5: 'file1' has another hash for segment 2 here than in {folder}/in1.txt:4; make its owners agree"
    ]


def test_owners_that_disagree_about_the_length_are_told_both_lines(tmp_path: Path) -> None:
    folder = write(tmp_path, f"2\nfile0 0\nfile1 2\n{A}\n{B}\n0\n", f"1\nfile1 1\n{A}\n0\n")
    assert problems_of(folder) == [
        f"in2.txt:2: 'file1' has 1 segments here and 2 in {folder}/in1.txt:3; make its owners agree"
    ]


def test_an_output_whose_name_would_be_too_long_is_refused_before_the_run(tmp_path: Path) -> None:
    longest = "x" * (255 - len("client2_"))
    folder = write(tmp_path, f"2\n{longest} 0\n{longest}x 0\n0\n", f"0\n2\n{longest}\n{longest}x\n")
    assert problems_of(folder) == [
        f"in2.txt:4: the output 'client2_{'x' * 12}'… would have a name of more than 255 bytes; shorten the file's name"
    ]


def test_what_files_say_together_is_checked_when_each_is_whole(tmp_path: Path) -> None:
    """A file that could not be read would seem to own nothing, and every other line would be a false alarm."""
    folder = write(tmp_path, OWNS_1.replace("1\n", "one\n", 1), WANTS_1)
    assert problems_of(folder) == [
        "in1.txt:1: expected the number of files owned, found 'one'; write a whole number in decimal digits"
    ]


# Writing


def written(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.iterdir())


def test_inputs_are_never_mixed_with_others(tmp_path: Path) -> None:
    folder = write(tmp_path, OWNS_1)
    with pytest.raises(InputError) as caught:
        write_inputs(folder, [ClientInput(), ClientInput()])
    assert caught.value.problems == (f"{folder}: holds input files already; choose another --output, or remove them",)
    assert written(folder) == ["in1.txt"]
    assert (folder / "in1.txt").read_text() == OWNS_1


def test_folders_are_made_as_needed(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write_inputs(folder, [ClientInput(), ClientInput()])
    assert written(folder) == ["in1.txt", "in2.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, reason in ((tmp_path / "file", "File exists"), (tmp_path / "file" / "in", "Not a directory")):
        with pytest.raises(InputError) as caught:
            write_inputs(folder, [ClientInput()])
        assert caught.value.problems == (f"{folder}: cannot be written ({reason}); choose another --output",)
