"""`emulator` without another command: run a swarm."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator import __version__
from emulator.commands.answers import errors_as_json, print_json
from emulator.commands.check import report_facts, tell_report
from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import (
    INPUTS,
    add_clients,
    add_file,
    add_folder,
    add_network_flags,
    add_round_flags,
    network_of,
)
from emulator.commands.record import check_record, recorded_run
from emulator.commands.report import check_report, reported_run
from emulator.commands.values import above_zero, whole
from emulator.errors import RunError
from emulator.interrupts import raised
from emulator.running.engines import ENGINES
from emulator.strategies import DEFAULT, STRATEGIES
from emulator.trace.sources import TraceSource

if TYPE_CHECKING:
    from emulator.checker.report import Report
    from emulator.running.prepare import Source
    from emulator.running.result import RunResult
    from emulator.scenario.scenario import Scenario
    from emulator.scenario.setup import Setup

EXAMPLES = """\
examples:
  emulator --clients 5 --inputs samples/           run the sample swarm, and watch it live
  emulator --inputs samples/flash-crowd --quiet    run another swarm, and print problems only
  emulator --inputs samples/ --json > result.json  the result for a program
  emulator generate --clients 22 --seeds 2 --files 10 --segments 100 --output big/
  emulator verify --inputs samples/ --outputs out/ prove outputs that any program wrote
  emulator --inputs samples/ --trace run.jsonl     record every event; check it with
  emulator check run.jsonl --inputs samples/       … the rules of the protocol
  emulator replay run.jsonl                        watch it again, step by step
  emulator report run.jsonl -o run.html            look at it in a browser

