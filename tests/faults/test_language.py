"""The fault language: what it says it reads, in one spelling it writes, and nothing breaks it."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.faults import KINDS, Fault, describe, kind_of, parse_fault, parse_faults
from emulator.faults.language import MAX_CHARACTERS, MAX_FAULTS
from tests.faults.examples import EXAMPLES

BEGINNINGS = ", ".join(kind.words[0] for kind in KINDS)


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


def test_every_kind_has_an_example() -> None:
    assert {type(fault) for fault in EXAMPLES.values()} == set(KINDS)


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_trace_tells_of_which_kind_a_line_is(text: str) -> None:
    assert kind_of(text) is type(EXAMPLES[text])


@pytest.mark.parametrize("text", ["", "kil", "boil client 3", "cut", "free", "flash client 1", "\n", "fault"])
def test_of_a_line_of_no_kind_no_fact_holds(text: str) -> None:
    assert kind_of(text) is Fault
    assert not Fault.is_fatal | Fault.stops | Fault.loses_messages | Fault.disturbs_messages | Fault.loses_files


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


PROBLEMS = {
    "": f"expected one of: {BEGINNINGS}; found nothing more",
    "boil client 3": f"expected one of: {BEGINNINGS}; found 'boil client 3'",
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
