"""What the page of a run takes: room, time to write, and time in the browser, beside what it has to reach.

    python benchmarks/page.py                a minute or two; needs Chromium
    python benchmarks/page.py --only 5       one of its swarms, by the number of its clients
    python benchmarks/page.py --picture docs/report.png    no figures, but the README's picture of the page

Writing is compared with `emulator check` on the same trace, both as whole processes, by their CPU time. In the browser,
*usable* is from the beginning of loading to the first picture; a *seek* goes to one of 200 events, back and forth, and
draws all that is shown: of five times the median counts, as other programs use the machine, and of the events the
worst; *play* plays the run. Without a graphics card, as here, Chromium draws with the CPU.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Figures, machine, write_swarm
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
PICTURE_SIZE = (1300, 950)
PICTURE_SCALE = 0.72
if TYPE_CHECKING:
    from tests.view.page.chromium import Chromium

SEEK = """
(() => {
  const seek = (at) => {
    const began = performance.now();
    page.clock.stopAt(Math.floor((page.run.length * ((at * 7919) % 1000)) / 1000));
    page.draw();
    page.drawWords();
    return performance.now() - began;
  };
  const rounds = [0, 1, 2, 3, 4].map(() => Array.from({ length: 200 }, (_, at) => seek(at)));
  return rounds[0].map((_, at) => rounds.map((times) => times[at]).sort((one, other) => one - other)[2]);
})()
"""
PLAY = """
new Promise((done) => {
  page.clock.stopAt(0);
  page.clock.speed = page.run.duration / 8;
  page.clock.isPlaying = true;
  page.redraw();
  const began = performance.now();
  let frames = 0;
  const count = () => {
    frames++;
    const passed = performance.now() - began;
    if (passed < 4000) requestAnimationFrame(count);
    else done((1000 * frames) / passed);
  };
  requestAnimationFrame(count);
})
"""


@dataclass(frozen=True)
class Swarm:
    """A swarm whose page is measured, and what its page has to reach."""

    clients: int
    write: Callable[[Path], Path]
    engine: str
    max_bytes: int
    max_usable_s: float
    max_seek_ms: float
    min_frames_per_s: float


SWARMS = (
    Swarm(5, lambda _: ROOT / "samples", "processes", 60_000, 0.5, 16, 50),
    Swarm(
        22,
        lambda folder: write_swarm(folder / "22", seeds=2, leechers=20, files=10, segments=100),
        "processes",
        250_000,
        1.0,
        30,
        30,
    ),
    Swarm(
        1_000,
        lambda folder: write_swarm(folder / "1000", seeds=5, leechers=995, files=1, segments=50),
        "virtual",
        2_000_000,
        3.0,
        100,
        20,
    ),
)


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    target: str
    is_reached: bool


def rows_of(swarm: Swarm, folder: Path, browser: "Chromium", times: int) -> Iterator[Row]:
    trace, page = folder / f"{swarm.clients}.jsonl", folder / f"{swarm.clients}.html"
    command = ["--inputs", str(swarm.write(folder)), "--output", str(folder / "out"), "--engine", swarm.engine]
    cpu_s([*command, "--quiet", "--trace", str(trace)])
    ratios = [
        cpu_s(["report", str(trace), "-o", str(page)]) / cpu_s(["check", str(trace), "--json"]) for _ in range(times)
    ]
    size = page.stat().st_size
    yield Row("file", f"{size / 1000:.0f} KB", f"≤ {swarm.max_bytes / 1000:.0f} KB", size <= swarm.max_bytes)
    ratio = Figures(ratios)
    yield Row("writing ÷ checking", ratio.show(".2f"), "≤ 2", ratio.median <= 2)
    usable, seeks, frames = in_browser(browser, page, times)
    yield Row(
        "usable after", f"{usable.show('.2f')} s", f"≤ {swarm.max_usable_s} s", usable.median <= swarm.max_usable_s
    )
    yield Row("worst seek", f"{seeks.show('.0f')} ms", f"≤ {swarm.max_seek_ms} ms", seeks.median <= swarm.max_seek_ms)
    is_reached = frames.median >= swarm.min_frames_per_s
    yield Row("play", f"{frames.show('.0f')} frames/s", f"≥ {swarm.min_frames_per_s}", is_reached)


def cpu_s(words: Sequence[str]) -> float:
    """The CPU time of `emulator` with these words, as a whole process."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "emulator", *words], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def in_browser(browser: "Chromium", page: Path, times: int) -> tuple[Figures, Figures, Figures]:
    """Seconds until usable, milliseconds of the worst seek, frames a second."""
    usable, seeks, frames = [], [], []
    for _ in range(times):
        browser.open(page.as_uri())
        usable.append(browser.evaluate("Number(document.documentElement.dataset.ready)") / 1000)
        seeks.append(max(browser.evaluate(SEEK)))
        frames.append(browser.evaluate(PLAY))
    return Figures(usable), Figures(seeks), Figures(frames)


def take_picture(browser: "Chromium", folder: Path, picture: Path) -> None:
    """The sample swarm in the middle of its run, with the story of a client."""
    page = folder.resolve() / "picture.html"
    command = ["--inputs", "samples/", "--output", str(folder / "out"), "--engine", "virtual", "--quiet"]
    cpu_s([*command, "--report", str(page)])
    browser.size(*PICTURE_SIZE, PICTURE_SCALE)
    browser.open(f"{page.as_uri()}#t=45%&client=4")
    browser.settle()
    browser.screenshot(picture)


def main() -> int:
    sys.path.insert(0, str(ROOT))
    from tests.view.page.chromium import Chromium

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, choices=[swarm.clients for swarm in SWARMS])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--picture", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    table = Table("clients", "what", "measured", "target", "", title=f"The page, on {machine()}")
    is_reached = True
    with tempfile.TemporaryDirectory() as name, Chromium(Path(name) / "profile") as browser:
        if arguments.picture:
            take_picture(browser, Path(name), arguments.picture)
            return 0
        browser.size(1280, 800)
        for swarm in SWARMS:
            if arguments.only in (None, swarm.clients):
                for row in rows_of(swarm, Path(name), browser, arguments.times):
                    table.add_row(
                        f"{swarm.clients:,}", row.what, row.measured, row.target, "✓" if row.is_reached else "✗"
                    )
                    is_reached &= row.is_reached
    Console().print(table)
    return 0 if is_reached else 1


if __name__ == "__main__":
    sys.exit(main())
