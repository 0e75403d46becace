"""Which uploaders let a client down: seeds that miss, holders that do not give, liars, and ranks out of reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocol.beyond.trust import MAX_WRONG, MIN_BAN_ROUNDS, REST_FACTOR, Trust
from emulator.protocol.round import VisitResult

SEED, PEER = 5, 2


def visit(uploader: int, num_taken: int = 0, *, has_missed: bool = False, num_wrong: int = 0) -> VisitResult:
    return VisitResult(uploader, uploader == SEED, num_taken, has_missed, num_wrong)


def test_nobody_is_distrusted_at_first() -> None:
    trust = Trust()
    assert trust.distrusted() == ()
    assert trust.trusted((SEED, 6)) == (SEED, 6)


def test_a_seed_that_misses_is_not_counted_on() -> None:
    trust = Trust()
    trust.weigh([visit(SEED, has_missed=True)])
    assert trust.distrusted() == (SEED,)
    assert trust.trusted((4, SEED, 6)) == (4, 6)


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
def test_wrong_segments_are_an_accident_until_there_are_many(uploader: int) -> None:
    trust = Trust()
    for _ in range(MAX_WRONG - 1):
        trust.weigh([visit(uploader, num_wrong=1)])
    assert trust.distrusted() == ()
    trust.weigh([visit(uploader, num_wrong=1)])
    assert trust.distrusted() == (uploader,)


def test_an_uploader_that_gives_more_right_segments_than_wrong_ones_is_trusted() -> None:
    trust = Trust()
    trust.weigh([visit(PEER, 3 * MAX_WRONG), visit(3, 1)])
    trust.weigh([visit(PEER, 1, num_wrong=2 * MAX_WRONG), visit(3, num_wrong=MAX_WRONG)])
    trust.weigh([visit(PEER, 2 * MAX_WRONG)])
    assert trust.distrusted() == (3,)


def test_right_segments_of_others_do_not_buy_trust_back() -> None:
    trust = Trust()
    trust.weigh([visit(PEER, num_wrong=MAX_WRONG)])
    for _ in range(MIN_BAN_ROUNDS - 1):
        trust.weigh([visit(SEED, 10)])
        assert trust.distrusted() == (PEER,)
        assert trust.worth_asking((SEED,), (PEER, 3), 0.0) == ((SEED,), (3,))


@pytest.mark.parametrize("num_rounds", [100, 1_000, 10_000])
def test_what_a_liar_can_waste_grows_with_the_logarithm_of_the_rounds(num_rounds: int) -> None:
    trust, num_wrong = Trust(), 0
    for _ in range(num_rounds):
        asked = PEER in trust.worth_asking((SEED,), (PEER,), 0.0)[1]
        trust.weigh([visit(SEED, 9), *([visit(PEER, num_wrong=1)] if asked else [])])
        num_wrong += asked
    assert MAX_WRONG < num_wrong <= MAX_WRONG + 1 + (num_rounds // MIN_BAN_ROUNDS).bit_length()


def test_a_ban_holds_for_the_next_files_and_a_miss_does_not() -> None:
    trust = Trust()
    trust.weigh([visit(SEED, has_missed=True), visit(PEER, num_wrong=MAX_WRONG)])
    trust.begin_file()
    assert trust.distrusted() == (PEER,)


def test_a_silent_uploader_is_left_to_itself_and_longer_each_time() -> None:
    trust, now_s = Trust(), 0.0
    for num_silences in range(4):
        trust.note_silences({PEER: 0.5}, now_s)
        rest_s = 0.5 * REST_FACTOR ** (num_silences + 1)
        assert trust.worth_asking((SEED,), (PEER, 3), now_s + 0.9 * rest_s) == ((SEED,), (3,))
        assert trust.worth_asking((SEED,), (PEER, 3), now_s + 1.1 * rest_s) == ((SEED,), (PEER, 3))
        now_s += 1.1 * rest_s


def test_an_answer_ends_the_row_of_silences() -> None:
    trust = Trust()
    for _ in range(5):
        trust.note_silences({PEER: 1.0}, 0.0)
    trust.weigh([visit(PEER, 1)])
    trust.note_silences({PEER: 1.0}, 0.0)
    assert trust.worth_asking((SEED,), (PEER,), REST_FACTOR + 0.1) == ((SEED,), (PEER,))


def test_where_all_are_silent_all_are_asked() -> None:
    trust = Trust()
    trust.note_silences({SEED: 1.0, PEER: 1.0}, 0.0)
    assert trust.worth_asking((SEED,), (PEER,), 0.5) == ((SEED,), (PEER,))
    assert trust.worth_asking((SEED, 6), (PEER,), 0.5) == ((6,), ())
    assert trust.worth_asking((SEED,), (PEER, 3), 0.5) == ((SEED,), (3,))
    assert trust.trusted((SEED,)) == (SEED,)


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
        assert trust.trusted((1, 2, 3, 4, 5, 6)) == tuple(rank for rank in range(1, 7) if rank not in model)
