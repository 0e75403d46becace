"""`emulator generate`."""

from emulator.commands.command import Arguments, Command, Parser
from emulator.commands.flags import add_folder, add_rng_seed
from emulator.commands.values import positive, span, whole


def add_flags(parser: Parser) -> None:
    parser.add_argument("--clients", type=positive, default=5, metavar="N", help="clients in the swarm (default: 5)")
    parser.add_argument("--files", type=whole, default=4, metavar="N", help="files in the swarm (default: 4)")
    parser.add_argument(
        "--segments",
        type=span,
        default=(20, 60),
        metavar="N|A-B",
        help="segments of each file, N or drawn from A to B (default: 20-60)",
    )
    parser.add_argument("--seeds", type=positive, default=1, metavar="N", help="owners of each file (default: 1)")
    parser.add_argument(
        "--owners", type=positive, metavar="N", help="only the first N clients own files (default: any)"
    )
    parser.add_argument(
        "--wants", type=float, default=1.0, metavar="SHARE", help="share of the other files a client wants (default: 1)"
    )
    parser.add_argument(
        "--overlap",
        type=float,
        default=0.0,
        metavar="X",
        help="0: each client draws what it wants; 1: all clients want the same (default: 0)",
    )
    add_rng_seed(parser, "another number gives another swarm")
    add_folder(parser, "--output", None, "folder to write in1.txt … inN.txt to; it must not hold any yet")


def call(arguments: Arguments) -> int:
    from emulator.scenario.generate import Shape, generate
    from emulator.scenario.scenario import write_inputs
    from emulator.view.text import plural, printable

    shape = Shape(
        clients=arguments.clients,
        files=arguments.files,
        segments=arguments.segments,
        seeds=arguments.seeds,
        owners=arguments.owners,
        wants=arguments.wants,
        overlap=arguments.overlap,
        rng_seed=arguments.rng_seed,
    )
    clients = generate(shape)
    write_inputs(arguments.output, clients)
    folder = printable(str(arguments.output))
    print(f"{plural(len(clients), 'input file')} in {folder}; run them with: emulator --inputs {folder}")
    return 0


COMMAND = Command(name="generate", help="write input files for a swarm of any shape", add_flags=add_flags, call=call)
