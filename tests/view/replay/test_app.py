"""The keys of a replay, on a terminal that is not there."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.events import Key
from textual.pilot import Pilot

from emulator.replay.player import Player
from emulator.replay.recording import Recording
from emulator.view.replay.app import ReplayApp
from emulator.view.replay.screen import replay_screen, title_of
from tests.view.screens import seen

Story = Callable[[ReplayApp, "Pilot[int]"], Awaitable[None]]


def play(recording: Recording, story: Story, size: tuple[int, int] = (80, 24)) -> int | None:
    """Do this with a running replay; gives the exit status."""

    async def session() -> int | None:
        app = ReplayApp(Player(recording, speed=0.001))
        async with app.run_test(size=size) as pilot:
            await story(app, pilot)
        return app.return_value

    return asyncio.run(session())


def screen_of(app: ReplayApp) -> list[str]:
    """The text that the terminal has, line by line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_terminal_shows_the_replay_s_screen(recording: Recording, size: tuple[int, int]) -> None:
    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        await pilot.press("end", "2", "enter")
        assert screen_of(app) == seen(replay_screen(app.player, *size), size[0])
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert screen_of(app) == seen(replay_screen(app.player, 100, 30), 100)

    play(recording, story, size)


def test_every_key_does_what_the_help_says(recording: Recording) -> None:
    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        player = app.player

        async def after(*keys: str) -> Player:
            await pilot.press(*keys)
            return player

        assert (await after("plus")).speed == 0.002
        assert (await after("minus")).speed == 0.001
        assert (await after("end")).position == recording.num_events
        assert (await after("home")).position == 0
        assert (await after("n", "right")).position == recording.index.told[1]
        assert (await after("p", "left")).position == 0
        assert (await after("m", "m")).position == recording.index.marks["miss"][1]
        assert (await after("M")).position == recording.index.marks["miss"][0]
        assert (await after("home", "c", "c")).position == recording.index.marks["completion"][1]
        assert (await after("C")).position == recording.index.marks["completion"][0]
        assert (await after("v")).notice == "no violation after this"
        assert (await after("V")).notice == "no violation before this"
        assert (await after("d")).notice == "no death after this"
        assert (await after("D")).notice == "no death before this"
        assert (await after("f")).notice == "no fault after this"
        assert (await after("F")).notice == "no fault before this"
        assert (await after("g", *"50%", "enter")).position == recording.position_at(recording.duration_s / 2)
        assert (await after("g", *"soon", "enter")).notice.startswith("'soon' is neither a percentage")
        assert (await after("g", "1", "escape")).notice.startswith("'soon'")
        assert (await after("down", "down")).selected == 2
        assert (await after("up")).selected == 1
        assert (await after("4", "enter")).selected == 4
        assert (await after("9", "9", "enter")).notice == "there is no client 99: they are 1 to 5"
        assert (await after("a")).with_messages
        assert (await after("escape")).selected is None
        assert (await after("s")).by_steps
        assert (await after("space")).is_playing
        assert not (await after("space")).is_playing
        await pilot.press("question_mark")
        assert screen_of(app)[0] == "keys"
        await pilot.press("question_mark")
        assert screen_of(app)[0].startswith(title_of(recording)[:40])
        await pilot.press("q")

    assert play(recording, story) == 0


def test_while_it_plays_the_screen_follows(recording: Recording) -> None:
    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        app.player.speed = 100.0
        await pilot.press("space")
        while not app.player.is_at_end:
            await pilot.pause(0.01)
        await pilot.pause()
        assert f"event {recording.num_events:,} of {recording.num_events:,}" in screen_of(app)[-4]

    play(recording, story)


def test_keys_that_come_together_all_reach_the_prompt(recording: Recording) -> None:
    """As from a fast typist, or a paste: the second key is there before the first has had its effect."""

    async def story(app: ReplayApp, pilot: Pilot[int]) -> None:
        for key, character in (("3", "3"), ("enter", "\r")):
            app.post_message(Key(key, character))
        await pilot.pause()
        await pilot.pause()
        assert app.player.selected == 3

    play(recording, story)
