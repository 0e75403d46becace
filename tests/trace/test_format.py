"""`docs/trace-format.md` is true: its tables are those of the program; its example and its C program are valid."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

from emulator.checker import rules
from emulator.checker.checker import check_trace
from emulator.checker.report import Report
from emulator.protocol.events import AnyEvent, Event, MessageFaulted, Received, Sent
from emulator.protocol.messages import AnyMessage, ConnectionCount, Lost, Message, Returned, Stop
from emulator.trace.format import AnyLine, Header, Stamp, TraceEnded
from emulator.trace.reader import Trace
from tests.checker.histories import channel_of, unknown, violations

DOCUMENT = (Path(__file__).parents[2] / "docs" / "trace-format.md").read_text(encoding="utf-8")
LOOKED_AT = (
    "RoleChanged",
    "FileWritten",
    "ThreadEnded",
    "FileNotWritten",
    "FileUnavailable",
    "DownloadStarted",
    "ClientLeft",
)
WRONG = ("Died", "Restarted", "FaultBegan", "MessageFaulted")
"""What the checker looks at where something goes wrong."""

needs_a_compiler = pytest.mark.skipif(
    shutil.which("cc") is None or shutil.which("sort") is None, reason="there is no C compiler, or no sort, here"
)


def section(title: str) -> str:
    """What stands under a heading, up to the next one of any level."""
    [text] = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", DOCUMENT, re.DOTALL | re.MULTILINE)
    return str(text)


def block(title: str, language: str) -> str:
    """The only block of code in this language under a heading."""
    [code] = re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    return str(code)


def table(title: str) -> list[list[str]]:
    """The rows of the only table under a heading, without its head."""
    rows = [line.strip("|").split("|") for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def code(text: str) -> list[str]:
    """What is set as code in a text."""
    return re.findall(r"`([^`]+)`", text)


def fields(kind: type[msgspec.Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(kind)]


def kinds() -> dict[str, type[Event]]:
    return {kind.__name__: kind for kind in get_args(AnyEvent)}


# Tables


def test_the_header_has_the_keys_of_the_table() -> None:
    rows = {key: row for row in table("The header") for key in code(row[0])}
    assert set(rows) == set(fields(Header))
    header = msgspec.json.decode(block("The header", "json"), type=Header)
    assert {key for key, row in rows.items() if row[2] == "required"} == {"format", "version", "clients"}
    assert code(rows["strategy"][2]) == [f'"{header.strategy}"']
    assert code(rows["quota"][2]) == [str(header.quota)]
    assert (header.clients, header.numwant, header.events) == (2, None, None)


def test_events_have_the_keys_of_the_table() -> None:
    assert [row[0] for row in table("Events")] == ["`event`", *(f"`{key}`" for key in fields(Stamp))]


def from_printf(text: str) -> str:
    """What `printf` makes of the format that a text begins with, given a name for strings and 1 for numbers.

    The name is one that a bit a segment, in base64, can be as well.
    """
    match = re.match(r'`"((?:[^"\\]|\\.)*)"`', text)
    assert match, text
    keys = match[1].replace(r"\"", '"')
    return keys.replace('"role":"%s"', '"role":"peer"').replace("%s", "file").replace("%d", "1")


def test_messages_are_those_of_the_table() -> None:
    decode = msgspec.json.Decoder(AnyMessage).decode
    messages: dict[str, Message] = {}
    for name, _, on, array in table("Messages") + table("Extensions"):
        message = decode("[" + from_printf(array) + "]")
        assert [type(message).__name__] == code(name)
        assert code(on) == ([] if isinstance(message, (Lost, Returned)) else [channel_of(message)])
        told = msgspec.json.decode("[" + from_printf(array) + "]")
        whole = msgspec.json.decode(msgspec.json.encode(message))
        assert whole[: len(told)] == told
        assert whole[len(told) :] in ([], [0], [False]), "the number of a question, or whether the dead come back"
        messages[type(message).__name__] = message
    assert set(messages) == {kind.__name__ for kind in get_args(AnyMessage)}
    assert messages["ConnectionCount"] == ConnectionCount(1)


def test_what_the_checker_looks_at_is_in_the_table() -> None:
    rows = table("What else the checker looks at")
    assert [code(row[0]) for row in rows] == [[kind] for kind in LOOKED_AT]
    for row in rows:
        line = "{" + from_printf(row[2]) + ',"t":1,"rank":1,"thread":"upload"}'
        event = msgspec.json.decode(line, type=AnyLine)
        assert [type(event).__name__] == code(row[0])


def test_all_other_events_are_in_the_other_table() -> None:
    rows = table("What others look at")
    assert {name for row in rows for name in code(row[0])} == set(kinds()) - {"Sent", "Received", *LOOKED_AT, *WRONG}
    for row in rows:
        kind = kinds()[code(row[0])[0]]
        assert [word for word in code(row[1]) if word != "main"] == fields(kind)


def test_what_goes_wrong_is_in_a_table_of_its_own() -> None:
    rows = table("When something goes wrong")
    assert [code(row[0]) for row in rows] == [[kind] for kind in WRONG]
    for row in rows:
        words = [word.strip('"') for word in code(row[1])]
        verdicts = [word for word in words if word in get_args(get_type_hints(MessageFaulted)["verdict"])]
        assert len(verdicts) in (0, 4)
        assert [word for word in words if word not in verdicts] == fields(kinds()[code(row[0])[0]])


def test_questions_that_have_numbers_are_named() -> None:
    names = re.findall(r"Questions are\n(.*?)\.", section("Extensions"), re.DOTALL)[0]
    numbered = {kind.__name__ for kind in get_args(AnyMessage) if "request" in kind.__struct_fields__}
    answers = {"MetadataAnswer", "SwarmAnswer", "Hit", "Miss", "ConnectionCount", "Holdings", "StuckAnswer"}
    assert set(code(names)) == numbered - answers


def test_rules_and_the_events_they_need_are_those_of_the_table() -> None:
    rows = table("Which events for which rule")
    assert [row[0] for row in rows] == [f"`{rule.name}`" for rule in rules.RULES]
    for rule, (_, steps, what, needs, uses, only) in zip(rules.RULES, rows, strict=True):
        assert (steps, what) == (", ".join(rule.steps), rule.text)
        assert set(code(needs)) == rule.needs
        assert set(code(uses)) == rule.uses
        conditions = [
            text
            for text, is_due in (
                ("strategy `peers-first`", rule.is_strategy),
                ("`--inputs` given", rule.needs_inputs),
            )
            if is_due
        ]
        assert only == ", ".join(conditions)


def test_the_end_is_as_it_is_shown() -> None:
    line = block("The end", "json")
    assert msgspec.json.decode(line, type=AnyLine) == TraceEnded("complete")
    assert msgspec.json.decode(line, type=Stamp).rank == 0


# The example


def check(path: Path, lines: list[str]) -> Report:
    path.write_text("".join(line + "\n" for line in lines))
    return check_trace(Trace(path))


@pytest.fixture
def example() -> list[str]:
    return block("A complete example", "json").splitlines()


def test_the_example_is_valid_by_every_rule(example: list[str], tmp_path: Path) -> None:
    report = check(tmp_path / "trace.jsonl", example)
    assert (report.verdict, violations(report), report.end) == ("valid", [], "complete")
    assert {judged.rule for judged in report.rules} == {rule.name for rule in rules.RULES if not rule.needs_inputs}


def test_the_example_without_roles_leaves_one_rule_unknown(example: list[str], tmp_path: Path) -> None:
    lines = [line for line in example if '"RoleChanged"' not in line]
    assert len(example) - len(lines) == 3
    report = check(tmp_path / "trace.jsonl", lines)
    assert (report.verdict, unknown(report)) == ("unknown", {rules.ROLES.name})


def test_the_example_without_its_end_leaves_its_end_unknown(example: list[str], tmp_path: Path) -> None:
    report = check(tmp_path / "trace.jsonl", example[:-1])
    assert (report.verdict, report.outcome) == ("unknown", "cut")
    assert {rules.DELIVERY.name, rules.STOP.name, rules.EVERYTHING_COMPLETE.name} <= unknown(report)


def test_sent_and_received_alone_decide_all_rules_but_one(example: list[str], tmp_path: Path) -> None:
    lines = [line for line in example if re.search(r'"(format|Sent|Received|TraceEnded)"', line)]
    assert unknown(check(tmp_path / "trace.jsonl", lines)) == {rules.ROLES.name}


# C


def compile_and_run(folder: Path, program: str) -> str:
    (folder / "swarm.c").write_text(program)
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-o", "swarm", "swarm.c"], cwd=folder, check=True)
    return subprocess.run(["./swarm"], cwd=folder, check=True, capture_output=True, text=True).stdout


@needs_a_compiler
def test_the_lines_of_printf_are_lines_of_a_trace(tmp_path: Path) -> None:
    lines = block("Messages", "c")
    program = f"""
    #include <stdio.h>
    int main(void)
    {{
        const char *on = "upload", *thread = "upload", *message = "\\"Stop\\"";
        int to = 2, source = 0, rank = 1;
        double t = 0.25;
        {lines}
        return 0;
    }}
    """
    path = tmp_path / "trace.jsonl"
    path.write_text(block("The header", "json") + compile_and_run(tmp_path, program))
    entries = list(Trace(path).entries())
    assert [entry.event for entry in entries] == [Sent("upload", 2, Stop()), Received("upload", 0, Stop())]
    assert {(entry.stamp.t, entry.stamp.rank, entry.stamp.thread) for entry in entries} == {(0.25, 1, "upload")}
