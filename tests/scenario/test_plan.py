"""A scenario file is read as it is written, and every mistake in it is told with its line."""

import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.scenario.generate import Shape, generate
from emulator.scenario.network import Network
from emulator.scenario.plan import Plan, RunDefaults, read_plan
from emulator.scenario.plan_network import NetworkFlags
from emulator.scenario.scenario import write_inputs
from emulator.scenario.toml_lines import find_lines
from emulator.scenario.toml_text import MAX_BYTES
from emulator.scenario.zones import Link, Zone

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "scenarios"

WHOLE = """\
faults = [
  "kill client 3 at 40%",   # line 2
  "tracker down",
]

[swarm]
clients = 6
files = 2
segments = "3-5"
seeds = 2
owners = 3
wants = 0.5
overlap = 1
rng_seed = 7

[network]
up = "100 Mbit/s"
down = 2e7
segment_bytes = "1 MiB"
delay = "20 ms"

[[zones]]
name = "a"
clients = "1-2,4"

[[zones]]
name = "b"
clients = "5-"
up = "1 kB/s"

[[links]]
between = ["b", "a"]
delay = 0.5
rate = "8 bit/s"

[arrivals]
kind = "flash-crowd"
at_s = "1.5 s"
clients = "3-5"

[departures]
stays_s = 60

[run]
strategy = "peers-first"
quota = 5
numwant = 9
rng_seed = -3
"""

Read = Callable[..., Plan]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str, num_clients: int | None = None, **flags: float) -> Plan:
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return read_plan(path, num_clients, NetworkFlags(**flags))  # type: ignore[arg-type]

    return read


def problems(read: Read, text: str) -> list[str]:
    """What is wrong with this text, as `line: what, and what to do`."""
    with pytest.raises(InputError) as caught:
        read(text)
    return [problem.split("plan.toml:", 1)[1] for problem in caught.value.problems]


def test_everything_that_a_file_can_say(read: Read) -> None:
    plan = read(WHOLE)
    shape = Shape(clients=6, files=2, segments=(3, 5), seeds=2, owners=3, wants=0.5, overlap=1, rng_seed=7)
    assert plan.scenario.clients == generate(shape)
    assert (plan.scenario.inputs, plan.scenario.is_on_disk) == (plan.path, False)
    up, slow, down = 12.5e6, 1000.0, 2e7
    assert plan.network == Network(
        (None, up, up, up, up, slow, slow),
        (None, *[down] * 6),
        segment_bytes=2**20,
        delay_s=0.02,
        zones=(Zone("a", (1, 2, 4)), Zone("b", (5, 6))),
        links=(Link(("b", "a"), 0.5, 1.0),),
    )
    assert plan.stays_s == 60
    assert plan.run == RunDefaults(strategy="peers-first", quota=5, numwant=9, rng_seed=-3)
    assert plan.faults == ("kill client 3 at 40%", "tracker down")
    assert [plan.where("faults", 1), plan.where("run", "quota")] == [f"{plan.path}:{line}" for line in (3, 46)]
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301


def test_a_swarm_alone_is_enough(read: Read) -> None:
    plan = read("[swarm]\n")
    assert plan.scenario.clients == generate(Shape())
    assert (plan.network, plan.arrivals_s, plan.stays_s, plan.faults) == (None, (), None, ())
    assert plan.run == RunDefaults()


def test_inputs_are_found_from_where_the_file_is(read: Read, tmp_path: Path) -> None:
    clients = generate(Shape(clients=3))
    write_inputs(tmp_path / "swarm", clients)
    plan = read('[swarm]\ninputs = "swarm"\n[[zones]]\nname = "z"\nclients = 3\n')
    assert plan.scenario.clients == clients
    assert (plan.scenario.inputs, plan.scenario.is_on_disk) == (tmp_path / "swarm", True)
    assert plan.network is not None
    assert plan.network.zones == (Zone("z", (3,)),)


def test_a_flash_crowd_comes_at_once_but_owners_are_there(read: Read) -> None:
    plan = read('[swarm]\nclients = 4\nowners = 1\n[arrivals]\nkind = "flash-crowd"\nat_s = 2\n')
    assert plan.arrivals_s == (0.0, 0.0, 2.0, 2.0, 2.0)
    plan = read('[swarm]\nclients = 4\nowners = 1\n[arrivals]\nkind = "flash-crowd"\nat_s = 2\nclients = "1-2,4"\n')
    assert plan.arrivals_s == (0.0, 0.0, 2.0, 0.0, 2.0)


