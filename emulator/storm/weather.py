"""The weather of a storm: which cases it runs, and how it judges them."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from emulator.errors import EmulatorError, InputError, Interrupted
from emulator.storm.cases import Case, Given
from emulator.storm.draw import draw_case, draw_given
from emulator.storm.judge import judge
from emulator.storm.real import judge_processes
from emulator.storm.steps import every_step


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What a storm consists of. It can be pickled."""

    strategies: tuple[str, ...] = ()
    """Each run draws one of these strategies; empty to keep the given swarm's own."""
    has_faults: bool = True
    given: Given | None = None
    """One swarm for all runs; None for random ones."""
    scale_s: float = 0.0
    """About how long the given swarm takes without faults."""
    engine: Literal["processes", "virtual"] = "virtual"
    cases: tuple[Case, ...] = ()
    """The exact cases to run; empty to draw them."""

    def case(self, number: int) -> Case:
        """The run of this number."""
        if self.cases:
            return self.cases[number]
        if self.given is not None:
            most = max(self.given.setup.scenario.wanted_segments(), default=0)
            given = self.given if not self.strategies else self.given.by(self.strategies, number)
            return draw_given(given, number, self.scale_s, most, has_faults=self.has_faults)
        return draw_case(number, self.strategies, has_faults=self.has_faults, engine=self.engine)

    def judge(self, case: Case) -> tuple[str, ...]:
        """What is wrong with the run. An exception of any kind counts as a failure."""
        try:
            return judge(case) if self.engine == "virtual" else judge_processes(case)
        except (InputError, Interrupted):
            raise
        except Exception as error:  # a defect in the code under test
            return (f"{type(error).__name__}: {error}",)


def weather_of_every_step(base: Sequence[Case]) -> Weather:
    """Every rank of these swarms killed before each of its messages, one kill a case."""
    return Weather(cases=tuple(case for swarm in base for case in every_step(swarm)))


def measure_scale_s(given: Given) -> float:
    """How long the given swarm takes without faults, in virtual time. Raises `EmulatorError` if a client gives up."""
    from emulator.running.run import run

    options = msgspec.structs.replace(given.setup.options, engine="virtual", faults=())
    result = run(given.setup.scenario, None, options)
    if result.makespan_s is None:
        raise EmulatorError("the swarm does not come to its end even without faults")
    return result.elapsed_s
