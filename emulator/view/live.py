"""Watching a run: a screen that is drawn again on a terminal, or lines that are good in a log.

Both are observers that hold only when they last drew; all figures come from the statistics.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from emulator.protocol.events import BarrierOpened, ClientFinished, FileWritten
from emulator.scenario.scenario import Scenario
from emulator.trace.records import Record
from emulator.trace.statistics import ClientStatistics, SwarmStatistics
from emulator.view.terminal import SHOW_CURSOR, KeptTerminal
from emulator.view.text import plural, printable, seconds

FRAME_S = 0.1
RATE_WINDOW_S = 1.0
LINE_EVERY_S = 0.5
PROGRESS_EVERY_S = 2.0
MANY_CLIENTS = 20
"""Beyond so many clients, a log gets no line for each of them."""


class LiveView:
    """A bar a client, rates, elapsed time and the time that is left, on a terminal."""

    interval_s: float | None = FRAME_S
    undo = SHOW_CURSOR

    def __init__(
        self,
        console: Console,
        scenario: Scenario,
        statistics: SwarmStatistics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._statistics = statistics
        self._clock = clock
        self._goals = scenario.wanted_segments()
        self._samples: deque[tuple[float, int]] = deque()
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._terminal = KeptTerminal()
        self._began_s = clock()

    def begin(self) -> None:
        self._terminal.take()
        self._live.start()

    def observe(self, records: Sequence[Record]) -> None:
        pass

    def tick(self) -> None:
        now = self._clock()
        self._samples.append((now, self._statistics.num_transferred))
        while now - self._samples[0][0] > RATE_WINDOW_S:
            self._samples.popleft()
        self._live.update(self.frame(now), refresh=True)

    def end(self) -> None:
        self._live.stop()
        self._terminal.give_back()

    def frame(self, now: float) -> Group:
        """The whole screen: a headline, and as many clients as fit, those that are not finished first."""
        room = max(1, self._console.height - 4)
        clients = sorted(self._statistics.clients, key=lambda client: client.finished_s is not None)
        table = Table.grid(padding=(0, 1))
        for _ in ("client", "bar", "figures", "rate"):
            table.add_column(no_wrap=True)
        for client in clients[:room]:
            table.add_row(*self._row(client))
        num_more = len(clients) - room
        more = _line(f"… and {plural(num_more, 'more client')}" if num_more > 0 else "", "dim")
        return Group(self._headline(now), table, more)

    def _headline(self, now: float) -> Text:
        got, goal = self._statistics.num_transferred, sum(self._goals)
        rate = self._rate()
        left_s = (goal - got) / rate if rate else None
        share = got / goal if goal else 1.0
        return Text.assemble(
            (f"{share:4.0%} ", "bold"),
            f"{got:,} of {plural(goal, 'segment')} · {rate:,.0f}/s · ",
            f"elapsed {seconds(now - self._began_s)} · left {seconds(left_s)} · ",
            f"{self._statistics.num_finished} of {plural(len(self._goals), 'client')} finished",
            no_wrap=True,
            overflow="ellipsis",
        )

    def _rate(self) -> float:
        (then, before), (now, got) = self._samples[0], self._samples[-1]
        return (got - before) / (now - then) if now > then else 0.0

    def _row(self, client: ClientStatistics) -> list[Text | ProgressBar]:
        goal = self._goals[client.rank - 1]
        bar = ProgressBar(total=max(goal, 1), completed=client.num_got if goal else 1, width=30)
        if client.finished_s is not None:
            state = _line("finished, uploading", "green")
        elif client.downloading is not None:
            state = _line(f"downloading {printable(client.downloading)}")
        else:
            state = _line("at a barrier", "dim")
        elapsed_s = self._statistics.elapsed_s
        figures = Text(f"{client.num_got:,}/{goal:,}", justify="right")
        rate = Text(f"{client.num_got / elapsed_s if elapsed_s else 0:,.0f}/s", justify="right", style="dim")
        return [Text(f"client {client.rank}", justify="right"), bar, figures, rate, state]


def _line(text: str, style: str = "") -> Text:
    """Text that stays one line: a name longer than the screen is wide would take lines from other clients."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


class LineView:
    """A line for each thing worth a line, in the order in which they happened, for logs and pipes."""

    interval_s: float | None = LINE_EVERY_S
    undo = b""

    def __init__(self, console: Console, scenario: Scenario, statistics: SwarmStatistics) -> None:
        self._console = console
        self._statistics = statistics
        self._goal = sum(scenario.wanted_segments())
        self._is_small = len(scenario.clients) <= MANY_CLIENTS
        self._lines: list[tuple[float, str]] = []
        """Waiting to be put in order: what different processes did at one time does not arrive at one time."""
        self._next_progress_s = PROGRESS_EVERY_S

    def begin(self) -> None:
        pass

    def observe(self, records: Sequence[Record]) -> None:
        for record in records:
            text = self._describe(record)
            if text is not None:
                self._lines.append((record.time_s, f"{printable(text)} ({record.step})"))

    def _describe(self, record: Record) -> str | None:
        match record.event:
            case BarrierOpened(number):
                what = "reported their files" if number == 1 else "got their metadata"
                return f"all clients have {what}: barrier {number} opens"
            case FileWritten(file, num_segments) if self._is_small:
                return f"client {record.rank} has {file}, {plural(num_segments, 'segment')}"
            case ClientFinished(client) if self._is_small:
                return f"client {client} has everything it wanted"
        return None

    def tick(self) -> None:
        now = self._statistics.latest_s
        self._print(now - LINE_EVERY_S)
        if now >= self._next_progress_s:
            got, clients = self._statistics.num_transferred, len(self._statistics.clients)
            finished = f"{self._statistics.num_finished} of {plural(clients, 'client')} finished"
            self._say(now, f"{got:,} of {plural(self._goal, 'segment')}, {finished}")
            self._next_progress_s = now + PROGRESS_EVERY_S

    def end(self) -> None:
        self._print(math.inf)

    def _print(self, before_s: float) -> None:
        """Print, in order, what happened before this time."""
        self._lines.sort()
        while self._lines and self._lines[0][0] < before_s:
            self._say(*self._lines.pop(0))

    def _say(self, time_s: float, text: str) -> None:
        self._console.print(Text(f"{time_s:9.4f} s  {text}"), soft_wrap=True)
