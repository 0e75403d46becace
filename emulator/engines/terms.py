"""What options and faults come to for one client: the terms under which it takes part, and how it serves."""

from collections.abc import Callable, Sequence

import msgspec

from emulator.faults import Fault, can_lose_messages
from emulator.faults.fault import Trait
from emulator.protocol.beyond.uploader import ExtendedUploader
from emulator.protocol.library import Library
from emulator.protocol.node import Handler, Node
from emulator.protocol.terms import MoreTime, Terms
from emulator.scenario.options import Options


def terms_of(
    options: Options, faults: Sequence[Fault], rank: int, life: int, patience_s: float, more_s: MoreTime | None
) -> Terms:
    """Under what terms a client takes part, in its first life or in a later one.

    `patience_s` and `more_s` say how long an answer is waited for where messages can be lost.
    """
    can_lose = can_lose_messages(faults)
    terms = Terms(
        quota=options.quota,
        patience_s=patience_s if can_lose else None,
        more_s=more_s if can_lose else None,
        stays_s=options.stays_s,
        life=life,
    )
    for fault in faults:
        if isinstance(fault, Trait) and rank in fault.ranks:
            terms = fault.told(terms)
    if life or terms.arrives_s or not options.arrivals_s:
        return terms  # a client that comes back has waited before, and a fault's arrival goes before the scenario's
    return msgspec.structs.replace(terms, arrives_s=options.arrivals_s[rank])


def uploader_of(faults: Sequence[Fault], rank: int) -> Callable[[Node, Library], Handler]:
    """What makes the handler of a client's upload thread."""
    withholds = any(fault.withholds and rank in fault.ranks for fault in faults)
    return _make_free_rider if withholds else ExtendedUploader


def _make_free_rider(node: Node, _held: Library) -> Handler:
    """A free rider answers by the protocol, as a client that holds nothing."""
    return ExtendedUploader(node, Library())
