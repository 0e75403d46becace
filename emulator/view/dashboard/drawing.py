"""Parts of which a screen is drawn: signs, lines of an exact width, and bars."""

from rich.text import Text

from emulator.protocol.events import Role
from emulator.view.text import printable

Lines = list[Text]

ROLES: dict[Role, tuple[str, str]] = {"seed": ("●", "green"), "peer": ("◐", "cyan"), "leecher": ("○", "dim")}
GIVEN_UP = "✗", "bold red"
"""A file that will never be whole; stands in place of a role or a bar."""
CAME_BACK = "↻", "yellow"
"""A client that died and was started again."""
SHADES = "·░▒▓█"
BLOCKS = " ▁▂▃▄▅▆▇█"


def line(text: str = "", style: str = "") -> Text:
    return Text(printable(text), style, no_wrap=True, overflow="ellipsis")


def fit(text: Text, width: int) -> Text:
    """Cut or fill to exactly `width` cells."""
    text.truncate(width, overflow="ellipsis", pad=True)
    text.no_wrap = True
    return text


def bar(share: float, width: int, style: str = "green") -> Text:
    """A bar of eighths of cells."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    done = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return Text.assemble((done, style), ("─" * (width - len(done)), "dim"))
