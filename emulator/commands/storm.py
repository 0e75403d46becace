"""The words of `emulator storm`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.commands.values import add_file, add_folder, num_cores, positive, whole, words
from emulator.strategies import STRATEGIES

if TYPE_CHECKING:
    from emulator.storm.storm import Weather

EXAMPLES = """\
examples:
  emulator storm                                   1,000 random swarms with random faults, in virtual time
  emulator storm --runs 1000000                    a million of them
  emulator storm --runs 1000000 --no-faults        a million in which nothing goes wrong
  emulator storm --strategies mine.py:Mine         a strategy of your own
  emulator storm --every-step --inputs samples/one-seed --clients 4
  emulator storm --engine processes --runs 50      real processes, really killed

Every run is held to all rules and its outputs are proven. The first that fails ends the storm, is made as small as it
can be, and told with one command that runs it again.
exit status: 0 all went well; 1 a run failed; 2 wrong usage or input; 128+n ended by signal n
"""
DEFAULT_RUNS = 1_000


def add_storm(commands: "argparse._SubParsersAction[Any]") -> None:
    parser = commands.add_parser(
        "storm",
        help="run many swarms under random faults, and find one that breaks a rule",
        description="Run many swarms under random faults, each held to every rule of the protocol.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=_storm)
    what = parser.add_argument_group("what to run")
    what.add_argument("--runs", type=positive, metavar="N", help="how many (default: 1,000)")
    what.add_argument("--rng-seed", type=whole, default=0, metavar="S", help="of the first; they follow one another")
    what.add_argument("--strategies", type=words, metavar="A,B", help="drawn from (default: all that have a name)")
    what.add_argument("--no-faults", action="store_true", help="random swarms alone, in which nothing goes wrong")
    what.add_argument("--every-step", action="store_true", help="kill each rank before each of its messages, once each")
    own = parser.add_argument_group("a swarm of your own, in place of random ones")
    add_folder(own, "--inputs", None, "folder of in1.txt … inN.txt", is_required=False)
    add_file(own, "--scenario", "FILE", "scenario file")
    own.add_argument("--clients", type=positive, metavar="N", help="the first N clients (default: all)")
    how = parser.add_argument_group("how")
    how.add_argument("--engine", choices=("virtual", "processes"), default="virtual", help="(default: virtual time)")
    how.add_argument("--jobs", type=positive, metavar="N", help="runs at once (default: one a core)")
    said = parser.add_argument_group("what comes of it")
    said.add_argument(
        "--failure", type=Path, default=Path("storm.toml"), metavar="FILE", help="for the run that fails, made small"
    )
    said.add_argument("--json", action="store_true", help="what came of it as JSON, and nothing else, on stdout")


def _weather(arguments: argparse.Namespace) -> "Weather":
    from emulator.running.prepare import Source, prepare
    from emulator.scenario.options import Options
    from emulator.storm.cases import Given, draw_case
    from emulator.storm.storm import Weather, measure_scale_s, weather_of_every_step

    _refuse_contradictions(arguments)
    strategies = arguments.strategies or ()
    for strategy in strategies:
        Options(strategy=strategy)
    if arguments.inputs is None and arguments.scenario is None:
        strategies = strategies or tuple(STRATEGIES)
        if arguments.every_step:
            return weather_of_every_step([draw_case(arguments.rng_seed, strategies, has_faults=False)])
        return Weather(strategies=strategies, has_faults=not arguments.no_faults, engine=arguments.engine)
    source = Source(inputs=arguments.inputs or Path(), plan=arguments.scenario, num_clients=arguments.clients)
    given = Given(*prepare(source, {"engine": arguments.engine}), _source_words(arguments))
    if arguments.every_step:
        own = strategies or (given.options.strategy,)
        return weather_of_every_step([given.by((strategy,), 0).case(arguments.rng_seed) for strategy in own])
    return Weather(
        strategies=strategies,
        has_faults=not arguments.no_faults,
        given=given,
        scale_s=measure_scale_s(given),
        engine=arguments.engine,
    )


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    from emulator.errors import InputError

    is_own = arguments.inputs is not None or arguments.scenario is not None
    for is_wrong, text in (
        (arguments.inputs is not None and arguments.scenario is not None, "--inputs and --scenario: give one of them"),
        (
            arguments.clients is not None and not is_own,
            "--clients: of --inputs or --scenario; give one of them",
        ),
        (
            arguments.every_step and arguments.engine != "virtual",
            "--every-step: stops before single messages, which takes --engine virtual",
        ),
        (arguments.every_step and arguments.runs is not None, "--every-step: has as many runs as steps; no --runs"),
        (arguments.every_step and arguments.no_faults, "--every-step and --no-faults: give one of them"),
    ):
        if is_wrong:
            raise InputError([text])


def _source_words(arguments: argparse.Namespace) -> tuple[str, ...]:
    named = {"--inputs": arguments.inputs, "--scenario": arguments.scenario, "--clients": arguments.clients}
    return tuple(word for flag, value in named.items() if value is not None for word in (flag, str(value)))


def _storm(arguments: argparse.Namespace) -> int:
    from emulator.commands.storming import StormRequest, storm_and_tell

    return storm_and_tell(
        StormRequest(
            make_weather=lambda: _weather(arguments),
            first=0 if arguments.every_step else arguments.rng_seed,
            num_runs=None if arguments.every_step else arguments.runs or DEFAULT_RUNS,
            num_workers=arguments.jobs or num_cores(),
            is_json=arguments.json,
            failure=arguments.failure,
        )
    )
