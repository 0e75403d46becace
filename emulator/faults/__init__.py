"""The fault language: what goes wrong in a run, said in plain English, one fault a line.

| fault                                                    | what happens                                            |
|----------------------------------------------------------|---------------------------------------------------------|
| `kill client 3 at 40%`                                   | it is gone, as by SIGKILL                               |
| `kill client 3 at 2s and restart it after 0.5s`          | … and comes back with what it had on its disk           |
| `kill client 3 at 2s and restart it after 0.5s without its state` | … and comes back with its input alone          |
| `pause client 3 at 2s for 1s`                            | it stands still, as by SIGSTOP; nothing is lost         |
| `slow client 3 by 4 [at …] [for 1s]`                     | it sends and receives at a quarter of its speed         |
| `cut off clients 1-3 [from client 5] [at …] for 1s`      | nothing passes between them and the others              |
| `drop 10% of messages [of client 3] [at …] [for 1s]`     | lost on their way                                       |
| `duplicate 5% of messages [of …] [at …] [for …]`         | they arrive twice                                       |
| `delay 10% of messages [of …] by 20ms [at …] [for …]`    | they arrive later                                       |
| `reorder 10% of messages [of …] [within 5ms] [at …] [for …]` | others overtake them                                |
| `corrupt 5% of segments [of …] [at …] [for …]`           | they arrive with wrong content                          |
| `free rider client 4`                                    | it answers questions for segments with misses only      |
| `liar client 4`                                          | every segment that it gives is wrong                    |
| `flash crowd of clients 5-20 at 2s`                      | they begin to download only then                        |

Who: `client 3`, `clients 1-3,7`; kill, pause, cut off and messages take `tracker` too. Messages *of* somebody are
those that it sends. A cut leaves the tracker reachable, unless it says `from tracker`.

When: `at 2s` or `at 200ms` since the run began, `at 40%` of all wanted segments transferred in the whole run; for kill
and pause also `after 25 segments` got by that client, and `at message 17`, just before its 17th send. A fault that may
go without a time holds from the beginning, and without `for` until the end. docs/faults.md says what is promised.
"""

from emulator.faults.facts import (
    arrivals_s,
    can_lose_files,
    can_lose_messages,
    free_riders,
    killed_ranks,
    liars,
    refuse,
)
from emulator.faults.kinds import (
    AfterSegments,
    AnyTrigger,
    AtMessage,
    AtShare,
    AtTime,
    Corrupt,
    CutOff,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FlashCrowd,
    FreeRider,
    Kill,
    Liar,
    MessageFault,
    Pause,
    Reorder,
    Slow,
)
from emulator.faults.language import describe, parse_fault, parse_faults
from emulator.faults.plans import draw_plan, restricted, shrunk

__all__ = [
    "AfterSegments",
    "AnyTrigger",
    "AtMessage",
    "AtShare",
    "AtTime",
    "Corrupt",
    "CutOff",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "FlashCrowd",
    "FreeRider",
    "Kill",
    "Liar",
    "MessageFault",
    "Pause",
    "Reorder",
    "Slow",
    "arrivals_s",
    "can_lose_files",
    "can_lose_messages",
    "describe",
    "draw_plan",
    "free_riders",
    "killed_ranks",
    "liars",
    "parse_fault",
    "parse_faults",
    "refuse",
    "restricted",
    "shrunk",
]
