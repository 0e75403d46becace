"""What clients record of their downloads and uploads: D3 … D7 and U2 … U4."""

from emulator.protocol.events import (
    ConnectionClosed,
    ConnectionOpened,
    DownloadStarted,
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    PeerChosen,
    RoundBegan,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
)
from emulator.trace.records import Record
from emulator.trace.statistics.client import FROM_PEER, FROM_SEED, Arrival, ClientStatistics, begun
from emulator.trace.statistics.figures import Figures


def receive(swarm: Figures, client: ClientStatistics, file: str, segment: int, uploader: int) -> None:
    """A segment arrives in a visit that goes on: it counts at once, though it may still turn out to be wrong."""
    progress = client.files.get(file)
    if progress is None or not 0 <= segment < len(progress.present) or progress.present[segment]:
        return
    is_seed = uploader in client.seeds
    progress.present[segment] = FROM_SEED if is_seed else FROM_PEER
    progress.num_present += 1
    client.underway.setdefault(uploader, []).append(Arrival(file, segment, is_seed))
    _count(swarm, client, uploader, 1, is_seed=is_seed)


def _count(swarm: Figures, client: ClientStatistics, uploader: int, num: int, *, is_seed: bool) -> None:
    """Count so many segments as got and as given; a negative number takes them back."""
    if is_seed:
        client.num_from_seeds += num
    else:
        client.num_from_peers += num
    client.num_held += num
    giver = swarm.client(uploader)
    if giver is not None and num:
        giver.num_given += num
        swarm.given[uploader, client.rank] += num
        if not swarm.given[uploader, client.rank]:
            del swarm.given[uploader, client.rank]


def _take_back(swarm: Figures, client: ClientStatistics, uploader: int, arrival: Arrival) -> None:
    progress = client.files.get(arrival.file)
    if progress is not None and arrival.segment < len(progress.present) and progress.present[arrival.segment]:
        progress.present[arrival.segment] = 0
        progress.num_present -= 1
    _count(swarm, client, uploader, -1, is_seed=arrival.is_seed)


def _forget(swarm: Figures, client: ClientStatistics, uploader: int, file: str, segment: int) -> None:
    """Take back one segment from this uploader, if it arrived in a visit that goes on."""
    for arrival in client.underway.get(uploader, ()):
        if (arrival.file, arrival.segment) == (file, segment):
            client.underway[uploader].remove(arrival)
            _take_back(swarm, client, uploader, arrival)
            return


def settle(swarm: Figures, client: ClientStatistics, uploader: int | None = None) -> None:
    """Take back what arrived in visits that go on, all or those to one uploader: their ends tell what counts."""
    for each in list(client.underway) if uploader is None else (uploader,):
        for arrival in client.underway.pop(each, ()):
            _take_back(swarm, client, each, arrival)


def take_segments(swarm: Figures, client: ClientStatistics, event: SegmentsTaken, _: Record) -> None:
    settle(swarm, client, event.uploader)
    for uploader in list(client.underway):  # in a race, others may have sent the same
        for segment in event.segments:
            _forget(swarm, client, uploader, event.file, segment)
    client.num_misses += event.is_missed
    _count(swarm, client, event.uploader, len(event.segments), is_seed=event.is_seed)
    progress = client.files.get(event.file)
    if progress is not None:
        present, source = progress.present, FROM_SEED if event.is_seed else FROM_PEER
        for segment in event.segments:
            if 0 <= segment < len(present):
                progress.num_present += not present[segment]
                present[segment] = source


def reject(swarm: Figures, client: ClientStatistics, event: SegmentRejected, _: Record) -> None:
    client.num_rejected += 1
    _forget(swarm, client, event.uploader, event.file, event.segment)


def begin_round(swarm: Figures, client: ClientStatistics, event: RoundBegan, _: Record) -> None:
    settle(swarm, client)
    client.seeds = event.seeds
    client.num_rounds += 1
    client.round = event.round
    client.source = ""
    swarm.num_lists += 1


def choose_peer(_swarm: Figures, client: ClientStatistics, event: PeerChosen, _: Record) -> None:
    client.source = f"peer {event.peer}"


def choose_seed(_swarm: Figures, client: ClientStatistics, event: SeedChosen, _: Record) -> None:
    client.source = f"seed {event.seed}"


def begin_file(swarm: Figures, client: ClientStatistics, event: DownloadStarted, record: Record) -> None:
    settle(swarm, client)
    if swarm.barrier < 2:  # this may be a program without a second barrier
        swarm.began_s = min(record.time_s, record.time_s if swarm.began_s is None else swarm.began_s)
    client.state = "downloading"
    client.downloading = event.file
    progress = client.files[event.file] = begun(event.num_segments, event.num_present)
    # A file that is whole when a first life begins is the client's own. Everything else it has downloaded at some time.
    if client.num_restarts or progress.num_present < progress.num_segments:
        client.num_held += progress.num_present


def write(swarm: Figures, client: ClientStatistics, event: FileWritten, record: Record) -> None:
    settle(swarm, client)
    client.written_s[event.file] = record.time_s
    client.not_written.discard(event.file)
    client.downloading = None
    client.source = ""


def fail_to_write(_swarm: Figures, client: ClientStatistics, event: FileNotWritten, _: Record) -> None:
    client.not_written.add(event.file)
    client.downloading = None
    client.source = ""


def give_up(swarm: Figures, client: ClientStatistics, event: FileUnavailable, _: Record) -> None:
    settle(swarm, client)
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
