"""`emulator storm`."""

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands.answers import errors_as_json, print_json
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import INPUTS, add_clients, add_file, add_folder, add_jobs, add_json, add_rng_seed
from emulator.commands.values import positive, words
from emulator.errors import EmulatorError, InputError
from emulator.strategies import STRATEGIES, find_strategy
from emulator.writing import check_file, written_whole

if TYPE_CHECKING:
    from emulator.storm.storm import Failure, Outcome
    from emulator.storm.weather import Weather

EXAMPLES = """\
examples:
  emulator storm                                   1,000 random swarms with random faults, in virtual time
  emulator storm --runs 1000000                    a million of them
  emulator storm --runs 1000000 --no-faults        a million in which nothing goes wrong
  emulator storm --strategies mine.py:Mine         a strategy of your own
  emulator storm --every-step --inputs samples/one-seed --clients 4
  emulator storm --engine processes --runs 50      real processes, really killed

Every run must keep all rules and prove its outputs. The first run that fails ends the storm. The storm then makes it
as small as it can, and prints one command that repeats it.
exit status: 0 all went well; 1 a run failed; 2 wrong usage or input; 128+n ended by signal n
"""
DEFAULT_RUNS = 1_000
MAX_RUN_S = 60
"""Time limit in the command that repeats a failure: a run that failed because it never ended must end there."""


def add_flags(parser: Parser) -> None:
    what = parser.add_argument_group("what to run")
    what.add_argument("--runs", type=positive, metavar="N", help="number of runs (default: 1,000)")
    add_rng_seed(what, "rng seed of the first run; the others count up")
    what.add_argument(
        "--strategies", type=words, metavar="A,B", help="strategies to draw from (default: all that have a name)"
    )
    what.add_argument("--no-faults", action="store_true", help="random swarms only, in which nothing goes wrong")
    what.add_argument(
        "--every-step", action="store_true", help="kill each rank before each of its messages, one kill a run"
    )
    own = parser.add_argument_group("a swarm of your own, in place of random ones")
    add_folder(own, "--inputs", None, INPUTS, is_required=False)
    add_file(own, "--scenario", "FILE", "TOML file with a swarm, its network, arrivals and faults")
    add_clients(own)
    how = parser.add_argument_group("how each swarm runs")
    how.add_argument(
        "--engine",
        choices=("virtual", "processes"),
        default="virtual",
        help="virtual time, or real processes (default: %(default)s)",
    )
    add_jobs(how)
    said = parser.add_argument_group("what comes of it")
    add_file(
        said, "--failure", "FILE", "scenario file to write the run that fails to (default: storm.toml)", "storm.toml"
    )
    add_json(said, "the outcome")


def call(arguments: Arguments) -> int:
    with errors_as_json(arguments.json):
        check_file(arguments.failure, "--failure")
        weather = _weather(arguments)
        began_s = time.monotonic()
        outcome = _storm(arguments, weather)
        elapsed_s = time.monotonic() - began_s
        repeat = None
        if outcome.failure is not None:
            repeat = _repeat(arguments, outcome.failure)
            _keep(arguments, outcome.failure)
    if arguments.json:
        print_json(_facts(outcome, elapsed_s, repeat))
    else:
        from emulator.view.console import make_console, print_all
        from emulator.view.summary.storm import storm_summary

        print_all(make_console(), storm_summary(outcome, elapsed_s, repeat))
    return outcome.exit_status


