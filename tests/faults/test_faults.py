"""The fault language: what it says it reads, in one spelling it writes, and nothing breaks it."""

import pickle
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import faults as language
from emulator.errors import InputError
from emulator.faults import (
    AfterSegments,
    AtMessage,
    AtShare,
    AtTime,
    Corrupt,
    CutOff,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FlashCrowd,
    FreeRider,
    Kill,
    Liar,
    MessageFault,
    Pause,
    Reorder,
    Slow,
    arrivals_s,
    can_lose_files,
    can_lose_messages,
    describe,
    draw_plan,
    free_riders,
    killed_ranks,
    liars,
    parse_fault,
    parse_faults,
    refuse,
    restricted,
    shrunk,
)
from emulator.faults.language import KINDS, MAX_CHARACTERS, MAX_FAULTS
from emulator.scenario.options import Options

EXAMPLES: dict[str, Fault] = {
    "kill client 3 at 40%": Kill(ranks=(3,), when=AtShare(40.0)),
    "kill client 3 at 2s": Kill(ranks=(3,), when=AtTime(2.0)),
    "kill client 3 at 0s": Kill(ranks=(3,), when=AtTime(0.0)),
    "kill client 3 after 1 segment": Kill(ranks=(3,), when=AfterSegments(1)),
    "kill clients 1-3,7 after 25 segments": Kill(ranks=(1, 2, 3, 7), when=AfterSegments(25)),
    "kill client 3 at message 17": Kill(ranks=(3,), when=AtMessage(17)),
    "kill tracker at 1s": Kill(ranks=(0,), when=AtTime(1.0)),
    "kill client 3 at 2s and restart it after 0.5s": Kill(ranks=(3,), when=AtTime(2.0), restart_s=0.5),
    "kill clients 2,4 at 5ms and restart them after 20ms without their state": Kill(
        ranks=(2, 4), when=AtTime(0.005), restart_s=0.02, is_state_kept=False
    ),
    "pause client 3 at 2s for 1s": Pause(ranks=(3,), when=AtTime(2.0), for_s=1.0),
    "pause tracker at message 9 for 1s": Pause(ranks=(0,), when=AtMessage(9), for_s=1.0),
    "slow client 3 by 4": Slow(ranks=(3,), factor=4.0),
    "slow client 3 by 2.5 at 2s for 1s": Slow(ranks=(3,), factor=2.5, when=AtTime(2.0), for_s=1.0),
    "cut off clients 1-3 at 2s for 1s": CutOff(ranks=(1, 2, 3), when=AtTime(2.0), for_s=1.0),
    "cut off client 2 from client 5 for 1s": CutOff(ranks=(2,), others=(5,), for_s=1.0),
    "cut off client 2 from tracker at 10% for 1s": CutOff(ranks=(2,), others=(0,), when=AtShare(10.0), for_s=1.0),
    "cut off tracker at 2s for 1s": CutOff(ranks=(0,), when=AtTime(2.0), for_s=1.0),
    "drop 10% of messages": Drop(percent=10.0),
    "drop 100% of messages of tracker at 2s for 1s": Drop(percent=100.0, ranks=(0,), when=AtTime(2.0), for_s=1.0),
    "duplicate 0.5% of messages of client 3": Duplicate(percent=0.5, ranks=(3,)),
    "delay 10% of messages by 20ms": Delay(percent=10.0, by_s=0.02),
    "delay 10% of messages of client 3 by 0.1s for 1s": Delay(percent=10.0, ranks=(3,), by_s=0.1, for_s=1.0),
    "reorder 10% of messages": Reorder(percent=10.0, within_s=0.01),
    "reorder 10% of messages of client 1 within 5ms": Reorder(percent=10.0, ranks=(1,), within_s=0.005),
    "corrupt 5% of segments of client 3": Corrupt(percent=5.0, ranks=(3,)),
    "free rider client 4": FreeRider(ranks=(4,)),
    "liars clients 4-5": Liar(ranks=(4, 5)),
    "flash crowd of clients 5-20 at 2s": FlashCrowd(ranks=tuple(range(5, 21)), when=AtTime(2.0)),
}


