"""Names that are nearly those of inputs are told; names of anything else are not."""

from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.protocol.files import ClientInput
from emulator.scenario.input_names import looks_like_input, misnamed
from emulator.scenario.scenario import format_input, read_scenario, write_inputs

SECOND = ["in02.txt", "IN2.txt", "in2.TXT", "in 2.txt", "in2 .txt", "in2.txt ", " in2.txt", "in2.txt.txt", "in2"]
SECOND += ["in-2.txt", "in_2.txt", "in(2).txt", "in.2.txt", "input2.txt", "Input 2.TXT", "in\uff12.txt", "in\u0662.txt"]
SECOND += ["in2.text", "in2txt", "in2,txt", "in2\u200b.txt", "\u0130N2.txt", "in2."]
COPIES = ["in2 (1).txt", "in2 - Copy.txt", "in2.csv", "in02.dat", "in2.txt.docx"]
UNRELATED = ["README", "expected.txt", ".DS_Store", "client1_file1", "index.txt", "info1.txt", "main1.txt", "out2.txt"]
UNRELATED += [
    ".in2.txt.swp",
    "._in2.txt",
    "in2.txt~",
    "in2.txt.bak",
    "#in2.txt#",
    "in2020-report.pdf",
    "input",
    "2.txt",
]


@pytest.mark.parametrize("name", [*SECOND, *COPIES])
def test_a_name_that_was_meant_as_an_input_is_told_with_the_right_one(name: str) -> None:
    assert misnamed(["in1.txt", name]) == [f"{name}: not the name of an input; rename it to in2.txt"]
    assert looks_like_input(name)


@pytest.mark.parametrize("name", SECOND)
def test_a_second_name_for_an_input_is_told(name: str) -> None:
    told = f"{name}: not the name of an input; in2.txt is there too, so remove one of them"
    assert misnamed(["in1.txt", "in2.txt", name]) == [told]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_an_input_may_lie_beside_it(name: str) -> None:
    assert misnamed(["in1.txt", "in2.txt", name]) == []


@pytest.mark.parametrize("name", UNRELATED)
def test_other_files_may_lie_beside_inputs(name: str) -> None:
    assert misnamed(["in1.txt", name]) == []
    assert not looks_like_input(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("in0.txt", "not the name of an input; inputs are numbered from 1, so rename them to in1.txt, in2.txt, …"),
        ("in.txt", "not the name of an input, which has a number; rename it to in1.txt, in2.txt, …"),
        ("in12345678.txt", "not the name of an input; their numbers end at 9,999,999"),
    ],
)
def test_where_no_single_name_is_right_the_rule_is_told(name: str, told: str) -> None:
    assert misnamed(["in1.txt", name]) == [f"{name}: {told}"]


def test_many_wrong_names_are_told_in_a_few_lines() -> None:
    told = misnamed([f"IN{rank}.TXT" for rank in range(1, 1001)])
    assert len(told) == 6
    assert told[-1] == "995 more names are nearly those of inputs"


def test_reading_a_folder_tells_wrong_names_and_passes_over_folders(tmp_path: Path) -> None:
    write_inputs(tmp_path, [ClientInput(), ClientInput()])
    (tmp_path / "in3").mkdir()
    (tmp_path / "README").touch()
    assert len(read_scenario(tmp_path).clients) == 2
    (tmp_path / "in03.txt").write_bytes(format_input(ClientInput()))
    for num_clients in (None, 1, 2):
        with pytest.raises(InputError) as caught:
            read_scenario(tmp_path, num_clients)
        assert caught.value.problems == (f"{tmp_path}/in03.txt: not the name of an input; rename it to in3.txt",)


def test_inputs_are_not_written_beside_wrong_names(tmp_path: Path) -> None:
    (tmp_path / "in3.csv").touch()
    (tmp_path / "in02.txt").touch()
    with pytest.raises(InputError) as caught:
        write_inputs(tmp_path, [ClientInput(), ClientInput(), ClientInput()])
    told = "not the name of an input; in2.txt is there too, so remove one of them; or choose another --output"
    assert caught.value.problems == (f"{tmp_path}/in02.txt: {told}",)
    assert not (tmp_path / "in1.txt").exists()
