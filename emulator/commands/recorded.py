"""Keeping what a run showed: as a picture of its end, or as an asciicast of all of it.

Both are made from the run's trace when it has ended: no worker waits for them, no frame comes late, and they are the
same with a terminal and without one.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from emulator.errors import EmulatorError, Interrupted, RunError


@contextmanager
def recorded_run(record: Path | None, trace: Path | None, note: str) -> Iterator[None]:
    """Record what is run inside, if `record` is given; also where a worker died, but not where a signal came.

    `note` is said beside the title. Raises `InputError` before anything is run if that cannot be done.
    """
    if record is None or trace is None:
        yield
        return
    # rich is imported by what draws, and so not at all for runs that are not recorded.
    from emulator.view.replay.record import check_name

    check_name(record, trace)
    try:
        yield
    except Interrupted as error:
        raise Interrupted(f"{error}; nothing is recorded", error.exit_status - 128) from None
    except RunError:
        # Why the run ended says more than why that, too, could not be written.
        with suppress(EmulatorError, OSError):
            _record(record, trace, note)
        raise
    else:
        _record(record, trace, note)


def _record(record: Path, trace: Path, note: str) -> None:
    from dataclasses import replace

    from emulator.view.console import make_console, screen_size
    from emulator.view.replay.player import Player
    from emulator.view.replay.record import record_replay
    from emulator.view.replay.recording import Recording
    from emulator.view.replay.screen import plain

    player = Player(Recording(trace), speed=1.0)
    player.facts = replace(player.facts, note=" · ".join([*filter(None, [note]), *player.recording.notes]))
    record_replay(player, record, screen_size(make_console()), plain)
