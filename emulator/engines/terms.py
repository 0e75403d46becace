"""What options and faults come to for one client."""

from collections.abc import Sequence

import msgspec

from emulator.faults import Delay, Fault, Reorder, Slow, can_lose_messages
from emulator.faults.fault import Trait
from emulator.protocol.terms import Terms
from emulator.scenario.network import Network
from emulator.scenario.options import Options


def terms_of(options: Options, faults: Sequence[Fault], rank: int, life: int, patience_s: float) -> Terms:
    """Under what terms a client takes part, in its first life or in a later one.

    `patience_s` is how long an answer is waited for where messages can be lost.
    """
    terms = Terms(
        quota=options.quota,
        patience_s=patience_s if can_lose_messages(faults) else None,
        stays_s=options.stays_s,
        life=life,
    )
    for fault in faults:
        if isinstance(fault, Trait) and rank in fault.ranks:
            terms = fault.told(terms)
    if life or terms.arrives_s or not options.arrivals_s:
        return terms  # a client that comes back has waited before, and a fault's arrival goes before the scenario's
    return msgspec.structs.replace(terms, arrives_s=options.arrivals_s[rank])


def patience_of(network: Network, faults: Sequence[Fault], least_s: float) -> float:
    """How long an answer may take that is not lost, and `least_s` more.

    At worst everybody else waits for the same uploader, whose line is the slowest, and faults delay each message.
    """
    rates = [rate for rate in (*network.up, *network.down) if rate is not None]
    rates += [link.bytes_per_s for link in network.links if link.bytes_per_s is not None]
    segment_s = network.segment_bytes / min(rates) if rates else 0.0
    delay_s = max([network.delay_s, *(link.delay_s or 0.0 for link in network.links)])
    factor, late_s = 1.0, 0.0
    for fault in faults:
        match fault:
            case Slow():
                factor *= fault.factor
            case Delay():
                late_s += fault.by_s
            case Reorder():
                late_s += fault.within_s
    return least_s + factor * (network.size * segment_s + 4 * delay_s) + 2 * late_s
