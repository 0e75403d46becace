"""The Trace Event Format as its readers understand it, held to what they only warn of.

Perfetto's trace processor and Chrome's importer agree on this: records of one track are taken in the order of time;
at one time ends come before beginnings, and else the file's order holds; an end is that of the innermost slice; a slice
of the phase `X` with a `bind_id` is one end of an arrow, `flow_out` where it begins, `flow_in` where it ends.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from emulator.trace.exports.perfetto.export import export
from emulator.trace.reader import Trace

Where = tuple[int, int]
"""Process and thread."""


class Slice(NamedTuple):
    process: str
    thread: str
    parents: tuple[str, ...]
    """The names of the slices around it, from the outside."""
    name: str
    begin_us: float
    end_us: float
    args: dict[str, Any]


class Arrow(NamedTuple):
    begin: Slice
    end: Slice


class Timeline:
    """What a reader sees of a file."""

    def __init__(self, text: str) -> None:
        whole = json.loads(text, parse_constant=_refuse)
        self.about: dict[str, Any] = whole["otherData"]
        self._records: list[dict[str, Any]] = whole["traceEvents"]
        self.processes = self._named("process_name", "pid")
        self.threads = self._named("thread_name", "tid")
        self.slices: list[Slice] = []
        self.instants = [record for record in self._records if record["ph"] == "i"]
        self.counters: dict[tuple[str, str], list[int]] = {}
        self._begun: dict[str, Slice] = {}
        self._ended: dict[str, Slice] = {}
        self._read_slices()
        self._read_counters()
        self.arrows = [Arrow(self._begun[key], end) for key, end in self._ended.items()]
        self.in_flight = [slice for key, slice in self._begun.items() if key not in self._ended]

    def _named(self, what: str, key: str) -> dict[int, str]:
        names: dict[int, str] = {}
        for record in self._records:
            assert record["pid"] > 0, "process 0 is not shown"
            if record["ph"] == "M" and record["name"] == what:
                assert record[key] not in names, "one name each, and no number twice"
                names[record[key]] = record["args"]["name"]
        return names

    def _read_slices(self) -> None:
        tracks: dict[Where, list[dict[str, Any]]] = {}
        for record in self._records:
            if record["ph"] in "BEX":
                tracks.setdefault((record["pid"], record["tid"]), []).append(record)
        for (pid, tid), records in tracks.items():
            records.sort(key=lambda record: (record["ts"], record["ph"] != "E"))
            self._read_track(self.processes[pid], self.threads[tid], records)

    def _read_track(self, process: str, thread: str, records: list[dict[str, Any]]) -> None:
        open_: list[dict[str, Any]] = []
        for record in records:
            parents = tuple(each["name"] for each in open_)
            if record["ph"] == "B":
                open_.append(record)
            elif record["ph"] == "E":
                begin = open_.pop()
                args = {**begin["args"], **record["args"]}
                self.slices.append(Slice(process, thread, parents[:-1], begin["name"], begin["ts"], record["ts"], args))
            else:
                assert record["dur"] == 0
                slice = Slice(process, thread, parents, record["name"], record["ts"], record["ts"], record["args"])
                self.slices.append(slice)
                self._bind(record, slice)
        assert not open_, "every slice ends"

    def _bind(self, record: dict[str, Any], slice: Slice) -> None:
        if record.get("flow_out"):
            assert int(record["bind_id"], 16) > 0
            assert record["bind_id"] not in self._begun
            self._begun[record["bind_id"]] = slice
        elif record.get("flow_in"):
            assert record["bind_id"] not in self._ended
            self._ended[record["bind_id"]] = slice

    def _read_counters(self) -> None:
        for record in self._records:
            if record["ph"] == "C":
                [(unit, value)] = record["args"].items()
                name = f"{record['name']} {unit}"
                self.counters.setdefault((self.processes[record["pid"]], name), []).append(value)

    def named(self, name: str) -> list[Slice]:
        """The slices of this name that have a length."""
        return [slice for slice in self.slices if slice.name == name and slice.end_us > slice.begin_us]

    def instants_named(self, name: str) -> list[dict[str, Any]]:
        return [record for record in self.instants if record["name"] == name]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def timeline(path: Path) -> Timeline:
    """The export of a trace, read back."""
    return Timeline(b"".join(export(Trace(path))).decode())
