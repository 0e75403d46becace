"""Who let a client down: seeds that miss, holders that do not give, and whoever is wrong again and again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.beyond.trust import MAX_WRONG, Trust
from emulator.protocol.round import VisitResult

SEED, PEER = 5, 2


def visit(uploader: int, num_taken: int = 0, *, has_missed: bool = False, num_wrong: int = 0) -> VisitResult:
    return VisitResult(uploader, uploader == SEED, num_taken, has_missed, num_wrong)


def test_nobody_is_distrusted_at_first() -> None:
    trust = Trust()
    assert trust.distrusted() == ()
    assert trust.without_let_down((SEED, 6)) == (SEED, 6)


def test_a_seed_that_misses_is_not_counted_on() -> None:
    trust = Trust()
    trust.weigh([visit(SEED, has_missed=True)])
    assert trust.distrusted() == (SEED,)
    assert trust.without_let_down((4, SEED, 6)) == (4, 6)


def test_a_peer_may_miss() -> None:
    trust = Trust()
    trust.weigh([visit(PEER, has_missed=True)])
    assert trust.distrusted() == ()


def test_silence_is_no_miss() -> None:
    trust = Trust()
    trust.weigh([visit(SEED)])
    assert trust.distrusted() == ()


def test_a_seed_that_gives_something_and_then_misses_is_not_counted_on() -> None:
    trust = Trust()
    trust.weigh([visit(SEED, 2, has_missed=True)])
    assert trust.distrusted() == (SEED,)


def test_when_something_was_got_everybody_has_another_chance() -> None:
    trust = Trust()
    trust.weigh([visit(SEED, has_missed=True)])
    trust.weigh([visit(PEER, 1, has_missed=True)])
    assert trust.distrusted() == ()


def test_within_a_round_what_comes_after_the_last_gain_counts() -> None:
    trust = Trust()
    trust.weigh([visit(SEED, has_missed=True), visit(PEER, 1), VisitResult(6, True, 0, True, 0)])
    assert trust.distrusted() == (6,)


def test_a_peer_that_has_told_what_it_holds_and_does_not_give_it_is_not_counted_on() -> None:
    trust = Trust()
    trust.expect([PEER, 3])
    trust.weigh([visit(PEER, has_missed=True), visit(3)])
    assert trust.distrusted() == (PEER,)


def test_a_named_holder_may_miss_after_it_has_given_what_it_was_named_for() -> None:
    trust = Trust()
    trust.expect([PEER])
    trust.weigh([visit(PEER, 1, has_missed=True)])
    assert trust.distrusted() == ()


def test_what_is_expected_is_expected_in_the_next_visits_alone() -> None:
    trust = Trust()
    trust.expect([PEER])
    trust.weigh([])
    trust.weigh([visit(PEER, has_missed=True)])
    assert trust.distrusted() == ()


@pytest.mark.parametrize("uploader", [SEED, PEER])
def test_wrong_segments_are_an_accident_until_there_are_many_in_a_row(uploader: int) -> None:
    trust = Trust()
    for _ in range(MAX_WRONG - 1):
        trust.weigh([visit(uploader, num_wrong=1)])
    assert trust.distrusted() == ()
    trust.weigh([visit(uploader, num_wrong=1)])
    assert trust.distrusted() == (uploader,)


def test_a_right_segment_begins_the_row_anew_for_its_uploader_alone() -> None:
    trust = Trust()
    trust.weigh([visit(PEER, num_wrong=MAX_WRONG - 1), visit(3, num_wrong=MAX_WRONG - 1)])
    trust.weigh([visit(PEER, 1)])
    trust.weigh([visit(PEER, num_wrong=1), visit(3, num_wrong=1)])
    assert trust.distrusted() == (3,)


@given(
    st.lists(st.lists(st.builds(VisitResult, st.integers(1, 6), st.booleans(), st.just(0), st.booleans(), st.just(0))))
)
def test_of_uploaders_that_give_nothing_the_seeds_that_missed_are_distrusted(
    rounds: list[list[VisitResult]],
) -> None:
    trust, model = Trust(), set[int]()
    for visits in rounds:
        trust.weigh(visits)
        model |= {visit.uploader for visit in visits if visit.is_seed and visit.has_missed}
        assert trust.distrusted() == tuple(sorted(model))
        assert trust.without_let_down((1, 2, 3, 4, 5, 6)) == tuple(rank for rank in range(1, 7) if rank not in model)
