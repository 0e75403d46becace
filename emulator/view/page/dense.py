"""Bytes as printable text, a tenth shorter than base64: two characters of 91 for every 13 bits.

The 91 are all printable ASCII characters but `<`, `>` and `&`, so the text can stand in HTML as it is. The idea is that
of basE91 (Joachim Henke, 2000) with fixed groups. `source/boot.js` reads it.
"""

GROUP = 13
"""Bytes that become 16 characters."""
_ALPHABET = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in "<>&"]
_PAIRS = [_ALPHABET[number % 91] + _ALPHABET[number // 91] for number in range(1 << 13)]
_MASK = (1 << 13) - 1
_SHIFTS = tuple(range(0, 8 * GROUP, 13))


def dense_text(data: bytes) -> str:
    """The text of a multiple of 13 bytes."""
    pairs, mask, shifts = _PAIRS, _MASK, _SHIFTS
    parts: list[str] = []
    for at in range(0, len(data), GROUP):
        number = int.from_bytes(data[at : at + GROUP], "little")
        parts += [pairs[number >> shift & mask] for shift in shifts]
    return "".join(parts)


def dense_end(data: bytes) -> str:
    """The text of the last bytes, any number of them; its last character is how many of them only fill the group."""
    num_missing = -len(data) % GROUP
    return f"{dense_text(data + bytes(num_missing))}{num_missing:x}"
