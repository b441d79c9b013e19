"""What all screens have: the status, the tabs, the banner that says when it is not live, the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from psfu_tui.glyphs import LEVEL
from psfu_tui.model import Model
from psfu_tui.widgets.banner import Banner
from psfu_tui.widgets.key_line import KeyLine
from psfu_tui.widgets.status_line import StatusLine
from psfu_tui.widgets.tab_line import TabLine
from psfu_tui.widgets.timeline import Timeline

TABS: Final = (
    ("1", "rooms", "Rooms"), ("2", "candidates", "Candidates"), ("3", "workers", "Workers"),
    ("4", "recordings", "Recordings"), ("5", "events", "Events"), ("6", "tree", "Tree"), ("7", "proctors", "Proctors"),
)  # fmt: skip
"""Key, mode and title."""

NEEDS_DAEMON: Final = frozenset({"recordings"})
"""Modes whose numbers are asked of the daemon itself, so that a replay does not have them."""

SMALLEST: Final = Size(60, 10)
"""Terminals below this are told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every screen is given."""

    model: Model
    clock: Callable[[], float]
    allow_actions: bool = False
    tabs: tuple[tuple[str, str, str], ...] = TABS


class MonitorScreen(Screen[None]):
    """Shows the model when told to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", show=False, id="back")]
    MODE: ClassVar[str] = ""

    def __init__(self, stage: Stage, *, mode: str = "", crumbs: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.mode = mode or self.MODE
        """Which of the tabs it belongs to."""
        self.stage = stage
        self.model = stage.model
        self._status = StatusLine()
        self._tabs = TabLine(stage.tabs, self.mode)
        self._tabs.crumbs = crumbs
        self._banner = Banner()
        self._timeline = Timeline()
        self._too_small = Static(id="too-small")

    def compose(self) -> ComposeResult:
        """Compose the frame around what a screen shows."""
        with Vertical(id="whole"):
            yield self._status
            yield self._tabs
            yield self._banner
            yield self._timeline
            yield from self.body()
            yield KeyLine()
        yield self._too_small

    def body(self) -> Iterator[Widget]:
        """Yield what the screen is about."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show what is known already."""
        self.update()

    def on_screen_resume(self) -> None:
        """Catch up with what came while out of sight."""
        self.update()

    def on_resize(self) -> None:
        """Show what there is room for."""
        self._suit_size()

    def update(self) -> None:
        """Show the model as it is now."""
        if not self.is_mounted:
            return
        self.tell_condition()
        self._status.frame = self.model.frame
        self._status.clock = self.model.at
        self._status.masked = self.model.masked
        self._suit_size()
        self.fill()

    def fill(self) -> None:
        """Show in the body what the model has."""
        raise NotImplementedError

    def tell_condition(self) -> None:
        """Say what the numbers are worth; time alone may change that."""
        condition = self.model.condition(self.stage.clock())
        self._banner.condition = condition
        self._status.keeping = None if (keeper := self.model.keeper) is None else keeper.problem
        self._timeline.progress = self.model.progress
        self.set_class(condition.stale, "-stale")

    def _suit_size(self) -> None:
        """Leave out what has no room. A screen out of sight is not told of a new size, so it looks itself."""
        size = self.app.size
        tiny = size.width < SMALLEST.width or size.height < SMALLEST.height
        self.set_class(tiny, "-tiny")
        if tiny:
            self._say_too_small(size)

    def _say_too_small(self, size: Size) -> None:
        """Tell what little has room: how much would be needed, and whether somebody is in trouble."""
        lines = [("psfu monitor", "bold"), (f"needs {SMALLEST.width}×{SMALLEST.height}", ""),
                 (f"this is {size.width}×{size.height}", "")]  # fmt: skip
        if self.model.frame is not None:
            daemon = self.model.frame.daemon
            lines.append(
                (f"{LEVEL['bad']} {daemon.bad} {LEVEL['warn']} {daemon.warn} {LEVEL['ok']} {daemon.ok}", "bold")
            )
        phase = self.model.condition(self.stage.clock()).phase
        if phase != "live":
            lines.append((phase.upper(), "bold"))
        kept = lines if len(lines) <= size.height else lines[-size.height :]
        self._too_small.update(Content("\n").join([Content.assemble(each) for each in kept]))

    def action_back(self) -> None:
        """Leave what was opened."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