def read_or_complain(text: str, num_clients: int) -> Fault | str:
    """The fault, or what its error says."""
    try:
        return parse_fault(text, num_clients)
    except ValueError as error:
        return str(error)


# Reading and writing


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_line_is_read_as_what_it_says_and_written_the_same(text: str) -> None:
    fault = parse_fault(text, 20)
    assert fault == EXAMPLES[text]
    assert str(fault) == describe(fault) == text
    assert pickle.loads(pickle.dumps(fault)) == fault  # noqa: S301 (its own)


def test_every_kind_has_an_example_here() -> None:
    assert {type(fault) for fault in EXAMPLES.values()} == {*Fault.__subclasses__(), *MessageFault.__subclasses__()} - {
        MessageFault
    }
    assert {kind for kind in KINDS if not any(text.startswith(kind) for text in EXAMPLES)} == set()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  Kill   CLIENT 3\tat 2S ", "kill client 3 at 2s"),
        ("kill client 7,1-3,2-4 at 2000ms", "kill clients 1-4,7 at 2s"),
        ("kill clients 3 at 2.50s and restart them after 0.02s", "kill client 3 at 2.5s and restart it after 20ms"),
        ("slow client 3 by 2.0 at 0s", "slow client 3 by 2"),
        ("reorder 010% of messages within 10ms", "reorder 10% of messages"),
        ("free riders client 4", "free rider client 4"),
        ("liar clients 4,5", "liars clients 4-5"),
    ],
)
def test_other_spellings_are_read_too_and_written_as_one(text: str, canonical: str) -> None:
    assert describe(parse_fault(text, 20)) == canonical


@pytest.mark.parametrize("path", ["emulator/faults/__init__.py", "docs/faults.md"])
def test_every_line_of_the_documented_table_can_be_read(path: str) -> None:
    text = (Path(__file__).parents[2] / path).read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in text.splitlines() if re.match(r"\| `", row)]
    lines = [re.sub(r"\[\*?([a-z]+)\*?\]", "", row).replace("`", "") for row in rows]
    known = [line for line in lines if any(line.strip().startswith(kind) for kind in KINDS)]
    assert len(known) >= 14
    for line in known:
        words = re.sub(r"\[at …\]|\[for …\]|\[of …\]|[\[\]]", "", line)
        parse_fault(words, 20)


