"""What the messages of a client show: its barriers, rounds, choices, segments and connections."""

from collections.abc import Iterator, Mapping

from emulator.protocol.events import (
    AnyEvent,
    BarrierPassed,
    ConnectionClosed,
    ConnectionOpened,
    DownloadsFinished,
    DownloadStarted,
    FileWritten,
    PeerChosen,
    Received,
    Reported,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    Sent,
    ThreadEnded,
)
from emulator.protocol.files import FileMetadata
from emulator.protocol.messages import (
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Metadata,
    Miss,
    SegmentRequest,
    Stop,
    SwarmAnswer,
    SwarmRequest,
)


class ClientEvents:
    """Takes the messages of one client in order."""

    def __init__(self, metadata: Mapping[str, FileMetadata]) -> None:
        """`metadata` has every file of which the trace has told so far."""
        self._metadata = metadata
        self._present: dict[str, set[int]] = {}
        """The segments got, for each file that the client has begun."""
        self._num_rounds: dict[str, int] = {}
        self._seeds: tuple[int, ...] = ()
        self._peers: tuple[int, ...] = ()
        """The latest swarm list."""
        self._counts: dict[int, int] = {}
        """Answers of seeds since that list, or since the last choice."""
        self._uploader: int | None = None
        """The one that was asked for a segment last."""
        self._num_misses = 0
        """Misses in a row."""
        self._num_given: dict[int, int] = {}
        """Segments given over each open connection, by client."""

    def of(self, event: Sent | Received) -> Iterator[AnyEvent]:
        """The events that this message shows."""
        if isinstance(event, Sent):
            yield from self._of_sent(event)
        elif event.on == "upload":
            yield from self._of_served(event)
        else:
            yield from self._of_answer(event)

    def _of_sent(self, event: Sent) -> Iterator[AnyEvent]:
        match event.message:
            case Metadata(files):
                yield Reported(len(files))
            case SwarmRequest(file):
                yield from self._begin(file)
            case SegmentRequest(file):
                yield from self._choose(file, event.to)
            case ConnectionCountRequest():
                self._counts.pop(event.to, None)
            case FileCompleted(file):
                yield FileWritten(file, self._num_segments(file))
            case Finished():
                yield DownloadsFinished()
            case Hit():
                num_given = self._num_given.get(event.to, 0)
                self._num_given[event.to] = num_given + 1
                if not num_given:
                    yield ConnectionOpened(event.to, len(self._num_given))

    def _begin(self, file: str) -> Iterator[AnyEvent]:
        self._uploader = None
        if file not in self._present:
            self._present[file] = set()
            yield DownloadStarted(file, self._num_segments(file), 0)

    def _choose(self, file: str, uploader: int) -> Iterator[AnyEvent]:
        """A request to another uploader than before is a choice."""
        if uploader == self._uploader:
            return
        self._uploader = uploader
        if uploader in self._seeds:
            asked = tuple(self._counts)
            yield SeedChosen(file, uploader, asked, tuple(self._counts.values()))
            self._counts.clear()
        else:
            yield PeerChosen(file, uploader, self._peers, self._num_misses)

    def _of_served(self, event: Received) -> Iterator[AnyEvent]:
        match event.message:
            case Close() if event.source in self._num_given:
                yield self._close(event.source)
            case Stop():
                for client in list(self._num_given):
                    yield self._close(client)
                yield ThreadEnded()

    def _close(self, client: int) -> ConnectionClosed:
        num_given = self._num_given.pop(client)
        return ConnectionClosed(client, num_given, len(self._num_given))

    def _of_answer(self, event: Received) -> Iterator[AnyEvent]:
        match event.message:
            case Barrier(number):
                yield BarrierPassed(number)
            case SwarmAnswer(file, seeds, peers):
                self._seeds, self._peers, self._num_misses = seeds, peers, 0
                self._counts.clear()
                number = self._num_rounds[file] = self._num_rounds.get(file, 0) + 1
                yield RoundBegan(file, number, seeds, peers)
            case ConnectionCount(count):
                self._counts[event.source] = count
            case Hit():
                yield from self._take(event.message, event.source)
            case Miss(file):
                self._num_misses += 1
                yield SegmentsTaken(file, event.source, event.source in self._seeds, (), True)

    def _take(self, hit: Hit, uploader: int) -> Iterator[AnyEvent]:
        """A segment counts once, and only if it matches its hash."""
        self._num_misses = 0
        metadata = self._metadata.get(hit.file)
        if metadata is not None and not 0 <= hit.segment < metadata.num_segments:
            return
        if metadata is not None and metadata.segment(hit.segment) != hit.data:
            yield SegmentRejected(hit.file, hit.segment, uploader)
            return
        present = self._present.setdefault(hit.file, set())
        if hit.segment not in present:
            present.add(hit.segment)
            yield SegmentsTaken(hit.file, uploader, uploader in self._seeds, (hit.segment,), False)

    def _num_segments(self, file: str) -> int:
        return self._metadata[file].num_segments if file in self._metadata else 0
