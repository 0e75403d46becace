"""What the parent puts into inboxes. It never waits: what does not fit is kept until there is room."""

import selectors
from collections import deque
from functools import partial

import msgspec

from emulator.engines.processes.wiring import Wiring
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage

Place = tuple[Channel, int]
Letter = tuple[bytes, int | None]
"""A message with its sender, and the process whose unfinished messages its reader forgets before."""

encode_letter = msgspec.msgpack.Encoder().encode


class Posts:
    """Messages on their way from the parent, in order for each inbox; its loop waits for room in `selector`."""

    def __init__(self, wiring: Wiring, selector: selectors.BaseSelector) -> None:
        self._wiring = wiring
        self._selector = selector
        self._kept: dict[Place, deque[Letter]] = {}

    def post(self, place: Place, source: int, message: AnyMessage, lost: int | None = None) -> None:
        """Send a message as rank `source` does; dropped where its reader is dead."""
        letter = encode_letter((source, message)), lost
        if place in self._kept:
            self._kept[place].append(letter)
            return
        inbox = self._wiring.inbox(*place)
        if not inbox.put_nowait(*letter):
            self._kept[place] = deque([letter])
            self._selector.register(inbox.writer, selectors.EVENT_WRITE, partial(self._send_kept, place))

    def _send_kept(self, place: Place) -> None:
        inbox, kept = self._wiring.inbox(*place), self._kept[place]
        while kept and inbox.put_nowait(*kept[0]):
            kept.popleft()
        if not kept:
            self._drop(place)

    def drop(self, rank: int) -> None:
        """This rank is dead: nothing is kept for it."""
        for place in [place for place in self._kept if place[1] == rank]:
            self._drop(place)

    def _drop(self, place: Place) -> None:
        del self._kept[place]
        self._selector.unregister(self._wiring.inbox(*place).writer)
