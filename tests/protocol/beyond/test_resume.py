"""A client that finds segments of an earlier run on its disk."""

from emulator.protocol.events import (
    DownloadStarted,
    RoundBegan,
    SegmentRejected,
)
from emulator.protocol.messages import (
    TRACKER,
    FileCompleted,
    Finished,
    MetadataRequest,
    SegmentRequest,
)
from tests.protocol.downloads import SEED, run_download
from tests.protocol.scripted import (
    WRONG,
    file_of,
)


def test_stored_segments_are_not_downloaded_again() -> None:
    metadata = file_of(3)
    node = run_download([metadata], left={"file1": [(2, metadata.segment(2)), (0, metadata.segment(0))]})
    assert node.events(DownloadStarted) == [DownloadStarted("file1", num_segments=3, num_present=2)]
    assert node.sent_to(SEED)[1:-1] == [SegmentRequest("file1", 1)]
    assert node.outputs == [metadata]
    assert node.disk.stored == [("file1", 1, metadata.segment(1))]


def test_stored_segments_are_checked_and_may_come_twice() -> None:
    metadata = file_of(2)
    stored = [(0, WRONG), (1, metadata.segment(1)), (1, WRONG), (1, metadata.segment(1))]
    node = run_download([metadata], left={"file1": stored})
    assert node.events(DownloadStarted) == [DownloadStarted("file1", num_segments=2, num_present=1)]
    assert node.outputs == [metadata]
    assert node.events(SegmentRejected) == []


def test_a_file_that_is_stored_whole_is_written_and_reported_and_nobody_is_asked() -> None:
    metadata = file_of(2)
    node = run_download([metadata], left={"file1": [(n, metadata.segment(n)) for n in range(2)]})
    assert node.events(RoundBegan) == []
    assert node.sent_to(TRACKER) == [MetadataRequest(("file1",)), FileCompleted("file1"), Finished()]
    assert node.outputs == [metadata]


def test_what_is_owned_is_not_looked_for_among_stored_segments() -> None:
    node = run_download([file_of(2)], owned=[file_of(2)], left={"file1": [(0, WRONG)]})
    assert node.outputs == [file_of(2)]
