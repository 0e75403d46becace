"""The rules of the protocol, as the checker knows them."""

from emulator.checker.rule import MESSAGES, Due, Phase, Rule, on

PEERS_FIRST = "peers-first"
FAULTS = frozenset({"Died", "Restarted", "MessageFaulted"})

_all: list[Rule] = []


def _rule(
    name: str,
    steps: tuple[str, ...],
    text: str,
    occasions: frozenset[str],
    *,
    due: Due = "sometimes",
    settled: Phase = "end",
    needs: frozenset[str] = MESSAGES,
    is_strategy: bool = False,
    needs_inputs: bool = False,
    uses: frozenset[str] = frozenset(),
) -> Rule:
    """Add a rule to `RULES`."""
    rule = Rule(name, steps, text, occasions, due, settled, needs, is_strategy, needs_inputs, uses)
    _all.append(rule)
    return rule


INPUTS = _rule(
    "inputs",
    ("P1", "P2", "D1"),
    "A client declares exactly the files of its input, and asks for exactly those that its input wants.",
    on("Metadata", "MetadataRequest"),
    due="always",
    settled="second barrier",
    needs_inputs=True,
)
DELIVERY = _rule(
    "delivery",
    ("P2", "U1", "T5"),
    "Between any two ranks, on each communicator, what is received was sent before, in that order; all arrives.",
    on("Sent"),
    due="always",
    uses=FAULTS,
)
CHANNELS = _rule(
    "channels",
    ("P2", "D1", "U1", "T5"),
    "Each message goes from and to those that send and receive its kind, on the communicator that its kind travels on.",
    on("Sent"),
    due="always",
)
DEATHS = _rule(
    "deaths",
    ("T5", "U1"),
    "The dead do nothing until they are restarted; a rank is called lost only when it is, and after all that it sent.",
    on("Died", "Lost", "Returned"),
    uses=frozenset({"Died", "Restarted"}),
)
FIRST_BARRIER = _rule(
    "first-barrier",
    ("P2", "P3", "T1", "T2"),
    "The tracker opens the first barrier once, when every client has reported; no client goes on before it.",
    on("Metadata", "Barrier"),
    due="always",
    settled="first barrier",
)
SECOND_BARRIER = _rule(
    "second-barrier",
    ("D1", "D2", "T3", "T4"),
    "The tracker opens the second barrier once, when every client has asked; no client downloads before it.",
    on("MetadataRequest", "second signal"),
    due="always",
    settled="second barrier",
)
METADATA = _rule(
    "metadata",
    ("T1", "T3", "D1"),
    "The metadata that the tracker answers is what the files' owners declared.",
    on("MetadataAnswer"),
    settled="second barrier",
)
SWARM_LIST = _rule(
    "swarm-list",
    ("T6",),
    "A swarm list is what the tracker's table says at that moment, at most numwant of each role, without the asker.",
    on("SwarmAnswer"),
    due="segments",
    settled="finished",
)
ROLES = _rule(
    "roles",
    ("T1", "T6", "T7"),
    "For a file, a client is leecher first, peer once it asked for the swarm, seed once it told that it is whole.",
    on("Metadata", "RoleChanged"),
    settled="finished",
    needs=MESSAGES | {"RoleChanged"},
)
TRACKER_HOLDS_NOTHING = _rule(
    "tracker-holds-nothing",
    ("T5",),
    "No client asks the tracker, or itself, for a segment or for connections.",
    on("SegmentRequest", "ConnectionCountRequest", "HoldingsRequest"),
    due="segments",
    settled="finished",
)
LOST_ARE_NOT_ASKED = _rule(
    "lost-are-not-asked",
    ("D4", "D5", "D6"),
    "A client asks nothing of a rank of which it was told that it is lost, until it is told that it has returned.",
    on("Lost"),
    settled="finished",
)
ONE_OUTSTANDING = _rule(
    "one-outstanding",
    ("D3", "D4", "D5", "D6"),
    "A download thread has at most one request without an answer.",
    on("MetadataRequest", "SwarmRequest", "SegmentRequest"),
    due="segments",
    settled="finished",
)
ONE_ANSWER = _rule(
    "one-answer",
    ("U2", "U3", "T6"),
    "Every request gets exactly one answer, of its kind, from the rank asked.",
    on("MetadataRequest", "SwarmRequest", "SegmentRequest"),
    due="segments",
    settled="finished",
)
FRESH_LIST = _rule(
    "fresh-list",
    ("D3",),
    "A client asks only ranks that are in the list that the tracker gave for that round, which is of that file.",
    on("SegmentRequest", "ConnectionCountRequest", "HoldingsRequest"),
    due="segments",
    settled="finished",
)
QUOTA = _rule(
    "quota",
    ("D3",),
    "No more segments are got in a round than the quota.",
    on("SegmentRequest"),
    due="segments",
    settled="finished",
)
FULL_ROUND = _rule(
    "full-round",
    ("D3", "D5", "D6"),
    "A round ends when its quota is reached, the file is whole, or the chosen seed has missed; not earlier.",
    on("SwarmAnswer"),
    due="choices",
    settled="finished",
    is_strategy=True,
)
PEERS_FIRST_RULE = _rule(
    "peers-before-seeds",
    ("D4", "D5"),
    "In a round, no peer is asked after a seed was.",
    on("a peer is listed"),
    settled="finished",
    is_strategy=True,
)
TWO_MISSES = _rule(
    "two-misses",
    ("D4",),
    "A peer is left after a miss only; two misses in a row, from two peers, end the search, and nothing else does.",
    on("a peer is listed"),
    settled="finished",
    is_strategy=True,
)
THREE_COUNTS = _rule(
    "three-counts",
    ("D5",),
    "Before a seed is taken, three seeds of the list are asked for their connections, each once; "
    "all where there are fewer than three.",
    on("a seed is taken", "ConnectionCountRequest"),
    due="choices",
    settled="finished",
    is_strategy=True,
)
LEAST_CONNECTED = _rule(
    "least-connected",
    ("D5", "D6"),
    "The seed taken is one with the fewest connections.",
    on("a seed is taken"),
    due="choices",
    settled="finished",
    is_strategy=True,
)
TRUE_COUNT = _rule(
    "true-count",
    ("U2", "U3", "U4"),
    "An uploader tells how many clients it has a connection with at that moment.",
    on("ConnectionCount"),
    due="choices",
    settled="finished",
)
CLOSED_ONCE = _rule(
    "closed-once",
    ("D4", "D6", "U4"),
    "Every connection is closed once, by the one who opened it, before it turns elsewhere; nothing else is closed.",
    on("Hit", "Close"),
    due="segments",
    settled="finished",
)
HOLDS_WHAT_IT_GIVES = _rule(
    "holds-what-it-gives",
    ("U2",),
    "A hit is given only for a segment that the uploader holds at that moment, a miss only for one that it does not.",
    on("Hit", "Miss"),
    due="segments",
    settled="finished",
)
TRUE_HOLDINGS = _rule(
    "true-holdings",
    ("D4", "U2"),
    "An uploader that is asked what it holds tells what it holds at that moment.",
    on("Holdings"),
    settled="finished",
)
RIGHT_HASH = _rule(
    "right-hash",
    ("U2", "D7"),
    "What an uploader gives matches the segment's hash in the metadata.",
    on("Hit"),
    due="segments",
    settled="finished",
)
ONCE_EACH = _rule(
    "once-each",
    ("D7",),
    "No segment is asked for that is there already, or that the file does not have.",
    on("SegmentRequest"),
    due="segments",
    settled="finished",
)
FILE_ORDER = _rule(
    "file-order",
    ("D3", "D7"),
    "Files are downloaded in the order of the wants, segments in the order of the file.",
    on("SegmentRequest"),
    due="choices",
    settled="finished",
    is_strategy=True,
)
COMPLETION = _rule(
    "completion",
    ("D7", "T7"),
    "A client tells once that it has a wanted file, when every segment is there, and after the output is written.",
    on("FileCompleted", "FileNotWritten", "FileWritten"),
    due="segments",
    settled="finished",
    uses=frozenset({"FileNotWritten", "FileWritten"}),
)
TRULY_LOST = _rule(
    "truly-lost",
    ("D3", "D7"),
    "A file is given up only where a segment that the client misses is held by no honest client that is alive.",
    on("FileUnavailable", "StuckAnswer"),
    settled="finished",
    uses=frozenset({"FileUnavailable"}),
)
FINISHED = _rule(
    "finished",
    ("D8", "T8"),
    "A client is finished once, when every wanted file is complete, and asks nothing after.",
    on("Finished"),
    due="always",
)
STOP = _rule(
    "stop",
    ("T9", "U5"),
    "The tracker sends every client one stop, when all have finished; an upload thread ends at it, and not before.",
    on("Stop"),
    due="always",
    uses=frozenset({"ThreadEnded"}),
)
EVERYTHING_COMPLETE = _rule(
    "everything-complete",
    ("D7", "D8", "T9"),
    "In the end every client alive is finished, every wanted file complete or given up, every request answered.",
    on("Sent"),
    due="always",
    uses=frozenset({"Died", "FileUnavailable"}),
)

RULES = tuple(_all)
"""All rules, in the order in which they are shown."""
