"""The parser of input files: against the writer that makes them, and against everything a person may get wrong."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.protocol.files import ClientInput, FileMetadata
from emulator.scenario.inputs import parse_input
from emulator.scenario.scenario import format_input
from tests.scenario.swarms import client_inputs

A, B, C = "0" * 32, "1b" * 16, "Ff" * 16

VALID = f"2\nfile1 2\n{A}\n{B}\nfile2 1\n{C}\n2\nfile3\nfile4\n"


def problems_of(text: str | bytes) -> list[str]:
    """The problems of an input file called `in1.txt` with this content."""
    with pytest.raises(InputError) as caught:
        parse_input(text if isinstance(text, bytes) else text.encode(), "in1.txt")
    assert caught.value.exit_status == 2
    return list(caught.value.problems)


# The parser against the writer


@given(client_inputs())
def test_what_was_written_is_read_again(client: ClientInput) -> None:
    assert parse_input(format_input(client), "in1.txt").content == client


@given(client_inputs(), st.data())
def test_how_lines_end_makes_no_difference(client: ClientInput, data: st.DataObject) -> None:
    lines = format_input(client).decode().removesuffix("\n").split("\n")
    ends = st.sampled_from(["\n", "\r\n", " \n", "\t \r\n"])
    text = "".join(line + data.draw(ends) for line in lines[:-1]) + lines[-1]
    text += data.draw(st.sampled_from(["", "\n", "\r\n", "  ", "\n\n\n", " \r\n\t\r\n  "]))
    assert parse_input(text.encode(), "in1.txt").content == client


def test_blanks_between_a_name_and_its_count_may_be_several() -> None:
    parsed = parse_input(f"1\nfile1 \t 1\n{A}\n0\n".encode(), "in1.txt")
    assert parsed.content == ClientInput((FileMetadata("file1", A),), ())


def test_a_file_may_have_no_segments_and_a_client_may_own_and_want_nothing() -> None:
    assert parse_input(b"1\nempty 0\n0\n", "in1.txt").content == ClientInput((FileMetadata("empty", ""),), ())
    assert parse_input(b"0\n0", "in1.txt").content == ClientInput()


def test_names_are_found_again_by_line() -> None:
    parsed = parse_input(VALID.encode(), "in1.txt")
    assert parsed.owned_lines == {"file1": 2, "file2": 5}
    assert parsed.wanted_lines == {"file3": 8, "file4": 9}


# One wrong thing, one line that says what and where

COUNT_ADVICE = "write a whole number in decimal digits"

ONE_PROBLEM: dict[str, tuple[str, str]] = {
    "empty file": ("", "in1.txt:1: the file is empty; begin with the number of files owned"),
    "only blank lines": ("\n \r\n\t\n", "in1.txt:1: the file is empty; begin with the number of files owned"),
    "no number of owned files": (
        f"file1 1\n{A}\n0\n",
        f"in1.txt:1: expected the number of files owned, found 'file1 1'; {COUNT_ADVICE}",
    ),
    "a hash in the first line": (
        f"{C}\n0\n",
        f"in1.txt:1: expected the number of files owned, found '{C}'; {COUNT_ADVICE}",
    ),
    "a blank first line": (
        "\n0\n0\n",
        f"in1.txt:1: expected the number of files owned, found a blank line; {COUNT_ADVICE}",
    ),
    "negative count": (
        "-1\n0\n",
        f"in1.txt:1: expected the number of files owned, found '-1'; {COUNT_ADVICE}",
    ),
    "no number of segments": (
        f"1\nfile1 x\n{A}\n0\n",
        f"in1.txt:2: expected the number of segments of 'file1', found 'x'; {COUNT_ADVICE}",
    ),
    "negative number of segments": (
        f"1\nfile1 -2\n{A}\n0\n",
        f"in1.txt:2: expected the number of segments of 'file1', found '-2'; {COUNT_ADVICE}",
    ),
    "a name without its number": (
        f"1\nfile1\n{A}\n0\n",
        "in1.txt:2: expected a file's name and number of segments, found 'file1'; write 'name 3'",
    ),
    "a blank before a name": (
        f"1\n file1 1\n{A}\n0\n",
        "in1.txt:2: expected a file's name and number of segments, found ' file1 1'; write 'name 3'",
    ),
    "more owned files than lines": (
        "9999999999\n0\n",
        "in1.txt:1: the number of files owned is 9999999999, more than the lines that follow (1); correct the number",
    ),
    "more segments than lines": (
        f"1\nfile1 7\n{A}\n0\n",
        "in1.txt:2: the number of segments of 'file1' is 7, more than the lines that follow (2); correct the number",
    ),
    "more wanted files than lines": (
        "0\n2\nfile1\n",
        "in1.txt:2: the number of files wanted is 2, more than the lines that follow (1); correct the number",
    ),
    "a count of thousands of digits": (
        f"{'9' * 5000}\n0\n",
        f"in1.txt:1: the number of files owned is {'9' * 60}…, more than the lines that follow (1); correct the number",
    ),
    "nothing after the owned files": (
        f"1\nfile1 1\n{A}\n",
        "in1.txt:3: the file ends where the number of files wanted should follow; add what is missing",
    ),
    "a missing hash, then a count": (
        f"1\nfile1 2\n{A}\n0\n",
        "in1.txt:4: expected hash 2 of 2 of 'file1', found '0'; "
        "correct the number in line 2, or add the hashes that are missing",
    ),
    "a missing hash, then a file": (
        f"2\nfile1 2\n{A}\nfile2 1\n{B}\n0\n",
        "in1.txt:4: expected hash 2 of 2 of 'file1', found 'file2 1'; "
        "correct the number in line 2, or add the hashes that are missing",
    ),
    "a blank line among the hashes": (
        f"1\nfile1 2\n{A}\n\n{B}\n0\n",
        "in1.txt:4: expected hash 2 of 2 of 'file1', found a blank line; remove it",
    ),
    "a hash too many, then a file": (
        f"2\nfile1 1\n{A}\n{B}\nfile2 1\n{C}\n0\n",
        "in1.txt:4: a hash more than the file above says; correct its number of segments",
    ),
    "a hash too many, then the wanted files": (
        f"1\nfile1 1\n{A}\n{B}\n0\n",
        f"in1.txt:4: expected the number of files wanted, found '{B}'; correct the counts in the lines above",
    ),
    "a file too many": (
        f"1\nfile1 1\n{A}\nfile2 1\n{B}\n0\n",
        "in1.txt:4: expected the number of files wanted, found 'file2 1'; correct the counts in the lines above",
    ),
    "a file too few": (
        f"2\nfile1 1\n{A}\n1\nfile2\n",
        "in1.txt:4: expected a file's name and number of segments, found '1'; write 'name 3'",
    ),
    "a hash that is too short": (
        f"1\nfile1 1\n{A[1:]}\n0\n",
        f"in1.txt:3: '{A[1:]}' is no hash; write 32 hexadecimal digits",
    ),
    "a hash with another letter": (
        f"1\nfile1 1\ng{A[1:]}\n0\n",
        f"in1.txt:3: 'g{A[1:]}' is no hash; write 32 hexadecimal digits",
    ),
    "a hash with something behind it": (
        f"1\nfile1 1\n{A} x\n0\n",
        f"in1.txt:3: '{A} x' is no hash; write 32 hexadecimal digits",
    ),
    "trailing rubbish": (
        "0\n1\nfile1\nfile2\n",
        "in1.txt:4: 'file2' follows the last wanted file; remove it, or correct the number of files wanted",
    ),
    "owned twice": (
        f"2\nfile1 1\n{A}\nfile1 1\n{A}\n0\n",
        "in1.txt:4: 'file1' is owned twice (first in line 2); leave one out",
    ),
    "wanted twice": (
        "0\n3\nfile1\nfile2\nfile1\n",
        "in1.txt:5: 'file1' is wanted twice (first in line 3); leave one out",
    ),
    "a blank line among the wanted": (
        "0\n2\n\nfile1\n",
        "in1.txt:3: expected the name of a wanted file, found a blank line; write one name, without blanks",
    ),
    "two wanted files in a line": (
        "0\n1\nfile1 file2\n",
        "in1.txt:3: expected the name of a wanted file, found 'file1 file2'; write one name, without blanks",
    ),
    "a byte-order mark": (
        f"\ufeff{VALID}",
        "in1.txt:1: begins with a byte-order mark; save the file as UTF-8 without it",
    ),
}


@pytest.mark.parametrize(("text", "problem"), ONE_PROBLEM.values(), ids=ONE_PROBLEM.keys())
def test_a_wrong_input_gets_one_line_that_says_where_and_what(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("../file1", "the name '../file1' could leave the output directory; give a plain file name"),
        ("/etc/passwd", "the name '/etc/passwd' could leave the output directory; give a plain file name"),
        ("..", "the name '..' could leave the output directory; give a plain file name"),
        (".", "the name '.' could leave the output directory; give a plain file name"),
        ("file\0", "the name 'file\\x00' has control or invisible characters; remove them"),
        ("\x1b[2J", "the name '\\x1b[2J' has control or invisible characters; remove them"),
        ("fi\rle", "the name 'fi\\rle' has control or invisible characters; remove them"),
        ("a\u202eb", "the name 'a\\u202eb' has control or invisible characters; remove them"),
        ("x" * 256, f"the name '{'x' * 20}'… has 256 bytes; shorten it to 255"),
        ("é" * 128, f"the name '{'é' * 20}'… has 256 bytes; shorten it to 255"),
    ],
)
def test_a_name_that_is_no_plain_file_name_is_refused_owned_or_wanted(name: str, complaint: str) -> None:
    text = f"1\n{name} 1\n{A}\n1\n{name}\n"
    assert problems_of(text) == [f"in1.txt:2: {complaint}", f"in1.txt:5: {complaint}"]


def test_a_name_of_any_length_is_told_in_a_short_line() -> None:
    name = "x" * 100_000
    problems = problems_of(f"2\n{name} 0\n{name} 0\n2\n{name}\n{name}\n")
    assert len(problems) == 6
    assert max(map(len, problems)) < 200


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "...", "-rf", "~", "[red]", "файл", "a\\b"])
def test_a_name_that_is_only_unusual_is_taken(name: str) -> None:
    parsed = parse_input(f"1\n{name} 0\n1\n{name}\n".encode(), "in1.txt")
    assert parsed.content == ClientInput((FileMetadata(name, ""),), (name,))


@pytest.mark.parametrize("number", ["１", "1_0", "+1", " 1", "0x1", "1.0", "1e0", "①", "\u0661", "--1", "1-"])
def test_a_count_is_decimal_digits_and_nothing_that_python_would_take_for_a_number(number: str) -> None:
    expected = f"expected the number of files owned, found {number!r}; {COUNT_ADVICE}"
    assert problems_of(f"{number}\nfile1 0\n0\n") == [f"in1.txt:1: {expected}"]


def test_a_count_may_have_leading_zeros() -> None:
    assert parse_input(b"00000000000001\nfile1 00\n0\n", "in1.txt").content.owned == (FileMetadata("file1", ""),)


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r"])
def test_only_a_newline_ends_a_line(separator: str) -> None:
    """`str.splitlines` would see a second line here, and accept it."""
    expected = f"in1.txt:1: expected the number of files owned, found {f'0{separator}0'!r}; {COUNT_ADVICE}"
    assert problems_of(f"0{separator}0") == [expected]
    complaint = f"the name {f'a{separator}b'!r} has control or invisible characters; remove them"
    assert problems_of(f"0\n1\na{separator}b\n") == [f"in1.txt:3: {complaint}"]


def test_bytes_that_are_not_utf8_are_named_with_their_line() -> None:
    assert problems_of(b"0\n1\nfile\xff\n") == ["in1.txt:3: not UTF-8 (byte 0xff); save the file as UTF-8"]
    assert problems_of(VALID.encode("utf-16")) == ["in1.txt:1: not UTF-8 (byte 0xff); save the file as UTF-8"]


def test_all_problems_of_a_file_are_reported_in_the_order_of_its_lines() -> None:
    text = f"2\na/b 2\n{A}x\n{B}\nfile2 1\nq\n3\nfile3\nfile 4\nfile3\nmore\n"
    assert problems_of(text) == [
        "in1.txt:2: the name 'a/b' could leave the output directory; give a plain file name",
        f"in1.txt:3: '{A}x' is no hash; write 32 hexadecimal digits",
        "in1.txt:6: 'q' is no hash; write 32 hexadecimal digits",
        "in1.txt:9: expected the name of a wanted file, found 'file 4'; write one name, without blanks",
        "in1.txt:10: 'file3' is wanted twice (first in line 8); leave one out",
        "in1.txt:11: 'more' follows the last wanted file; remove it, or correct the number of files wanted",
    ]


def test_a_file_full_of_wrong_hashes_does_not_drown_the_other_problems() -> None:
    problems = problems_of("1\nfile1 1000\n" + "sha\n" * 1000 + "1\n..\n")
    assert problems == [
        *(f"in1.txt:{line}: 'sha' is no hash; write 32 hexadecimal digits" for line in range(3, 8)),
        "in1.txt:2: 1000 hashes of 'file1' are wrong, the first of them listed here",
        "in1.txt:1004: the name '..' could leave the output directory; give a plain file name",
    ]


def test_a_long_wrong_line_is_quoted_only_in_part() -> None:
    [problem] = problems_of("y" * 100_000)
    assert problem == f"in1.txt:1: expected the number of files owned, found '{'y' * 60}…'; {COUNT_ADVICE}"


# Hostile bytes


@st.composite
def mutated_inputs(draw: st.DrawFn) -> bytes:
    """A valid input with some of its bytes changed, removed, repeated or put in."""
    data = bytearray(format_input(draw(client_inputs())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        fresh = draw(st.one_of(st.binary(max_size=4), st.sampled_from([b"\n", b" ", b"9999999999", b"\r", b"/", b"-"])))
        data[at : at + length] = draw(st.sampled_from([fresh, bytes(data[at : at + length]) * 2, b""]))
    return bytes(data)


@given(st.one_of(mutated_inputs(), st.binary(max_size=200)))
@example(b"\xef\xbb\xbf")
@example(b"\0")
@example(b"1\n")
def test_any_bytes_are_either_read_or_refused_in_lines_that_a_person_can_find(data: bytes) -> None:
    problems: tuple[str, ...] = ()
    try:
        content = parse_input(data, "in1.txt").content
    except InputError as error:
        problems = error.problems
    else:
        assert parse_input(format_input(content), "in1.txt").content == content
        return
    assert problems
    for problem in problems:
        path, line, text = problem.split(":", 2)
        assert path == "in1.txt"
        assert 1 <= int(line) <= data.count(b"\n") + 1
        assert text.isprintable()
