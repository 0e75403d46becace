"""The commands that the pages in `docs/` show work.

Some are made smaller before they run, since the pages show runs of minutes.
"""

import re
from pathlib import Path

import pytest

from emulator.scenario.generate import Shape
from emulator.storm.cases import Case
from tests.documents import ROOT, make_checkout, shell

PAGES = sorted((ROOT / "docs").glob("*.md"))
COMMAND = re.compile(r"^    ((?:emulator|python) .*?)(?: {3,}.*)?$", re.MULTILINE)
"""An indented line with a command, and perhaps an explanation after three blanks or more."""
NOT_RUN = re.compile(r"part\.\*|emulator serve|emulator replay (?!.*--(?:frame|record))|docs/dashboard\.svg")
"""Commands that need a terminal, a server, or a program of the reader's own."""
SMALLER = {
    "compare --strategies peers-first": "compare --clients 5 --segments 5 --repeat 1 --strategies peers-first",
    "--runs 1000000": "--runs 20",
    "--clients 16,51,101,201": "--clients 5",
    "--clients 51": "--clients 5",
    "--clients 20": "--clients 5",
    "--segments 50": "--segments 5",
    "--repeat 5": "--repeat 1",
    "--speed 0.01": "--speed 1",
    "--pace 20 ": "--pace 200 ",
}


def commands_of(page: Path) -> list[str]:
    """The commands of a page that can run here, in order, each made smaller."""
    commands = [match[1] for match in COMMAND.finditer(page.read_text(encoding="utf-8"))]
    return [_smaller(command) for command in commands if not NOT_RUN.search(command)]


def _smaller(command: str) -> str:
    for shown, run in SMALLER.items():
        command = command.replace(shown, run)
    return command


WITH_COMMANDS = [page for page in PAGES if commands_of(page)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.stem)
def test_every_command_of_a_page_ends_well(page: Path, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    (checkout / "storm.toml").write_text(Case(shape=Shape(clients=2, files=1, segments=(2, 2))).toml())
    for block in re.findall(r"^```toml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        (checkout / "two-racks.toml").write_text(block)
    shell("emulator --inputs samples/ --trace run.jsonl --quiet", checkout)
    for command in commands_of(page):
        # The killed client's files are missing, so this run fails.
        shell(f"{command} 2>&1 || test $? = 1" if "--fault 'kill" in command else command, checkout)


def test_most_pages_show_commands() -> None:
    assert len(WITH_COMMANDS) >= 8
    assert sum(len(commands_of(page)) for page in WITH_COMMANDS) >= 18
