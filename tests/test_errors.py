"""Errors: whose fault they are is in the exit status, and they survive the way out of a process pool."""

import pickle

import pytest

from emulator.errors import (
    EmulatorError,
    InputError,
    Interrupted,
    RunError,
    RunTimedOut,
    WorkerDied,
    WorkerFailed,
)

ERRORS = [
    (EmulatorError("text"), 1, "text"),
    (InputError(["in1.txt:1: one", "in2.txt:2: two"]), 2, "in1.txt:1: one\nin2.txt:2: two"),
    (RunError("text"), 1, "text"),
    (WorkerDied("text"), 1, "text"),
    (WorkerFailed("text", "Traceback …"), 1, "text"),
    (RunTimedOut("text"), 1, "text"),
    (Interrupted("text", 15), 143, "text"),
]


@pytest.mark.parametrize(("error", "exit_status", "text"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_says_its_text_and_the_exit_status(error: EmulatorError, exit_status: int, text: str) -> None:
    assert (error.exit_status, str(error)) == (exit_status, text)


@pytest.mark.parametrize("error", [error for error, _, _ in ERRORS], ids=lambda error: type(error).__name__)
def test_an_error_that_was_pickled_is_the_same(error: EmulatorError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_whoever_catches_the_root_catches_all() -> None:
    assert all(isinstance(error, EmulatorError) for error, _, _ in ERRORS)


def test_a_problem_is_one_line_whatever_a_path_holds() -> None:
    error = InputError(["a\nfolder/in1.txt:1: one", "two"])
    assert str(error) == "a\\nfolder/in1.txt:1: one\ntwo"
    assert error.problems == ("a\\nfolder/in1.txt:1: one", "two")
