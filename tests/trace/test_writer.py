"""Writing traces while runs last: merged so that causes come before effects, in bounded memory."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import RunError
from emulator.errors import InputError
from emulator.trace import writer as writer_module
from emulator.trace.format import Header
from emulator.trace.reader import Trace
from emulator.trace.records import Batch
from emulator.trace.writer import MERGE_AT, TraceWriter

HEADER = Header(format="swarm-trace", version=1, clients=2)
RANKS = range(3)


def batch(rank: int, told_s: float, lines: Sequence[tuple[float, str]]) -> Batch:
    """A batch of lines that are no events; the writer does not look into them."""
    return Batch(rank, told_s, [], [time_s for time_s, _ in lines], b"".join(f"{text}\n".encode() for _, text in lines))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[TraceWriter]:
    writer = TraceWriter(path, HEADER)
    try:
        yield writer
    finally:
        writer.close("cut")


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def written(path: Path) -> list[str]:
    """What was merged: all but the header and the end."""
    return lines_of(path)[1:-1]


@st.composite
def told(draw: st.DrawFn) -> list[Batch]:
    """What three processes tell, as it arrives. Their clock is coarse: many things happen at one time."""
    batches: dict[int, list[Batch]] = {}
    for rank in RANKS:
        now, batches[rank] = 0, []
        for number in range(draw(st.integers(0, 5))):
            lines = []
            for place in range(draw(st.integers(0, 4))):
                now += draw(st.integers(0, 2))
                lines.append((float(now), f"{rank}.{9 - number}.{9 - place}"))
            now += draw(st.integers(0, 2))
            batches[rank].append(batch(rank, float(now), lines))
    order = draw(st.permutations([rank for rank in RANKS for _ in batches[rank]]))
    return [batches[rank].pop(0) for rank in order]


def told_by(batches: Sequence[Batch], rank: int) -> list[tuple[float, str]]:
    return [
        line
        for each in batches
        if each.rank == rank
        for line in zip(each.times_s, each.lines.decode().split(), strict=True)
    ]


@given(told(), st.integers(1, 8))
def test_lines_come_in_the_order_of_time_and_each_process_keeps_its_own(
    tmp_path_factory: pytest.TempPathFactory, batches: list[Batch], merge_at: int
) -> None:
    path = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "MERGE_AT", merge_at)
        writer = TraceWriter(path, HEADER)
        for each in batches:
            writer.add(each)
        for rank in RANKS:
            writer.forget(rank)
        writer.close("complete")
    merged = written(path)
    times = {text: time_s for rank in RANKS for time_s, text in told_by(batches, rank)}
    assert [times[text] for text in merged] == sorted(times.values())
    for rank in RANKS:
        assert [text for text in merged if text.startswith(f"{rank}.")] == [text for _, text in told_by(batches, rank)]


@given(told(), st.integers(1, 8), st.sets(st.sampled_from(RANKS)))
def test_a_trace_that_is_cut_has_exactly_what_happened_before_the_first_silence(
    tmp_path_factory: pytest.TempPathFactory, batches: list[Batch], merge_at: int, ended: set[int]
) -> None:
    path = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "MERGE_AT", merge_at)
        writer = TraceWriter(path, HEADER)
        for each in batches:
            writer.add(each)
        for rank in ended:
            writer.forget(rank)
        writer.close("cut", "why")
    told_s = {rank: max((each.told_s for each in batches if each.rank == rank), default=0.0) for rank in RANKS}
    silent_s = min((told_s[rank] for rank in RANKS if rank not in ended), default=float("inf"))
    expected = [text for rank in RANKS for time_s, text in told_by(batches, rank) if time_s < silent_s]
    assert sorted(written(path)) == sorted(expected)
    assert lines_of(path)[-1].startswith('{"event":"TraceEnded","outcome":"cut","reason":"why",')


def test_a_trace_is_written_while_the_run_lasts(tmp_path: Path) -> None:
    """However long the run: what waits to be written stays about as much as is merged at once."""
    path = tmp_path / "trace.jsonl"
    num_told, per_batch = 0, 300
    with writing(path) as writer:
        for turn in range(200):
            for rank in RANKS:
                lines = [(turn + n / per_batch, f"{rank}.{turn}.{n}") for n in range(per_batch)]
                writer.add(batch(rank, turn + 1.0, lines))
                num_told += per_batch
            num_written = path.read_bytes().count(b"\n") - 1 if turn % 20 == 19 else num_told
            assert num_told - num_written <= 3 * MERGE_AT


def test_what_a_slow_process_may_still_tell_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with writing(path) as writer:
        for rank in (0, 1):
            writer.add(batch(rank, 9.0, [(n / 1000, f"{rank}.{n}") for n in range(3_000)]))
        assert lines_of(path)[1:] == []
        assert not writer.has_all_before(1.9)
        late = [(1.9999, f"2.{n}") for n in range(12_000)]
        writer.add(batch(2, 2.0, late))
        assert writer.has_all_before(1.9)
        assert not writer.has_all_before(2.0)
        before = [f"{rank}.{n}" for n in range(2_000) for rank in (0, 1)]
        assert lines_of(path)[1:] == [*before, *(text for _, text in late)]


@pytest.mark.parametrize("name", ["trace.jsonl", "trace.gz"])
def test_a_new_trace_has_its_header_at_once(tmp_path: Path, name: str) -> None:
    with writing(tmp_path / name), Trace(tmp_path / name) as trace:
        assert trace.header == HEADER


@pytest.mark.parametrize("name", ["none/trace.jsonl", "none/trace.gz"])
def test_a_trace_that_cannot_be_made_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"none/trace\..*: cannot be written \(No such file or directory\); choose an"):
        TraceWriter(tmp_path / name, HEADER)


@pytest.mark.parametrize("name", ["full.jsonl", "full.gz"])
def test_a_full_disk_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(RunError, match=r"full\..* cannot be written \(No space left on device\); give it more room"):
        TraceWriter(tmp_path / name, HEADER)


def test_a_slow_run_can_be_followed_while_it_lasts(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with writing(path) as writer:
        for rank in RANKS:
            writer.add(batch(rank, 0.2, [(0.1, f"{rank} early")]))
        assert len(lines_of(path)) == 1, "the header alone: it is not worth a merge yet"
        for rank in RANKS:
            writer.add(batch(rank, 0.3, []))
        assert lines_of(path)[1:] == ["0 early", "1 early", "2 early"]
