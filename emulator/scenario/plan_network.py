"""The part of a scenario file that is the network: `[network]`, `[[zones]]`, `[[links]]`."""

import msgspec

from emulator.scenario import values
from emulator.scenario.network import DELAY_S, SEGMENT_BYTES, Network
from emulator.scenario.tables import Tables
from emulator.scenario.zones import MAX_ZONES, Link, Zone, link_problems, zone_problems


class NetworkFlags(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says of all clients' lines; None where it says nothing."""

    up: float | None = None
    down: float | None = None
    segment_bytes: int | None = None
    delay_s: float | None = None

    def network(self, size: int) -> Network | None:
        """The uniform network of so many ranks that the flags alone describe; None where there are none."""
        if self == NetworkFlags():
            return None
        delay_s = DELAY_S if self.delay_s is None else self.delay_s
        network = Network.uniform(size, self.up, self.down, delay_s, self.segment_bytes or SEGMENT_BYTES)
        return msgspec.structs.replace(network, is_delay_asked=self.delay_s == DELAY_S)


class NetworkReader:
    """Reads the tables of a network. Flags go before what the table `[network]` says of all; zones' own rates stay."""

    def __init__(self, tables: Tables, flags: NetworkFlags) -> None:
        root = tables.root
        self._is_given = any(name in root for name in ("network", "zones", "links"))
        self._tables = tables
        self._flags = flags
        self._zones = root.tables("zones")
        self._links = root.tables("links")
        network = root.table("network")
        self._base = NetworkFlags(
            up=network.take("up", values.rate, None),
            down=network.take("down", values.rate, None),
            segment_bytes=network.take("segment_bytes", values.size, None),
            delay_s=network.take("delay", values.time_s, None),
        )
        network.end()

    def read(self, num_clients: int, *, is_cut: bool) -> Network | None:
        """The network of so many clients; None where there is none, or where problems were found."""
        size = num_clients + 1
        if not self._is_given:
            return self._flags.network(size)
        given = {name: value for name, value in msgspec.structs.asdict(self._flags).items() if value is not None}
        network = msgspec.structs.replace(self._base, **given).network(size) or Network.uniform(size)
        up, down = list(network.up), list(network.down)
        zones = self._read_zones(size, is_cut, up, down)
        links = self._read_links()
        self._blame(zones, links, size)
        if self._tables.problems:
            return None
        return msgspec.structs.replace(network, up=tuple(up), down=tuple(down), zones=zones, links=links)

    def _read_zones(
        self, size: int, is_cut: bool, up: list[float | None], down: list[float | None]
    ) -> tuple[Zone, ...]:
        zones: list[Zone] = []
        num_ranks = 0
        read = values.clients(size - 1, is_cut=is_cut)
        for table in self._zones[: MAX_ZONES + 1]:
            zone = Zone(table.need("name", values.text, ""), table.need("clients", read, ()))
            for name, rates in (("up", up), ("down", down)):
                own = table.take(name, values.rate, None)
                if own is not None:
                    for rank in zone.ranks:
                        rates[rank] = own
            table.end()
            zones.append(zone)
            num_ranks += len(zone.ranks)
            if num_ranks >= size:
                break  # they overlap, and more of them could fill the memory
        return tuple(zones)

    def _read_links(self) -> tuple[Link, ...]:
        links: list[Link] = []
        for table in self._links:
            between = table.need("between", _pair, ("", ""))
            links.append(Link(between, table.take("delay", values.time_s, None), table.take("rate", values.rate, None)))
            table.end()
        return tuple(links)

    def _blame(self, zones: tuple[Zone, ...], links: tuple[Link, ...], size: int) -> None:
        # What could not be read would seem to be missing.
        if not self._tables.problems:
            for index, key, text in zone_problems(zones, size):
                self._zones[index].blame(key, text)
        if not self._tables.problems:
            for index, key, text in link_problems(links, zones):
                self._links[index].blame(key, text)


def _pair(value: object) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError('give the names of two zones, ["a", "b"]')
    return values.text(value[0]), values.text(value[1])
