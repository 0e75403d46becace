"""Fixtures for tests of real processes and their inboxes."""

import socket
import sys
from collections.abc import Iterator
from multiprocessing import resource_tracker

import pytest

from emulator.engines.processes import packet_queue
from tests.engines.processes.queues import Pair

KINDS = ["datagram"] if sys.platform == "darwin" else ["seqpacket", "datagram"]


@pytest.fixture(autouse=True, scope="module")
def resources_are_tracked() -> None:
    """The one process that `spawn` starts and that stays, as long as this one."""
    resource_tracker.ensure_running()


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    if request.param == "datagram":
        monkeypatch.setattr(packet_queue, "SOCKET_TYPE", socket.SOCK_DGRAM)
        monkeypatch.setattr(packet_queue, "MAX_PACKET_BYTES", 2_000)
    pair = Pair()
    yield pair
    pair.close()


@pytest.fixture
def seqpacket() -> Iterator[Pair]:
    if sys.platform == "darwin":
        pytest.skip("macOS has no SOCK_SEQPACKET")
    pair = Pair()
    yield pair
    pair.close()
