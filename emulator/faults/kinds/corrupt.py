"""`corrupt 5% of segments of client 3`."""

from typing import ClassVar

from emulator.faults.kinds.message_fault import MessageFault
from emulator.faults.rules import Falsification, MessageRule
from emulator.faults.words import Words


class Corrupt(MessageFault, frozen=True):
    """Segments arrive with another content of the same length."""

    what: ClassVar[str] = "segments"
    disturbs_messages: ClassVar[bool] = False
    loses_files: ClassVar[bool] = True
    words: ClassVar[tuple[str, ...]] = ("corrupt",)
    weight: ClassVar[int] = 2

    @classmethod
    def _read_senders(cls, words: Words) -> tuple[int, ...]:
        return words.take_clients()

    def rule(self, index: int) -> MessageRule | None:
        return Falsification(self.ranks, self.percent / 100, index)
