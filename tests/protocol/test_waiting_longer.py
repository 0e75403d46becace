"""Questions whose answers are late for a reason: the client waits in steps, as long as more time is given."""

from collections.abc import Callable

from emulator.protocol.messages import Hit, SegmentRequest
from emulator.protocol.questions import Questions
from tests.protocol.scripted import SILENCE, Script, ScriptedNode

HIT = Hit("file1", 0, "x", 1)


def ask(arrives: Script, more_s: Callable[[int, float], float]) -> tuple[object, list[float | None]]:
    """What comes of a question to client 2, and how long each wait was."""
    node = ScriptedNode(arrives, rank=1)
    node.step = "D4"
    questions = Questions(node, 0.25, 0, more_s)
    return questions.ask(SegmentRequest, 2, "file1", 0), node.patience_s


def test_an_answer_is_waited_for_in_steps_as_long_as_more_time_is_due() -> None:
    asked: list[tuple[int, float]] = []

    def more_s(source: int, waited_s: float) -> float:
        asked.append((source, waited_s))
        return 0.6 - waited_s

    answer, waits_s = ask([SILENCE, SILENCE, (2, HIT)], more_s)
    assert answer == HIT
    assert waits_s == [0.25, 0.25, 0.6 - 0.5]
    assert asked == [(2, 0.25), (2, 0.5)]


def test_a_wait_ends_when_the_reason_for_it_does() -> None:
    due_s = iter([100.0, 100.0, -1.0])
    answer, waits_s = ask([SILENCE] * 3, lambda _source, _waited_s: next(due_s))
    assert answer is None
    assert waits_s == [0.25] * 3
