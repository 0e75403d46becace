"""What clients record of their downloads and uploads: D3 … D7 and U2 … U4."""

from emulator.protocol.events import (
    ConnectionClosed,
    ConnectionOpened,
    DownloadStarted,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.trace.records import Record
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED, ClientStatistics, begun
from emulator.trace.statistics.figures import Figures


def take_segments(swarm: Figures, client: ClientStatistics, event: SegmentsTaken, _: Record) -> None:
    num_segments = len(event.segments)
    if event.is_seed:
        client.num_from_seeds += num_segments
    else:
        client.num_from_peers += num_segments
    client.num_held += num_segments
    client.num_misses += event.is_missed
    if not num_segments:
        return
    progress = client.files.get(event.file)
    if progress is not None:
        present, source = progress.present, FROM_SEED if event.is_seed else FROM_PEER
        for segment in event.segments:
            if 0 <= segment < len(present):
                progress.num_present += not present[segment]
                present[segment] = source
    uploader = event.uploader
    if 1 <= uploader <= len(swarm.clients):
        swarm.given[uploader, client.rank] += num_segments
        swarm.clients[uploader - 1].num_given += num_segments


def reject(_swarm: Figures, client: ClientStatistics, _event: SegmentRejected, _: Record) -> None:
    client.num_rejected += 1


def begin_round(swarm: Figures, client: ClientStatistics, event: RoundBegan, _: Record) -> None:
    client.num_rounds += 1
    client.round = event.round
    client.source = ""
    swarm.num_lists += 1


def choose_peer(_swarm: Figures, client: ClientStatistics, event: PeerChosen, _: Record) -> None:
    client.source = f"peer {event.peer}"


def choose_seed(_swarm: Figures, client: ClientStatistics, event: SeedChosen, _: Record) -> None:
    client.source = f"seed {event.seed}"


def begin_file(_swarm: Figures, client: ClientStatistics, event: DownloadStarted, _: Record) -> None:
    client.state = "downloading"
    client.downloading = event.file
    progress = client.files[event.file] = begun(event.num_segments, event.num_present)
    # A file that is whole when a first life begins is the client's own. Everything else it has downloaded at some time.
    if client.num_restarts or progress.num_present < progress.num_segments:
        client.num_held += progress.num_present


def write(_swarm: Figures, client: ClientStatistics, event: FileWritten, record: Record) -> None:
    client.written_s[event.file] = record.time_s
    client.downloading = None
    client.source = ""


def give_up(swarm: Figures, client: ClientStatistics, event: FileUnavailable, _: Record) -> None:
    swarm.unavailable[event.file] += event.file not in client.unavailable
    client.unavailable[event.file] = event.num_lost
    client.downloading = None
    client.source = ""


def open_connection(_swarm: Figures, client: ClientStatistics, event: ConnectionOpened, _: Record) -> None:
    client.num_open = event.num_open
    if event.num_open > client.most_connections:
        client.most_connections = event.num_open


def close_connection(_swarm: Figures, client: ClientStatistics, event: ConnectionClosed, _: Record) -> None:
    client.num_open = event.num_open
    client.num_uploaded += event.num_segments
