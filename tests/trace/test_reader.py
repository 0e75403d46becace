"""Reading traces, whoever wrote them: what is wrong is told with its line, what is cut is read up to there."""

import gzip
import os
from pathlib import Path

import pytest

from emulator.checker.checker import check_trace
from emulator.errors import InputError
from emulator.protocol.events import AnyEvent, ThreadEnded
from emulator.trace.decoding import MAX_CLIENTS
from emulator.trace.format import TraceEnded
from emulator.trace.lines import BLOCK_BYTES, quote_lines
from emulator.trace.reader import Trace
from emulator.trace.sources import TraceSource
from tests.checker.corpus import RIGHT
from tests.checker.histories import HandWritten, violations

HEADER = b'{"format":"swarm-trace","version":1,"clients":2}'
EVENT = b'{"event":"ThreadEnded","t":1.5,"rank":1,"thread":"upload","step":"U5"}'
END = b'{"event":"TraceEnded","outcome":"complete","t":2,"rank":0,"thread":"main"}'
MINIMAL = [HEADER, EVENT, EVENT, END]


def story() -> HandWritten:
    return RIGHT["a file of two rounds"]()


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def write(folder: Path, data: bytes, name: str = "trace.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read(path: Path) -> tuple[list[AnyEvent], Trace]:
    """All events of a trace, and the trace when all is read."""
    trace = Trace(path)
    return [entry.event for entry in trace.entries()], trace


def problem(path: Path) -> str:
    """What is wrong with a trace, without its path in front and the advice at the end."""
    with pytest.raises(InputError) as error:
        read(path)
    [text] = error.value.problems
    start, end = f"{path}:", "; see docs/trace-format.md"
    assert text.startswith(start)
    assert text.endswith(end)
    return text.removeprefix(start).removesuffix(end)


def test_a_trace_is_its_header_its_events_with_their_lines_and_its_end(tmp_path: Path) -> None:
    trace = Trace(write(tmp_path, joined(MINIMAL)))
    assert (trace.header.clients, trace.header.quota, trace.header.numwant) == (2, 10, None)
    assert (trace.header.strategy, trace.header.events) == ("peers-first", None)
    entries = list(trace.entries())
    assert [(entry.line, entry.event) for entry in entries] == [(2, ThreadEnded()), (3, ThreadEnded())]
    stamp = entries[0].stamp
    assert (stamp.t, stamp.rank, stamp.thread, stamp.step) == (1.5, 1, "upload", "U5")
    assert (trace.end, trace.is_torn) == (TraceEnded("complete"), False)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.removesuffix(b"\n"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b",", b" , ").replace(b":", b"\t: "),
        lambda data: data.replace(b'"step":"U5"', b'"step":"U5","more":[1,{"of":"it"}]'),
        lambda data: data.replace(b',"step":"U5"', b""),
        lambda data: data.replace(b'"event":"ThreadEnded","t":1.5,"rank":1', b'"rank":1,"t":1.5,"event":"ThreadEnded"'),
    ],
    ids=["no last line end", "CRLF", "blanks", "unknown keys", "no step", "another order of keys"],
)
def test_what_json_leaves_open_is_open(tmp_path: Path, change: object) -> None:
    assert callable(change)
    events, trace = read(write(tmp_path, change(joined(MINIMAL))))
    assert events == [ThreadEnded(), ThreadEnded()]
    assert (trace.end, trace.is_torn) == (TraceEnded("complete"), False)


@pytest.mark.parametrize("pad", range(3))
def test_lines_are_whole_and_counted_right_across_blocks(tmp_path: Path, pad: int) -> None:
    event = EVENT.replace(b'"U5"', b'"' + b"x" * (997 + pad) + b'"')
    num_events = 3 * BLOCK_BYTES // len(event)
    path = write(tmp_path, joined([HEADER, *[event] * num_events, END]))
    assert [entry.line for entry in Trace(path).entries()] == list(range(2, num_events + 2))
    lines = [HEADER, *[event] * num_events, EVENT.replace(b"ThreadEnded", b"Nonsense"), END]
    assert problem(write(tmp_path, joined(lines))).startswith(f"{num_events + 2}: not an event")


