"""What a course leaves out: the TOML file, and its effect on the rules."""

from pathlib import Path

import pytest

from emulator.checker import rules
from emulator.checker.course import Course, read_course
from emulator.errors import InputError
from emulator.protocol.events import FileWritten
from emulator.protocol.messages import (
    TRACKER,
    FileCompleted,
    MetadataAnswer,
    MetadataRequest,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import FILE, OTHER, F, G, crowd
from tests.checker.histories import HandWritten, invalid

ALL = """
[protocol]
second-barrier = false
close = false
counts = false
metadata-by-file = true
seeds-in-peers = true
quota = 20
strategy = "peers-first"
"""


def course(folder: Path, text: str) -> Course:
    path = folder / "course.toml"
    path.write_text(text)
    return read_course(path)


def test_a_file_says_what_is_left_out(tmp_path: Path) -> None:
    assert course(tmp_path, ALL) == Course(
        second_barrier=False,
        close=False,
        counts=False,
        metadata_by_file=True,
        seeds_in_peers=True,
        quota=20,
        strategy="peers-first",
    )
    assert course(tmp_path, "[protocol]\n[points]\nquota = 1\n") == Course()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no table [protocol]; write a table [protocol] with lines such as second-barrier = false"),
        ("[protocol]\nbarrier = false\n", "unknown key 'barrier'; known: second-barrier, close, counts, metadata-by-f"),
        ("[protocol]\nclose = 1\n", "[protocol]: Expected `bool`, got `int` - at `$.close`"),
        ("[protocol]\nquota = 0\n", "quota is 0; give a number from 1 to 1,000,000"),
        ("[protocol\n", "not TOML ("),
    ],
)
def test_what_is_wrong_with_a_file_is_told(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        course(tmp_path, text)
    [told] = raised.value.problems
    assert told.startswith(f"{tmp_path}/course.toml: {problem}")


def test_without_a_second_barrier_downloads_follow_the_first() -> None:
    h = HandWritten(2)
    h.report({1: [FILE]})
    for rank, files in ((1, ()), (2, (F,))):
        h.want(rank, files)
    h.download(2, 1, F)
    h.end()
    assert invalid(h.judge_whole()) == {"second-barrier"}
    report = h.judge_whole(h.inputs(), Course(second_barrier=False))
    assert report.verdict == "valid"
    reasons = {judged.rule: judged.reason for judged in report.rules}
    assert reasons["second-barrier"] == "the course leaves it out: second-barrier = false"


def test_without_closes_connections_are_not_held_against_anybody() -> None:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.complete(2, F)
    h.end()
    assert invalid(h.judge_whole()) == {"closed-once"}
    assert h.judge_whole(h.inputs(), Course(close=False)).verdict == "valid"


def test_without_counts_any_seed_is_taken() -> None:
    h = crowd(3, seeds=2)
    h.swarm(3, F)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    assert invalid(h.judge_whole()) == {"three-counts"}
    assert h.judge_whole(h.inputs(), Course(counts=False)).verdict == "valid"


@pytest.mark.parametrize("is_asked", [True, False])
def test_metadata_may_be_asked_for_file_by_file_or_come_with_the_list(is_asked: bool) -> None:
    h = HandWritten(2)
    h.report({1: [FILE, OTHER]})
    h.wanted = {1: (), 2: (F, G)}
    for file in (F, G):
        if is_asked:
            h.message(2, TRACKER, MetadataRequest((file,)))
            h.message(TRACKER, 2, MetadataAnswer((h.files[file],)))
        h.download(2, 1, file)
    h.end()
    assert h.judge_whole(h.inputs()).verdict == "invalid"
    by_file = Course(second_barrier=False, metadata_by_file=True)
    assert h.judge_whole(h.inputs(), by_file).verdict == "valid"
    assert h.judge_whole(None, by_file).verdict == "valid"


def test_seeds_may_stand_among_the_peers() -> None:
    h = crowd(3, seeds=2)
    h.message(3, TRACKER, SwarmRequest(F))
    h.role(3, F, "peer")
    h.message(TRACKER, 3, SwarmAnswer(F, (1, 2), (1, 2)))
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.record(3, FileWritten(F, 3), "download")
    h.message(3, TRACKER, FileCompleted(F))
    h.role(3, F, "seed")
    h.end()
    assert rules.SWARM_LIST.name in invalid(h.judge_whole())
    report = h.judge_whole(h.inputs(), Course(seeds_in_peers=True))
    assert invalid(report) == set()


def test_a_header_does_not_excuse_what_a_course_demands() -> None:
    h = crowd(quota=1_000_000, strategy="anything")
    h.download(2, 1, F)
    h.end()
    assert h.judge_whole().verdict == "unknown"
    report = h.judge_whole(None, Course(quota=2, strategy="peers-first"))
    assert invalid(report) == {rules.QUOTA.name}
    assert h.judge_whole(None, Course(quota=3, strategy="peers-first")).verdict == "valid"
