"""The numbered steps are those of the documented protocol."""

import re
from pathlib import Path

from emulator.protocol.steps import STEPS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
PROTOCOL = Path(__file__).parents[2] / "emulator" / "protocol"
HOMES = {"P": "client.py", "D": "download.py", "U": "upload.py", "T": "tracker.py"}


def test_the_documented_steps_are_those_of_the_program_in_the_same_order() -> None:
    assert re.findall(r"^- \*\*([PDUT]\d)\*\* ", DOCUMENT, re.MULTILINE) == list(STEPS)


def test_every_step_stands_in_the_file_of_its_role() -> None:
    for step in STEPS:
        # The strategies make D4 to D6, and D3 is where a round begins.
        if step not in ("D4", "D5", "D6"):
            text = (PROTOCOL / HOMES[step[0]]).read_text(encoding="utf-8")
            span = rf"{step[0]}(\d) … {step[0]}(\d)"
            spans = [range(int(first), int(last) + 1) for first, last in re.findall(span, text)]
            assert step in text or any(int(step[1]) in numbers for numbers in spans), step
