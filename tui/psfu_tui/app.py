"""The application: it takes frames from a feed into the model, and tells the screen in front to show it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from textual import events, on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.notifications import SeverityLevel

from proctor_sfu.control.api.recordings import Disk, Recording
from proctor_sfu.control.client import Client
from proctor_sfu.errors import PsfuError
from psfu_tui import cells, deeds, saving, themes
from psfu_tui.ascii_filter import AsciiFilter
from psfu_tui.columns import Key
from psfu_tui.deeds import Deed
from psfu_tui.links import Feed, Keeper
from psfu_tui.masking import Mask
from psfu_tui.messages import (
    CandidateAsked,
    DeedAsked,
    EventsAsked,
    FeedFailed,
    FrameArrived,
    HappeningsArrived,
    LinkChanged,
    PastArrived,
    ProgressMade,
    RecordingsAsked,
    ReturnAsked,
    RoomAsked,
)
from psfu_tui.model import Model
from psfu_tui.options import INTERVALS, Mode, Options
from psfu_tui.palette import Commands
from psfu_tui.player import position
from psfu_tui.posting import Posting
from psfu_tui.replay import ReplayFeed
from psfu_tui.screens.base import NEEDS_DAEMON, TABS, MonitorScreen, Stage
from psfu_tui.screens.candidate import CandidateScreen
from psfu_tui.screens.candidates import CandidatesScreen
from psfu_tui.screens.chooser import ColumnChooser
from psfu_tui.screens.confirm import Confirm
from psfu_tui.screens.events import EventsScreen
from psfu_tui.screens.goto import GoTo
from psfu_tui.screens.help import Help, keys_of
from psfu_tui.screens.proctors import ProctorsScreen
from psfu_tui.screens.recordings import RecordingsScreen
from psfu_tui.screens.rooms import RoomsScreen
from psfu_tui.screens.table import TableScreen
from psfu_tui.screens.tree import TreeScreen
from psfu_tui.screens.workers import WorkersScreen
from psfu_tui.stopping import Stopping
from psfu_tui.widgets.filter_bar import FilterBar, quoted
from psfu_tui.widgets.live_table import LiveTable
from psfu_tui.widgets.tab_line import TabLine
from psfu_tui.widgets.timeline import Timeline

EARLY: Final = 0.25
"""Seconds a frame may come early and still be shown."""

REPLAYED: Final = 0.3
"""Seconds between two pictures of a replay at most."""

LEAD: Final = 3.0
"""Seconds before something bad a replay goes to."""

_SCREENS: Final[dict[Mode, type[TableScreen[Any]]]] = {
    "rooms": RoomsScreen, "candidates": CandidatesScreen, "workers": WorkersScreen, "recordings": RecordingsScreen,
    "events": EventsScreen, "tree": TreeScreen, "proctors": ProctorsScreen,
}  # fmt: skip


class MonitorApp(App[str]):
    """Returns the screen as text if that was asked for at the end."""

    TITLE = "psfu monitor"
    CSS_PATH = "monitor.tcss"
    COMMANDS: ClassVar = {Commands}
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *[Binding(key, f"mode('{mode}')", title, show=False, id=f"screen.{mode}") for key, mode, title in TABS],
        Binding("p,space", "pause", "Pause", id="pause"),
        Binding("plus", "interval(-1)", "Faster", show=False, key_display="+", id="faster"),
        Binding("minus", "interval(1)", "Slower", show=False, key_display="-", id="slower"),
        Binding("x", "mask", "Mask", id="mask"),
        Binding("left_square_bracket", "wind(-1)", "Back 1 s", show=False, id="replay.back"),
        Binding("right_square_bracket", "wind(1)", "Forward 1 s", show=False, id="replay.forward"),
        Binding("left_curly_bracket", "wind(-60)", "Back 1 min", show=False, id="replay.back_minute"),
        Binding("right_curly_bracket", "wind(60)", "Forward 1 min", show=False, id="replay.forward_minute"),
        Binding("comma", "trouble(-1)", "Trouble before", show=False, id="replay.previous"),
        Binding("full_stop", "trouble(1)", "Next trouble", id="replay.next"),
        Binding("t", "go_to", "Go to", id="replay.go_to"),
        Binding("K,R", "refuse", "Why nothing can be done", show=False, id="refused"),
        Binding("ctrl+s", "save", "Save picture and numbers", show=False, id="save"),
        Binding("colon", "command_palette", "Commands", key_display=":", id="palette"),
        Binding("question_mark,f1", "help", "Help", key_display="?", id="help"),
        Binding("q", "quit", "Quit", id="quit"),
        Binding("Q", "quit_keeping", "Quit, keep the table", show=False, id="quit_keeping"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True, id="interrupt"),
    ]

    def __init__(
        self,
        feed: Feed,
        options: Options,
        *,
        client: Client | None = None,
        keeper: Keeper | None = None,
        clock: Callable[[], float] = time.monotonic,
        mask: Mask | None = None,
    ) -> None:
        self._ascii = AsciiFilter(enabled=options.ascii)
        # What removes colours is chosen here: only with colours of the terminal it leaves none at all.
        super().__init__(ansi_color=None if options.colour else True)
        self.options = options
        self.model = Model(mask=mask or Mask(secrets.token_bytes(16)))
        self.model.masked = options.masked
        self.model.keeper = keeper
        self._feed = feed
        self._client = client
        self._clock = clock
        self._replay = feed if isinstance(feed, ReplayFeed) else None
        self.model.interval = options.interval
        self._painted_at: float | None = None
        for theme in themes.THEMES:
            self.register_theme(theme)
        if options.theme is None or options.theme in self.available_themes:
            self.theme = (options.theme or themes.DARK) if options.colour else themes.PLAIN
        self.animation_level = "none"
        stage = Stage(
            model=self.model,
            clock=clock,
            allow_actions=options.allow_actions and client is not None,
            tabs=tuple(tab for tab in TABS if client is not None or tab[1] not in NEEDS_DAEMON),
        )
        self._stage = stage
        for mode, screen in _SCREENS.items():
            self.add_mode(mode, partial(screen, stage, view=options.views.get(mode)))

    # Start and end.

    def on_mount(self) -> None:
        """Begin to read."""
        self.set_keymap(self.options.keys)
        self.switch_mode(self.options.mode)
        self.set_interval(1.0, self._tick)
        if not self.is_headless:
            Stopping(lambda: self.call_later(self.refresh, layout=True)).begin()
        self._feed.start(Posting(self.post_message))

    def on_unmount(self) -> None:
        """Read no more."""
        self._feed.stop()

    async def on_event(self, event: events.Event) -> None:
        """Let nothing be pasted into a field that steers the terminal when the field is drawn."""
        if isinstance(event, events.Paste):
            event.text = "\n".join(["".join(filter(str.isprintable, line)) for line in event.text.splitlines()])
        await super().on_event(event)

    def get_key_display(self, binding: Binding) -> str:
        """Return a key as it is told."""
        shown = super().get_key_display(binding)
        return binding.key if self._ascii.enabled and not shown.isascii() else shown

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is done to every line at last."""
        return [*super().get_line_filters(), self._ascii] if self._ascii.enabled else super().get_line_filters()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own variables for themes that do not know them."""
        return themes.DEFAULTS

    # What the feed tells.

    @on(FrameArrived)
    def _frame_arrived(self, event: FrameArrived) -> None:
        now = self._clock()
        self.model.take(event.frame, now)
        if self.model.paused or self.model.idle:
            return
        if self._painted_at is None or now - self._painted_at >= self._every - EARLY:
            self._painted_at = now
            self._paint()

    @on(PastArrived)
    def _past_arrived(self, event: PastArrived) -> None:
        self.model.recall(event.frames)
        if not self.model.idle:
            self._paint()

    @on(ProgressMade)
    def _progress_made(self, event: ProgressMade) -> None:
        self.model.progress = event.progress
        self._tick()

    @on(HappeningsArrived)
    def _happenings_arrived(self, event: HappeningsArrived) -> None:
        # They are shown with the next frame, which is never far.
        if event.anew:
            self.model.log.clear()
        self.model.log.add(event.happenings)

    @on(LinkChanged)
    def _link_changed(self, event: LinkChanged) -> None:
        self.model.connect(event.link, self._clock())
        self._tell_condition()

    @on(FeedFailed)
    def _feed_failed(self, event: FeedFailed) -> None:
        raise event.error

    def on_app_blur(self) -> None:
        """Draw nothing from now on, if that is wished: the terminal is not in use."""
        if self.options.idle_pause:
            self.model.rest(True)
            self._paint()

    def on_app_focus(self) -> None:
        """Go on at once."""
        if self.model.idle:
            self.model.rest(False)
            self._painted_at = self._clock()
            self._paint()

    # What screens ask for.

    @on(RoomAsked)
    def _room_asked(self, event: RoomAsked) -> None:
        self.show_room(event.room)

    @on(CandidateAsked)
    def _candidate_asked(self, event: CandidateAsked) -> None:
        self.show_candidate(event.key)

    @on(EventsAsked)
    async def _events_asked(self, event: EventsAsked) -> None:
        before = self.current_mode
        await self._to_mode("events")
        screen = self.screen
        if isinstance(screen, EventsScreen):
            peer = "" if event.peer is None else f" peer={quoted([event.peer])}"
            screen.show_some(f"room={quoted([event.room])}{peer}", before if before != "events" else None)

    @on(ReturnAsked)
    async def _return_asked(self, event: ReturnAsked) -> None:
        await self.switch_mode(event.mode)

    @on(TabLine.Chosen)
    async def _tab_chosen(self, event: TabLine.Chosen) -> None:
        await self._to_mode(event.mode)

    def show_room(self, room: str) -> None:
        """Show the candidates of a room."""
        self.push_screen(CandidatesScreen(self._stage, room=room))

    def show_candidate(self, key: Key) -> None:
        """Show everything known of a candidate."""
        screen = self.screen
        among = screen.shown_keys() if isinstance(screen, CandidatesScreen) else ()
        self.push_screen(CandidateScreen(self._stage, key, mode=self.current_mode, among=among))

    @on(RecordingsAsked)
    def _recordings_asked(self) -> None:
        if self._client is not None:
            self._ask_recordings(self._client)

    @work(thread=True, exclusive=True, group="recordings")
    def _ask_recordings(self, client: Client) -> None:
        try:
            found = tuple(client.recordings.list(self.options.room))
            self.call_from_thread(self._show_recordings, found, client.recordings.disk())
        except PsfuError as error:
            self.call_from_thread(self._show_recordings, (), None, str(error))

    def _show_recordings(self, recordings: tuple[Recording, ...], disk: Disk | None, refused: str = "") -> None:
        self.model.recordings, self.model.disk, self.model.refused = recordings, disk, refused
        self._paint()

    @on(DeedAsked)
    def _deed_asked(self, event: DeedAsked) -> None:
        if self._client is None or not self.options.allow_actions:
            return
        word = event.room if event.peer is None else self.model.shown_peer(event.peer)
        if event.deed == "record":
            deed = deeds.record(
                self._client, event.room, event.peer, word, on=self.model.recorded(event.room, event.peer)
            )
        elif event.peer is None:
            deed = deeds.close(self._client, event.room)
        else:
            deed = deeds.kick(self._client, event.room, event.peer, word)

        def answered(reason: str | None) -> None:
            if reason is not None:
                self._do(deed, reason)

        self.push_screen(Confirm(deed.question, deed.consequence, word), answered)

    @work(thread=True)
    def _do(self, deed: Deed, reason: str) -> None:
        try:
            deed.run(reason)
        except PsfuError as error:
            self.call_from_thread(self._tell, str(error), "error")
        else:
            self.call_from_thread(self._tell, deed.done, "information")

    def _tell(self, text: str, severity: SeverityLevel) -> None:
        self.notify(cells.clean(text), severity=severity, timeout=8, markup=False)

    # What is painted.

    @property
    def _front(self) -> MonitorScreen | None:
        """The screen in sight, below any dialog."""
        return next((each for each in reversed(self.screen_stack) if isinstance(each, MonitorScreen)), None)

    @property
    def _every(self) -> float:
        return REPLAYED if self._replay is not None else self.model.interval

    def _paint(self) -> None:
        if (front := self._front) is not None:
            front.update()

    def _tick(self) -> None:
        """Say how old the numbers are, which changes without any news."""
        if not self.model.idle:
            self._tell_condition()

    def _tell_condition(self) -> None:
        if (front := self._front) is not None and front.is_mounted:
            front.tell_condition()

    async def _to_mode(self, mode: str) -> None:
        if self.screen.is_modal:
            return
        await self.switch_mode(mode)
        # A number always leads to the whole of it.
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        if isinstance(self.screen, EventsScreen):
            self.screen.show_all()

    # Actions.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the screens there are, and winding only where something is replayed."""
        if action in ("wind", "trouble", "go_to"):
            return self._replay is not None
        if action == "refuse":
            return not self._stage.allow_actions
        return action != "mode" or any(parameters[0] == mode for _, mode, _ in self._stage.tabs)

    async def action_mode(self, mode: str) -> None:
        """Show another screen."""
        await self._to_mode(mode)

    def action_pause(self) -> None:
        """Let the picture stand still, or go on."""
        if self._replay is not None:
            self._replay.toggle()
        elif self.model.paused:
            self.model.resume()
        else:
            self.model.pause(self._clock())
        self._paint()

    def action_interval(self, step: int) -> None:
        """Show numbers less or more often; play a replay slower or faster."""
        if self._replay is not None:
            self._replay.faster(-step)
            return
        nearest = min(range(len(INTERVALS)), key=lambda index: abs(INTERVALS[index] - self.model.interval))
        self.model.interval = INTERVALS[max(0, min(len(INTERVALS) - 1, nearest + step))]
        self.notify(f"every {self.model.interval:g} s", timeout=2, markup=False)

    def action_wind(self, seconds: float) -> None:
        """Go forward or back in a replay."""
        if self._replay is not None:
            self._replay.move(seconds)

    def action_trouble(self, step: int) -> None:
        """Go to where something bad happened, in a replay."""
        progress = self.model.progress
        if self._replay is None or progress is None:
            return
        after = [mark.at for mark in progress.marks if mark.at > progress.at + LEAD + 1]
        before = [mark.at for mark in progress.marks if mark.at < progress.at + LEAD - 1]
        if found := (after[:1] if step > 0 else before[-1:]):
            self._replay.seek(found[0] - LEAD)

    def action_go_to(self) -> None:
        """Ask where to go in a replay."""
        replay = self._replay
        if replay is None or self.screen.is_modal:
            return

        def answered(at: float | None) -> None:
            if at is not None:
                replay.seek(at)

        player = replay.player
        self.push_screen(GoTo(lambda text: position(text, player.begin, player.end)), answered)

    @on(Timeline.Sought)
    def _sought(self, event: Timeline.Sought) -> None:
        if self._replay is not None:
            self._replay.seek(event.at)

    def action_refuse(self) -> None:
        """Say why a key does nothing that does something elsewhere."""
        if self._client is None:
            self._tell("nothing can be done to what was, or is made up", "warning")
        else:
            self._tell("this monitor only looks; one with --allow-actions can kick, close and record", "warning")

    def action_mask(self) -> None:
        """Hide names and addresses, or show them."""
        self.model.masked = not self.model.masked
        self._paint()

    def action_save(self) -> None:
        """Write a picture and the numbers."""
        if self.model.frame is None:
            return
        picture = self.export_screenshot(title="psfu monitor")
        try:
            paths = saving.save(Path.cwd(), self.model.shown_frame(self.model.frame), picture)
        except OSError as error:
            self._tell(f"cannot save: {error}", "error")
        else:
            self._tell(f"saved {paths[0].name} and {paths[1].name}", "information")

    def action_help(self) -> None:
        """Tell the keys."""
        if self.screen.is_modal:
            return
        table = self.screen.table if isinstance(self.screen, TableScreen) else None
        self.push_screen(Help(keys_of(self.screen), table))

    def action_quit_keeping(self) -> None:
        """Quit and leave what is shown on the terminal."""
        screen = self.screen
        self.exit(screen.as_text() if isinstance(screen, TableScreen) else None)


OWNERS: Final[tuple[type[Any], ...]] = (
    MonitorApp, MonitorScreen, TableScreen, RoomsScreen, CandidatesScreen, CandidateScreen, ProctorsScreen, TreeScreen,
    LiveTable, FilterBar, ColumnChooser, Confirm, GoTo, Help,
)  # fmt: skip
"""Whatever has keys of its own."""
