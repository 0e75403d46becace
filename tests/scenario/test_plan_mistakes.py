"""Every mistake in a scenario file is reported with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.scenario.plan import Plan, read_plan
from tests.scenario.plans import WHOLE, Read, problems

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "scenarios"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[run]", "[runs]", "44: 'runs' is unknown; known: arrivals, departures, faults, links, network, run, swarm"),
        ("seeds = 2", "seed = 2", "10: 'seed' is unknown in [swarm]; known: clients, files, inputs, overlap, owners, "),
        ("at_s =", "per_s = 3\nat_s =", "38: 'per_s' is unknown in [arrivals]; known: at_s, clients, kind"),
        ('name = "b"', 'name = "b"\ncolour = 1', "28: 'colour' is unknown in [zones]; known: clients, down, name, up"),
        ("clients = 6", "clients = 0", "7: clients: 0 is no whole number from 1 to 100,000; give one"),
        ("clients = 6", "clients = true", "7: clients: True is no whole number from 1 to 100,000; give one"),
        ("clients = 6", "clients = 6.0", "7: clients: 6.0 is no whole number from 1 to 100,000; give one"),
        ("clients = 6", f"clients = 0x{'f' * 6000}", "7: clients: a number of thousands of digits is no whole number"),
        ("wants = 0.5", "wants = nan", "12: wants: nan is no number from 0 to 1; give one"),
        ('"3-5"', '"5-3"', "9: segments: '5-3' is neither a number nor a range such as \"20-60\""),
        ('"3-5"', "[3, 5]", "9: segments: [3, 5] is neither a number nor a range such as \"20-60\""),
        ("seeds = 2", "seeds = 4", "10: seeds 4: give 1 to 3, the number of owners"),
        ('"100 Mbit/s"', '"100 Mbps"', "17: up: '100 Mbps' is not a rate such as 12.5 MB/s or 100 Mbit/s; the units"),
        ('"100 Mbit/s"', "inf", "17: up: inf is not a rate such as 12.5 MB/s or 100 Mbit/s, from 1e-09 to"),
        ('"100 Mbit/s"', "0", "17: up: 0 is not a rate such as 12.5 MB/s or 100 Mbit/s, from 1e-09 to"),
        ('"100 Mbit/s"', "[]", "17: up: [] is not a rate such as 12.5 MB/s or 100 Mbit/s, from 1e-09 to"),
        ('"1 MiB"', '"0.3 B"', "19: segment_bytes: '0.3 B' is not a whole number of bytes; take another size"),
        ('"1 MiB"', '"2 TiB"', "19: segment_bytes: 2199023255552 is no whole number from 1 to 1,099,511,627,776; give"),
        ('"20 ms"', "-1", "20: delay: -1 is not a time such as 20 ms or 1.5 s, from 0 to 1e+06; give one"),
        ('name = "b"', "", "26: name is missing; add name = …"),
        ('name = "b"', 'name = "a"', "27: there are two zones 'a'; rename one"),
        ('name = "b"', 'name = "a\\u0007"', "27: name: 'a\\x07' is no text of 1 to 200 printable characters; write it"),
        ('"5-"', '"4-6"', "28: client 4 is in zone 'a' too; leave it out of one"),
        ('"5-"', '"5-9"', "28: clients: '5-9' goes beyond client 6, the last one; take fewer, or more clients"),
        ('"5-"', '"9-"', "28: clients: '9-' goes beyond client 6, the last one; take fewer, or more clients"),
        ('"5-"', '"6-5"', "28: clients: '6-5' is no range of clients; count them from 1, the smaller number first"),
        ('"5-"', '"0"', "28: clients: '0' is no range of clients; count them from 1, the smaller number first"),
        ('"5-"', '"5,5"', "28: clients: '5,5' names clients twice; name each once"),
        ('"5-"', '"1-6,1-6"', "28: clients: '1-6,1-6' names clients twice; name each once"),
        ('"5-"', '"five"', "28: clients: 'five' names no clients; write them as \"1-20,25\" or \"30-\""),
        ('"5-"', "1.5", "28: clients: 1.5 names no clients; write them as \"1-20,25\" or \"30-\""),
        ('["b", "a"]', '["b", "c"]', "32: there is no zone 'c'; known: a, b"),
        ('["b", "a"]', '["b"]', '32: between: give the names of two zones, ["a", "b"]'),
        ('["b", "a"]', '["b", 3]', "32: between: 3 is no text of 1 to 200 printable characters; write it in quotes"),
        ("[[links]]", "[[links]]\nbetween = ['a', 'b']\n[[links]]", "34: these two zones are joined already; leave"),
        ('"flash-crowd"', '"rush"', "37: kind: 'rush' is unknown; known: flash-crowd, poisson"),
        ('kind = "flash-crowd"', "", "36: kind is missing; add kind = …"),
        ('at_s = "1.5 s"', "", "36: at_s is missing; add at_s = …"),
        ("stays_s = 60", 'stays_s = "ever"', "42: stays_s: 'ever' is not a time such as 20 ms or 1.5 s"),
        ("quota = 5", "quota = 0", "46: quota: 0 is no whole number from 1 to 1,000,000,000; give one"),
        ('"tracker down"', "3", "3: faults: 3 is no text of 1 to 200 printable characters; write it in quotes"),
        ('"peers-first"', '"./a.py:Mine"', "45: strategy: './a.py:Mine' is a program, which a scenario file"),
        ("[run]", "[[run]]", "44: run: [{'strategy': 'peers-first', 'quota': 5, is no table; write it as [run]"),
        ("[swarm]", "[swarm", "6: not TOML: Expected ']' at the end of a table declaration in column 7; correct it"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(read: Read, old: str, new: str, problem: str) -> None:
    text = WHOLE.replace(old, new, 1)
    assert text != WHOLE
    (found,) = problems(read, text)
    assert found.startswith(problem)


@pytest.mark.parametrize("end", ["\r\n", "\r\r\n"])
def test_other_line_ends_make_no_difference(read: Read, end: str) -> None:
    assert read(WHOLE.replace("\n", end)).lines == read(WHOLE).lines


def test_all_mistakes_are_told_at_once_up_to_ten(read: Read) -> None:
    assert problems(read, "faults = 3\n[swarm]\nfiles = -1\n[run]\nquota = 0\n") == [
        "1: faults: 3 is no list; write [ …, … ]",
        "5: quota: 0 is no whole number from 1 to 1,000,000,000; give one",
        "3: files: -1 is no whole number from 0 to 100,000; give one",
    ]
    with pytest.raises(InputError) as caught:
        read("[swarm]\n" + "".join(f"x{number} = 1\n" for number in range(30)))
    assert len(caught.value.problems) == 11
    assert str(caught.value.problems[-1]).endswith("plan.toml: 20 more problems")


def test_a_file_without_a_swarm_is_told_so(read: Read) -> None:
    assert problems(read, "") == ["1: there is no table [swarm]; add one"]


def test_a_folder_and_a_shape_are_one_too_many(read: Read) -> None:
    advice = "the swarm is that of its inputs; leave one of the two out"
    assert problems(read, '[swarm]\ninputs = "x"\nclients = 3\n') == [f"3: clients: {advice}"]


def test_problems_of_inputs_are_told_where_they_are(read: Read, tmp_path: Path) -> None:
    (tmp_path / "in1.txt").write_text("x\n")
    with pytest.raises(InputError, match=r"in1\.txt:1: expected the number of files owned, found 'x'"):
        read('[swarm]\ninputs = "."\n')


def test_what_would_fill_the_memory_is_refused_with_its_line(read: Read) -> None:
    assert problems(read, "[swarm]\nclients = 1000\nfiles = 100000\nsegments = 1\n") == [
        "2: clients × files: 100,000,000 is too many; take at most 10,000,000"
    ]


def test_a_poisson_process_without_an_end_is_refused(read: Read) -> None:
    text = '[swarm]\nclients = 9000\nfiles = 1\n[arrivals]\nkind = "poisson"\nper_s = 1e-6\n'
    (found,) = problems(read, text)
    assert found.startswith("6: per_s: the last client would come after 9,")


def only_problems(path: Path) -> Plan | None:
    """The plan, or None where it has problems, which are one line each and begin with the file's name."""
    try:
        return read_plan(path)
    except InputError as error:
        found = error.problems
    assert found
    assert all(problem.startswith(str(path)) and "\n" not in problem for problem in found)
    return None


@given(st.binary(max_size=60))
def test_any_bytes_are_a_plan_or_a_problem(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(data)
    assert only_problems(path) is None


LINES = WHOLE.splitlines()
VALUES = [
    "nan",
    "inf",
    "-1",
    "0",
    "1e400",
    "9" * 40,
    "true",
    '""',
    "[]",
    "{}",
    "{a=1}",
    '"1-"',
    "1979-05-27",
    "[[1]]",
    '"\\u0000"',
]


@given(
    st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(["drop", "copy", "cut", *VALUES])), max_size=4)
)
def test_a_damaged_file_is_a_plan_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[int, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    lines = list(LINES)
    for index, damage in damages:
        key = lines[index].split("=")[0]
        lines[index] = {"drop": "", "copy": f"{lines[index]}\n{lines[0]}", "cut": lines[index][:-2]}.get(
            damage, f"{key}= {damage}"
        )
    path.write_text("\n".join(lines), encoding="utf-8")
    plan = only_problems(path)
    if not damages:
        assert plan is not None
