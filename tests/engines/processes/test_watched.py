"""A run that is watched tells of single segments while a visit goes on; one that is not tells of visits alone."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from emulator.protocol.events import Received, SegmentsTaken
from emulator.protocol.messages import Hit
from emulator.running.run import run
from emulator.scenario.options import Options
from emulator.trace.records import Record
from emulator.trace.statistics import SwarmStatistics
from tests.engines.swarms import LEECHER, Recorder, seed_and_leechers

PACE = Options(start_method="fork", pace=20)


class Viewer(Recorder):
    """An observer that is drawn, and keeps how many segments there were each time it was told of something."""

    interval_s: float | None = 0.02

    def __init__(self, statistics: SwarmStatistics) -> None:
        super().__init__()
        self.seen: list[int] = []
        self._statistics = statistics

    def observe(self, records: Sequence[Record]) -> None:
        super().observe(records)
        self.seen.append(self._statistics.clients[LEECHER - 1].num_got)


def hits(records: Sequence[Record]) -> list[Hit]:
    messages = [record.event.message for record in records if isinstance(record.event, Received)]
    assert all(isinstance(message, Hit) and not message.data for message in messages), "and no contents"
    return [message for message in messages if isinstance(message, Hit)]


@pytest.mark.parametrize("is_traced", [False, True])
def test_what_is_watched_moves_with_every_segment(tmp_path: Path, is_traced: bool) -> None:
    scenario = seed_and_leechers(tmp_path / "in", num_segments=10)
    viewers: list[Viewer] = []

    def watch(statistics: SwarmStatistics) -> Viewer:
        viewers.append(Viewer(statistics))
        return viewers[0]

    trace = tmp_path / "run.jsonl" if is_traced else None
    result = run(scenario, tmp_path / "out", PACE, watch=watch, trace=trace)
    assert (result.is_proven, result.num_segments) == (True, 10)
    assert [
        len(event.segments) for record in viewers[0].records if isinstance(event := record.event, SegmentsTaken)
    ] == [10]
    assert len({hit.segment for hit in hits(viewers[0].records)}) >= 5
    assert len(set(viewers[0].seen) - {0, 10}) >= 5
    assert viewers[0].seen == sorted(viewers[0].seen), "and never goes back"


def test_what_is_not_watched_is_told_of_visits_alone(tmp_path: Path) -> None:
    recorder = Recorder()
    run(seed_and_leechers(tmp_path / "in", num_segments=10), tmp_path / "out", PACE, watch=lambda _: recorder)
    assert not hits(recorder.records)
