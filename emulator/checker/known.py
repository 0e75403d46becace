"""What all checks know of a run so far."""

from emulator.checker.client import Client
from emulator.checker.findings import Findings
from emulator.checker.uploader import Uploaders
from emulator.protocol.files import FileMetadata
from emulator.trace.format import Header


class Clients(dict[int, Client]):
    """All clients by rank. One that is never heard of takes no room, whatever number of clients a header claims."""

    def __missing__(self, rank: int) -> Client:
        client = self[rank] = Client(rank)
        return client


class Known:
    """What is known of a run so far, by all who check it."""

    __slots__ = (
        "add",
        "clients",
        "dead",
        "disturbs_messages",
        "findings",
        "free_riders",
        "header",
        "liars",
        "loses_messages",
        "metadata",
        "suspects",
        "uploaders",
    )

    def __init__(self, header: Header) -> None:
        self.header = header
        self.findings = Findings()
        self.add = self.findings.add
        self.clients = Clients()
        self.uploaders = Uploaders()
        self.metadata: dict[str, FileMetadata] = {}
        """What the owners declared, filled as the declarations are sent."""
        self.dead: set[int] = set()
        self.free_riders: set[int] = set()
        self.liars: set[int] = set()
        self.suspects: set[int] = set()
        """Ranks whose messages were altered on their way: others have reason to take them for liars."""
        self.loses_messages = False
        """Whether an answer may never come, so that clients wait for each one for a limited time."""
        self.disturbs_messages = False
        """Whether messages may come late, twice, or in another order."""
