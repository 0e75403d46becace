"""Checking that the tracker answers what it was asked: T3, T5, T6."""

from emulator.checker import rules
from emulator.checker.client import MAX_REMEMBERED
from emulator.checker.known import Known
from emulator.checker.words import in_words
from emulator.protocol.messages import (
    TRACKER,
    Lost,
    MetadataAnswer,
    MetadataRequest,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)

Question = MetadataRequest | SwarmRequest | Stuck
Answer = MetadataAnswer | SwarmAnswer | StuckAnswer
_Key = tuple[str, str, int]
"""What a question and its answer have in common: their kind, the file, and the number."""


class ServeCheck:
    """The questions that the tracker has received, and not answered yet."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._asked: dict[int, dict[_Key, int]] = {}
        """How many by client."""

    def asked(self, _line: int, _tracker: int, client: int, message: Question) -> None:
        asked = self._asked.setdefault(client, {})
        key = _key_of(message)
        asked[key] = asked.get(key, 0) + 1
        if len(asked) > MAX_REMEMBERED:
            del asked[next(iter(asked))]

    def answer(self, line: int, _tracker: int, client: int, message: Answer) -> None:
        asked = self._asked.get(client, {})
        key = _key_of(message)
        count = asked.get(key, 0)
        if not count:
            text = f"the tracker sends client {client} {in_words(message)}, which that client has not asked it for"
            expected = "it answers each request once, after it has received it (T3, T6)"
            self._known.add(rules.ONE_ANSWER, (line,), text, expected)
            self._known.unasked.add((TRACKER, client))
        elif isinstance(message, StuckAnswer):
            pass  # it may be told again: a client that is stuck waits until something changes
        elif count == 1:
            del asked[key]
        else:
            asked[key] = count - 1

    def lost(self, _line: int, _tracker: int, client: int, _message: Lost) -> None:
        self._asked.pop(client, None)


def _key_of(message: Question | Answer) -> _Key:
    match message:
        case SwarmRequest(file, request) | SwarmAnswer(file, _, _, request):
            return "swarm", file, request
        case Stuck(file, _, _, request) | StuckAnswer(file, _, _, request):
            return "stuck", file, request
        case _:
            return "metadata", "", message.request