PROBLEMS = {
    "": f"expected one of: {', '.join(KINDS)}; found nothing more",
    "boil client 3": f"expected one of: {', '.join(KINDS)}; found 'boil client 3'",
    "kill": "after 'kill' expected 'client 3', 'clients 1-3,7' or 'tracker'; found nothing more",
    "kill client x at 2s": "after 'kill client' expected numbers of clients, such as 3 or 1-3,7; found 'x at 2s'",
    "kill client 21 at 2s": "'21': there is no client 21; there are 1 to 20",
    "kill client 0 at 2s": "'0': there is no client 0; there are 1 to 20",
    "kill clients 5-3 at 2s": "'5-3': 5-3 counts backwards; write 3-5",
    "kill client 3": "after 'kill client 3' expected 'at 2s', 'at 40%', 'at message 17' or 'after 25 segments'; "
    "found nothing more",
    "kill tracker": "after 'kill tracker' expected 'at 2s', 'at 40%' or 'at message 17'; found nothing more",
    "kill client 3 at noon": "after 'kill client 3 at' expected a time, such as 2s, 40% or message 17; found 'noon'",
    "kill tracker after 3 segments": "after 'kill tracker' expected 'at 2s', 'at 40%' or 'at message 17'; "
    "found 'after 3 segments'",
    "kill client 3 after 0 segments": "'0': not a whole number from 1 to 1,000,000,000",
    "kill client 3 after 3 hours": "after 'kill client 3 after 3' expected 'segments'; found 'hours'",
    "kill client 3 at 2s and run": "after 'kill client 3 at 2s and' expected 'restart'; found 'run'",
    "kill client 3 at 2s and restart it": "after 'kill client 3 at 2s and restart it' expected 'after'; "
    "found nothing more",
    "kill client 3 at 2s and restart it after 1s without a care": "after '… 3 at 2s and restart it after 1s "
    "without' expected 'its state'; found 'a care'",
    "kill tracker at 2s and restart it after 1s": "'restart': the run ends with its tracker, which cannot be restarted",
    "kill client 3 at 2s now": "after 'kill client 3 at 2s' expected the end; found 'now'",
    "kill client 3 at 101%": "'101%': a share is above 0% and at most 100%",
    "kill client 3 at ２s": "after 'kill client 3 at' expected a time, such as 2s, 40% or message 17; found '２s'",
    "kill client 3 at 1000001s": "'1000001s': not a time of at most 1,000,000 s",
    "pause client 3 at 2s": "after 'pause client 3 at 2s' expected 'for'; found nothing more",
    "pause client 3 at 2s for 0s": "'0s': not a time above 0 and at most 1,000,000 s",
    "pause client 3 at 2s for 0.0001ms": "'0.0001ms': not a time above 0 and at most 1,000,000 s",
    "slow tracker by 4": "after 'slow' expected 'client 3' or 'clients 1-3,7'; found 'tracker by 4'",
    "slow client 3 by 1": "'1': not a number above 1 and at most 1,000",
    "slow clients 1-2 by 4 after 3 segments": "after 'slow clients 1-2 by 4' expected the end; "
    "found 'after 3 segments'",
    "cut off client 3 at 2s": "after 'cut off client 3 at 2s' expected 'for'; found nothing more",
    "cut off client 3 from clients 1-3 for 1s": "'1-3': nobody can be cut off from itself; name others after 'from'",
    "cut off clients 1-20 for 1s": "after 'cut off clients 1-20' expected 'from' and somebody else, as there is no "
    "other client; found 'for 1s'",
    "cut off client 3 at message 3 for 1s": "after 'cut off client 3 at' expected a time, such as 2s or 40%; "
    "found 'message 3 for 1s'",
    "drop 10% of segments": "after 'drop 10%' expected 'of messages'; found 'of segments'",
    "drop 0% of messages": "'0%': a share is above 0% and at most 100%",
    "drop 100% of messages": "after 'drop 100% of messages' expected 'for 1s', as a run in which no message arrives "
    "has no end; found nothing more",
    "corrupt 5% of segments of tracker": "after 'corrupt 5% of segments of' expected 'client 3' or 'clients 1-3,7'; "
    "found 'tracker'",
    "flash crowd of clients 1-3 at 5%": "after 'flash crowd of clients 1-3 at' expected a time, such as 2s or 20ms; "
    "found '5%'",
    "kill client "
    + "1," * 600: "'kill client 1,1,1,1,1,1,1,1,1,1,1,1,1,1,…' has 1,212 characters; a fault has at most 1,000",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_what_cannot_be_is_told_in_one_line_that_says_what_can(text: str) -> None:
    assert read_or_complain(text, 20) == PROBLEMS[text]


def test_what_would_be_too_long_when_written_is_too_long() -> None:
    """So that whatever is accepted can be written, and read again."""
    ranks = "1"
    while len(ranks) < MAX_CHARACTERS - 24:
        ranks += f",{int(ranks.split(',')[-1]) + 2}"
    longest = f"kill clients {ranks} at s"
    longest = longest.replace(" at s", f" at {'2' * (MAX_CHARACTERS - len(longest))}s")
    assert str(parse_fault(longest, 1_000)) == longest
    longer = longest.replace(" 2", " ").replace("clients", "client").replace(",9,", ",998,")
    assert len(longer) == MAX_CHARACTERS
    shown = "'kill client 1,3,5,7,998,11,13,15,17,19,2…'"
    assert read_or_complain(longer, 1_000) == f"{shown} is too long when written out; a fault has at most 1,000"


# Any text at all


WORDS = sorted(
    {word for text in EXAMPLES for word in text.split()} | {"", "for", "at", "%", "-1", "1-999999", "9" * 400}
)


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)))
def test_any_text_is_a_fault_that_can_be_written_or_an_error_of_one_short_line(text: str) -> None:
    fault = read_or_complain(text, 9)
    if isinstance(fault, str):
        assert fault.isprintable()
        assert len(fault) < 300
    else:
        assert parse_fault(describe(fault), 9) == fault


