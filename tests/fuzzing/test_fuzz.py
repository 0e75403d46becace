"""A few thousand of the inputs that `benchmarks/fuzz.py` makes by the million; and that it notices what it should."""

import os
import random
import time
from pathlib import Path

import pytest

from emulator.errors import InputError
from tests.fuzzing import feeds, fuzz
from tests.fuzzing.feeds import FEEDS, Feed, Place
from tests.fuzzing.fuzz import Case, Total
from tests.fuzzing.mutate import DAMAGES, MOST_BYTES, mutate

RUNS = 2_000


def run(kept: Path, runs: int = 1, **others: int) -> Total:
    return fuzz.fuzz(others.get("rng_seed", 0), others.get("first", 0), runs, 2, kept, Total())


def test_whatever_is_fed_is_accepted_or_refused_in_clear_words(tmp_path: Path) -> None:
    total = run(tmp_path / "kept", RUNS)
    assert [f"{failure.kind} {failure.number}: {failure.text}" for failure in total.failures] == []
    assert total.counts.total() == RUNS
    assert not (tmp_path / "kept").exists()
    outcomes = {key.rpartition(", ")[2] for key in total.counts}
    assert outcomes == {"accepted", "refused"}
    assert {key.rpartition(", ")[0] for key in total.counts} == set(FEEDS), "every kind was fed"


@pytest.mark.parametrize("kind", FEEDS)
def test_samples_are_accepted_as_they_are(kind: str, tmp_path: Path) -> None:
    for number, data in enumerate(FEEDS[kind].samples()):
        folder = tmp_path / str(number)
        folder.mkdir()
        rng = random.Random(3)
        rng.random = lambda: 0.9  # type: ignore[method-assign]  # neither compressed nor in another's place
        if kind == "word":
            continue  # each is right for some of the options only
        FEEDS[kind].feed(Place(folder, rng), data)


def test_the_same_numbers_make_the_same_input() -> None:
    cases = [[Case(rng_seed, number) for number in range(60)] for rng_seed in (1, 1, 2)]
    one, again, another = ([(case.kind, case.data) for case in some] for some in cases)
    assert one == again
    assert one != another


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_takes_any_bytes(damage: object) -> None:
    assert callable(damage)
    rng = random.Random(0)
    for data in (b"", b"\n", b"x", b"a = 1\n[b]\n" * 9):
        for _ in range(30):
            assert len(damage(rng, data, (b"", b"other"))) <= MOST_BYTES + 1_000_000


def test_most_damage_is_real() -> None:
    samples = (b"2\nfile1 3\n",)
    changed = [mutate(random.Random(number), samples) != samples[0] for number in range(300)]
    assert 200 < sum(changed) < 300


# What it has to notice


def refuse_at_length(_place: Place, _data: bytes) -> None:
    raise InputError(["x" * 5_000])


def refuse_without_a_word(_place: Place, _data: bytes) -> None:
    raise InputError([])


def crash(_place: Place, _data: bytes) -> None:
    raise KeyError("not a clear error")


def take_all_memory(_place: Place, _data: bytes) -> None:
    bytearray(8 << 30)


def take_long(_place: Place, _data: bytes) -> None:
    ends_s = time.process_time() + 30
    while time.process_time() < ends_s:
        pass


def leave_the_terminal_something(_place: Place, _data: bytes) -> None:
    with feeds._said():
        print("\x1b[2J")


@pytest.mark.parametrize(
    ("feed", "told"),
    [
        (refuse_at_length, "Unclear: no clear line, of 5000 characters"),
        (refuse_without_a_word, "Unclear: (), exit status 2"),
        (crash, "KeyError: 'not a clear error'"),
        (take_all_memory, "MemoryError"),
        (take_long, "TooLong: more than 0.1 s of CPU time"),
        (leave_the_terminal_something, "Unclear: a terminal might obey: ['\\x1b']"),
    ],
)
def test_what_is_wrong_is_noticed_and_kept_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feed: object, told: str
) -> None:
    monkeypatch.setattr(fuzz, "FEEDS", {"some kind": Feed(1, lambda: (b"sample",), feed)})  # type: ignore[arg-type]
    monkeypatch.setattr(fuzz, "MOST_CPU_S", 0.1)
    [failure] = run(tmp_path, first=17).failures
    assert told in failure.text.splitlines()[-1]
    assert (failure.number, failure.kind) == (17, "some kind")
    assert failure.path == str(tmp_path / "some-kind-0-17")
    assert Path(failure.path).read_bytes() == Case(0, 17).data


def test_one_input_is_fed_again_by_its_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "_limit_process", lambda: None)
    assert fuzz.main(["--only", "5", "--rng-seed", "2"]) == 0
    case = Case(2, 5)
    assert capsys.readouterr().out.startswith(f"{case.kind} 5, of {len(case.data):,} bytes: ")


def test_failures_are_reported_with_the_command_that_shows_them_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "FEEDS", {"kind": Feed(1, lambda: (b"sample",), crash)})
    assert fuzz.main(["--runs", "3", "--first", "8", "--rng-seed", "4", "--jobs", "1", "--kept", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    for number in (8, 9, 10):
        assert f"kind {number} failed; it is kept as {tmp_path}/kind-4-{number}\n" in said
        assert f"  python benchmarks/fuzz.py --rng-seed 4 --only {number}\n" in said
    assert "\n3 inputs, 3 failed, in " in said
    assert sorted(os.listdir(tmp_path)) == ["kind-4-10", "kind-4-8", "kind-4-9"]


def test_a_worker_s_own_time_and_memory_are_told(tmp_path: Path) -> None:
    total = run(tmp_path, 50)
    assert total.slowest_s > 0
    assert 0 <= total.slowest < 50
    assert 10 << 20 < total.most_bytes < 2 << 30
