"""What options and faults come to for one client."""

from collections.abc import Sequence

from emulator.faults import (
    Delay,
    Fault,
    Reorder,
    Slow,
    arrivals_s,
    can_lose_messages,
    free_riders,
)
from emulator.protocol.terms import Terms
from emulator.scenario.network import Network
from emulator.scenario.options import Options


def terms_of(options: Options, faults: Sequence[Fault], rank: int, life: int, patience_s: float) -> Terms:
    """Under what terms a client takes part, in its first life or in a later one.

    `patience_s` is how long an answer is waited for where messages can be lost.
    """
    arrives_s = options.arrivals_s[rank] if options.arrivals_s else 0.0
    return Terms(
        quota=options.quota,
        patience_s=patience_s if can_lose_messages(faults) else None,
        arrives_s=0.0 if life else arrivals_s(faults).get(rank, arrives_s),  # whoever comes back has waited before
        stays_s=options.stays_s,
        is_free_rider=rank in free_riders(faults),
        life=life,
    )


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
