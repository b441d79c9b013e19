"""The command palette: every key that does something here, every room, every candidate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape
from textual.types import IgnoreReturnCallbackType

from psfu_tui import cells
from psfu_tui.screens.table import TableScreen
from psfu_tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from psfu_tui.app import MonitorApp

_DISCOVERED: Final = 80


class Command(NamedTuple):
    """Something that can be done."""

    name: str
    help: str
    run: IgnoreReturnCallbackType


class Commands(Provider):
    """Finds commands by what they are called."""

    def _commands(self) -> Iterator[Command]:
        app: MonitorApp = self.app  # type: ignore[assignment]
        screen = self.screen
        told: set[str] = set()
        # What only moves the cursor is looked for last.
        for active in sorted(screen.active_bindings.values(), key=lambda each: isinstance(each.node, LiveTable)):
            binding = active.binding
            name = binding.id or binding.action
            if binding.description and active.enabled and name not in told and binding.action != "command_palette":
                told.add(name)
                run = partial(app.run_action, binding.action, active.node)
                yield Command(binding.description.rstrip("…"), f"key {app.get_key_display(binding)}", run)
        if isinstance(screen, TableScreen) and screen.SORTABLE:
            for column in screen.table.columns:
                yield Command(f"Sort by {column.name}", column.help, partial(screen.sort_by, column))
        for theme in sorted(app.available_themes):
            yield Command(f"Theme {theme}", "colours", partial(setattr, app, "theme", theme))
        frame = app.model.frame
        if frame is None:
            return
        for room in frame.rooms:
            yield Command(f"Room {room.id}", "its candidates", partial(app.show_room, room.id))
        for candidate in frame.candidates:
            shown = app.model.shown_candidate(candidate)
            names = f"{shown.name} {shown.id}" if shown.name not in ("", shown.id) else shown.id
            key = (candidate.room, candidate.id)
            yield Command(f"Candidate {names}", candidate.room, partial(app.show_candidate, key))

    async def discover(self) -> Hits:
        """Yield what can be done before anything is typed."""
        for number, command in enumerate(self._commands()):
            if number >= _DISCOVERED:
                return
            name, told = _safe(command)
            yield DiscoveryHit(Content(name), command.run, text=name, help=told)

    async def search(self, query: str) -> Hits:
        """Yield what is called like what was typed. Matches are not highlighted, since that would read markup."""
        matcher = self.matcher(query)
        for command in self._commands():
            name, told = _safe(command)
            if (score := matcher.match(name)) > 0:
                yield Hit(score, Content(name), command.run, text=name, help=told)


def _safe(command: Command) -> tuple[str, str]:
    return cells.clean(command.name), escape(cells.clean(command.help))
