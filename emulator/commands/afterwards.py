"""What is made of a run's trace when the run has ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from emulator.errors import EmulatorError, Interrupted, RunError
from emulator.interrupts import raised


@contextmanager
def kept_run(keep: Callable[[], object] | None, what: str, loss: str) -> Iterator[None]:
    """Call `keep`, unless it is None, after what runs inside: also after a run that failed.

    A signal that comes then raises `Interrupted` with the words of `what`. A run that a signal ended is not kept; its
    error says so, in the words of `loss`. No worker waits for what is kept, and it is the same with a terminal and
    without one.
    """
    if keep is None:
        yield
        return
    try:
        yield
    except Interrupted as error:
        raise Interrupted(f"{error}; {loss}", error.exit_status - 128) from None
    except RunError:
        # Why the run failed matters more than why it cannot be kept.
        with suppress(EmulatorError, OSError), raised(what):
            keep()
        raise
    else:
        with raised(what):
            keep()
