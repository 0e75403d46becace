"""The worked example of CONTRIBUTING.md is a command."""

import json
import re
from pathlib import Path

import pytest

from emulator.commands import command_line
from emulator.protocol.messages import Close
from tests.checker.histories import HandWritten
from tests.commands.calls import call

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_the_example_of_a_new_command_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    section = GUIDE.read_text(encoding="utf-8").partition("## A new command\n")[2]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    example: dict[str, object] = {}
    exec(found[1], example)  # noqa: S102 - it is this project's own
    monkeypatch.setattr(command_line, "COMMANDS", (*command_line.COMMANDS, example["COMMAND"]))
    trace = HandWritten(2)
    trace.message(1, 2, Close())
    path = trace.write(tmp_path / "t.jsonl")
    assert call(capsys, "count", path) == (0, "        1 Sent\n        1 Received\n", "")
    status, out, _ = call(capsys, "count", path, "--json")
    assert (status, json.loads(out)) == (0, {"numbers": {"Sent": 1, "Received": 1}})
    status, out, err = call(capsys, "count", tmp_path / "gone", "--json")
    assert (status, err.count("\n"), json.loads(out)["exit_status"]) == (2, 1, 2)
    assert "count               count the events of a trace by kind" in call(capsys, "--help")[1]