def test_a_line_may_be_longer_than_a_block(tmp_path: Path) -> None:
    long = b'{"event":"FileWritten","file":"' + b"x" * 3 * BLOCK_BYTES + b'","num_segments":1,'
    path = write(tmp_path, joined([HEADER, EVENT, EVENT.replace(b'{"event":"ThreadEnded",', long), EVENT, END]))
    assert [entry.line for entry in Trace(path).entries()] == [2, 3, 4]


def test_a_line_without_end_is_not_read_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.trace.lines.MAX_LINE_BYTES", 2 * BLOCK_BYTES)
    path = write(tmp_path, joined(MINIMAL[:2]) + b"x" * 5 * BLOCK_BYTES)
    assert problem(path) == f"3: a line of more than {2 * BLOCK_BYTES} bytes"


NOT_A_HEADER = "1: not the header of a trace"
NO_EVENT = "3: not an event"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", f"{NOT_A_HEADER} (Input data was truncated)"),
        (b"hello", f"{NOT_A_HEADER} (JSON is malformed: invalid character (byte 0))"),
        (b"[]", f"{NOT_A_HEADER} (Expected `object`, got `array`)"),
        (b"{}", f"{NOT_A_HEADER} (Object missing required field `format`)"),
        (EVENT, "1: an event, and no header before it; if this is one part of a trace, give all its parts"),
        (HEADER.replace(b"swarm-trace", b"trace"), f"{NOT_A_HEADER} (Invalid enum value 'trace' - at `$.format`)"),
        (HEADER.replace(b"2", b"true"), f"{NOT_A_HEADER} (Expected `int`, got `bool` - at `$.clients`)"),
        (HEADER.replace(b"2", b'"2"'), f"{NOT_A_HEADER} (Expected `int`, got `str` - at `$.clients`)"),
        (HEADER.replace(b"}", b',"host":"\xff"}'), f"{NOT_A_HEADER} ('utf-8' codec can't decode byte 0xff"),
        (HEADER.replace(b"}", b',"x":' + b"[" * 100_000), f"{NOT_A_HEADER} (maximum recursion depth exceeded"),
        (HEADER.replace(b"1", b"2"), "1: version 2 of swarm-trace; this program reads version 1"),
        (HEADER.replace(b"2", b"0"), "1: clients, quota and numwant are numbers from 1 on, clients up to 1,000,000"),
        (HEADER.replace(b"2", b"9" * 30), "1: clients, quota and numwant are numbers from 1 on"),
        (HEADER.replace(b"2", b"%d" % (MAX_CLIENTS + 1)), "1: clients, quota and numwant are numbers from 1 on"),
        (HEADER.replace(b"}", b',"quota":0}'), "1: clients, quota and numwant are numbers from 1 on"),
        (HEADER.replace(b"}", b',"numwant":0}'), "1: clients, quota and numwant are numbers from 1 on"),
    ],
)
def test_a_header_that_is_none_is_told(tmp_path: Path, header: bytes, expected: str) -> None:
    assert problem(write(tmp_path, joined([header, EVENT, END]))).startswith(expected)


def test_a_file_that_is_empty_is_no_trace(tmp_path: Path) -> None:
    assert problem(write(tmp_path, b"")) == f"{NOT_A_HEADER} (Input data was truncated)"


