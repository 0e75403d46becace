"""Loading a user's own strategy: `path/to/mine.py:Name` is a class in a Python file.

Each process runs the file once, however many clients use it. Workers find the file by its absolute path.
"""

import sys
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType

from emulator.errors import InputError
from emulator.protocol.round import Strategy

MODULE = "emulator_strategy:"
"""Prefix of the module names of such files; the path follows it. No import statement can find such a name."""
MAX_PATH = 4_095
"""The longest path that Linux accepts, in bytes."""
MAX_TEXT = 300
"""How many characters of an exception's text an error line quotes."""


def is_file_strategy(text: str) -> bool:
    """Whether the text means a strategy from a file rather than a registered name."""
    return ":" in text or text.endswith(".py")


def absolute(text: str) -> str:
    """The same strategy with an absolute path. Raises `InputError` for what is not `path:Name`."""
    path, colon, name = text.rpartition(":")
    if not (colon and path.endswith(".py") and name.isidentifier() and len(path) <= MAX_PATH):
        raise InputError([f"strategy {text!r:.80}: give path/to/file.py:Name, where Name is a class in that file"])
    try:
        return f"{Path(path).absolute()}:{name}"
    except OSError as error:
        raise InputError([f"strategy {text!r}: {error.strerror}; give an absolute path"]) from None


def load_class(text: str) -> type[Strategy]:
    """Load the class that `text` names, as `absolute` returns it.

    Raises `InputError` if the file cannot be run, or has no such class with a `run_round` method.
    """
    path, _, name = text.rpartition(":")
    module = _load(path)
    classes = {key: found for key, found in vars(module).items() if isinstance(found, type)}
    own = [key for key, found in classes.items() if found.__module__ == module.__name__]
    if name not in classes:
        there = f"its classes are: {', '.join(own)}" if own else "it defines no class"
        raise InputError([f"{path}: there is no class {name!r:.80}; {there:.200}"])
    if not callable(getattr(classes[name], "run_round", None)):
        raise InputError([f"{path}: class {name!r:.80} has no method run_round(self, round); every strategy needs one"])
    return classes[name]


def make(text: str) -> Strategy:
    """Make a new instance of the class. Raises `InputError` if its constructor raises an exception."""
    made = load_class(text)
    try:
        return made()
    except (Exception, SystemExit) as error:
        place = place_of(error) or text.rpartition(":")[0]
        what = f"{type(error).__name__}: {_text(error)}"
        raise InputError([f"{place}: {made.__name__}() raises {what}; it must work without arguments"]) from error


@cache
def _load(path: str) -> ModuleType:
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        raise InputError([f"{path}: {error.strerror}; give the path of the strategy's file"]) from None
    module = ModuleType(MODULE + path)
    module.__file__ = path
    sys.modules[module.__name__] = module  # dataclasses and pickle look it up there
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102  the user's own program, named by the user
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise InputError([f"{_place_of_failure(error, path)}: {type(error).__name__}: {_text(error)}"]) from error
    return module


def place_of(error: BaseException) -> str:
    """`path:line` of the innermost frame in a strategy's file; empty if the traceback has no such frame."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [f"{frame.f_code.co_filename}:{line}" for frame, line in frames if _is_own(frame.f_globals)]
    return lines[-1] if lines else ""


def _is_own(names: dict[str, object]) -> bool:
    return str(names.get("__name__", "")).startswith(MODULE)


def _place_of_failure(error: BaseException, path: str) -> str:
    if isinstance(error, SyntaxError) and error.filename == path and error.lineno is not None:
        return f"{path}:{error.lineno}"
    return place_of(error) or path


def _text(error: BaseException) -> str:
    text = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
