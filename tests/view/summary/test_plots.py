"""Pictures of a comparison: what they are made of, and that they are always the same."""

import os
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from emulator.comparison.compare import Comparison, _cell
from emulator.comparison.subjects import Subject
from emulator.errors import EmulatorError, InputError
from emulator.view.summary.plots import check_plots, write_plots
from tests.comparison.made import grid, job, row


def comparison(*sizes: int, **fields: object) -> Comparison:
    asked = grid(clients=sizes)
    cells = tuple(
        _cell(
            subject,
            "peers-first",
            [row(job(seed, subject=subject), num_clients=subject.num_clients, **fields) for seed in (0, 1)],
        )
        for subject in asked.subjects()
    )
    return Comparison(asked, cells, (), 0)


def test_there_is_a_picture_of_each_swarm_and_one_over_their_sizes_the_same_to_the_byte_every_time(
    tmp_path: Path,
) -> None:
    for folder in ("one", "two"):
        check_plots(tmp_path / folder)
        write_plots(comparison(4, 40), tmp_path / folder)
    names = ["completion-3-segments-of-1-seed-4-clients", "completion-3-segments-of-1-seed-40-clients"]
    names.append("makespan-3-segments-of-1-seed")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        f"{name}.{ending}" for name in names for ending in ("png", "svg")
    ]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")  # noqa: S314
        else:
            assert path.read_bytes().startswith(b"\x89PNG")


def test_one_size_has_no_picture_over_sizes(tmp_path: Path) -> None:
    write_plots(comparison(4), tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"completion-3-segments-of-1-seed-4-clients"}


def test_runs_without_times_bounds_or_makespans_are_drawn_as_far_as_they_go(tmp_path: Path) -> None:
    bare = {"times_s": (), "num_done": 0, "makespan_s": None, "bound_s": None, "bound": None}
    write_plots(comparison(4, 40, **bare), tmp_path)
    assert len(list(tmp_path.iterdir())) == 6


def test_any_name_of_a_scenario_can_be_a_title_and_a_file(tmp_path: Path) -> None:
    names = ("../$x^2$ 漢\x1b.toml", "../$x^2$-漢-.toml")
    asked = grid(scenarios=names, clients=())
    cells = tuple(
        _cell(subject, "peers-first", [row(job(subject=subject))])
        for subject in (Subject(scenario=name) for name in names)
    )
    write_plots(Comparison(asked, cells, (), 0), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".svg") == [
        "completion-x-2-toml-4-clients-.svg",
        "completion-x-2-toml-4-clients.svg",
    ]


def test_without_matplotlib_the_command_that_gets_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EmulatorError) as caught:
        check_plots(tmp_path)
    assert str(caught.value) == "plots need the package matplotlib: pip install '.[plots]'"


def test_a_folder_that_cannot_be_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file: cannot be written \(File exists\); choose another --plots"):
        check_plots(tmp_path / "file")
    (tmp_path / "completion-3-segments-of-1-seed-4-clients.svg").mkdir()
    with pytest.raises(InputError, match=r"4-clients\.svg: cannot be written \(Is a directory\)"):
        write_plots(comparison(4), tmp_path)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not list threads")
def test_a_process_that_has_drawn_can_still_be_forked(tmp_path: Path) -> None:
    """Python warns of forks in a process with threads, whoever has started them."""
    write_plots(comparison(4), tmp_path)
    assert len(os.listdir("/proc/self/task")) == threading.active_count()
