"""What is read, from a file or from another process, writes nothing elsewhere and runs nothing (docs/security.md)."""

import ast
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import emulator
from emulator.commands.command_line import run_command
from emulator.comparison.compare import compare
from emulator.comparison.grid import key_of
from emulator.comparison.results import Kept, Results
from emulator.engines.processes.communicators import decode_letter
from emulator.engines.processes.packet_queue import PacketQueue, open_pair
from emulator.errors import InputError
from emulator.protocol.events import FileWritten, Sent
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import Metadata, MetadataRequest
from emulator.running.run import run
from emulator.scenario.generate import Shape, generate
from emulator.scenario.options import Options
from emulator.scenario.outputs import format_output
from emulator.scenario.scenario import output_name, write_inputs
from emulator.trace.records import Batch
from tests.checker.histories import HandWritten
from tests.comparison.made import grid, job, row

PACKAGE = Path(emulator.__file__).parent
RUNNERS = {"pickle", "marshal", "shelve", "dill", "subprocess", "ctypes", "pty", "runpy", "code", "yaml"}
"""Modules by which data could come to be run."""
BUILTINS = {"exec", "eval", "__import__"}

EVIL = ("../../evil", "/tmp/evil", "..", "evil\0", "\x1b]0;evil\x07", "-rf", "a/b")  # noqa: S108


def find_runners(path: Path) -> set[str]:
    """The ways in which this module can run what it has read."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import(names):
                found |= {name.name.partition(".")[0] for name in names} & RUNNERS
            case ast.ImportFrom(module=str(module)):
                found |= {module.partition(".")[0]} & RUNNERS
            case ast.Call(func=ast.Name(id=name)) if name in BUILTINS:
                found.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr=name)) if name in ("system", "popen"):
                found.add(f"os.{name}")
            case ast.Call(func=ast.Attribute(value=value, attr="recv" | "send" as name)):
                # A multiprocessing connection pickles; the protocol's communicators, which do not, are `download`,
                # `upload` and what they are called where they are wrapped.
                if "connection" in ast.unparse(value).lower():
                    found.add(f"connection.{name}")
    return found


def test_these_modules_and_no_others_can_run_what_they_read() -> None:
    found = {str(path.relative_to(PACKAGE)): find_runners(path) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {path: runners for path, runners in found.items() if runners} == {
        # The user's own program, which the user has named on the command line.
        "strategies/loader.py": {"exec"},
        # Copies of statistics that this process has written itself, to a file without a name.
        "replay/store.py": {"pickle"},
    }


def test_a_search_for_such_modules_would_find_them(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import pickle, subprocess\nfrom shelve import open\neval('1')\nself.connection.recv()\nos.system('')"
    )
    assert find_runners(path) == {"pickle", "subprocess", "shelve", "eval", "connection.recv", "os.system"}


class Touch:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_from_another_process_is_no_message_and_is_not_run(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps(Touch(tmp_path / "run"), protocol)
    reader, writer = open_pair()
    try:
        queue = PacketQueue(reader, writer)
        for decode in (decode_letter, msgspec.msgpack.Decoder(Batch).decode):
            queue.put(data)
            with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
                decode(queue.get())
    finally:
        os.close(reader)
        os.close(writer)
    assert list(tmp_path.iterdir()) == []
    pickle.loads(data)  # noqa: S301  to show that it would
    assert (tmp_path / "run").exists()


# Names


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A strategy that leaves a file where it is run."""
    path = tmp_path / "deep" / "er" / "program.py"
    path.parent.mkdir(parents=True)
    ran = tmp_path / "ran"
    path.write_text(f"open({str(ran)!r}, 'w')\nclass Mine:\n    def run_round(self, round): pass\n")
    return path


