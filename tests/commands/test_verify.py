"""`emulator verify`."""

import json
from pathlib import Path

import pytest

from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.scenario import write_inputs
from tests.commands.calls import call


@pytest.fixture
def proven(tmp_path: Path) -> tuple[Path, Path]:
    """Inputs, and outputs that are right, written by another program: with CRLF, and no newline at the end."""
    one, two = FileMetadata("one", "0a" * 16 + "0b" * 16), FileMetadata("two", "0c" * 16)
    scenario = write_inputs(tmp_path / "in", [ClientInput((one, two), ()), ClientInput((), ("one", "two"))])
    output = tmp_path / "out"
    output.mkdir()
    for (rank, file), metadata in scenario.expected_outputs().items():
        lines = [metadata.segment(index) for index in range(metadata.num_segments)]
        (output / f"client{rank}_{file}").write_bytes("\r\n".join(lines).encode())
    return scenario.inputs, output


def test_outputs_of_another_program_are_proven_whatever_ends_their_lines(
    proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, output = proven
    status, out, err = call(capsys, "verify", "--inputs", inputs, "--outputs", output)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].strip() == "Outputs against the inputs"
    assert out.splitlines()[-1] == f"proven: 2 of 2 wanted files are right in {output}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "client2_one is missing"),
        ("0a" * 16, "client2_one is wrong: 1 lines instead of 2"),
        ("0a" * 16 + "\n" + "0c" * 16, "client2_one is wrong: line 2 is segment 1 of 'two'"),
    ],
    ids=["missing", "truncated", "changed"],
)
def test_verify_finds_what_is_missing_truncated_or_changed(
    proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    inputs, output = proven
    path = output / "client2_one"
    path.unlink()
    if content is not None:
        path.write_text(content)
    status, out, err = call(capsys, "verify", "--inputs", inputs, "--outputs", output)
    assert (status, err) == (1, "")
    verdict = "missing" if content is None else "wrong"
    assert out.splitlines()[-2:] == [said, f"NOT proven: 1 of 2 wanted files are right: 1 {verdict} in {output}"]
    status, out, _ = call(capsys, "verify", "--inputs", inputs, "--outputs", output, "--json")
    assert status == 1
    answer = json.loads(out)
    assert answer["is_proven"] is False
    assert [check["verdict"] for check in answer["outputs"]] == [verdict, "right"]


def test_verify_of_the_first_clients_ignores_the_others(
    proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, output = proven
    status, out, _ = call(capsys, "verify", "--inputs", inputs, "--outputs", output, "--clients", "1")
    assert status == 0
    assert "2 files that no client wants: client2_one, client2_two" in out


def test_verify_needs_a_folder_of_outputs(proven: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    inputs, output = proven
    problem = f"{output}/gone: not a folder; give the folder of the outputs"
    arguments: list[str | Path] = ["verify", "--inputs", inputs, "--outputs", output / "gone"]
    assert call(capsys, *arguments) == (2, "", f"emulator: {problem}\n")
    status, out, err = call(capsys, *arguments, "--json")
    assert (status, err) == (2, f"emulator: {problem}\n")
    assert json.loads(out) == {"error": problem, "exit_status": 2}