NESTED = EVENT.replace(b'"step"', b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"step"')
SENT = b'{"event":"Sent","on":"download","to":0,"message":["Finished"],"t":1,"rank":1,"thread":"download"}'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", "3: a blank line; each line is an event"),
        (b" \t\r", "3: a blank line; each line is an event"),
        (b"hello", f"{NO_EVENT} (JSON is malformed: invalid character (byte 0))"),
        (EVENT[:-1], f"{NO_EVENT} (Input data was truncated)"),
        (EVENT + EVENT, f"{NO_EVENT} (JSON is malformed: trailing characters"),
        (EVENT[:30] + b"\n" + EVENT[30:], f"{NO_EVENT} (Input data was truncated)"),
        (b"[1]", f"{NO_EVENT} (Expected `object`, got `array`)"),
        (HEADER, f"{NO_EVENT} (Object missing required field `t`)"),
        (EVENT.replace(b"ThreadEnded", b"Slept"), f"{NO_EVENT} (Invalid value 'Slept' - at `$.event`)"),
        (EVENT.replace(b'"event":"ThreadEnded",', b""), f"{NO_EVENT} (Object missing required field `event`)"),
        (
            EVENT.replace(b'"thread":"upload"', b'"thread":"io"'),
            f"{NO_EVENT} (Invalid enum value 'io' - at `$.thread`)",
        ),
        (EVENT.replace(b"1.5", b"NaN"), f"{NO_EVENT} (JSON is malformed: invalid character (byte 27))"),
        (EVENT.replace(b"1.5", b"1e999"), f"{NO_EVENT} (Number out of range - at `$.t`)"),
        (EVENT.replace(b"1.5", b"9" * 5_000), f"{NO_EVENT} (Number out of range - at `$.t`)"),
        (EVENT.replace(b"U5", b"\xff"), f"{NO_EVENT} ('utf-8' codec can't decode byte 0xff"),
        (EVENT.replace(b"U5", b"\\ud800"), f"{NO_EVENT} ("),
        (NESTED, f"{NO_EVENT} (maximum recursion depth exceeded"),
        (SENT.replace(b'["Finished"]', b'["Begun"]'), f"{NO_EVENT} (Invalid value 'Begun' - at `$.message[0]`)"),
        (SENT.replace(b'["Finished"]', b'["Miss","f"]'), f"{NO_EVENT} (Expected `array` of at least length 3, got 2"),
        (SENT.replace(b'"download","to"', b'"air","to"'), f"{NO_EVENT} (Invalid enum value 'air' - at `$.on`)"),
        (EVENT.replace(b'"rank":1', b'"rank":3'), "3: rank 3, where the header says 2 clients"),
        (EVENT.replace(b'"rank":1', b'"rank":-1'), "3: rank -1, where the header says 2 clients"),
        (EVENT.replace(b'"rank":1', b'"rank":' + b"9" * 400), f"3: rank {'9' * 20}, where the header says 2 clients"),
        (EVENT.replace(b'"rank":1', b'"rank":' + b"9" * 5_000), f"{NO_EVENT} (Integer value out of range"),
        (END, "4: a line after the end of the trace"),
    ],
)
def test_a_line_that_is_no_event_is_told_with_its_number(tmp_path: Path, line: bytes, expected: str) -> None:
    path = write(tmp_path, joined([HEADER, EVENT, line, EVENT, END]))
    assert problem(path).startswith(expected)
    with pytest.raises(InputError):
        check_trace(Trace(path))


@pytest.mark.parametrize("more", [EVENT + b"\n", EVENT, b"\n", b"{", END + b"\n", EVENT + b"\n" * BLOCK_BYTES])
def test_nothing_comes_after_the_end(tmp_path: Path, more: bytes) -> None:
    assert problem(write(tmp_path, joined(MINIMAL) + more)) == "5: a line after the end of the trace"


def test_nothing_comes_after_an_end_that_ends_a_block(tmp_path: Path) -> None:
    room = BLOCK_BYTES - len(joined([HEADER, END]))
    event = EVENT.replace(b"U5", b"x" * (room - len(EVENT) + 1))
    data = joined([HEADER, event, END])
    assert len(data) == BLOCK_BYTES
    assert read(write(tmp_path, data))[1].end == TraceEnded("complete")
    assert problem(write(tmp_path, data + EVENT + b"\n")) == "4: a line after the end of the trace"


def test_of_a_long_word_that_is_wrong_a_problem_quotes_both_ends(tmp_path: Path) -> None:
    event = EVENT.replace(b"ThreadEnded", b"Thread" + b"!" * 100_000 + b"Ended")
    text = problem(write(tmp_path, joined([HEADER, event, END])))
    assert len(text) < 300
    assert text.startswith("2: not an event (Invalid value 'Thread!!!")
    assert text.endswith("!!!Ended' - at `$.event`)")


@pytest.mark.parametrize("name", ["folder", "fifo", "none"])
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match=f"{name}: (not a regular file|cannot be read .*); give a trace"):
        Trace(tmp_path / name)


# Traces that are cut


