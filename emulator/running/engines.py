"""The engines by name. A new engine is one line in `ENGINES`."""

from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

from emulator.errors import InputError

if TYPE_CHECKING:  # `--help` lists the names, and loads no engine for it
    from emulator.engines.outcome import Outcome
    from emulator.scenario.setup import Setup
    from emulator.trace.records import Observer
    from emulator.trace.writer import TraceWriter


class Engine(Protocol):
    """Runs a setup to its end.

    Outputs go to the folder `output`. Where it is None, they are compared in memory, or the engine raises `InputError`.
    Events go to `observer`, and to `trace`, which the caller closes. Raises `RunError` where the tracker died, a thread
    failed, the time limit was reached or a signal came; no process is left then.
    """

    def __call__(
        self, setup: "Setup", output: Path | None, observer: "Observer", trace: "TraceWriter | None" = None
    ) -> "Outcome": ...


ENGINES = {
    "processes": "emulator.engines.processes.engine:run_processes",
    "virtual": "emulator.engines.virtual.engine:run_virtual",
}
"""Where the function of each engine is; it is imported when a run needs it."""


def find_engine(name: str) -> Engine:
    """The engine of this name. Raises `InputError` for an unknown one."""
    if name not in ENGINES:
        raise InputError([f"engine {name!r:.80}: unknown; take one of: {', '.join(ENGINES)}"])
    engine: Engine = resolve_name(ENGINES[name])
    return engine