MUTATIONS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["", " ", *WORDS, "\n", "٣", "\x00"])), max_size=3)


@given(st.sampled_from(list(EXAMPLES)), MUTATIONS)
def test_a_line_that_is_nearly_right_is_read_or_refused(text: str, mutations: list[tuple[int, str]]) -> None:
    for place, piece in mutations:
        text = text[:place] + piece + text[place + 1 :]
    fault = read_or_complain(text, 20)
    if isinstance(fault, str):
        assert fault.isprintable()
    else:
        assert parse_fault(describe(fault), 20) == fault


def test_spans_on_top_of_each_other_cost_no_more_than_what_they_cover() -> None:
    spans = ",".join(["1-100000"] * 100)
    fault = parse_fault(f"kill clients {spans} at 2s", 100_000)
    assert len(fault.ranks) == 100_000
    assert str(fault) == "kill clients 1-100000 at 2s"


# Several of them


def test_all_problems_of_a_plan_are_told_at_once_by_their_places() -> None:
    with pytest.raises(InputError) as caught:
        parse_faults(["kill client 3 at 2s", "kill client 9 at 2s", "liar"], 5)
    assert caught.value.problems == (
        "--fault 2: '9': there is no client 9; there are 1 to 5",
        "--fault 3: after 'liar' expected 'client 3' or 'clients 1-3,7'; found nothing more",
    )


def test_a_plan_has_a_largest_size() -> None:
    with pytest.raises(InputError, match=r"faults in x\.toml: 1,001 faults are too many; give at most 1,000"):
        parse_faults(["liar client 1"] * (MAX_FAULTS + 1), 5, "faults in x.toml")


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


def test_options_read_their_faults_for_a_swarm_of_a_size() -> None:
    options = Options(faults=("slow client 3 by 4", "kill client 3 at 2s"), pace=20.0)
    assert options.faults_of(3) == (Slow(ranks=(3,), factor=4.0), Kill(ranks=(3,), when=AtTime(2.0)))
    with pytest.raises(InputError, match="--fault 1: '3': there is no client 3; there are 1 to 2"):
        options.faults_of(2)
    with pytest.raises(InputError, match="--fault 1: 'slow client 3 by 4': the engine 'processes' slows by rates"):
        Options(faults=options.faults).faults_of(3)


# What follows from a plan


@pytest.mark.parametrize("text", EXAMPLES)
def test_messages_are_lost_by_drops_and_cuts_alone(text: str) -> None:
    assert can_lose_messages([EXAMPLES[text]]) == text.startswith(("drop", "cut off"))


@pytest.mark.parametrize("text", EXAMPLES)
def test_files_are_lost_by_deaths_and_by_those_who_do_not_give_what_they_have(text: str) -> None:
    assert can_lose_files([EXAMPLES[text]]) == text.startswith(("kill", "liar", "free", "corrupt"))


def test_a_plan_tells_whom_it_concerns() -> None:
    plan = [
        parse_fault(text, 20)
        for text in (
            "kill clients 1-2 at 2s",
            "kill client 9 at 2s and restart it after 1s without its state",
            "cut off client 3 from tracker for 1s",
            "drop 10% of messages",
            "free rider client 5",
            "liars clients 6,8",
            "flash crowd of clients 10-11 at 2s",
            "flash crowd of client 11 at 1s",
        )
    ]
    assert killed_ranks(plan) == {1, 2, 9}
    assert free_riders(plan) == {5}
    assert liars(plan) == {6, 8}
    assert arrivals_s(plan) == {10: 2.0, 11: 2.0}


# Plans drawn, and made smaller

PLANS = st.builds(
    lambda seed, num_clients, engine: (draw_plan(random.Random(seed), num_clients, 0.05, engine=engine), num_clients),
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.sampled_from(["virtual", "processes"]),
)


@given(PLANS)
def test_a_drawn_plan_is_one_that_can_be_written(drawn: tuple[tuple[Fault, ...], int]) -> None:
    plan, num_clients = drawn
    assert len(plan) <= 4
    assert parse_faults([describe(fault) for fault in plan], num_clients) == plan


