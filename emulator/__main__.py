"""`python -m emulator` and the console command."""

import signal

# First of all: a Ctrl-C while modules are being imported ends the process, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> int:
    from emulator.cli import run_command

    return run_command()


if __name__ == "__main__":
    raise SystemExit(main())
