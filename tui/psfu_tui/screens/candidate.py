"""Everything known of one candidate: what is wrong and whose fault it may be, its sources, the last minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.widget import Widget

from proctor_sfu.control.api.quality import Candidate, Source
from psfu_tui import figures
from psfu_tui.columns import Key
from psfu_tui.happenings import Happening
from psfu_tui.messages import Deed, DeedAsked, EventsAsked
from psfu_tui.ordering import initial, ordered
from psfu_tui.screens.base import MonitorScreen, Stage
from psfu_tui.tables.events import EVENTS
from psfu_tui.tables.sources import SOURCES
from psfu_tui.trends import Name
from psfu_tui.widgets.facts import Facts, concerning, facts
from psfu_tui.widgets.live_table import LiveTable
from psfu_tui.widgets.plot import Plot

PLOTTED: Final = 300
"""Seconds of the plots."""

PLOT_LEAST, TWO_ROWS, EVENTS_LEAST, MARGINS = 3, 8, 4, 4
"""Lines: one plot, two rows of plots, the list of events, and what is left empty between all parts."""


class CandidateScreen(MonitorScreen):
    """Stays open when the candidate leaves, and says so."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "events", "Events", id="candidate.events"),
        Binding("n", "step(1)", "Next", id="candidate.next"),
        Binding("N", "step(-1)", "Previous", show=False, id="candidate.previous"),
        Binding("K", "deed('kick')", "Kick…", id="candidate.kick_this"),
        Binding("R", "deed('record')", "Record…", id="candidate.record_this"),
    ]

    def __init__(self, stage: Stage, key: Key, *, mode: str, among: tuple[Key, ...] = ()) -> None:
        super().__init__(stage, mode=mode)
        self.key = key
        self._among = among
        """Those one may go on to, in order."""
        self._last: Candidate | None = None
        self._newest_first = initial(EVENTS, EVENTS.sort)
        self._facts = Facts(id="facts")
        self._sources: LiveTable[Source] = LiveTable(SOURCES, opens=False)
        self._sources.id = "sources"
        self._sources.empty = "it publishes nothing"
        self._events: LiveTable[Happening] = LiveTable(EVENTS, present=self.model.shown_happening, opens=False)
        self._events.id = "events"
        self._events.empty = "nothing happened to it, as far back as is known"
        self._events.codes = "thkx"
        self._grid = Grid(id="plots")
        self._plots: dict[Name, Plot] = {
            "bitrate": Plot("sends", "kb/s", figures.kilobits, least=100_000),
            "loss": Plot("loss", "%", figures.tenths, least=5),
            "rtt_ms": Plot("round trip", "ms", figures.milliseconds, least=100),
            "jitter_ms": Plot("jitter", "ms", figures.milliseconds, least=20),
        }

    def body(self) -> Iterator[Widget]:
        """Yield facts, sources, plots and events."""
        with Vertical(id="candidate"):
            yield self._facts
            yield self._sources
            with self._grid:
                yield from self._plots.values()
            yield self._events

    def on_mount(self) -> None:
        """Begin at the sources."""
        self._sources.focus()
        super().on_mount()

    def fill(self) -> None:
        """Show what is known now."""
        found = self.model.candidate(self.key)
        candidate = self._last = found or self._last
        if candidate is None:
            self._facts.lines = (([("nobody of this name is here", "bold $warning")],),)
            return
        shown = self.model.shown_candidate(candidate)
        incidents = self.model.frame.incidents if self.model.frame is not None else ()
        told = [self.model.shown_incident(each) for each in concerning(candidate, incidents)]
        self._facts.lines = facts(shown, told, self.model.clock(candidate.connected_at), gone=found is None)
        self._tabs.crumbs = (candidate.room, shown.name or shown.id)
        self._share_out(len(candidate.sources))
        self._sources.show(candidate.sources)
        for name, plot in self._plots.items():
            plot.values = tuple(self.model.trends.series(self.key, name, PLOTTED))
        about = [each for each in self.model.log if (each.room, each.peer) == self.key]
        self._events.show(ordered(EVENTS, about, self._newest_first))

    def _share_out(self, sources: int) -> None:
        """Divide what facts and sources leave: two rows of plots and the events, or one row of plots alone."""
        rows = max(2, sources + 1)
        taken = 3 + self._banner.display + self._timeline.display + self._facts.count(self.app.size.width) + rows
        rest = self.app.size.height - taken - MARGINS
        short = rest < TWO_ROWS + EVENTS_LEAST
        self.set_class(short, "-short")
        # Without the events two of the empty lines are not needed.
        plots = rest + 2 if short else max(TWO_ROWS, rest * 2 // 3)
        self._sources.styles.height = rows
        self._grid.styles.height = max(PLOT_LEAST, plots)
        self._events.styles.height = max(EVENTS_LEAST, rest - plots)

    def action_events(self) -> None:
        """Show what happened to it."""
        self.post_message(EventsAsked(*self.key))

    def action_step(self, step: int) -> None:
        """Go on to the next of those it was chosen among."""
        if self.key in self._among:
            self.key = self._among[(self._among.index(self.key) + step) % len(self._among)]
            self._last = None
            self.fill()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no deeds where they are not allowed, and no next where there is none."""
        if action == "deed":
            return self.stage.allow_actions
        return len(self._among) > 1 if action == "step" else True

    def action_deed(self, deed: Deed) -> None:
        """Ask to kick it, or to record it."""
        self.post_message(DeedAsked(deed, *self.key))
