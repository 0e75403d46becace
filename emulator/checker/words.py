"""Messages in words, as violations name them."""

from emulator.protocol.messages import (
    AnyMessage,
    Barrier,
    Close,
    ConnectionCount,
    ConnectionCountRequest,
    FileCompleted,
    Finished,
    Hit,
    Holdings,
    HoldingsRequest,
    Leave,
    Lost,
    Metadata,
    MetadataAnswer,
    MetadataRequest,
    Miss,
    Returned,
    SegmentRequest,
    Stop,
    Stuck,
    StuckAnswer,
    SwarmAnswer,
    SwarmRequest,
)

_NUMBERED = (
    MetadataRequest,
    MetadataAnswer,
    SwarmRequest,
    SwarmAnswer,
    SegmentRequest,
    Hit,
    Miss,
    ConnectionCountRequest,
    ConnectionCount,
    HoldingsRequest,
    Holdings,
    Stuck,
    StuckAnswer,
)
MAX_NAMES = 5
"""Names in one list that are written out; more are counted."""


def names_of(names: tuple[str, ...]) -> str:
    """`'file1', 'file2' and 3 more`; `nothing` where there is none."""
    shown = ", ".join(f"{name!r:.60}" for name in names[:MAX_NAMES])
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return shown + more or "nothing"


def ranks_of(ranks: tuple[int, ...]) -> str:
    """`1, 2 and 30 more`; `none` where there is none."""
    shown = ", ".join(str(rank) for rank in ranks[: 2 * MAX_NAMES])
    more = f" and {len(ranks) - 2 * MAX_NAMES} more" if len(ranks) > 2 * MAX_NAMES else ""
    return shown + more or "none"


def in_words(message: AnyMessage) -> str:
    """What a message is, as a noun: `a request for segment 3 of 'file1'`."""
    match message:
        case SegmentRequest(file, segment):
            return f"a request for segment {segment} of {file!r:.60}"
        case Hit(file, segment):
            return f"segment {segment} of {file!r:.60}"
        case Miss(file, segment):
            return f"a miss for segment {segment} of {file!r:.60}"
        case SwarmRequest(file):
            return f"a request for the swarm of {file!r:.60}"
        case SwarmAnswer(file):
            return f"the swarm list of {file!r:.60}"
        case ConnectionCountRequest():
            return "a request for the number of connections"
        case ConnectionCount(count):
            return f"a count of {count} connections"
        case Close():
            return "a close"
        case Barrier(number):
            return f"the signal of barrier {number}"
        case FileCompleted(file):
            return f"the word that {file!r:.60} is complete"
        case Finished():
            return "the word that it is finished"
        case Stop():
            return "the stop"
        case Metadata(files):
            return f"the report of owning {names_of(tuple(each.name for each in files))}"
        case MetadataRequest(files):
            return f"a request for the metadata of {names_of(files)}"
        case MetadataAnswer(files):
            return f"the metadata of {names_of(tuple(each.name for each in files))}"
        case _:
            return _extension_in_words(message)


def _extension_in_words(message: HoldingsRequest | Holdings | Stuck | StuckAnswer | Leave | Lost | Returned) -> str:
    match message:
        case HoldingsRequest(file):
            return f"a request for what is held of {file!r:.60}"
        case Holdings(file):
            return f"what is held of {file!r:.60}"
        case Stuck(file):
            return f"the word that it is stuck with {file!r:.60}"
        case StuckAnswer(file):
            return f"the answer about being stuck with {file!r:.60}"
        case Leave():
            return "the word that it leaves"
        case Lost():
            return "the word that the rank is lost"
        case Returned():
            return "the word that the rank has returned"


def number_of(message: AnyMessage) -> int:
    """The number of a question, the same in its answer; 0 where there is none."""
    return message.request if isinstance(message, _NUMBERED) else 0


def numbered(message: AnyMessage) -> str:
    """The message in words, with its number if it has one."""
    number = number_of(message)
    return f"{in_words(message)} (number {number})" if number else in_words(message)
