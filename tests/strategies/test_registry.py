"""Strategies are found by name."""

import pytest

from emulator.options import Options
from emulator.strategies import DEFAULT, STRATEGIES, find_strategy
from emulator.strategies.peers_first import PeersFirst


def test_peers_first_is_the_default() -> None:
    assert DEFAULT == Options().strategy == "peers-first"
    assert isinstance(find_strategy(DEFAULT), PeersFirst)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_name_gives_a_new_instance_of_its_strategy(name: str) -> None:
    assert type(find_strategy(name)) is STRATEGIES[name]
    assert find_strategy(name) is not find_strategy(name)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(LookupError) as caught:
        find_strategy("rarest-last")
    assert str(caught.value) == f"unknown strategy 'rarest-last'; known: {', '.join(STRATEGIES)}"
