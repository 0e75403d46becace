"""Long tables and lists: how much of them is shown."""

from collections.abc import Iterator

from rich.text import Text

MAX_ROWS = 40
MAX_PROBLEMS = 10


def left_out(num_rows: int, max_rows: int = MAX_ROWS) -> Iterator[Text]:
    """A line that counts the rows that are not shown; nothing if all are."""
    if num_rows > max_rows:
        yield Text(f"… and {num_rows - max_rows:,} more (--json has all)", style="dim")
