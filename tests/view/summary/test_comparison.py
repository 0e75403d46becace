"""What a person is told of a comparison: its tables in 80 columns, its verdicts, its bar."""

import io
import re

import msgspec
import pytest
from rich.console import Console

from emulator.comparison.compare import Cell, Comparison, Failure
from emulator.comparison.intervals import Estimate
from emulator.comparison.measures import MEASURES
from emulator.comparison.subjects import Subject
from emulator.view.console import print_all
from emulator.view.summary.comparison import BarView, comparison_summary, what_is_run
from tests.comparison.made import SMALL, grid, job, row


def shown(comparison: Comparison, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    print_all(console, comparison_summary(comparison))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def cell(strategy: str, medians: dict[str, float], spread: float = 0.0, subject: Subject = SMALL) -> Cell:
    estimates = {
        name: Estimate(value, value * (1 - spread), value * (1 + spread), 6) for name, value in medians.items()
    }
    return Cell(subject, 4, strategy, (row(),), estimates)


def comparison(*cells: Cell, failures: tuple[Failure, ...] = (), repeat: int = 6) -> Comparison:
    asked = grid(repeat=repeat)
    # Names that nobody has registered would be refused.
    msgspec.structs.force_setattr(asked, "strategies", tuple(cell.strategy for cell in cells))
    return Comparison(asked, cells, failures, 0)


FAST = {"makespan_s": 10.0, "times_bound": 2.0, "p50_s": 8.0, "p95_s": 9.5, "p99_s": 10.0, "num_from_origin": 1234.0}
SLOW = {"makespan_s": 40.0, "times_bound": 8.0, "p50_s": 9.0, "p95_s": 39.0, "p99_s": 40.0, "num_from_origin": 5678.0}


SHOWN = """
4 clients, 3 segments of 1 seed · bound 1.00 s (rounds)

 strategy  makespan  95 % interval  ÷ bound    50 %    95 %    99 %
────────────────────────────────────────────────────────────────────
 fast        10.0 s  9.00 – 11.0 s     2.00  8.00 s  9.50 s  10.0 s
 slow        40.0 s  36.0 – 44.0 s     8.00  9.00 s  39.0 s  40.0 s

             from  cross          even-  misses /   messages    tracker
 strategy  origin  zones  wasted   ness   segment  / segment  mess. / s
────────────────────────────────────────────────────────────────────────
 fast       1,234      –       –      –         –          –          –
 slow       5,678      –       –      –         –          –          –

makespan: fast is faster than slow by 69–80 %
half of the clients done: no verdict between fast and slow
segments from the origin: fast has fewer than slow by 73–82 %"""


def test_a_swarm_is_shown_with_its_bound_its_times_its_costs_and_verdicts() -> None:
    text = shown(comparison(cell("fast", FAST, 0.1), cell("slow", SLOW, 0.1)))
    assert text == SHOWN


def test_the_widest_figures_fit_80_columns() -> None:
    huge = {measure.name: 123_456.0 for measure in MEASURES} | {"num_from_origin": 123_456_789.0, "jain_index": 0.00012}
    text = shown(comparison(cell("least-connected", huge, 0.1), cell("path/to/my/own.py:Strategy", huge, 0.1)))
    tables = [line for line in text.splitlines() if not line.startswith(("makespan:", "half", "segments", "messages"))]
    assert max(map(len, tables)) <= 80
    assert "…" not in text


def test_the_best_is_told_against_all_others_in_one_line() -> None:
    cells = [
        cell(name, {"makespan_s": value}, 0.1) for name, value in (("a", 9.0), ("b", 3.0), ("c", 3.1), ("d", 30.0))
    ]
    assert "makespan: b is faster than a by 59–73 %, d by 88–92 %; no verdict between b and c\n" in (
        shown(comparison(*cells)) + "\n"
    )


def test_a_small_or_nearly_whole_difference_is_not_rounded_away() -> None:
    close = [cell("a", {"makespan_s": 1.0}), cell("b", {"makespan_s": 1.0001})]
    assert "a is faster than b by 0.01 %" in shown(comparison(*close))
    far = [cell("a", {"makespan_s": 1.0}), cell("b", {"makespan_s": 1000.0})]
    assert "a is faster than b by 99.9 %" in shown(comparison(*far))


def test_without_enough_runs_no_verdict_is_given_and_why() -> None:
    few = [
        Cell(SMALL, 4, name, (row(),), {"makespan_s": Estimate(value, None, None, 5)})
        for name, value in (("a", 1.0), ("b", 9.0))
    ]
    text = shown(comparison(*few, repeat=5))
    assert "faster" not in text
    assert text.splitlines()[-1] == ("no verdicts: an interval needs 6 runs of each strategy, and there are fewer")


def test_runs_without_every_file_and_runs_that_failed_are_told() -> None:
    unproven = Cell(SMALL, 4, "a", (row(), row(is_proven=False)), {})
    lost = Cell(SMALL, 4, "b", (row(is_proven=False),) * 3, {})
    text = shown(comparison(unproven, lost, failures=tuple(Failure(job(seed), "no\x1b[2J") for seed in range(12))))
    assert "a, 4 clients: 1 of 2 runs was not proven, as wanted files were missing: no makespan and no verdict" in text
    assert "b, 4 clients: 3 of 3 runs were not proven, as wanted files were missing: no makespan and no verdict" in text
    assert re.search(r"^ a +–( +–){5}$", text, re.MULTILINE)
    assert r"failed: peers-first, 3 segments of 1 seed, 4 clients, rng seed 0: no\x1b[2J" in text
    assert "… and 2 more (--json has all)" in text


def test_a_name_cannot_move_the_cursor_or_be_markup() -> None:
    subject = Subject(scenario="[red]\x1b[2J", num_clients=4)
    asked = grid(scenarios=("[red]\x1b[2J",))
    text = shown(Comparison(asked, (cell("[bold]a", FAST, subject=subject),), (), 0))
    assert r"4 clients, [red]\x1b[2J" in text
    assert "[bold]a" in text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "1 strategy × 1 swarm × 2 rng seeds: 2 runs"),
        ({"repeat": 1}, "1 strategy × 1 swarm × 1 rng seed: 1 run"),
        ({"clients": (4, 5, 6), "repeat": 500}, "1 strategy × 3 swarms × 500 rng seeds: 1,500 runs"),
    ],
)
def test_what_is_run_is_said_first(fields: dict[str, object], text: str) -> None:
    assert what_is_run(grid(**fields)) == text


def test_a_bar_grows_with_every_run_and_is_taken_away_at_the_end() -> None:
    screen = io.StringIO()
    bar = BarView(Console(file=screen, force_terminal=True, width=80, color_system=None))
    bar.begin(3, 12)
    bar.advance(job())
    bar.tick()
    drawn = screen.getvalue()
    assert re.search(r"peers-first ━+\S* ?━* +4/12 ", drawn)
    bar.end()
    assert screen.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K") or "\x1b[?25h" in screen.getvalue()[len(drawn) :]
