"""The list of strategies."""

from rich.text import Text

from emulator.commands.answers import print_json
from emulator.strategies import STRATEGIES, describe
from emulator.view.console import make_console, print_all


def tell_strategies(*, as_json: bool) -> None:
    """Every strategy that has a name, with what it does in one line."""
    listed = {name: describe(strategy) for name, strategy in STRATEGIES.items()}
    if as_json:
        print_json({"strategies": [{"name": name, "description": text} for name, text in listed.items()]})
        return
    width = max(map(len, listed)) + 2
    print_all(make_console(), [Text.assemble((f"{name:{width}}", "bold"), text) for name, text in listed.items()])
