"""What follows from a plan of faults, and which engine can inject it."""

import pytest

from emulator.errors import InputError
from emulator.faults import (
    AtMessage,
    can_lose_files,
    can_lose_messages,
    killed_ranks,
    parse_faults,
    refuse,
)
from tests.faults.examples import EXAMPLES


def test_virtual_time_can_do_all() -> None:
    refuse(list(EXAMPLES.values()), "virtual", has_rates=False)


def test_processes_refuse_what_they_cannot_do_and_nothing_else() -> None:
    possible = [fault for fault in EXAMPLES.values() if not isinstance(fault.when, AtMessage)]
    refuse(possible, "processes", has_rates=True)
    plan = parse_faults(["kill client 3 at message 17", "liar client 1", "slow client 3 by 4"], 5)
    with pytest.raises(InputError) as caught:
        refuse(plan, "processes", has_rates=False)
    assert caught.value.problems == (
        "--fault 1: 'kill client 3 at message 17': the engine 'processes' cannot stop before one message; "
        "give a time, or take --engine virtual",
        "--fault 3: 'slow client 3 by 4': the engine 'processes' slows by rates, and there are none; "
        "give rates, or take --engine virtual",
    )


# What follows from a plan


@pytest.mark.parametrize("text", EXAMPLES)
def test_messages_are_lost_by_drops_and_cuts_alone(text: str) -> None:
    assert can_lose_messages([EXAMPLES[text]]) == text.startswith(("drop", "cut off"))


@pytest.mark.parametrize("text", EXAMPLES)
def test_files_are_lost_by_deaths_and_by_those_who_do_not_give_what_they_have(text: str) -> None:
    assert can_lose_files([EXAMPLES[text]]) == text.startswith(("kill", "liar", "free", "corrupt", "fill"))


def test_a_plan_tells_which_ranks_may_die() -> None:
    texts = ["kill clients 1-2 at 2s", "kill client 9 at 2s and restart it after 1s", "cut off client 3 for 1s"]
    assert killed_ranks(parse_faults(texts, 20)) == {1, 2, 9}
    assert [fault.brings_back for fault in parse_faults(texts, 20)] == [False, True, False]
