"""The summary of a run: pure functions from its result to what rich prints."""

from collections.abc import Iterator

from rich.columns import Columns
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emulator.running.result import ClientResult, RunResult
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.view.summary.rows import MAX_PROBLEMS, MAX_ROWS, left_out
from emulator.view.summary.verification import verification_summary
from emulator.view.text import index, plural, printable, seconds


def what_is_run(scenario: Scenario, options: Options) -> Text:
    """`5 clients and a tracker, 5 files, 464 segments to get, strategy peers-first`."""
    clients, files = plural(len(scenario.clients), "client"), plural(len(scenario.files), "file")
    segments = plural(sum(scenario.wanted_segments()), "segment")
    return Text(f"{clients} and a tracker, {files}, {segments} to get, strategy {printable(options.strategy)}")


def run_summary(result: RunResult) -> Iterator[RenderableType]:
    """The clients' table, and a line a figure for the swarm."""
    yield _client_table(result)
    yield _time_table(result)
    yield from left_out(len(result.clients))
    yield Text(" · ".join(_swarm_figures(result)))
    even, alone = index(result.jain_index), index(1 / result.num_clients)
    yield Text(f"uploads spread with Jain's index {even} (1 is even, {alone} one client alone)")
    yield from losses(result)
    yield from faults_not_begun(result)
    yield from verification_summary(result.verification, result.output or "memory")


def _swarm_figures(result: RunResult) -> Iterator[str]:
    lacks = result.makespan_s is None and not result.verification.is_proven
    yield f"makespan {seconds(result.makespan_s)}{' (not everybody got everything)' if lacks else ''}"
    yield plural(result.num_segments, "segment")
    if result.segments_per_s:
        yield f"{result.segments_per_s:,.0f} segments/s"
    elif not result.num_segments:
        yield "no segment transferred"


def losses(result: RunResult) -> Iterator[RenderableType]:
    """A line for each client that died and did not come back, and for each file that is lost."""
    told = result.losses
    for text in told[:MAX_PROBLEMS]:
        yield Text(printable(text), style="bold red")
    yield from left_out(len(told), MAX_PROBLEMS)


def faults_not_begun(result: RunResult) -> Iterator[RenderableType]:
    """A line for each fault whose time never came."""
    for fault in result.faults_not_begun[:MAX_PROBLEMS]:
        yield Text(f"never happened: {printable(fault)}", style="yellow")
    yield from left_out(len(result.faults_not_begun), MAX_PROBLEMS)


def _client_table(result: RunResult) -> Table:
    table = Table(title="What each client did", title_justify="left", title_style="bold", pad_edge=False)
    for name in ("client", "from peers", "from seeds", "misses", "uploaded", "most conn.", "finished"):
        table.add_column(name, justify="right")
    for client in result.clients[:MAX_ROWS]:
        figures = (
            client.rank,
            client.num_from_peers,
            client.num_from_seeds,
            client.num_misses,
            client.num_uploaded,
            client.most_connections,
        )
        table.add_row(*(f"{figure:,}" for figure in figures), _finished(client))
    return table


def _finished(client: ClientResult) -> str:
    return "gave up" if client.given_up else "disk full" if client.not_written else seconds(client.finished_s)


def _time_table(result: RunResult) -> Table:
    """A line a client; a narrow screen wraps it between files."""
    wanting = {check.client for check in result.verification.outputs}
    table = Table.grid(padding=(0, 1))
    table.title, table.title_justify, table.title_style = "When each file was written", "left", "bold"
    for client in result.clients[:MAX_ROWS]:
        table.add_row(f"client {client.rank}", _times(client, client.rank in wanting))
    return table


def _times(client: ClientResult, is_wanting: bool) -> RenderableType:
    times = [f"{printable(file)} {seconds(time_s)}" for file, time_s in client.file_times_s.items()]
    if not times and not client.not_written:
        times = ["got nothing of what it wanted" if is_wanting else "wanted nothing"]
    times += [f"{printable(file)} given up" for file in client.given_up]
    times += [f"{printable(file)} not written" for file in client.not_written]
    return Columns([Text(time, no_wrap=True) for time in times], padding=(0, 2))