def test_poisson_arrivals_are_drawn_in_the_order_of_ranks(read: Read) -> None:
    plan = read('[swarm]\nclients = 4\nowners = 1\n[arrivals]\nkind = "poisson"\nper_s = 8\nrng_seed = 3\n')
    rng = random.Random("arrivals/3")
    first = rng.expovariate(8.0)
    second = first + rng.expovariate(8.0)
    assert plan.arrivals_s == (0.0, 0.0, first, second, second + rng.expovariate(8.0))


def test_poisson_arrivals_come_at_their_rate(read: Read) -> None:
    plan = read('[swarm]\nclients = 5000\nowners = 1\nfiles = 1\n[arrivals]\nkind = "poisson"\nper_s = 50\n')
    assert plan.arrivals_s[-1] == pytest.approx(100, rel=0.05)


def test_flags_go_before_the_network_of_all_but_not_before_a_zones_own(read: Read) -> None:
    plan = read(WHOLE, up=5.0, segment_bytes=10)
    assert plan.network is not None
    assert plan.network.up == (None, 5.0, 5.0, 5.0, 5.0, 1000.0, 1000.0)
    assert (plan.network.down[1], plan.network.segment_bytes, plan.network.delay_s) == (2e7, 10, 0.02)
    assert read("[swarm]\nclients = 2\n", delay_s=0.0).network == Network.uniform(3, delay_s=0.0)


def test_another_number_of_clients_takes_the_first_of_each_zone_and_crowd(read: Read) -> None:
    plan = read(WHOLE, 4)
    assert plan.network is not None
    assert plan.network.zones == (Zone("a", (1, 2, 4)), Zone("b", ()))
    assert plan.arrivals_s == (0.0, 0.0, 0.0, 0.0, 1.5)
    larger = read(WHOLE, 8).network
    assert larger is not None
    assert larger.zones[1] == Zone("b", (5, 6, 7, 8))


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
        ("seeds = 2", "seeds = 4", "10: seeds 4: give 1 to 3, those of owners"),
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


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[swarm]\nx = '\xff'\n", ":2: not UTF-8 (byte 0xff); save the file as UTF-8"),
        (b"[swarm]\r\nx =\r\n", ":2: not TOML: Invalid value in column 4; correct it"),
        (b"x = [1,\n", ":1: not TOML: Invalid value at the end of the file; correct it"),
        (b"x = " + b"9" * 9_000, ": has a number of thousands of digits, or a date that is none; correct it"),
        (b"x = " + b"[" * 90_000, ": nested too deeply; no scenario is"),
        (b"a" + b".a" * 300 + b" = 1", ":1: more than 200 dots in one line; break it into several"),
        (b"#" * (MAX_BYTES + 1), ": more than 262,144 bytes; give a smaller TOML file"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert str(caught.value) == f"{path}{problem}"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, problem in (
        (tmp_path / "none.toml", "cannot be read (No such file or directory); give a TOML file"),
        (tmp_path, "not a regular file; give a TOML file"),
        (fifo, "not a regular file; give a TOML file"),
        (tmp_path / "a\0b", "no name of a file; give a TOML file"),
    ):
        with pytest.raises(InputError) as caught:
            read_plan(path)
        assert str(caught.value) == f"{path}: {problem}"


def test_the_line_of_every_key_is_known_however_it_is_written() -> None:
    text = '''\
# a comment [x] = 1
a = [ # more of [ it
  "one # [", """two
three""", [1, 2],

  { b = 3 } ]
c.'d.e' = { f = 1, "g" = [1,
2]}
[h."i j"]
k = """
l = 4 ""\\"
"""
m = \'\'\'[n]\'\'\' # ]
[[o]]
p = 1
[[o]]
p = 1
[o.q]
r = 1
[[o.s]]
[[o.s]]
t = "\\\\"
'''
    lines = find_lines(text)
    assert lines.pop(("c", "d.e", "f")) == 7
    assert lines == {
        ("a",): 2,
        ("a", 0): 3,
        ("a", 1): 3,
        ("a", 2): 4,
        ("a", 3): 6,
        ("c",): 7,
        ("c", "d.e"): 7,
        ("c", "d.e", "g"): 7,
        ("h", "i j"): 9,
        ("h", "i j", "k"): 10,
        ("h", "i j", "m"): 13,
        ("o", 0): 14,
        ("o", 0, "p"): 15,
        ("o", 1): 16,
        ("o", 1, "p"): 17,
        ("o", 1, "q"): 18,
        ("o", 1, "q", "r"): 19,
        ("o", 1, "s", 0): 20,
        ("o", 1, "s", 1): 21,
        ("o", 1, "s", 1, "t"): 22,
    }


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


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_sample_scenarios_are_right_and_say_where_they_come_from(path: Path) -> None:
    plan = read_plan(path)
    assert plan.network is not None
    assert not plan.network.is_ideal
    assert "https://" in path.read_text(encoding="utf-8").split("[swarm]")[0]
