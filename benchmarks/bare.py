"""The bare exchange: what the process engine is made of, without any protocol on top.

The same processes, the same two threads in each, the same inboxes. Each download thread asks random others for a
segment and waits for the answer of their upload threads; a request and an answer are one encoded tuple each. No
tracker, no swarm, no checks, no events, no files: nothing built on this engine can be faster.

    python benchmarks/bare.py --clients 6 --asks 25000
"""

import argparse
import gc
import json
import multiprocessing
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from emulator.engines.processes.engine import make_room_for
from emulator.engines.processes.packet_queue import PacketQueue, open_pair
from emulator.engines.processes.wiring import BUSY_BUFFER_BYTES

DATA = b"0123456789abcdef0123456789abcdef"
STOP = -1

Request = tuple[int, int]
"""Who asks (`STOP` for the end), and for which segment."""
Answer = tuple[int, int, bytes]
"""Who answers, which segment, and its content."""

_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(Request).decode
_decode_answer = msgspec.msgpack.Decoder(Answer).decode


@dataclass(frozen=True)
class Plan:
    """What every process is forked with: all inboxes, who serves, who asks, and how often."""

    downloads: Sequence[PacketQueue]
    uploads: Sequence[PacketQueue]
    reports: PacketQueue
    """To the parent: a download thread's rank when it is ready, and again when it has all its answers."""
    serving: range
    asking: range
    num_asks: int


def run_client(rank: int, plan: Plan) -> None:
    threads = [threading.Thread(target=body, args=(rank, plan)) for body in (_download, _upload)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _download(rank: int, plan: Plan) -> None:
    rng = random.Random(rank)
    others = [other for other in plan.serving if other != rank]
    inbox = plan.downloads[rank]
    plan.reports.put(_encode(rank))
    inbox.get()
    for segment in range(plan.num_asks if rank in plan.asking else 0):
        uploader = rng.choice(others)
        plan.uploads[uploader].put(_encode((rank, segment)))
        source, answered, _ = _decode_answer(inbox.get())
        if (source, answered) != (uploader, segment):
            raise RuntimeError(f"{rank} asked {uploader} for {segment}; {source} answered with {answered}")
    plan.reports.put(_encode(rank))


def _upload(rank: int, plan: Plan) -> None:
    inbox = plan.uploads[rank]
    source, segment = _decode_request(inbox.get())
    while source != STOP:
        plan.downloads[source].put(_encode((rank, segment, DATA)))
        source, segment = _decode_request(inbox.get())


def exchange(num_clients: int, num_serving: int, num_asks: int) -> float:
    """Run the exchange and return its segments/s, from when all were ready to the last answer.

    The first `num_serving` clients serve; where those are not all, only the others ask.
    """
    make_room_for(6 * num_clients + 64)
    plan = Plan(
        downloads=[PacketQueue(*open_pair()) for _ in range(num_clients)],
        uploads=[PacketQueue(*open_pair()) for _ in range(num_clients)],
        reports=PacketQueue(*open_pair(BUSY_BUFFER_BYTES)),
        serving=range(num_serving),
        asking=range(num_serving if num_serving < num_clients else 0, num_clients),
        num_asks=num_asks,
    )
    fork = multiprocessing.get_context("fork")
    gc.freeze()  # as the engine does
    processes = [fork.Process(target=run_client, args=(rank, plan), daemon=True) for rank in range(num_clients)]
    for process in processes:
        process.start()
    for _ in processes:
        plan.reports.get()
    began_s = time.perf_counter()
    for inbox in plan.downloads:
        inbox.put(_encode(None))
    for _ in processes:
        plan.reports.get()
    took_s = time.perf_counter() - began_s
    for inbox in plan.uploads:
        inbox.put(_encode((STOP, 0)))
    for process in processes:
        process.join()
    return len(plan.asking) * num_asks / took_s


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask and answer without a protocol; prints the rate as JSON.")
    parser.add_argument("--clients", type=int, default=6, metavar="N")
    parser.add_argument("--serving", type=int, metavar="N", help="only the first N serve, and the others ask")
    parser.add_argument("--asks", type=int, default=25_000, metavar="N", help="segments that each asker asks for")
    options = parser.parse_args()
    rate = exchange(options.clients, options.serving or options.clients, options.asks)
    print(json.dumps({"segments_per_s": rate}))


if __name__ == "__main__":
    main()
