"""The loop around a handler, and the error for a message that has no place."""

from emulator.protocol.messages import AnyMessage, Barrier, Metadata, Stop
from emulator.protocol.node import serve, unexpected
from tests.protocol.scripted import ScriptedNode, file_of


class CountsDown:
    """Runs until it has handled three messages."""

    def __init__(self) -> None:
        self.handled: list[tuple[int, AnyMessage]] = []

    @property
    def is_running(self) -> bool:
        return len(self.handled) < 3

    def handle(self, source: int, message: AnyMessage) -> None:
        self.handled.append((source, message))


def test_serving_hands_over_one_message_after_the_other_until_the_handler_has_enough() -> None:
    incoming: list[tuple[int, AnyMessage]] = [(4, Stop()), (2, Barrier(1)), (4, Barrier(2)), (0, Stop())]
    node, handler = ScriptedNode(upload=incoming), CountsDown()
    serve(node.upload, handler)
    assert handler.handled == incoming[:3]
    assert list(node.inboxes["upload"]) == incoming[3:]


def test_the_error_names_both_ranks_the_step_and_the_message() -> None:
    node = ScriptedNode(rank=3)
    node.step = "D2"
    assert str(unexpected(node, 5, Barrier(1))) == "rank 3 at D2: rank 5 sent an unexpected Barrier(number=1)"


def test_the_error_shows_only_the_beginning_of_a_long_message() -> None:
    node = ScriptedNode(rank=3)
    node.step = "D2"
    text = str(unexpected(node, 5, Metadata((file_of(1_000),))))
    assert text.startswith("rank 3 at D2: rank 5 sent an unexpected Metadata(files=(FileMetadata(name='file1', hashes=")
    assert len(text) == len("rank 3 at D2: rank 5 sent an unexpected ") + 200
