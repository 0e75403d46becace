"""Strategies are found by name; each says in one line what it does."""

import json
import re

import pytest

from emulator.commands.command_line import run_command
from emulator.errors import InputError
from emulator.scenario.options import Options
from emulator.strategies import DEFAULT, STRATEGIES, describe, find_strategy, settled
from emulator.strategies.peers_first import PeersFirst
from tests.conftest import SAMPLES

KNOWN = ("peers-first", "seeds-only", "random-segment", "rarest-first", "least-connected", "endgame", "swift")


def test_peers_first_is_the_default() -> None:
    assert DEFAULT == Options().strategy == "peers-first"
    assert isinstance(find_strategy(DEFAULT), PeersFirst)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_name_gives_each_client_an_instance_of_its_own(name: str) -> None:
    assert type(find_strategy(name)) is STRATEGIES[name]
    assert find_strategy(name) is not find_strategy(name)
    assert Options(strategy=name).strategy == settled(name) == name


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        find_strategy("rarest-last")
    line = f"strategy 'rarest-last': unknown; take one of: {', '.join(KNOWN)}, or path/to/file.py:Name"
    assert caught.value.problems == (line,)


def test_strategies_are_listed_with_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["strategies"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(KNOWN)
    assert (
        lines[1]
        == "seeds-only       Client and server: takes the whole quota from a random seed, and never asks peers."
    )
    assert all(len(line) <= 120 and line.endswith(".") for line in lines)


def test_strategies_are_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["strategies", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["strategies"]
    assert listed == [{"name": name, "description": describe(STRATEGIES[name])} for name in KNOWN]


def test_the_documentation_says_what_each_does() -> None:
    text = (SAMPLES.parent / "docs" / "strategies.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \| ", text, re.MULTILINE) == list(KNOWN)
    assert "@TABLE@" not in text
