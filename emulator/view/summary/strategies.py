"""The list of strategies."""

from collections.abc import Iterator, Mapping

from rich.text import Text


def strategy_list(descriptions: Mapping[str, str]) -> Iterator[Text]:
    """A line for each strategy, by name."""
    width = max(map(len, descriptions)) + 2
    for name, description in descriptions.items():
        yield Text.assemble((f"{name:{width}}", "bold"), description)
