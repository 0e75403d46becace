"""What a client holds, against a set of segment numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emulator.protocol.library import HeldFile, Library, segments_of
from tests.protocol.scripted import WRONG, bits_of, file_of

NUM_SEGMENTS = 9


class HoldingAgainstSet(RuleBasedStateMachine):
    """The model is the set of segments that are held; contents come from the metadata."""

    @initialize(num_segments=st.integers(1, NUM_SEGMENTS))
    def begin(self, num_segments: int) -> None:
        self.metadata = file_of(num_segments)
        self.holding = HeldFile(self.metadata)
        self.model: set[int] = set()

    @property
    def left(self) -> list[int]:
        return [segment for segment in range(self.metadata.num_segments) if segment not in self.model]

    @precondition(lambda self: self.left)
    @rule(data=st.data())
    def add_a_missing_segment(self, data: st.DataObject) -> None:
        segment = data.draw(st.sampled_from(self.left))
        assert self.holding.add(segment, self.metadata.segment(segment)) is True
        self.model.add(segment)

    @precondition(lambda self: self.left)
    @rule(data=st.data(), wrong=st.sampled_from([WRONG, "", WRONG[:-1]]))
    def refuse_what_does_not_match_its_hash(self, data: st.DataObject, wrong: str) -> None:
        segment = data.draw(st.sampled_from(self.left))
        assert self.holding.add(segment, wrong) is False

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def refuse_to_add_twice(self, data: st.DataObject) -> None:
        segment = data.draw(st.sampled_from(sorted(self.model)))
        with pytest.raises(ValueError, match=f"^segment {segment} of 'file1' is held already$"):
            self.holding.add(segment, self.metadata.segment(segment))

    @invariant()
    def holds_what_the_set_holds(self) -> None:
        holding, metadata = self.holding, self.metadata
        for segment in range(-1, NUM_SEGMENTS + 1):
            is_held = segment in self.model
            assert holding.has(segment) is is_held
            assert holding.get(segment) == (metadata.segment(segment) if is_held else None)
        assert list(holding.missing()) == self.left
        assert holding.num_missing == len(self.left)
        assert holding.is_complete is (not self.left)

    @invariant()
    def says_what_it_holds_bit_by_bit(self) -> None:
        num_segments = self.metadata.num_segments
        assert self.holding.present_bits == bits_of(self.model, num_segments)
        assert self.holding.missing_bits == bits_of(self.left, num_segments)
        assert list(segments_of(self.holding.missing_mask)) == self.left

    @invariant()
    def first_missing_is_the_first_in_file_order(self) -> None:
        assert self.holding.first_missing == (self.left[0] if self.left else -1)


TestHoldingAgainstSet = HoldingAgainstSet.TestCase


@given(st.integers(0, NUM_SEGMENTS))
def test_an_owned_file_is_whole_from_the_start(num_segments: int) -> None:
    metadata = file_of(num_segments)
    holding = HeldFile(metadata, is_complete=True)
    assert holding.is_complete
    assert [holding.get(index) for index in range(num_segments)] == [metadata.segment(i) for i in range(num_segments)]
    assert (list(holding.missing()), holding.first_missing, holding.num_missing) == ([], -1, 0)
    assert holding.present_bits == bits_of(range(num_segments), num_segments)
    assert holding.missing_mask == 0


def test_a_file_without_segments_is_complete_at_once() -> None:
    holding = HeldFile(file_of(0))
    assert holding.is_complete
    assert (list(holding.missing()), holding.first_missing) == ([], -1)


def test_a_library_gives_owned_segments_and_no_others() -> None:
    metadata = file_of(2)
    library = Library([metadata])
    assert "file1" in library
    assert "file2" not in library
    assert library.get("file1", 1) == metadata.segment(1)
    assert library.get("file1", 2) is None
    assert library.get("file2", 0) is None


def test_a_library_gives_segments_of_a_file_that_it_is_still_downloading() -> None:
    metadata = file_of(2)
    library = Library()
    holding = library.open(metadata)
    assert "file1" in library
    assert library.get("file1", 0) is None
    holding.add(0, metadata.segment(0))
    assert library.get("file1", 0) == metadata.segment(0)
    assert library.get("file1", 1) is None


def test_opening_an_owned_file_finds_it_whole() -> None:
    assert Library([file_of(2)]).open(file_of(2)).is_complete


def test_opening_a_file_again_finds_what_is_there_already() -> None:
    library = Library()
    library.open(file_of(2)).add(1, file_of(2).segment(1))
    assert list(library.open(file_of(2)).missing()) == [0]


def test_the_content_is_put_together_from_what_was_received_and_only_when_all_of_it_was() -> None:
    metadata = file_of(3)
    holding = HeldFile(metadata)
    for segment in (2, 0):
        holding.add(segment, metadata.segment(segment))
    with pytest.raises(ValueError, match=r"^1 segments of 'file1' are missing$"):
        _ = holding.content
    holding.add(1, metadata.segment(1))
    assert holding.content == metadata
    assert holding.content is not metadata


@given(st.sets(st.integers(0, 300)))
def test_a_mask_names_its_segments_in_file_order(segments: set[int]) -> None:
    assert list(segments_of(sum(1 << segment for segment in segments))) == sorted(segments)


def test_a_library_says_what_it_holds_of_each_file() -> None:
    library = Library([file_of(9)])
    library.open(file_of(3, "file2")).add(1, file_of(3, "file2").segment(1))
    assert library.present_bits("file1") == b"\xff\x01"
    assert library.present_bits("file2") == b"\x02"
    assert library.present_bits("file3") == b""


def test_who_departs_holds_nothing_for_anybody_any_more() -> None:
    library = Library([file_of(2)])
    library.withdraw()
    assert "file1" not in library
    assert (library.get("file1", 0), library.present_bits("file1")) == (None, b"")