def test_a_trace_is_read_wherever_it_is_torn(tmp_path: Path) -> None:
    """Whole lines count, what is torn does not, and nothing is invalid because it is missing."""
    h = story()
    data = joined(h.lines())
    num_header, inputs = len(h.lines()[0]), h.inputs()
    ends = {place for place, byte in enumerate(data) if byte == ord("\n") and place < len(data) - 1}
    for length in sorted({*range(num_header, len(data) - 1, 29), *ends, *(end + 1 for end in ends)}):
        torn = data[:length]
        trace = Trace(write(tmp_path, torn))
        report = check_trace(trace, inputs)
        rest = torn.rpartition(b"\n")[2]
        is_whole = rest in h.lines()
        assert report.num_events == max(0, torn.count(b"\n") - 1 + (is_whole and rest != h.lines()[0]))
        assert (report.verdict, violations(report), report.is_cut) == ("unknown", [], True)
        assert trace.is_torn == (rest != b"" and not is_whole)
        assert report.end == (
            "cut, in the middle of a line, which is left out" if trace.is_torn else "cut, without a last line"
        )


def test_a_torn_header_is_none(tmp_path: Path) -> None:
    header = story().lines()[0]
    for length in range(len(header)):
        assert problem(write(tmp_path, header[:length])).startswith(NOT_A_HEADER)


def test_a_trace_that_says_that_it_is_cut_says_why(tmp_path: Path) -> None:
    end = END.replace(b'"complete"', b'"cut","reason":"client 2 was killed"')
    report = check_trace(Trace(write(tmp_path, joined([HEADER, EVENT, end]))))
    assert (report.is_cut, report.end) == (True, "cut: client 2 was killed")


# Compressed traces


@pytest.mark.parametrize("name", ["trace.jsonl.gz", "trace"])
def test_a_compressed_trace_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    h = story()
    report = check_trace(Trace(write(tmp_path, gzip.compress(joined(h.lines())), name)))
    assert (report.verdict, report.num_events) == ("valid", len(h.records))


def test_a_trace_of_several_compressed_parts_is_one(tmp_path: Path) -> None:
    h = story()
    data = b"".join(gzip.compress(line + b"\n") for line in h.lines())
    assert check_trace(Trace(write(tmp_path, data, "trace.gz"))).verdict == "valid"


def test_a_torn_compressed_trace_is_read_up_to_its_tear(tmp_path: Path) -> None:
    lines = [HEADER, *[EVENT.replace(b"1.5", b"%d.5" % n) for n in range(20_000)], END]
    data = gzip.compress(joined(lines))
    nums = []
    for length in range(200, len(data), len(data) // 50):
        events, trace = read(write(tmp_path, data[:length]))
        assert (trace.is_torn, trace.end) == (True, None)
        nums.append(len(events))
    assert nums == sorted(nums)
    assert nums[0] < 2_000
    assert nums[-1] > 19_000


@pytest.mark.parametrize("length", [2, 9, 10, 11])
def test_a_compressed_trace_that_is_torn_in_its_header_is_none(tmp_path: Path, length: int) -> None:
    data = gzip.compress(joined(MINIMAL))
    assert problem(write(tmp_path, data[:length])).startswith(NOT_A_HEADER)


def test_a_compressed_trace_that_lacks_its_last_byte_lacks_no_event(tmp_path: Path) -> None:
    events, trace = read(write(tmp_path, gzip.compress(joined([HEADER, EVENT, EVENT]))[:-1]))
    assert (len(events), trace.is_torn) == (2, True)


@pytest.mark.parametrize("place", ["middle", "checksum", "end"])
def test_a_damaged_compressed_trace_is_told(tmp_path: Path, place: str) -> None:
    data = bytearray(gzip.compress(joined(story().lines())))
    if place == "end":
        data += b"garbage"
    else:
        at = len(data) // 2 if place == "middle" else len(data) - 6
        data[at : at + 4] = bytes(byte ^ 0xFF for byte in data[at : at + 4])
    assert "cannot be read (damaged: " in problem(write(tmp_path, bytes(data)))


# Quotes


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines_are_quoted_by_their_numbers_and_long_ones_are_cut(tmp_path: Path, compress: type[bytes]) -> None:
    lines = [HEADER, EVENT, b"x" * 1_000, b"\xff", END]
    path = write(tmp_path, compress(joined(lines)))
    assert quote_lines(TraceSource(path), {2, 3, 4, 9}) == {2: EVENT.decode(), 3: "x" * 240, 4: "�"}
    assert quote_lines(TraceSource(path), ()) == {}
