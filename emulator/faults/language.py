"""Reading the fault language: one function a kind of fault."""

from collections.abc import Callable, Sequence

from emulator.errors import InputError
from emulator.faults.kinds import (
    REORDER_S,
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
    Pause,
    Reorder,
    Slow,
)
from emulator.faults.words import Words, quoted

MAX_CHARACTERS = 1_000
"""Of one fault."""
MAX_FAULTS = 1_000
"""Of one run."""


def describe(fault: Fault) -> str:
    """The fault's own line in the language: `parse_fault` reads it as the same fault."""
    return str(fault)


def parse_fault(text: str, num_clients: int) -> Fault:
    """The fault that `text` says, in a swarm of `num_clients`. Raises `ValueError` with one line that tells why not."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{quoted(text)} has {len(text):,} characters; a fault has at most {MAX_CHARACTERS:,}")
    words = Words(text, num_clients)
    for beginning, parse in {**KINDS, **PLURALS}.items():
        if words.take(*beginning.split()):
            fault = parse(words)
            words.end()
            break
    else:
        words.fail(f"one of: {', '.join(KINDS)}")
    if len(str(fault)) > MAX_CHARACTERS:
        raise ValueError(f"{quoted(text)} is too long when written out; a fault has at most {MAX_CHARACTERS:,}")
    return fault


def parse_faults(texts: Sequence[str], num_clients: int, where: str = "--fault") -> tuple[Fault, ...]:
    """All faults of a run. Raises `InputError` with a line for each that cannot be read, `--fault 2: …`."""
    if len(texts) > MAX_FAULTS:
        raise InputError([f"{where}: {len(texts):,} faults are too many; give at most {MAX_FAULTS:,}"])
    faults: list[Fault] = []
    problems: list[str] = []
    for count, text in enumerate(texts, 1):
        try:
            faults.append(parse_fault(text, num_clients))
        except ValueError as error:
            problems.append(f"{where} {count}: {error}")
    if problems:
        raise InputError(problems)
    return tuple(faults)


# One function a kind, from the word after its name


def _parse_kill(words: Words) -> Fault:
    ranks = words.take_ranks()
    when = words.take_trigger(ranks)
    if not words.take("and"):
        return Kill(ranks=ranks, when=when)
    words.expect("restart")
    if ranks == (0,):
        words.refuse("the run ends with its tracker, which cannot be restarted")
    if not words.take_one_of("it", "them"):
        words.fail("'it'")
    words.expect("after")
    restart_s = words.take_time()
    is_state_kept = not words.take("without")
    if not is_state_kept:
        if not words.take_one_of("its", "their"):
            words.fail("'its state'")
        words.expect("state")
    return Kill(ranks=ranks, when=when, restart_s=restart_s, is_state_kept=is_state_kept)


def _parse_pause(words: Words) -> Fault:
    ranks = words.take_ranks()
    return Pause(ranks=ranks, when=words.take_trigger(ranks), for_s=words.expect_length())


def _parse_slow(words: Words) -> Fault:
    ranks = words.take_clients()
    words.expect("by")
    factor = words.take_factor()
    when = words.take_trigger(is_needed=False)
    return Slow(ranks=ranks, factor=factor, when=when, for_s=words.take_length())


def _parse_cut_off(words: Words) -> Fault:
    ranks = words.take_ranks()
    others = words.take_ranks() if words.take("from") else ()
    if not set(ranks).isdisjoint(others):
        words.refuse("nobody can be cut off from itself; name others after 'from'")
    if not others and len(ranks) == words.num_clients:
        words.fail("'from' and somebody else, as there is no other client")
    when = words.take_trigger(is_needed=False)
    return CutOff(ranks=ranks, others=others, when=when, for_s=words.expect_length())


def _parse_drop(words: Words) -> Fault:
    percent, ranks = _take_share(words, "messages")
    when, for_s = words.take_trigger(is_needed=False), words.take_length()
    if percent == 100 and for_s is None:
        words.fail("'for 1s', as a run in which no message arrives has no end")
    return Drop(percent=percent, ranks=ranks, when=when, for_s=for_s)


def _parse_duplicate(words: Words) -> Fault:
    percent, ranks = _take_share(words, "messages")
    return Duplicate(percent=percent, ranks=ranks, when=words.take_trigger(is_needed=False), for_s=words.take_length())


def _parse_delay(words: Words) -> Fault:
    percent, ranks = _take_share(words, "messages")
    words.expect("by")
    by_s = words.take_time()
    when = words.take_trigger(is_needed=False)
    return Delay(percent=percent, ranks=ranks, by_s=by_s, when=when, for_s=words.take_length())


def _parse_reorder(words: Words) -> Fault:
    percent, ranks = _take_share(words, "messages")
    within_s = words.take_time() if words.take("within") else REORDER_S
    when = words.take_trigger(is_needed=False)
    return Reorder(percent=percent, ranks=ranks, within_s=within_s, when=when, for_s=words.take_length())


def _parse_corrupt(words: Words) -> Fault:
    percent, ranks = _take_share(words, "segments")
    return Corrupt(percent=percent, ranks=ranks, when=words.take_trigger(is_needed=False), for_s=words.take_length())


def _take_share(words: Words, what: str) -> tuple[float, tuple[int, ...]]:
    """`10% of messages`, and whose; everybody's where it does not say."""
    percent = words.take_percent()
    words.expect("of", what)
    if not words.take("of"):
        return percent, ()
    return percent, words.take_clients() if what == "segments" else words.take_ranks()


def _parse_free_rider(words: Words) -> Fault:
    return FreeRider(ranks=words.take_clients())


def _parse_liar(words: Words) -> Fault:
    return Liar(ranks=words.take_clients())


def _parse_flash_crowd(words: Words) -> Fault:
    words.expect("of")
    ranks = words.take_clients()
    words.expect("at")
    return FlashCrowd(ranks=ranks, when=AtTime(words.take_time(is_above_zero=False)))


KINDS: dict[str, Callable[[Words], Fault]] = {
    "kill": _parse_kill,
    "pause": _parse_pause,
    "slow": _parse_slow,
    "cut off": _parse_cut_off,
    "drop": _parse_drop,
    "duplicate": _parse_duplicate,
    "delay": _parse_delay,
    "reorder": _parse_reorder,
    "corrupt": _parse_corrupt,
    "free rider": _parse_free_rider,
    "liar": _parse_liar,
    "flash crowd": _parse_flash_crowd,
}
PLURALS: dict[str, Callable[[Words], Fault]] = {"free riders": _parse_free_rider, "liars": _parse_liar}
