"""What a run is like at one moment: a fold over its records. Every figure that is shown comes from here."""

from emulator.trace.statistics.swarm import SwarmStatistics as SwarmStatistics
from emulator.trace.statistics.swarm import jain_index as jain_index
