"""Rounds for tests, among uploaders that answer by a script."""

from collections.abc import Sequence

from emulator.protocol.library import HeldFile
from emulator.protocol.questions import Questions
from emulator.protocol.round import Round
from tests.protocol.scripted import (
    ScriptedNode,
    ScriptedUploaders,
    file_of,
)

SEEDS, PEERS = (4, 5), (2, 3)
DATA = file_of(5).segment(0)
"""The first segment of the file of `make_round`."""


def make_round(
    visits: list[str],
    num_segments: int = 5,
    quota: int = 10,
    counts: dict[int, int] | None = None,
    lost: Sequence[int] = (),
    patience_s: float | None = None,
) -> tuple[ScriptedNode, HeldFile, Round]:
    """A round whose uploaders answer visit by visit, as `ScriptedUploaders` says; these are lost, and that is known."""
    metadata = file_of(num_segments)
    node = ScriptedNode(answer=ScriptedUploaders([metadata], [(SEEDS, PEERS)], visits, counts))
    holding, questions = HeldFile(metadata), Questions(node, patience_s)
    questions.lost.update(lost)
    return node, holding, Round(node, questions, holding, (SEEDS, PEERS), quota)
