"""The zones of a network and the links between them must fit together."""

import pytest

from emulator.errors import InputError
from emulator.scenario.network import Network
from emulator.scenario.zones import Link, Zone


def zoned(
    zones: tuple[Zone, ...] = (Zone("here", (1, 2)), Zone("there", (3,))), links: tuple[Link, ...] = ()
) -> Network:
    return Network((None,) * 5, (None,) * 5, zones=zones, links=links)


@pytest.mark.parametrize(
    ("links", "problem"),
    [
        ((Link(("here", "here")),), "links[0].between: 'here' is joined to itself; name two zones"),
        ((Link(("here", "away")),), "links[0].between: there is no zone 'away'; known: here, there"),
        (
            (Link(("here", "there")), Link(("there", "here"))),
            "links[1].between: these two zones are joined already; leave one of the links out",
        ),
        ((Link(("here", "there"), -1.0),), "links[0].delay: -1.0 is no delay; take 0 to 1,000,000 s"),
        ((Link(("here", "there"), None, 0.0),), "links[0].rate: 0.0 is no rate; take 1e-09 to 1e+24 bytes/s"),
    ],
)
def test_links_join_two_different_zones_once(links: tuple[Link, ...], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        zoned(links=links)
    assert str(caught.value) == f"network: {problem}"


def test_more_zones_than_a_table_of_pairs_should_hold_are_refused() -> None:
    with pytest.raises(InputError, match=r"network: zones\[256\].name: 257 zones are too many; take at most 256"):
        zoned(zones=tuple(Zone(str(number), ()) for number in range(257)))
