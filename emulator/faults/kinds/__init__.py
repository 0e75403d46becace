"""All kinds of faults, one file each. A new kind is a file here, a line in `KINDS`, and a row in docs/faults.md."""

from emulator.faults.fault import Fault
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
from emulator.faults.kinds.pause import Pause
from emulator.faults.kinds.reorder import Reorder
from emulator.faults.kinds.slow import Slow

KINDS: tuple[type[Fault], ...] = (
    Kill,
    Pause,
    Slow,
    FullDisk,
    CutOff,
    Drop,
    Duplicate,
    Delay,
    Reorder,
    Corrupt,
    FreeRider,
    Liar,
    FlashCrowd,
)
