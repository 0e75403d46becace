"""What options and faults come to for one client."""

from collections.abc import Sequence

from emulator.options import Options
from emulator.protocol.terms import Terms
from emulator.scenario.faults import Fault, arrivals_s, can_lose_messages, free_riders


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