def test_names_in_a_trace_lead_nowhere_and_its_strategy_is_not_run(tmp_path: Path, program: Path) -> None:
    h = HandWritten(2, strategy=f"{program}:Mine", events=None)
    files = tuple(FileMetadata(name, "0" * 32) for name in EVIL)
    h.record(1, Sent("download", 0, Metadata(files)), "main")
    h.record(2, Sent("download", 0, MetadataRequest(EVIL, 1)), "download")
    for name in EVIL:
        h.record(2, FileWritten(name, 1), "download")
    folder = program.parent
    trace = h.write(folder / "trace.jsonl", None)
    before = tree(tmp_path)
    assert run_command(["check", str(trace), "--json"]) in (1, 3)
    assert run_command(["replay", str(trace), "--frame"]) == 0
    made = set()
    for arguments in (
        ["export", str(trace), "--to", "csv", "--output", str(folder / "made.csv")],
        ["export", str(trace), "--to", "perfetto", "--output", str(folder / "made.json")],
        ["export", str(trace), "--to", "shiviz", "--output", str(folder / "made.log")],
        ["replay", str(trace), "--record", str(folder / "made.svg")],
        ["replay", str(trace), "--record", str(folder / "made.cast")],
    ):
        assert run_command(arguments) == 0
        made.add(str(Path(arguments[-1]).relative_to(tmp_path)))
    assert tree(tmp_path).keys() - before.keys() == made


@pytest.mark.parametrize("name", ["{program}:Mine", "program.py:Mine"])
def test_a_scenario_file_cannot_name_a_program(
    tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(program.parent)
    plan = program.parent / "plan.toml"
    strategy = name.format(program=program)
    plan.write_text(f'[swarm]\n[run]\nstrategy = "{strategy}"\n')
    assert run_command(["--scenario", str(plan), "--output", str(tmp_path / "out"), "--engine", "virtual"]) == 2
    problem = f"{strategy!r:.80} is a program, which a scenario file cannot name; give it with --strategy"
    assert capsys.readouterr().err == f"emulator: {plan}:3: strategy: {problem}\n"
    assert not (tmp_path / "ran").exists()


def test_results_name_programs_and_none_is_run(tmp_path: Path, program: Path) -> None:
    asked = grid()
    results = Results(tmp_path / "results", asked)
    for each in asked.jobs():
        results.append(key_of(each), row(job(strategy=f"{program}:Mine")))
    results.close()
    assert compare(asked, tmp_path / "results", 1).num_kept == 2
    assert not (tmp_path / "ran").exists()
    line = (tmp_path / "results" / "runs.jsonl").read_bytes().splitlines()[0]
    assert msgspec.json.decode(line, type=Kept).row.job.strategy == f"{program}:Mine"


# Links


@pytest.mark.parametrize("flags", [{}, {"resume": True}])
def test_an_output_takes_the_place_of_a_link_and_nothing_is_written_through_it(
    tmp_path: Path, flags: dict[str, bool]
) -> None:
    scenario = write_inputs(tmp_path / "in", generate(Shape(clients=2, files=1, segments=(3, 3))))
    [((client, file), metadata)] = scenario.expected_outputs().items()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    output = tmp_path / "out" / output_name(client, file)
    output.parent.mkdir()
    output.symlink_to(victim)
    assert run(scenario, output.parent, Options(engine="virtual", **flags)).is_proven  # type: ignore[arg-type]
    assert victim.read_text() == "mine"
    assert not output.is_symlink()
    assert output.read_bytes() == format_output(metadata)


@pytest.mark.parametrize("name", ["runs.jsonl", "plan.json"])
def test_results_are_not_added_to_a_file_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "results"
    Results(folder, grid()).close()
    victim = tmp_path / "victim"
    (folder / name).rename(victim)
    (folder / name).symlink_to(victim)
    before = victim.read_bytes()
    with pytest.raises(InputError) as caught:
        Results(folder, grid())
    assert caught.value.problems == (f"{folder / name}: is a link, perhaps to somewhere else; remove it",)
    assert victim.read_bytes() == before