def _weather(arguments: Arguments) -> "Weather":
    from emulator.running.prepare import Source, prepare
    from emulator.storm.cases import Given
    from emulator.storm.draw import draw_case
    from emulator.storm.weather import Weather, measure_scale_s, weather_of_every_step

    _refuse_contradictions(arguments)
    strategies = arguments.strategies or ()
    for strategy in strategies:
        find_strategy(strategy)  # raises for one that cannot be run
    if arguments.inputs is None and arguments.scenario is None:
        strategies = strategies or tuple(STRATEGIES)
        if arguments.every_step:
            return weather_of_every_step([draw_case(arguments.rng_seed, strategies, has_faults=False)])
        return Weather(strategies=strategies, has_faults=not arguments.no_faults, engine=arguments.engine)
    source = Source(inputs=arguments.inputs or Path(), plan=arguments.scenario, num_clients=arguments.clients)
    given = Given(prepare(source, {"engine": arguments.engine}), _source_words(arguments))
    if arguments.every_step:
        own = strategies or (given.setup.options.strategy,)
        return weather_of_every_step([given.by((strategy,), 0).case(arguments.rng_seed) for strategy in own])
    return Weather(
        strategies=strategies,
        has_faults=not arguments.no_faults,
        given=given,
        scale_s=measure_scale_s(given),
        engine=arguments.engine,
    )


def _refuse_contradictions(arguments: Arguments) -> None:
    is_own = arguments.inputs is not None or arguments.scenario is not None
    for is_wrong, text in (
        (arguments.inputs is not None and arguments.scenario is not None, "--inputs and --scenario: give one of them"),
        (
            arguments.clients is not None and not is_own,
            "--clients: limits --inputs or --scenario; give one of them too",
        ),
        (
            arguments.every_step and arguments.engine != "virtual",
            "--every-step: kills before single messages, which needs --engine virtual",
        ),
        (
            arguments.every_step and arguments.runs is not None,
            "--every-step: makes a run for each message; leave out --runs",
        ),
        (arguments.every_step and arguments.no_faults, "--every-step and --no-faults: give one of them"),
    ):
        if is_wrong:
            raise InputError([text])


def _source_words(arguments: Arguments) -> tuple[str, ...]:
    named = {"--inputs": arguments.inputs, "--scenario": arguments.scenario, "--clients": arguments.clients}
    return tuple(word for flag, value in named.items() if value is not None for word in (flag, str(value)))


def _storm(arguments: Arguments, weather: "Weather") -> "Outcome":
    # rich is imported in this process only: nothing is drawn in workers.
    from emulator.storm.storm import make_storm
    from emulator.view.console import is_screen, make_console
    from emulator.view.progress import StormBar

    console = make_console(is_problem=True)
    bar = StormBar(console, is_shown=is_screen(console) and not arguments.json)
    first, num_runs = arguments.rng_seed, arguments.runs or DEFAULT_RUNS
    if arguments.every_step:
        first, num_runs = 0, len(weather.cases)
    return make_storm(weather, first, num_runs, arguments.jobs, bar)


def _repeat(arguments: Arguments, failure: "Failure") -> str:
    """The command that makes the failed run once more, and checks it."""
    words = ["emulator", *failure.case.arguments(arguments.failure), "--engine", arguments.engine]
    return shlex.join([*words, "--check", "--trace", "storm.jsonl", "--timeout", str(MAX_RUN_S)])


def _keep(arguments: Arguments, failure: "Failure") -> None:
    """Write the scenario file of the failed run; a swarm of the user's own needs none."""
    if failure.case.given is not None:
        return
    try:
        with written_whole(arguments.failure, "--failure") as file:
            file.write(failure.case.toml().encode())
    except (OSError, InputError) as error:
        told = f"run {failure.number} fails, and {arguments.failure} cannot be written: {error}"
        raise EmulatorError(f"{told}; --rng-seed {failure.number} begins with it") from None


def _facts(outcome: "Outcome", elapsed_s: float, repeat: str | None) -> dict[str, object]:
    facts: dict[str, object] = {
        "num_runs": outcome.num_runs,
        "num_faults": outcome.num_faults,
        "elapsed_s": elapsed_s,
        "exit_status": outcome.exit_status,
    }
    failure = outcome.failure
    if failure is not None:
        facts["failure"] = {
            "run": failure.number,
            "problems": failure.problems,
            "faults": failure.case.faults,
            "shown": failure.shown,
            "command": repeat,
        }
    return facts


COMMAND = Command(
    name="storm",
    help="run many swarms under random faults, and find one that breaks a rule",
    description="Run many swarms under random faults, and check each against every rule of the protocol.",
    examples=EXAMPLES,
    add_flags=add_flags,
    call=call,
)
