"""What goes wrong in a run, on purpose: the kinds of faults, their language, and what drives a plan of them.

Read `fault.py` first, then one of `kinds/`. The rest works on any kind: `language.py` reads lines, `plan.py` says what
follows from a plan, `random_plans.py` draws plans and makes them smaller, `injector.py` makes faults happen at their
time, and `in_effect.py` says what those that are on do to messages and lines. The room is pure: an engine drives it.
`docs/faults.md` has the language, and what is promised.
"""

from emulator.faults.fault import Fault
from emulator.faults.kinds import KINDS
from emulator.faults.kinds.corrupt import Corrupt
from emulator.faults.kinds.cut_off import CutOff
from emulator.faults.kinds.delay import Delay
from emulator.faults.kinds.drop import Drop
from emulator.faults.kinds.duplicate import Duplicate
from emulator.faults.kinds.flash_crowd import FlashCrowd
from emulator.faults.kinds.free_rider import FreeRider
from emulator.faults.kinds.full_disk import FullDisk
from emulator.faults.kinds.kill import Kill
from emulator.faults.kinds.liar import Liar
from emulator.faults.kinds.message_fault import MessageFault
from emulator.faults.kinds.pause import Pause
from emulator.faults.kinds.reorder import Reorder
from emulator.faults.kinds.slow import Slow
from emulator.faults.language import describe, kind_of, parse_fault, parse_faults
from emulator.faults.plan import can_lose_files, can_lose_messages, killed_ranks, refuse
from emulator.faults.random_plans import draw_plan, restricted, shrunk
from emulator.faults.triggers import AfterSegments, AnyTrigger, AtMessage, AtShare, AtTime

__all__ = [
    "KINDS",
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
    "FullDisk",
    "Kill",
    "Liar",
    "MessageFault",
    "Pause",
    "Reorder",
    "Slow",
    "can_lose_files",
    "can_lose_messages",
    "describe",
    "draw_plan",
    "killed_ranks",
    "kind_of",
    "parse_fault",
    "parse_faults",
    "refuse",
    "restricted",
    "shrunk",
]
