"""`python -m emulator` and the console command."""

# First of all, and from the interpreter itself, which imports nothing: a Ctrl-C while modules are being imported ends
# the process, without a traceback. A SIGINT that is ignored, as in a background job, stays ignored.
import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import io
import os
import sys


def main() -> int:
    from emulator.commands.command_line import run_command

    _prepare_streams()
    return run_command()


def _prepare_streams() -> None:
    """Make writing safe: no name is beyond the terminal's encoding, and a stream that is closed swallows all."""
    # Opened in this order, they also take the lowest descriptors, which sockets would get otherwise.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    raise SystemExit(main())
