"""The way from one worker to an inbox, whatever it is made of."""

from typing import Protocol


class Outbox(Protocol):
    """The writing end of one inbox. Any thread may use it."""

    def put(self, data: bytes) -> None:
        """Send `data`, waiting while there is no room. Raises `BrokenPipeError` if the reader is gone."""

    def deliver(self, data: bytes) -> None:
        """As `put`, but drop the data if the reader is gone."""
