"""Events in plain sentences."""

from collections.abc import Container

from emulator.protocol.events import (
    Arrived,
    BarrierOpened,
    BarrierPassed,
    ClientFinished,
    ClientLeft,
    Died,
    DownloadsFinished,
    DownloadStarted,
    FaultBegan,
    FaultEnded,
    FileNotWritten,
    FileUnavailable,
    FileWritten,
    MessageFaulted,
    PeerChosen,
    Reported,
    Restarted,
    RoleChanged,
    RoundBegan,
    RoundEnded,
    SeedChosen,
    SegmentRejected,
    SegmentsTaken,
    ThreadEnded,
    ThreadFailed,
)
from emulator.trace.records import Record
from emulator.view.text import plural


def who(rank: int) -> str:
    return "the tracker" if rank == 0 else f"client {rank}"


def sentence(record: Record, lacking: Container[int] = ()) -> str:
    """What happened, and why if it was a choice; empty for an event that is not worth a sentence.

    `lacking` are the clients that have given files up: they end without all that they wanted.
    """
    rank, text = record.rank, ""
    match record.event:
        case Reported(num_files):
            text = f"client {rank} reports {plural(num_files, 'file')}"
        case BarrierOpened(number):
            text = f"the tracker opens barrier {number}: every client has reached it"
        case BarrierPassed(number):
            text = f"client {rank} passes barrier {number}"
        case RoleChanged(client, file, role):
            text = f"the tracker makes client {client} a {role} of {file}"
        case ClientFinished(client):
            text = f"the tracker learns that client {client} has everything{' it can get' * (client in lacking)}"
        case DownloadStarted(file, num_segments):
            text = f"client {rank} begins {file}, {plural(num_segments, 'segment')}"
        case RoundBegan(file, round, seeds, peers):
            text = f"client {rank} begins round {round} of {file}: {_count(seeds, 'seed')}, {_count(peers, 'peer')}"
        case RoundEnded(file, round, num_segments):
            text = f"client {rank} ends round {round} of {file} with {plural(num_segments, 'segment')}"
        case DownloadsFinished():
            text = f"client {rank} has everything it {'can get' if rank in lacking else 'wanted'}"
        case _:
            text = _choice(record)
    return text


def is_told(record: Record) -> bool:
    """Whether this is worth a sentence."""
    return bool(sentence(record))


def _choice(record: Record) -> str:
    rank, text = record.rank, ""
    match record.event:
        case PeerChosen(file, peer, candidates, num_misses):
            why = "after a miss, " if num_misses else ""
            text = f"client {rank} tries peer {peer} for {file}: {why}at random among {len(candidates)}"
        case SeedChosen(file, seed, asked, counts):
            told = ", ".join(f"{one} has {count}" for one, count in zip(asked, counts, strict=False))
            text = f"client {rank} takes seed {seed} for {file}" + (f": fewest connections ({told})" if told else "")
        case SegmentsTaken(file, uploader, is_seed, segments, is_missed):
            got = plural(len(segments), "segment") if segments else "nothing"
            end = ", then a miss" if is_missed and segments else ": a miss" if is_missed else ""
            text = f"client {rank} got {got} of {file} from {'seed' if is_seed else 'peer'} {uploader}{end}"
        case SegmentRejected(file, segment, uploader):
            text = f"client {rank} rejects segment {segment} of {file} from client {uploader}: wrong hash"
        case FileWritten(file, num_segments):
            text = f"client {rank} has all of {file} and writes it, {plural(num_segments, 'segment')}"
        case FileNotWritten(file):
            text = f"client {rank} has all of {file} and cannot write it: its disk is full"
        case FileUnavailable(file, num_present, num_lost):
            why = f"nobody has {plural(num_lost, 'segment')} of it" if num_lost else "nobody can tell of it"
            text = f"client {rank} gives up {file} with {plural(num_present, 'segment')}: {why}"
        case _:
            text = _fate(record)
    return text


def _fate(record: Record) -> str:
    """Arrivals, departures, deaths and faults."""
    rank, text = record.rank, ""
    match record.event:
        case ThreadEnded() if record.thread == "main":
            text = f"{who(rank)} ends"
        case ThreadFailed(error):
            text = f"{who(rank)} fails in its {record.thread} thread: {error}"
        case Died(cause):
            text = f"{who(rank)} is dead: it {cause}"
        case Restarted(is_state_kept):
            text = f"{who(rank)} is started again {'with' if is_state_kept else 'without'} what it had on its disk"
        case Arrived():
            text = f"client {rank} comes to the swarm"
        case ClientLeft(client):
            text = f"the tracker takes client {client} out of all swarms: it has departed"
        case FaultBegan(fault):
            text = f"fault begins: {fault}"
        case FaultEnded(fault):
            text = f"fault ends: {fault}"
        case MessageFaulted(verdict, _, to, message):
            text = f"{type(message).__name__} from {who(rank)} to {who(to)} is {verdict} on its way"
    return text


def _count(ranks: tuple[int, ...], noun: str) -> str:
    return plural(len(ranks), noun) if ranks else f"no {noun}s"