exit status: 0 every wanted file is complete and proven; 1 the run ended without that,
or a rule of the protocol was broken; 2 wrong usage or input; 3 the checker cannot tell;
128+n ended by signal n
"""


class _Strategies(tuple[str, ...]):
    """Names for completion. Any other word is let through: it may name a file, which `Options` looks at."""

    def __contains__(self, name: object) -> bool:
        return True


def add_flags(parser: Parser) -> None:
    what = parser.add_argument_group("what to run")
    swarm = what.add_mutually_exclusive_group()
    add_folder(swarm, "--inputs", "samples", f"{INPUTS} (default: samples)")
    add_file(
        swarm,
        "--scenario",
        "FILE",
        "TOML file with a swarm, its network, arrivals and faults; see docs/network-model.md",
    )
    add_clients(what)
    add_folder(what, "--output", "out", "folder to write the outputs to, client<R>_<file> (default: out)")

    how = parser.add_argument_group("how the protocol runs")
    how.add_argument(
        "--strategy",
        choices=_Strategies(STRATEGIES),
        metavar="NAME",
        help="how clients choose what to download from whom, by name or as path/to/mine.py:Name; "
        f"see emulator strategies (default: {DEFAULT})",
    )
    add_round_flags(how)
    how.add_argument("--rng-seed", type=whole, metavar="S", help="makes random choices repeatable (default: 0)")
    add_network_flags(
        parser.add_argument_group("the network between the clients"),
        rate_default="no limit",
        delay_default="1 ms in virtual time, none on processes",
    )
    _add_engine_flags(parser)
    _add_fault_flags(parser)
    _add_proof_flags(parser)


def _add_engine_flags(parser: Parser) -> None:
    engine = parser.add_argument_group("how it is carried out")
    engine.add_argument(
        "--engine",
        choices=tuple(ENGINES),
        default="processes",
        help="real processes, or virtual time (default: %(default)s)",
    )
    engine.add_argument(
        "--start-method", choices=("fork", "spawn"), help="how processes are started (default: fork where it is safe)"
    )
    engine.add_argument(
        "--pace", type=above_zero, metavar="N", help="slow every client to N segments a second, to watch the run"
    )
    engine.add_argument("--timeout", type=above_zero, metavar="S", help="give up after S seconds (default: never)")


def _add_fault_flags(parser: Parser) -> None:
    wrong = parser.add_argument_group("what goes wrong, on purpose, and what is done about it")
    wrong.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="TEXT",
        help="such as 'kill client 3 at 40%%' (of all wanted segments) or 'kill client 3 at 2s'; may be given several "
        "times; docs/faults.md has the language",
    )
    wrong.add_argument("--restart", action="store_true", help="start every client again that dies")
    wrong.add_argument(
        "--resume", action="store_true", help="store segments as they come, and go on from those of an earlier run"
    )


def _add_proof_flags(parser: Parser) -> None:
    proof = parser.add_argument_group("what is recorded and checked")
    add_file(proof, "--trace", "FILE", "write every event to FILE, compressed if its name ends in .gz")
    proof.add_argument("--check", action="store_true", help="check the run against the protocol's rules at its end")
    add_file(proof, "--record", "FILE", "keep what there was to see: FILE.svg its end, FILE.cast all of it (asciinema)")
    add_file(proof, "--report", "FILE", "write the run as one HTML file, to be looked at in a browser")
    said = parser.add_argument_group("what is said")
    loudness = said.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="print problems only")
    loudness.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else, on stdout")
    said.add_argument("--version", action="version", version=f"emulator {__version__}")


def call(arguments: Arguments) -> int:
    from emulator.running.prepare import prepare
    from emulator.running.traced import trace_to_read

    with errors_as_json(arguments.json, is_proven=False):
        setup = prepare(_source(arguments), _options(arguments))
        traces = [arguments.trace] if arguments.trace else []
        if arguments.record is not None:
            check_record(arguments.record, traces)
        if arguments.report is not None:
            check_report(arguments.report, traces, "--report")
        is_read = arguments.check or arguments.record is not None or arguments.report is not None
        with (
            trace_to_read(arguments.trace, is_read=is_read) as trace,
            recorded_run(arguments.record, trace, setup.options),
            reported_run(arguments.report, trace),
        ):
            run_for = _run_for_program if arguments.json or arguments.quiet else _run_for_person
            return run_for(arguments, setup, trace)


def _source(arguments: Arguments) -> "Source":
    from emulator.running.prepare import Source

    return Source(
        inputs=arguments.inputs,
        plan=arguments.scenario,
        num_clients=arguments.clients,
        network=network_of(arguments),
    )


def _options(arguments: Arguments) -> dict[str, Any]:
    """Fields of `Options`; None stands for a flag that was not given."""
    return {
        "engine": arguments.engine,
        "strategy": arguments.strategy,
        "quota": arguments.quota,
        "numwant": arguments.numwant,
        "rng_seed": arguments.rng_seed,
        "start_method": arguments.start_method,
        "timeout_s": arguments.timeout,
        "pace": arguments.pace,
        "faults": tuple(arguments.fault),
        "restart": arguments.restart,
        "resume": arguments.resume,
    }


def _run_for_person(arguments: Arguments, setup: "Setup", trace: Path | None) -> int:
    from emulator.running.run import run_setup
    from emulator.view.console import make_console, print_all
    from emulator.view.dashboard.live import watch_on
    from emulator.view.summary.run import run_summary, what_is_run

    console = make_console()
    print_all(console, [what_is_run(setup.scenario, setup.options)])
    result = run_setup(setup, arguments.output, watch_on(console, setup), trace)
    print_all(console, run_summary(result))
    report = _check(trace, setup.scenario) if arguments.check and trace else None
    if report and trace:
        tell_report(report, TraceSource(trace), is_brief=True)
    return _status(result, report)


def _run_for_program(arguments: Arguments, setup: "Setup", trace: Path | None) -> int:
    """For `--json` and `--quiet`: rich, which only people need, is not imported."""
    import msgspec

    from emulator.running.run import run_setup

    result = run_setup(setup, arguments.output, trace=trace)
    report = _check(trace, setup.scenario) if arguments.check and trace else None
    status = _status(result, report)
    if arguments.json:
        checked = report_facts(report, TraceSource(trace)) if report and trace else None
        facts = {"is_proven": result.is_proven, "exit_status": status, "check": checked}
        print_json({**msgspec.to_builtins(result), **facts})
        return status
    if report and trace and report.verdict != "valid":
        tell_report(report, TraceSource(trace), is_brief=True, is_problem=True)
    if not result.is_proven:
        told = [*result.losses, f"not proven: {result.verification.summary()} in {result.output}"]
        raise RunError("\n".join(told))
    return status


def _check(trace: Path, scenario: "Scenario") -> "Report":
    from emulator.checker.checker import check_trace
    from emulator.trace.reader import Trace

    with raised("the trace was checked"), Trace(trace) as opened:
        return check_trace(opened, scenario.clients)


def _status(result: "RunResult", report: "Report | None") -> int:
    return result.exit_status or (report.exit_status if report else 0)


COMMAND = Command(
    name="",
    help="run a swarm",
    description="A BitTorrent-style swarm in a box: one tracker and N clients as processes on this machine.",
    examples=EXAMPLES,
    add_flags=add_flags,
    call=call,
)
