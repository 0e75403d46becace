"""The messages and the table of them: what is written about a message holds for it."""

import re
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol import messages
from emulator.protocol.files import HASH_DIGITS, FileMetadata
from emulator.protocol.messages import ANSWERS, Answer, AnyMessage, Barrier, Hit, Message, Question

TYPES: tuple[type[Message], ...] = get_args(AnyMessage)
NUMBERS = st.integers(0, 2**63)


def any_of(message: type[Message]) -> st.SearchStrategy[Message]:
    """Messages of this type; msgpack has 64 bits for a number."""
    by_type: dict[object, st.SearchStrategy[object]] = {
        int: NUMBERS,
        bool: st.booleans(),
        str: st.text(max_size=5),
        bytes: st.binary(max_size=5),
        tuple[int, ...]: st.lists(NUMBERS, max_size=5).map(tuple),
    }
    fields = msgspec.structs.fields(message)
    return st.builds(message, **{field.name: by_type[field.type] for field in fields if field.type in by_type})


def test_the_union_has_every_message() -> None:
    kinds = {*Message.__subclasses__(), *Question.__subclasses__(), *Answer.__subclasses__()}
    assert set(TYPES) == kinds - {Question, Answer}


def test_the_table_of_answers_has_every_question_and_agrees_with_its_declared_type_and_the_documented_table() -> None:
    rows = [line.split("|") for line in (messages.__doc__ or "").splitlines() if line.startswith("| `")]
    documented = {name.strip(" `"): set(re.findall(r"`(\w+)`", answers)) for _, name, _, _, answers, *_ in rows}
    assert set(ANSWERS) == set(Question.__subclasses__())
    for question, expected in ANSWERS.items():
        names = {answer.__name__ for answer in expected.types}
        (declared,) = get_args(question.__orig_bases__[0])  # type: ignore[attr-defined]  # of a generic class
        assert set(declared.__forward_arg__.split(" | ")) == names
        assert documented[question.__name__] == names
    assert {answer for expected in ANSWERS.values() for answer in expected.types} == set(Answer.__subclasses__())


@given(st.sampled_from(TYPES).flatmap(any_of))
def test_only_questions_and_answers_have_a_number(message: Message) -> None:
    is_numbered = isinstance(message, Question | Answer)
    assert ("request" in message.__struct_fields__) is is_numbered
    assert is_numbered or message.request == 0


def test_the_table_has_every_message() -> None:
    table = [line for line in (messages.__doc__ or "").splitlines() if line.startswith("| `")]
    named = {name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == {message.__name__ for message in TYPES}


@given(st.sampled_from(TYPES).flatmap(any_of))
def test_every_message_comes_back_as_it_was_sent(message: Message) -> None:
    data = msgspec.msgpack.encode((3, message))
    assert msgspec.msgpack.decode(data, type=tuple[int, AnyMessage]) == (3, message)


def test_a_message_cannot_be_changed() -> None:
    message = Barrier(1)
    with pytest.raises(AttributeError):
        message.number = 2  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize("array", [["Unheard", 1], ["Barrier", "one"], ["Hit", "file1", 0], 7])
def test_what_is_no_message_is_refused(array: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(array), type=AnyMessage)


def test_a_message_is_an_array_that_begins_with_its_name() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Hit("file1", 2, "x", 7))) == ["Hit", "file1", 2, "x", 7]


@given(st.lists(st.text("0123456789abcdef", min_size=HASH_DIGITS, max_size=HASH_DIGITS), max_size=5))
def test_metadata_gives_back_the_hashes_it_was_made_of(hashes: list[str]) -> None:
    metadata = FileMetadata("file1", "".join(hashes))
    assert metadata.num_segments == len(hashes)
    assert [metadata.segment(index) for index in range(metadata.num_segments)] == hashes
