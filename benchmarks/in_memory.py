"""One run in virtual time without a folder: what it took, as one JSON object. A process of its own for each, as its
peak of memory is that of all that it ever did.

    python benchmarks/in_memory.py --clients 1000 --segments 50
"""

import argparse
import json
import resource
import time
from pathlib import Path

from measure import draw_files

from emulator import Options, Scenario, run
from emulator.protocol.files import ClientInput


def main() -> None:
    parser = argparse.ArgumentParser(description="One seed, and all others want its file of so many segments.")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--segments", type=int, default=50)
    parser.add_argument("--strategy", default="peers-first")
    parser.add_argument("--numwant", type=int, default=50)
    given = parser.parse_args()
    scenario = one_seed(given.clients, given.segments)
    options = Options(engine="virtual", strategy=given.strategy, numwant=given.numwant)
    began_s, cpu_before_s = time.perf_counter(), time.process_time()
    result = run(scenario, None, options)
    said = {
        "wall_s": time.perf_counter() - began_s,
        "cpu_s": time.process_time() - cpu_before_s,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "num_messages": result.num_messages,
        "num_segments": result.num_segments,
        "makespan_s": result.makespan_s,
        "is_proven": result.is_proven,
    }
    print(json.dumps(said))


def one_seed(num_clients: int, num_segments: int) -> Scenario:
    (file,) = draw_files(1, num_segments)
    clients = (ClientInput((file,)), *[ClientInput((), (file.name,))] * (num_clients - 1))
    return Scenario(Path("one-seed"), clients, is_on_disk=False)


if __name__ == "__main__":
    main()
