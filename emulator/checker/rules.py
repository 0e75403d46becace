"""The rules of the protocol, as the checker knows them: a name, the steps it comes from, and what must be true."""

from dataclasses import dataclass

MESSAGES = frozenset({"Sent", "Received"})
PEERS_FIRST = "peers-first"
FAULTS = frozenset({"Died", "Restarted", "MessageFaulted"})


@dataclass(frozen=True)
class Rule:
    """One rule. `needs` are the kinds of events without which nothing can be said about it."""

    name: str
    steps: tuple[str, ...]
    text: str
    needs: frozenset[str] = MESSAGES
    is_strategy: bool = False
    """Whether it holds for the strategy `peers-first` alone."""
    needs_inputs: bool = False
    uses: frozenset[str] = frozenset()
    """Kinds of events that it looks at as well, where they are recorded."""


DELIVERY = Rule(
    "delivery",
    ("P2", "U1", "T5"),
    "Between any two ranks, on each communicator, what is received was sent before, in that order; all arrives.",
    uses=FAULTS,
)
CHANNELS = Rule(
    "channels",
    ("P2", "D1", "U1", "T5"),
    "Each message goes from and to those that send and receive its kind, on the communicator that its kind travels on.",
)
DEATHS = Rule(
    "deaths",
    ("T5", "U1"),
    "The dead do nothing until they are restarted; a rank is called lost only when it is, and after all that it sent.",
    uses=frozenset({"Died", "Restarted"}),
)
INPUTS = Rule(
    "inputs",
    ("P1", "P2", "D1"),
    "A client declares exactly the files of its input, and asks for exactly those that its input wants.",
    needs_inputs=True,
)
FIRST_BARRIER = Rule(
    "first-barrier",
    ("P2", "P3", "T1", "T2"),
    "The tracker opens the first barrier once, when every client has reported; no client goes on before it.",
)
SECOND_BARRIER = Rule(
    "second-barrier",
    ("D1", "D2", "T3", "T4"),
    "The tracker opens the second barrier once, when every client has asked; nobody downloads before it.",
)
METADATA = Rule(
    "metadata", ("T1", "T3", "D1"), "The metadata that the tracker answers is what the files' owners declared."
)
SWARM_LIST = Rule(
    "swarm-list",
    ("T6",),
    "A swarm list is what the tracker's table says at that moment, at most numwant of each role, without the asker.",
)
ROLES = Rule(
    "roles",
    ("T1", "T6", "T7"),
    "For a file, a client is leecher first, peer once it asked for the swarm, seed once it told that it is whole.",
    MESSAGES | {"RoleChanged"},
)
TRACKER_HOLDS_NOTHING = Rule(
    "tracker-holds-nothing", ("T5",), "Nobody asks the tracker, or itself, for a segment or for connections."
)
LOST_ARE_NOT_ASKED = Rule(
    "lost-are-not-asked",
    ("D4", "D5", "D6"),
    "A client asks nothing of a rank of which it was told that it is lost, until it is told that it has returned.",
)
ONE_OUTSTANDING = Rule(
    "one-outstanding", ("D3", "D4", "D5", "D6"), "A download thread has at most one request without an answer."
)
ONE_ANSWER = Rule(
    "one-answer", ("U2", "U3", "T6"), "Every request gets exactly one answer, of its kind, from the rank asked."
)
FRESH_LIST = Rule(
    "fresh-list", ("D3",), "Whoever is asked in a round is in the list that the tracker gave for that round."
)
QUOTA = Rule("quota", ("D3",), "No more segments are got in a round than the quota.")
FULL_ROUND = Rule(
    "full-round",
    ("D3", "D5", "D6"),
    "A round ends when its quota is reached, the file is whole, or the chosen seed has missed; not earlier.",
    is_strategy=True,
)
PEERS_FIRST_RULE = Rule(
    "peers-before-seeds", ("D4", "D5"), "In a round, no peer is asked after a seed was.", is_strategy=True
)
TWO_MISSES = Rule(
    "two-misses",
    ("D4",),
    "A peer is left after a miss only; two misses in a row, from two peers, end the search, and nothing else does.",
    is_strategy=True,
)
THREE_COUNTS = Rule(
    "three-counts",
    ("D5",),
    "Before a seed is taken, three seeds of the list, or all, are asked for their connections, each once.",
    is_strategy=True,
)
LEAST_CONNECTED = Rule(
    "least-connected", ("D5", "D6"), "The seed taken is one with the fewest connections.", is_strategy=True
)
TRUE_COUNT = Rule(
    "true-count", ("U2", "U3", "U4"), "An uploader tells how many clients it has a connection with at that moment."
)
CLOSED_ONCE = Rule(
    "closed-once",
    ("D4", "D6", "U4"),
    "Every connection is closed once, by the one who opened it, before it turns elsewhere; nothing else is closed.",
)
HOLDS_WHAT_IT_GIVES = Rule(
    "holds-what-it-gives",
    ("U2",),
    "A hit is given only for a segment that the uploader holds at that moment, a miss only for one that it does not.",
)
TRUE_HOLDINGS = Rule(
    "true-holdings", ("D4", "U2"), "An uploader that is asked what it holds tells what it holds at that moment."
)
RIGHT_HASH = Rule("right-hash", ("U2", "D7"), "What an uploader gives matches the segment's hash in the metadata.")
ONCE_EACH = Rule("once-each", ("D7",), "No segment is asked for that is there already, or that the file does not have.")
FILE_ORDER = Rule(
    "file-order",
    ("D3", "D7"),
    "Files are downloaded in the order of the wants, segments in the order of the file.",
    is_strategy=True,
)
COMPLETION = Rule(
    "completion",
    ("D7", "T7"),
    "A client tells once that it has a wanted file, when every segment is there, and after the output is written.",
    uses=frozenset({"FileWritten"}),
)
TRULY_LOST = Rule(
    "truly-lost",
    ("D3", "D7"),
    "A file is given up only where a segment that the client misses is held by no honest client that is alive.",
    uses=frozenset({"FileUnavailable"}),
)
FINISHED = Rule(
    "finished", ("D8", "T8"), "A client is finished once, when every wanted file is complete, and asks nothing after."
)
STOP = Rule(
    "stop",
    ("T9", "U5"),
    "The tracker sends every client one stop, when all have finished; an upload thread ends at it, and not before.",
    uses=frozenset({"ThreadEnded"}),
)
EVERYTHING_COMPLETE = Rule(
    "everything-complete",
    ("D7", "D8", "T9"),
    "In the end every client alive is finished, every wanted file complete or given up, every request answered.",
    uses=frozenset({"Died", "FileUnavailable"}),
)

RULES = (
    INPUTS,
    DELIVERY,
    CHANNELS,
    DEATHS,
    FIRST_BARRIER,
    SECOND_BARRIER,
    METADATA,
    SWARM_LIST,
    ROLES,
    TRACKER_HOLDS_NOTHING,
    LOST_ARE_NOT_ASKED,
    ONE_OUTSTANDING,
    ONE_ANSWER,
    FRESH_LIST,
    QUOTA,
    FULL_ROUND,
    PEERS_FIRST_RULE,
    TWO_MISSES,
    THREE_COUNTS,
    LEAST_CONNECTED,
    TRUE_COUNT,
    CLOSED_ONCE,
    HOLDS_WHAT_IT_GIVES,
    TRUE_HOLDINGS,
    RIGHT_HASH,
    ONCE_EACH,
    FILE_ORDER,
    TRULY_LOST,
    COMPLETION,
    FINISHED,
    STOP,
    EVERYTHING_COMPLETE,
)
