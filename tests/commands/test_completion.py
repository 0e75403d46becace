"""`emulator completion`."""

import subprocess
import sys
from pathlib import Path

import pytest

from emulator.commands.completion import SHELLS
from emulator.errors import EmulatorError
from tests.commands.calls import TIME_LIMIT_S, call


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_completion_script_for_each_shell(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    status, out, err = call(capsys, "completion", shell)
    assert (status, err) == (0, "")
    assert "emulator" in out
    assert "start-method" in out


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        (["--st"], {"--strategy", "--start-method"}),
        (["--start-method", ""], {"fork", "spawn"}),
        (["ver"], {"verify"}),
        (["verify", "--o"], {"--outputs"}),
    ],
)
def test_bash_completes_options_values_and_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], completions: set[str]
) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(call(capsys, "completion", "bash")[1])
    subprocess.run(["bash", "-n", script], check=True, timeout=TIME_LIMIT_S)
    asked = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_emulator; echo "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", asked, "bash", script, "emulator", *words],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=True,
    )
    assert set(done.stdout.split()) == completions


def test_completion_without_its_package_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    status, out, err = call(capsys, "completion", "bash")
    assert (status, out) == (EmulatorError.exit_status, "")
    assert err == "emulator: completion needs the package shtab: pip install '.[completion]'\n"
