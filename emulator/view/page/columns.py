"""Columns of whole numbers as bytes, in a shape that compresses well.

A column is written as differences, and those byte by byte: first the lowest byte of every number, then the next one.
All of it is done by `array`, `map` and slices, which handle a million numbers in some hundredths of a second.
"""

import sys
from array import array
from collections.abc import Sequence
from operator import sub

MAX_VALUE = (1 << 47) - 1
"""JavaScript counts exactly up to 2^53. A stranger's trace may hold anything; larger numbers are cut to this one."""
SIZE = 8


def encode_column(values: Sequence[int], *, is_delta: bool = True) -> tuple[int, list[bytes]]:
    """The bytes of a column, and how many each number takes: 0 where all are 0, below 0 where some are negative."""
    numbers = _as_array(values)
    width = _width(min(numbers, default=0), max(numbers, default=0))
    if is_delta and width:
        numbers = array("q", map(sub, numbers, array("q", [0]) + numbers[:-1]))
    if sys.byteorder == "big":
        numbers.byteswap()
    data = numbers.tobytes()
    return width, [data[byte::SIZE] for byte in range(abs(width))]


def _as_array(values: Sequence[int]) -> "array[int]":
    try:
        numbers = array("q", values)
        if not values or -MAX_VALUE <= min(numbers) <= max(numbers) <= MAX_VALUE:
            return numbers
    except OverflowError:
        pass
    return array("q", [min(max(value, -MAX_VALUE), MAX_VALUE) for value in values])


def _width(lowest: int, highest: int) -> int:
    if lowest == highest == 0:
        return 0
    if lowest >= 0:
        return (highest.bit_length() + 7) // 8
    return -(max(highest.bit_length(), (-lowest - 1).bit_length()) // 8 + 1)
