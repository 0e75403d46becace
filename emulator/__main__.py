"""`python -m emulator` and the console command."""

import io
import os
import signal
import sys

# First of all: a Ctrl-C while modules are being imported ends the process, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)


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
