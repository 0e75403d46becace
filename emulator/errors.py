"""What can go wrong, whose fault it is, and which exit status says so."""

from collections.abc import Sequence
from typing import Self


class EmulatorError(Exception):
    """The root. `exit_status` is what the command line ends with; the text is for a person."""

    exit_status = 1


class InputError(EmulatorError):
    """The user's input: one line a problem, `path:line: what, and what to do`."""

    exit_status = 2

    def __init__(self, problems: Sequence[str]) -> None:
        # A path may hold line ends, and so may a word of the command line.
        self.problems = tuple(problem.replace("\n", "\\n") for problem in problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        """For `pickle`, which would hand the text to `__init__`: a run may be one job of a process pool."""
        return type(self), (self.problems,)


class RunError(EmulatorError):
    """The run ended before every wanted file was there."""


class WorkerDied(RunError):
    """A process of the swarm ended without being told to: killed, or crashed."""


class WorkerFailed(RunError):
    """A thread of the swarm ended by an exception; `traceback` is its traceback, as text."""

    def __init__(self, text: str, traceback: str) -> None:
        super().__init__(text)
        self.traceback = traceback

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        return type(self), (*self.args, self.traceback)


class RunTimedOut(RunError):
    """The time limit that the user set was reached."""


class Interrupted(RunError):
    """A signal ended the run."""

    def __init__(self, text: str, signum: int) -> None:
        super().__init__(text)
        self.exit_status = 128 + signum

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        return type(self), (*self.args, self.exit_status - 128)