def test_the_same_generator_gives_the_same_plan_and_another_another() -> None:
    def draw(seed: int) -> tuple[Fault, ...]:
        return draw_plan(random.Random(seed), 5, 0.05)

    assert [draw(seed) for seed in range(50)] == [draw(seed) for seed in range(50)]
    assert len({draw(seed) for seed in range(50)}) > 30


def test_plans_have_all_kinds_of_faults_and_times_that_the_engine_can_do() -> None:
    for engine, has_rates in (("virtual", False), ("processes", False), ("processes", True)):
        drawn = [
            fault
            for seed in range(400)
            for fault in draw_plan(random.Random(seed), 5, 0.05, engine=engine, has_rates=has_rates)
        ]
        refuse(drawn, engine, has_rates)
        kinds = {type(fault) for fault in drawn}
        assert kinds == {type(fault) for fault in EXAMPLES.values()} - (
            {Slow} if engine == "processes" and not has_rates else set()
        )
        times = {type(fault.when) for fault in drawn}
        assert times == {AtTime, AtShare, AfterSegments} | ({AtMessage} if engine == "virtual" else set())
        assert 0 not in killed_ranks(drawn)


def test_the_tracker_dies_only_where_that_is_asked_for() -> None:
    plans = [draw_plan(random.Random(seed), 5, 0.05, may_kill_tracker=True) for seed in range(200)]
    assert any(0 in killed_ranks(plan) for plan in plans)


def size(plan: tuple[Fault, ...]) -> tuple[float, ...]:
    """How much there is in a plan, the weightiest first."""
    return (
        len(plan),
        sum(len(fault.ranks) + len(getattr(fault, "others", ())) for fault in plan),
        sum(getattr(fault, "restart_s", None) is not None for fault in plan),
        sum(not getattr(fault, "is_state_kept", True) for fault in plan),
        sum(getattr(fault, "percent", 0.0) for fault in plan),
    )


@given(PLANS)
def test_every_plan_that_is_shrunk_to_is_smaller_and_can_be_written(drawn: tuple[tuple[Fault, ...], int]) -> None:
    plan, num_clients = drawn
    candidates = list(shrunk(plan))
    assert bool(candidates) == bool(plan)
    for candidate in candidates:
        assert size(candidate) < size(plan)
        assert parse_faults([describe(fault) for fault in candidate], num_clients) == candidate


def test_shrinking_finds_the_one_fault_that_matters_in_its_smallest_form() -> None:
    plan = parse_faults(
        [
            "drop 10% of messages",
            "kill clients 1-5 at 2s and restart them after 1s without their state",
            "liar client 2",
            "pause client 3 at 1s for 1s",
        ],
        5,
    )

    def fails(plan: tuple[Fault, ...]) -> bool:
        return any(isinstance(fault, Kill) and 4 in fault.ranks for fault in plan)

    while smaller := next((candidate for candidate in shrunk(plan) if fails(candidate)), None):
        plan = smaller
    assert [describe(fault) for fault in plan] == ["kill client 4 at 2s"]


def test_a_plan_for_fewer_clients_leaves_out_those_who_are_not_there() -> None:
    plan = parse_faults(
        [
            "kill clients 2-6 at 2s",
            "liar client 5",
            "drop 10% of messages",
            "cut off clients 1-3 for 1s",
            "cut off client 1 from client 6 for 1s",
            "cut off clients 2,5 from tracker for 1s",
            "cut off tracker for 1s",
        ],
        6,
    )
    assert [describe(fault) for fault in restricted(plan, 3)] == [
        "kill clients 2-3 at 2s",
        "drop 10% of messages",
        "cut off client 2 from tracker for 1s",
        "cut off tracker for 1s",
    ]


@given(PLANS, st.integers(1, 12))
def test_a_restricted_plan_can_be_written_for_the_smaller_swarm(
    drawn: tuple[tuple[Fault, ...], int], num_clients: int
) -> None:
    plan, before = drawn
    smaller = restricted(plan, min(num_clients, before))
    assert parse_faults([describe(fault) for fault in smaller], min(num_clients, before)) == smaller


def test_the_package_names_what_others_use() -> None:
    assert [name for name in language.__all__ if not hasattr(language, name)] == []
