"""A simulation of four ranks without a protocol on top, and logs of what happens in it."""

from collections.abc import Callable

import greenlet

from emulator.engines.virtual.inbox import RankGreenlet
from emulator.engines.virtual.simulation import Simulation
from emulator.protocol.events import Channel
from emulator.protocol.messages import AnyMessage, Barrier
from emulator.scenario.network import Network

Log = list[object]


def simulation(network: Network | None = None) -> Simulation:
    """Ranks 0 to 3, and a second between them."""
    return Simulation(4, network or Network.uniform(4, delay_s=1.0))


def begin(world: Simulation, rank: int, body: Callable[[], None]) -> RankGreenlet:
    """A download thread that begins now."""
    life = RankGreenlet(rank, body, greenlet.getcurrent())
    world.at(world.now_s, life.switch)
    return life


def send(world: Simulation, source: int, dest: int, number: int, channel: Channel = "download") -> None:
    world.send(world.inboxes[channel][dest], source, dest, Barrier(number))


def take(world: Simulation, rank: int, timeout_s: float | None = None) -> tuple[float, int]:
    """When a message was there, and its number."""
    inbox = world.inboxes["download"][rank]
    _, message = world.take(inbox) if timeout_s is None else world.take_in_time(inbox, timeout_s)
    assert isinstance(message, Barrier)
    return world.now_s, message.number


def log_what_comes(world: Simulation, rank: int, log: Log, channel: Channel = "download") -> None:
    """A handler, in the place of the rank's reader."""

    def react(source: int, message: AnyMessage) -> None:
        assert isinstance(message, Barrier)
        log.append((world.now_s, source, message.number))

    world.inboxes[channel][rank].serve(react)


def run_out(world: Simulation) -> None:
    while world.run(3):
        pass
