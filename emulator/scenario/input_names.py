"""Names of input files: `in<R>.txt`, and names that a person may have meant as one.

An input with a wrong name would be skipped silently, and its client with it. So a name that is nearly an input's is a
problem. Other files (`README`, `expected.txt`) and folders may stand beside the inputs.
"""

import re
import unicodedata
from collections.abc import Iterable

INPUT_NAME = re.compile(r"in([1-9][0-9]{0,6})\.txt")
MAX_RANK = 9_999_999
MAX_MISNAMED = 5
"""How many wrong names are listed one by one."""

NEARLY = re.compile(r"(?:in|inp|input|inputs)[-_.()\[\]#]*([0-9]+)[)\]]?(?:[.,]?(?:txt|text|tx|txtt)){0,3}[.,]?")
"""A folded name that was probably meant as an input's, with other letters, blanks, zeros, separators or extensions."""
UNNUMBERED = ("in.txt", "inp.txt", "input.txt")
COPY = re.compile(
    r"(?:in|inp|input|inputs)[-_.]*([0-9]+)(?:\.txt)?(?:[-_]?copy|\([0-9]+\)|\.(?:csv|dat|md|rtf|docx?))+(?:\.txt)?"
)
"""A folded name of a copy of an input, or of an input in another format. An editor's backup (`in1.txt~`) is neither."""


def input_name(rank: int) -> str:
    return f"in{rank}.txt"


def looks_like_input(name: str) -> bool:
    """Whether this is the name of an input, or nearly one."""
    return INPUT_NAME.fullmatch(name) is not None or bool(misnamed([name]))


def misnamed(names: Iterable[str]) -> list[str]:
    """A text for each name that is nearly an input's: what is wrong, and the right name.

    A copy of an input (`in1 (2).txt`) is reported only if the input itself is missing.
    """
    there = set(names)
    texts = [f"{name}: {text}" for name in sorted(there) if (text := _problem(name, there))]
    num_more = len(texts) - MAX_MISNAMED
    return texts if num_more <= 0 else [*texts[:MAX_MISNAMED], f"{num_more:,} more names are nearly those of inputs"]


def _problem(name: str, there: set[str]) -> str:
    if INPUT_NAME.fullmatch(name):
        return ""
    folded = _folded(name)
    if folded in UNNUMBERED:
        return "not the name of an input, which has a number; rename it to in1.txt, in2.txt, …"
    if match := NEARLY.fullmatch(folded):
        return _advice(match[1], there)
    if match := COPY.fullmatch(folded):
        return "" if input_name(int(match[1])) in there else _advice(match[1], there)
    return ""


def _advice(digits: str, there: set[str]) -> str:
    number = digits.lstrip("0")
    if not number:
        return "not the name of an input; inputs are numbered from 1, so rename them to in1.txt, in2.txt, …"
    if len(number) > len(str(MAX_RANK)):
        return f"not the name of an input; their numbers end at {MAX_RANK:,}"
    right = input_name(int(number))
    what = f"{right} is there too, so remove one of them" if right in there else f"rename it to {right}"
    return f"not the name of an input; {what}"


def _folded(name: str) -> str:
    """The name in lower case, without blanks, accents and invisible characters, its digits as 0 to 9."""
    decomposed = unicodedata.normalize("NFKD", name).replace("ı", "i").casefold()
    return "".join(
        str(unicodedata.digit(character)) if character.isdecimal() else character
        for character in decomposed
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Mn", "Zs")
    )
