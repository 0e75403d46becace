"""Damage: what transfers, editors, other programs and ill will do to a file."""

import random
import re
from collections.abc import Callable, Sequence

MOST_BYTES = 400_000
"""Of a damaged input; a longer one is cut."""
TOKEN = re.compile(rb"[A-Za-z0-9_.%+-]+")
NASTY = (
    *(b"0", b"00", b"-0", b"-1", b"+5", b"1_0", b" 5 ", b"1e999", b"1e-400", b"-1e308", b"nan", b"inf", b"-Infinity"),
    *(b"2147483648", b"4294967295", b"9223372036854775808", b"18446744073709551616", b"1000000", b"999999999999"),
    *(b"9" * 400, b"9" * 5_000, b"0." + b"3" * 400, b"0x10", b"1.5.5", b"%", b"%s", b"{}", b"true", b"null", b"[]"),
    *(
        text.encode("utf-8", "surrogatepass")
        for text in ("１２", "٣", "½", "²", "Ⅷ", "e\u0301", "İ", "\u202e", "\ufeff", "\u2028", "\xa0", "😀", "\ud800")
    ),
    *(b"\0", b"\x01", b"\x0b", b"\x0c", b"\x1b[2J", b"\x1c", b"\x7f", b"\xc2\x85", b"\r", b"\n\n", b"\t", b"\xff\xfe"),
    *(b"..", b"/", b"../../x", b"/etc/passwd", b".", b"~", b"$HOME", b"a/b", b"[red]", b"[/]", b"\\u0000", b"\\ud800"),
    *(b'"', b"'", b"'''", b'"""', b"#", b"=", b"[", b"]", b"[[", b"{", b"}", b",", b":", b"\\", b"-"),
)
OPENINGS = (b"[", b"{", b"(", b'{"a":', b"[[", b"a.", b"{a=", b"-", b"\x91", b"\x81\xa1a", b"not ", b"1,")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp037")

Damage = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def mutate(rng: random.Random, samples: Sequence[bytes]) -> bytes:
    """One of the samples, damaged in a few ways, or seldom in none."""
    data = rng.choice(samples)
    for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 5, 8))):
        data = rng.choice(DAMAGES)(rng, data, samples)[:MOST_BYTES]
    return data


def _place(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def _slice(rng: random.Random, data: bytes) -> tuple[int, int]:
    first = _place(rng, data)
    return first, min(len(data), first + int(rng.expovariate(1 / 30)))


def flip_bits(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _number in range(rng.choice((1, 1, 1, 3, 10)) if data else 0):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def put_bytes(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 40))) + data[at + rng.choice((0, 1, 4)) :]


def truncate(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] if rng.random() < 0.8 else data[at:]


def leave_out(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    first, end = _slice(rng, data)
    return data[:first] + data[end:]


def double(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    first, end = _slice(rng, data)
    return data[:end] + data[first:end] * rng.choice((1, 1, 2, 50, 2_000)) + data[end:]


def splice(rng: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    other = rng.choice(samples)
    return data[: _place(rng, data)] + other[_place(rng, other) :]


def swap_tokens(rng: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """Put a word where another one is: one of a sample, or one that is known to be trouble."""
    tokens = list(TOKEN.finditer(data))
    if not tokens:
        return put_nasty(rng, data, samples)
    at = rng.choice(tokens)
    others = TOKEN.findall(rng.choice(samples)) or [b""]
    word = rng.choice(others) if rng.random() < 0.5 else rng.choice(NASTY)
    return data[: at.start()] + word + data[at.end() :]


def put_nasty(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.choice(NASTY) + data[at:]


def nest(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.choice(OPENINGS) * rng.choice((2, 20, 200, 2_000, 50_000)) + data[at:]


def change_lines(rng: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """Lines doubled, left out, put elsewhere, or taken from another sample."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            lines.insert(at, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines.insert(rng.randrange(len(lines)), lines.pop(at))
        case 3:
            lines.insert(at, rng.choice(rng.choice(samples).split(b"\n")))
        case _:
            lines[at : at + 1] = [lines[at]] * min(rng.choice((2, 30, 3_000)), MOST_BYTES // (len(lines[at]) + 1))
    return b"\n".join(lines)


def change_line_ends(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"", b"\n\n", b"\0", b"\x0b", b" ", "\u2028".encode())))


def encode_otherwise(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data.decode("latin-1").encode(rng.choice(ENCODINGS), "replace")


def lengthen(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.choice((b"x", b"0", b" ", b"\n", b"\0", b"1,", b"\xff")) * rng.choice((300, 100_000))


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    flip_bits,
    put_bytes,
    truncate,
    leave_out,
    double,
    splice,
    swap_tokens,
    swap_tokens,
    swap_tokens,
    put_nasty,
    put_nasty,
    nest,
    change_lines,
    change_lines,
    change_line_ends,
    encode_otherwise,
    lengthen,
)
