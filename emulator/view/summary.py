"""What is said at the end: pure functions from a result to what rich prints."""

from collections.abc import Iterator

from rich.columns import Columns
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emulator.runner import ClientResult, RunResult
from emulator.scenario.verify import Verification
from emulator.view.text import plural, printable, seconds

MOST_ROWS = 40
"""A longer table says how many rows it leaves out; `--json` has all of them."""
MOST_PROBLEMS = 10


def run_summary(result: RunResult) -> Iterator[RenderableType]:
    """The clients' table, and a line a figure for the swarm."""
    yield _client_table(result)
    yield _time_table(result)
    yield from _left_out(len(result.clients))
    rate = f"{result.segments_per_s:,.0f} segments/s" if result.segments_per_s else "no segment transferred"
    yield Text(f"makespan {seconds(result.makespan_s)} · {plural(result.num_segments, 'segment')} · {rate}")
    alone = 1 / result.num_clients
    yield Text(f"uploads spread with Jain's index {result.jain_index:.2f} (1 is even, {alone:.2f} one client alone)")
    yield from losses(result)
    yield from verification_summary(result.verification, result.output or "memory")


def losses(result: RunResult) -> Iterator[RenderableType]:
    """A line for each client that died and did not come back, and for each file that was lost with its holders."""
    told = result.losses
    for text in told[:MOST_PROBLEMS]:
        yield Text(printable(text), style="bold red")
    yield from _left_out(len(told), MOST_PROBLEMS)


def _client_table(result: RunResult) -> Table:
    table = Table(title="What each client did", title_justify="left", title_style="bold", pad_edge=False)
    for name in ("client", "from peers", "from seeds", "misses", "uploaded", "most conn.", "finished"):
        table.add_column(name, justify="right")
    for client in result.clients[:MOST_ROWS]:
        figures = (
            client.rank,
            client.num_from_peers,
            client.num_from_seeds,
            client.num_misses,
            client.num_uploaded,
            client.most_connections,
        )
        table.add_row(*(f"{figure:,}" for figure in figures), seconds(client.finished_s))
    return table


def _time_table(result: RunResult) -> Table:
    """A line a client, which a narrow screen breaks between files."""
    table = Table.grid(padding=(0, 1))
    table.title, table.title_justify, table.title_style = "When each file was written", "left", "bold"
    for client in result.clients[:MOST_ROWS]:
        table.add_row(f"client {client.rank}", _times(client))
    return table


def _times(client: ClientResult) -> RenderableType:
    if not client.file_times_s:
        return "wanted nothing"
    times = (f"{printable(file)} {seconds(time_s)}" for file, time_s in client.file_times_s.items())
    return Columns([Text(time, no_wrap=True) for time in times], padding=(0, 2))


def verification_summary(verification: Verification, output: str) -> Iterator[RenderableType]:
    """The verdict on a folder of outputs, and what is wrong with it."""
    wrong = [check for check in verification.outputs if check.verdict != "right"]
    for check in wrong[:MOST_PROBLEMS]:
        detail = f": {check.detail}" if check.detail else ""
        yield Text(printable(f"client{check.client}_{check.file} is {check.verdict}{detail}"), style="red")
    yield from _left_out(len(wrong), MOST_PROBLEMS)
    verdict = "proven" if verification.is_proven else "NOT proven"
    style = "bold green" if verification.is_proven else "bold red"
    yield Text.assemble((verdict, style), f": {verification.summary()} in {printable(output)}")


def unexpected_files(verification: Verification) -> Iterator[RenderableType]:
    """The names in the folder that look like outputs but that no input asks for; nothing where there are none."""
    names = ", ".join(printable(name) for name in verification.unexpected[:3])
    count = len(verification.unexpected)
    if count:
        yield Text(f"{plural(count, 'file')} that nobody wants: {names}", style="yellow")


def verification_table(verification: Verification) -> Iterator[RenderableType]:
    """Every output with its verdict, those that are not right first."""
    table = Table(title="Outputs against the inputs", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("client", justify="right")
    table.add_column("file")
    table.add_column("segments", justify="right")
    table.add_column("verdict")
    ordered = sorted(verification.outputs, key=lambda check: check.verdict == "right")
    for check in ordered[:MOST_ROWS]:
        style = "green" if check.verdict == "right" else "red"
        verdict = Text(check.verdict, style=style)
        table.add_row(str(check.client), Text(printable(check.file)), str(check.num_segments), verdict)
    yield table
    yield from _left_out(len(ordered))


def _left_out(num_rows: int, most: int = MOST_ROWS) -> Iterator[RenderableType]:
    """A line for the rows that are not shown; nothing at all where all are."""
    if num_rows > most:
        yield Text(f"… and {num_rows - most:,} more (--json has all)", style="dim")
