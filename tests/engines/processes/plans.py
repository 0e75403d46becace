"""Processes and descriptors of this process, for the tests of the engine."""

import contextlib
import os
import traceback
from collections.abc import Callable, Iterator, Sequence


def forked(body: Callable[[], object]) -> int:
    """Run `body` in a child that ends with status 0 where it returned, and 1 where it raised; returns its number."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            body()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


@contextlib.contextmanager
def reaped(children: Sequence[int], signum: int = 0) -> Iterator[None]:
    """Wait for children, which are expected to end with status 0, or by this signal."""
    yield
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signum


def descriptors() -> set[int]:
    """All descriptors that this process has open, but for the one that it takes to look."""
    with os.scandir("/proc/self/fd") as entries:
        numbers = {int(entry.name) for entry in entries}
    return {number for number in numbers if is_open(number)}


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def children() -> list[int]:
    """The numbers of this process's children that it has not reaped."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(number) for number in file.read().split()]
