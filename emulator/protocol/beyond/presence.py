"""Clients that arrive later than others, or leave before the end, because the scenario says so."""

from emulator.protocol.events import Arrived
from emulator.protocol.files import ClientInput
from emulator.protocol.library import Library
from emulator.protocol.messages import TRACKER, Leave
from emulator.protocol.node import Node
from emulator.protocol.terms import Terms


def arrive(node: Node, terms: Terms) -> None:
    """D3: wait until this client's arrival."""
    if terms.arrives_s > 0:
        node.clock.sleep(terms.arrives_s)
        node.record(Arrived())


def depart(node: Node, terms: Terms, mine: ClientInput, library: Library) -> None:
    """D8: after its stay, the client holds nothing any more, and tells the tracker that it leaves all swarms.

    Owners of files stay to the end: without them, the others could not finish.
    """
    if terms.stays_s is not None and not mine.owned:
        node.clock.sleep(terms.stays_s)
        library.withdraw()
        node.download.send(Leave(), TRACKER)
