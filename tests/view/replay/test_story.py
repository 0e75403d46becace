"""The story of one client."""

from pathlib import Path

from emulator.protocol.events import (
    DownloadStarted,
    PeerChosen,
    SeedChosen,
)
from emulator.replay.player import Player
from emulator.view.replay.story import story
from tests.replay.traces import PAUSE, gone_wrong, player_of, position_of, written_by_hand
from tests.view.screens import lines_of


def test_a_client_s_story_says_what_it_did_and_why_it_chose_whom_it_chose(hand: Player) -> None:
    history = written_by_hand()
    hand.select(2)
    hand.seek_position(position_of(history, PeerChosen))
    first = position_of(history, DownloadStarted)
    times = [f"   {at / 1000:.4f}" for at in range(first - 1, first + 2)]
    assert lines_of(story(hand, 80, 7)) == [
        "client 2 downloading",
        f"why peer 3? (, {(first + 1) / 1000:.4f} s)",
        "  the tracker had named seed 1 and peer 3 for round 1 of file1",
        "  drawn at random from peer 3",
        f"{times[0]}    begins file1, 4 segments",
        f"{times[1]}    begins round 1 of file1: 1 seed, 1 peer",
        f"{times[2]}    tries peer 3 for file1: at random among 1",
    ]
    hand.seek_position(position_of(history, SeedChosen))
    assert lines_of(story(hand, 80, 7))[1:4] == [
        f"why seed 1? (, {(first + 3) / 1000:.4f} s)",
        "  the tracker had named seed 1 and peer 3 for round 1 of file1",
        "  it asked for numbers of open connections, and took the fewest: seed 1 had 5",
    ]


def test_a_story_tells_of_death_and_return(tmp_path: Path) -> None:
    player = player_of(gone_wrong(), tmp_path)
    player.select(2)
    player.go_to_end()
    lines = lines_of(story(player, 80, 11))
    assert lines[0] == "client 2 departed"
    assert [line[13:].strip() for line in lines[1:]] == [
        f"fault begins: {PAUSE}",
        f"fault ends: {PAUSE}",
        "got 2 segments of file1 from seed 1",
        "fault begins: kill client 2 at 50%",
        "is dead: it was killed",
        "is started again with what it had on its disk",
        "begins file1, 4 segments",
        "gives up file1 with 2 segments: nobody has 2 segments of it",
        "the tracker learns that client 2 has everything it can get",
        "the tracker takes client 2 out of all swarms: it has departed",
    ]


def test_messages_are_in_a_story_where_they_are_asked_for(hand: Player) -> None:
    hand.select(2)
    hand.go_to_end()
    assert not any("Close" in line for line in lines_of(story(hand, 80, 20)))
    hand.toggle_messages()
    assert any(line.endswith("to client 1: Close") for line in lines_of(story(hand, 80, 20)))
