"""The ledger of lives: its table, what follows from deaths, and any history beside a simple model."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulator.engines.lives import AFTER, MAX_RESTARTS, RESTART_S, Change, Comeback, Lives, State
from emulator.protocol.messages import TRACKER

CLIENT, OTHER = 1, 2
NOW = Comeback(0.0, is_state_kept=False)


def stop(lives: Lives, rank: int) -> None:
    lives.stop(rank)


def fall(lives: Lives, rank: int) -> None:
    lives.doom(rank, NOW)
    lives.die(rank, "was killed", "at D6")


def die(lives: Lives, rank: int) -> None:
    lives.die(rank, "was killed", "at D6")


def end(lives: Lives, rank: int) -> None:
    lives.end(rank)


REACHED = {
    State.RUNNING: (),
    State.STOPPED: (stop,),
    State.RETURNING: (fall,),
    State.DEAD: (die,),
    State.ENDED: (end,),
}
"""How a client gets into each state."""

CHANGES = {
    Change.STOP: stop,
    Change.GO_ON: Lives.go_on,
    Change.FALL: fall,
    Change.DIE: die,
    Change.RETURN: Lives.come_back,
    Change.END: end,
}


def in_state(state: State) -> Lives:
    lives = Lives(3)
    for change in REACHED[state]:
        change(lives, CLIENT)
    assert lives.state(CLIENT) is state
    return lives


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
@pytest.mark.parametrize("change", Change, ids=lambda change: change.name)
def test_a_change_leads_to_one_state_or_is_an_error_that_names_both(state: State, change: Change) -> None:
    lives = in_state(state)
    after = {**EXPECTED, **BY_CALL}.get((state, change))
    if after is None:
        with pytest.raises(RuntimeError, match=f"client 1 is {state.value} and cannot "):
            CHANGES[change](lives, CLIENT)
        assert lives.state(CLIENT) is state
    else:
        CHANGES[change](lives, CLIENT)
        assert lives.state(CLIENT) is after
        assert lives.state(OTHER) is State.RUNNING


EXPECTED = {
    (State.RUNNING, Change.STOP): State.STOPPED,
    (State.RUNNING, Change.FALL): State.RETURNING,
    (State.RUNNING, Change.DIE): State.DEAD,
    (State.RUNNING, Change.END): State.ENDED,
    (State.STOPPED, Change.GO_ON): State.RUNNING,
    (State.STOPPED, Change.FALL): State.RETURNING,
    (State.STOPPED, Change.DIE): State.DEAD,
    (State.STOPPED, Change.END): State.ENDED,
    (State.RETURNING, Change.RETURN): State.RUNNING,
    (State.RETURNING, Change.DIE): State.DEAD,
    (State.ENDED, Change.DIE): State.DEAD,
}
BY_CALL = {
    (State.STOPPED, Change.STOP): State.STOPPED,  # by two faults
    (State.RETURNING, Change.FALL): State.DEAD,  # a rank that is dead is not killed to come back
    (State.ENDED, Change.FALL): State.DEAD,  # what has ended does not come back
}
"""What the calls make of some changes that the table does not have."""


def test_the_table_has_no_other_change() -> None:
    assert AFTER == EXPECTED


def test_a_rank_that_two_faults_stop_goes_on_when_both_are_over() -> None:
    lives = Lives(2)
    lives.stop(CLIENT)
    lives.stop(CLIENT)
    assert [lives.go_on(CLIENT), lives.go_on(CLIENT)] == [False, True]
    with pytest.raises(RuntimeError):
        lives.go_on(CLIENT)


def test_a_stop_ends_with_its_life() -> None:
    lives = Lives(2)
    lives.stop(CLIENT)
    lives.stop(CLIENT)
    fall(lives, CLIENT)
    lives.come_back(CLIENT)
    assert lives.state(CLIENT) is State.RUNNING
    lives.stop(CLIENT)
    assert lives.go_on(CLIENT)


def test_a_death_says_who_died_of_what_and_where() -> None:
    lives = Lives(3)
    assert lives.die(CLIENT, "was killed", "download thread at D6").text == (
        "client 1 was killed; download thread at D6"
    )
    assert lives.die(OTHER, "ended with status 3", "it had not begun", pid=77).text == (
        "client 2 (process 77) ended with status 3; it had not begun"
    )
    assert list(lives.died) == [CLIENT, OTHER]


def test_a_client_that_is_killed_for_a_reason_dies_of_that() -> None:
    lives = Lives(2)
    lives.doom(CLIENT, how="came back when the swarm was over")
    death = lives.die(CLIENT, "was killed by SIGKILL", "at P3")
    assert death.how == "came back when the swarm was over"
    assert lives.died == {CLIENT: "client 1 came back when the swarm was over; at P3"}


def test_a_client_comes_back_as_its_fault_says_or_else_as_the_option_does() -> None:
    plain, restarting = Lives(2), Lives(2, is_restarting=True)
    for lives, comeback in ((plain, None), (restarting, Comeback(RESTART_S, is_state_kept=True))):
        lives.doom(CLIENT, NOW)
        assert lives.die(CLIENT, "was killed", "").comeback == NOW
        lives.come_back(CLIENT)
        assert lives.die(CLIENT, "was killed", "").comeback == comeback


def test_a_client_that_always_dies_is_given_up() -> None:
    lives = Lives(2, is_restarting=True)
    for life in range(1, MAX_RESTARTS + 1):
        assert lives.die(CLIENT, "was killed", "").comeback is not None
        assert lives.come_back(CLIENT) == lives.life(CLIENT) == life
    assert lives.die(CLIENT, "was killed", "").comeback is None


def test_the_tracker_does_not_come_back_nor_any_client_after_its_end() -> None:
    lives = Lives(4, is_restarting=True)
    fall(lives, 3)
    lives.end(TRACKER)
    assert lives.state(3) is State.DEAD
    assert lives.die(CLIENT, "was killed", "").comeback is None
    assert Lives(2, is_restarting=True).die(TRACKER, "was killed", "").comeback is None


class Histories(RuleBasedStateMachine):
    """Any possible history of one run, beside plain sets and counts."""

    ranks = st.integers(1, 4)

    def __init__(self) -> None:
        super().__init__()
        self.lives = Lives(5)
        self.stops = dict.fromkeys(range(5), 0)
        self.alive = set(range(5))
        self.returning: set[int] = set()
        self.dead: set[int] = set()
        self.num_returns = dict.fromkeys(range(5), 0)

    @rule(rank=ranks)
    def stop(self, rank: int) -> None:
        if rank in self.alive:
            self.lives.stop(rank)
            self.stops[rank] += 1

    @rule(rank=ranks)
    def go_on(self, rank: int) -> None:
        if rank in self.alive and self.stops[rank]:
            self.stops[rank] -= 1
            assert self.lives.go_on(rank) == (self.stops[rank] == 0)

    @rule(rank=ranks, comeback=st.sampled_from([None, NOW]))
    def die(self, rank: int, comeback: Comeback | None) -> None:
        if rank in self.alive:
            self.lives.doom(rank, comeback)
            death = self.lives.die(rank, "was killed", "")
            assert death.comeback == (comeback if TRACKER in self.alive else None)
            self._leave(rank)
            (self.dead if death.comeback is None else self.returning).add(rank)

    @precondition(lambda self: self.returning)
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        rank = data.draw(st.sampled_from(sorted(self.returning)))
        self.lives.come_back(rank)
        self.returning.discard(rank)
        self.alive.add(rank)
        self.num_returns[rank] += 1

    @rule(rank=ranks)
    def end(self, rank: int) -> None:
        if rank in self.alive:
            self.lives.end(rank)
            self._leave(rank)

    @precondition(lambda self: TRACKER in self.alive)
    @rule()
    def end_tracker(self) -> None:
        self.lives.end(TRACKER)
        self._leave(TRACKER)
        self.dead |= self.returning
        self.returning.clear()

    def _leave(self, rank: int) -> None:
        self.alive.discard(rank)
        self.stops[rank] = 0

    @invariant()
    def tells_the_same(self) -> None:
        lives = self.lives
        assert lives.running() == sorted(self.alive)
        assert lives.gone() == [(rank, rank in self.returning) for rank in sorted(self.dead | self.returning)]
        assert lives.died.keys() == self.dead
        assert lives.returned() == [rank for rank in sorted(self.alive) if self.num_returns[rank]]
        assert lives.is_over == (not self.alive and not self.returning)
        for rank in range(5):
            assert lives.life(rank) == self.num_returns[rank]
            assert lives.is_gone(rank) == (rank in self.dead | self.returning)
            assert (lives.state(rank) is State.STOPPED) == (self.stops[rank] > 0)


TestHistories = Histories.TestCase
