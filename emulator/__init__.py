"""A BitTorrent-style swarm in a box: one tracker and N clients run a real protocol on one machine.

Running a swarm:    `run`, `read_scenario`, `Options`, and what comes back: `RunResult`
With a network:     `Network` in the options, or all of a scenario file: `read_plan`
Making and proving: `generate`, `Shape`, `write_inputs`, `verify`
A strategy of one's own: `Round`, what its `run_round` is given
What can go wrong:  `EmulatorError`, `InputError`, `RunError`
"""

# Nothing is imported here: until `__main__` has begun, Ctrl-C would print a traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from emulator.errors import EmulatorError, InputError, RunError
    from emulator.protocol.round import Round
    from emulator.running.result import RunResult
    from emulator.running.run import run
    from emulator.scenario.generate import Shape, generate
    from emulator.scenario.network import Network
    from emulator.scenario.options import Options
    from emulator.scenario.plan import read_plan
    from emulator.scenario.scenario import Scenario, read_scenario, write_inputs
    from emulator.scenario.verify import Verification, verify

__version__ = "0.1.0"

__all__ = [
    "EmulatorError",
    "InputError",
    "Network",
    "Options",
    "Round",
    "RunError",
    "RunResult",
    "Scenario",
    "Shape",
    "Verification",
    "generate",
    "read_plan",
    "read_scenario",
    "run",
    "verify",
    "write_inputs",
]

# No module here may bear a public name: Python binds an imported module to its name, in front of `__getattr__`.
_HOMES = {
    "errors": ("EmulatorError", "InputError", "RunError"),
    "scenario.options": ("Options",),
    "protocol.round": ("Round",),
    "running.result": ("RunResult",),
    "running.run": ("run",),
    "scenario.generate": ("Shape", "generate"),
    "scenario.network": ("Network",),
    "scenario.plan": ("read_plan",),
    "scenario.scenario": ("Scenario", "read_scenario", "write_inputs"),
    "scenario.verify": ("Verification", "verify"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: until then Ctrl-C has nothing to interrupt (PEP 562)."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"emulator.{home}"), name)
    raise AttributeError(f"module 'emulator' has no attribute {name!r}")
