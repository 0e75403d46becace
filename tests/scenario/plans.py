"""A scenario file that says everything, and what the reader finds wrong in a text."""

from collections.abc import Callable

import pytest

from emulator.errors import InputError
from emulator.scenario.plan import Plan

WHOLE = """\
faults = [
  "kill client 3 at 40%",   # line 2
  "tracker down",
]

[swarm]
clients = 6
files = 2
segments = "3-5"
seeds = 2
owners = 3
wants = 0.5
overlap = 1
rng_seed = 7

[network]
up = "100 Mbit/s"
down = 2e7
segment_bytes = "1 MiB"
delay = "20 ms"

[[zones]]
name = "a"
clients = "1-2,4"

[[zones]]
name = "b"
clients = "5-"
up = "1 kB/s"

[[links]]
between = ["b", "a"]
delay = 0.5
rate = "8 bit/s"

[arrivals]
kind = "flash-crowd"
at_s = "1.5 s"
clients = "3-5"

[departures]
stays_s = 60

[run]
strategy = "peers-first"
quota = 5
numwant = 9
rng_seed = -3
"""

Read = Callable[..., Plan]


def problems(read: Read, text: str) -> list[str]:
    """What is wrong with this text, as `line: what, and what to do`."""
    with pytest.raises(InputError) as caught:
        read(text)
    return [problem.split("plan.toml:", 1)[1] for problem in caught.value.problems]
