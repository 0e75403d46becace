"""The README is true: its commands run, its options exist, its examples are what the program says and reads.

Its first two commands install things, so they are left to `.ci/run`, which is tested here with harmless ones.
"""

import argparse
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.commands.command_line import make_parser
from emulator.scenario.inputs import parse_input
from tests.documents import ROOT, make_checkout, shell

README = (ROOT / "README.md").read_text(encoding="utf-8")

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason=".ci/run copies what git tracks")


def blocks(language: str) -> list[str]:
    """The fenced blocks of this language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def install_line(mark: str) -> str:
    """The one line of the block that follows `<!-- mark -->`; `ValueError` where there is not exactly one."""
    (line,) = re.findall(rf"^<!-- {mark} -->\n```sh\n(.*)\n```$", README, re.MULTILINE)
    return str(line)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_checkout(tmp_path)


@pytest.mark.timeout(180)  # there are dozens of them
def test_every_command_of_the_readme_ends_well(checkout: Path) -> None:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    assert len(commands) == len(lines) >= 8
    (points,) = blocks("toml")
    (checkout / "points.toml").write_text(points)
    for command in commands:
        shell(command, checkout)
    assert json.loads((checkout / "result.json").read_text())["is_proven"] is True
    grade = json.loads((checkout / "verdict.json").read_text())["grade"]
    assert (grade["earned"], grade["possible"], grade["not_checked"]) == (5.5, 6.5, ["inputs"])


def test_the_python_examples_run_and_prove_their_outputs(checkout: Path) -> None:
    first, second = blocks("python")
    (checkout / "example.py").write_text(first)
    printed = shell("python example.py", checkout).splitlines()
    assert [line.split()[0] for line in printed[:5]] == ["1", "2", "3", "4", "5"]
    assert printed[5].endswith(" True")
    (checkout / "example.py").write_text(second)
    assert shell("python example.py", checkout).endswith(" 12 of 12 wanted files are right\n")


def test_the_summary_is_shown_as_it_looks(checkout: Path) -> None:
    (shown,) = (block.splitlines() for block in blocks("text") if "What each client did" in block)
    printed = [line.rstrip() for line in shell("emulator --clients 5 --inputs samples/", checkout).splitlines()]
    header = shown.index("What each client did") + 2
    names = re.findall(r"[a-z][a-z.: ]*[a-z.]", shown[header])
    assert names == re.findall(r"[a-z][a-z.: ]*[a-z.]", printed[printed.index("What each client did") + 2])
    assert len(names) == 7
    assert shown[-1] == printed[-1]
    assert [_without_figures(line) for line in shown[-3:]] == [_without_figures(line) for line in printed[-3:]]


def test_a_violation_is_shown_as_it_is_told(checkout: Path) -> None:
    (shown,) = (block.splitlines() for block in blocks("text") if "instead: " in block)
    shell("emulator --inputs samples/ --trace run.jsonl --quiet", checkout)
    _forget_the_last_close(checkout / "run.jsonl")
    printed = shell("emulator check run.jsonl --inputs samples/ || test $? = 1", checkout).splitlines()
    for line, real in zip(shown, [*printed[: len(shown) - 1], printed[-1]], strict=True):
        assert _without_figures(real.strip()).startswith(_without_figures(line.strip().removesuffix("…")))


def _forget_the_last_close(trace: Path) -> None:
    """Take its sending and its receipt out of a trace."""
    lines = [(json.loads(line), line) for line in trace.read_text().splitlines()]
    sent = [event for event, _ in lines if event.get("event") == "Sent" and event["message"] == ["Close"]]
    client, uploader = sent[-1]["rank"], sent[-1]["to"]
    received = [
        event
        for event, _ in lines
        if (event.get("event"), event.get("source"), event.get("rank")) == ("Received", client, uploader)
        and event["message"] == ["Close"]
    ]
    trace.write_text("".join(f"{line}\n" for event, line in lines if event not in (sent[-1], received[-1])))


def _without_figures(line: str) -> str:
    return re.sub(r"[0-9][0-9.,]*", "0", line)


def test_the_input_example_is_read_as_the_readme_explains_it() -> None:
    (example,) = (block for block in blocks("text") if "how many files it owns" in block)
    data = "\n".join(re.split(r" {2,}", line)[0] for line in example.splitlines())
    content = parse_input(data.encode(), "in1.txt").content
    assert [(file.name, file.num_segments) for file in content.owned] == [("notes", 2), ("empty", 0)]
    assert content.wanted == ("slides",)


def test_the_readme_names_every_option_and_no_other() -> None:
    of_other_programs = {"--only", "--long"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", README)) - of_other_programs
    assert named == _flags(make_parser())


def _flags(parser: argparse.ArgumentParser) -> set[str]:
    flags = {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            flags = flags.union(*(_flags(command) for command in action.choices.values()))
    return flags


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_both_install_lines_begin_with_a_virtual_environment() -> None:
    """A system's own Python often refuses `pip install` outside of one (PEP 668)."""
    begin = "python3 -m venv .venv && . .venv/bin/activate && "
    assert install_line("run") == f"{begin}pip install . && python -m emulator --clients 5 --inputs samples/"
    assert install_line("test") == f"{begin}pip install tox && tox -p 2"


VERIFY = ".venv/bin/emulator"
MAKE_VENV = f"mkdir -p .venv/bin && printf '#!/bin/sh\\nexit {{status}}' > {VERIFY} && chmod +x {VERIFY}"
WRITE_OUTPUTS = "mkdir out && touch out/client1_b out/client1_c"
GOOD_RUN = f"{MAKE_VENV.format(status=0)} && {WRITE_OUTPUTS}"
TESTS = "echo '=== 1 passed in 0.10s ==='; echo '===== 3 passed, 1 skipped in 0.20s ====='; echo 'congratulations'"


def ci_run(folder: Path, run_line: str, test_line: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` in a checkout whose README has these two commands."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "README.md").write_text(
        f"<!-- run -->\n```sh\n{run_line}\n```\nand\n<!-- test -->\n```sh\n{test_line}\n```\n"
    )
    (folder / "samples").mkdir()
    (folder / "samples" / "in1.txt").write_text("1\na 0\n2\nb\nc\n")
    (folder / "left over").touch()
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", ".ci", "README.md", "samples"], check=True)
    return subprocess.run(
        [folder / ".ci" / "run"], cwd=folder.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


@needs_git
def test_ci_runs_both_commands_of_the_readme_in_fresh_copies_and_ends_with_the_last_word_of_pytest(
    tmp_path: Path,
) -> None:
    fresh = "test ! -e 'left over' && test ! -e ran && touch ran"
    run_line = f"{fresh} && {GOOD_RUN}"
    done = ci_run(tmp_path, run_line, f"{fresh} && {TESTS}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "===== 3 passed, 1 skipped in 0.20s ====="


@needs_git
@pytest.mark.parametrize(
    ("run_line", "test_line"),
    [
        pytest.param("false", TESTS, id="the run fails"),
        pytest.param(f"{MAKE_VENV.format(status=1)} && {WRITE_OUTPUTS}", TESTS, id="the outputs are wrong"),
        pytest.param(f"{GOOD_RUN} && rm out/client1_b", TESTS, id="one is missing"),
        pytest.param(GOOD_RUN, f"{TESTS}; false", id="the tests fail"),
        pytest.param(GOOD_RUN, "true", id="no test ran"),
    ],
)
def test_ci_fails_when(tmp_path: Path, run_line: str, test_line: str) -> None:
    assert ci_run(tmp_path, run_line, test_line).returncode != 0
