"""The replay on a terminal: Textual reads the keys and shows the screen; the player does everything else."""

import asyncio
import contextlib
import signal
from typing import ClassVar

from rich.console import Group
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from emulator.replay.index import MarkKind
from emulator.replay.moment import parse_moment
from emulator.replay.player import Player
from emulator.view.replay.keys import KEYS
from emulator.view.replay.screen import replay_screen

FRAME_S = 0.05
MAX_PASSED_S = 0.5
"""A replay that was suspended, or had to wait, goes on where it was."""


class Stage(Widget):
    """The replay's screen, drawn again whenever it is refreshed or resized."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.player = player
        self.has_help = False

    def render(self) -> Group:
        return replay_screen(self.player, self.size.width, self.size.height, with_help=self.has_help)


class ReplayApp(App[int]):
    """Ends with the exit status."""

    CSS = """
    Screen { overflow: hidden; background: ansi_default; color: ansi_default; }
    Stage { height: 1fr; width: 1fr; }
    #prompt { dock: bottom; height: 1; border: none; padding: 0; display: none; background: ansi_default; }
    """
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(name, key.action, key.meaning, show=False, priority=name == "ctrl+c")
            for key in KEYS
            for name in key.names
        ),
        *(Binding(str(digit), f"ask_client('{digit}')", show=False) for digit in range(10)),
    ]

    def __init__(self, player: Player) -> None:
        # The terminal's own colours, light or dark, as in a live run.
        super().__init__(ansi_color=True)
        self.player = player
        self._seen_s = 0.0

    def compose(self) -> ComposeResult:
        yield Stage(self.player)
        yield Input(id="prompt", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        self._seen_s = self._now_s()
        self.set_interval(FRAME_S, self._pass_time)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread
                loop.add_signal_handler(number, self.exit, 128 + number)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _pass_time(self) -> None:
        now_s = self._now_s()
        passed_s, self._seen_s = now_s - self._seen_s, now_s
        if self.player.advance(min(passed_s, MAX_PASSED_S)):
            self.draw()

    def draw(self) -> None:
        self._stage.refresh()

    # Keys

    def action_play_or_pause(self) -> None:
        self.player.play_or_pause()
        self.draw()

    def action_faster(self) -> None:
        self.player.faster()
        self.draw()

    def action_slower(self) -> None:
        self.player.slower()
        self.draw()

    def action_step(self) -> None:
        self.player.step()
        self.draw()

    def action_step_back(self) -> None:
        self.player.step_back()
        self.draw()

    def action_toggle_steps(self) -> None:
        self.player.toggle_steps()
        self.draw()

    def action_go_to_begin(self) -> None:
        self.player.go_to_begin()
        self.draw()

    def action_go_to_end(self) -> None:
        self.player.go_to_end()
        self.draw()

    def action_jump(self, kind: MarkKind, is_back: bool = False) -> None:
        self.player.jump(kind, is_back=is_back)
        self.draw()

    def action_select_next(self, step: int) -> None:
        self.player.select_next(step)
        self.draw()

    def action_toggle_messages(self) -> None:
        self.player.toggle_messages()
        self.draw()

    def action_deselect(self) -> None:
        if self._prompt.display:
            self._close_prompt()
        elif self._stage.has_help:
            self._stage.has_help = False
        else:
            self.player.deselect()
        self.draw()

    def action_help(self) -> None:
        self._stage.has_help = not self._stage.has_help
        self.draw()

    def action_leave(self) -> None:
        self.exit(0)

    # What is typed

    @property
    def _stage(self) -> Stage:
        return self.query_one(Stage)

    @property
    def _prompt(self) -> Input:
        return self.query_one("#prompt", Input)

    def action_ask_moment(self) -> None:
        self._ask("go to a percentage or a time in seconds: 40% or 0.12", "")

    def action_ask_client(self, digit: str) -> None:
        self._ask("", digit)

    def _ask(self, placeholder: str, value: str) -> None:
        prompt = self._prompt
        prompt.placeholder = placeholder
        prompt.value = value
        prompt.display = True
        self.screen.set_focus(prompt)  # at once: the next key may be here already
        prompt.cursor_position = len(value)

    def _close_prompt(self) -> None:
        self._prompt.display = False
        self.screen.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value
        is_moment = bool(self._prompt.placeholder)
        self._close_prompt()
        try:
            if is_moment:
                self.player.seek(parse_moment(text))
            else:
                self.player.select(int(text))
        except ValueError as error:
            self.player.notice = str(error) if is_moment else f"{text!r:.40} is no client's number"
        self.draw()
