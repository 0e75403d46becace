"""How long a client goes on with rounds that get nothing."""

import pytest

from emulator.protocol.beyond.patience import MAX_EMPTY_ROUNDS, MAX_IDLE_ROUNDS, Patience


def count(
    patience: Patience, times: int, *, num_taken: int = 0, has_visited: bool = True, has_seeds: bool = True
) -> None:
    for _ in range(times):
        patience.count_round(num_taken=num_taken, has_visited=has_visited, has_seeds=has_seeds)


def pauses_s(patience: Patience, times: int) -> list[float]:
    return [patience.next_pause_s(has_gained=False) for _ in range(times)]


def test_pauses_double_up_to_a_tenth_of_a_second() -> None:
    assert pauses_s(Patience(), 10) == pytest.approx([0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.1, 0.1, 0.1])


def test_a_gain_needs_no_pause_and_the_next_one_is_short_again() -> None:
    patience = Patience()
    pauses_s(patience, 3)
    assert patience.next_pause_s(has_gained=True) == 0
    assert pauses_s(patience, 2) == pytest.approx([0.001, 0.002])


def test_patience_runs_out_after_three_empty_rounds_in_a_row() -> None:
    patience = Patience()
    count(patience, MAX_EMPTY_ROUNDS - 1)
    assert not patience.has_run_out
    count(patience, 1)
    assert patience.has_run_out


def test_a_round_that_took_a_segment_starts_the_count_anew() -> None:
    patience = Patience()
    count(patience, MAX_EMPTY_ROUNDS)
    count(patience, 1, num_taken=1)
    count(patience, MAX_EMPTY_ROUNDS - 1)
    assert not patience.has_run_out


def test_renewed_patience_lasts_for_as_many_rounds_and_leaves_the_pauses_long() -> None:
    patience = Patience()
    count(patience, MAX_EMPTY_ROUNDS)
    pauses_s(patience, 2)
    patience.renew()
    count(patience, MAX_EMPTY_ROUNDS - 1)
    assert not patience.has_run_out
    assert pauses_s(patience, 1) == pytest.approx([0.004])


def test_a_strategy_that_visits_no_uploader_for_too_long_is_idle() -> None:
    patience = Patience()
    count(patience, MAX_IDLE_ROUNDS - 1, has_visited=False)
    assert not patience.is_idle
    count(patience, 1, has_visited=False)
    assert patience.is_idle


@pytest.mark.parametrize(("has_visited", "has_seeds"), [(True, True), (True, False), (False, False)])
def test_a_visit_or_a_list_without_seeds_starts_the_count_of_idle_rounds_anew(
    has_visited: bool, has_seeds: bool
) -> None:
    patience = Patience()
    count(patience, MAX_IDLE_ROUNDS - 1, has_visited=False)
    count(patience, 1, has_visited=has_visited, has_seeds=has_seeds)
    count(patience, 1, has_visited=False)
    assert not patience.is_idle
