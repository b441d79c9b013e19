"""The last line: the keys that do something here, as many as fit; help is always among them."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input


class KeyLine(Widget):
    """Keys and what they do; a click does the same."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyLine { height: 1; dock: bottom; background: $panel; color: $quiet; }
    """

    def on_mount(self) -> None:
        """Follow what is bound."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Return the line."""
        return Content.assemble(" ", *[part for key, what, _ in self._keys() for part in self._texts(key, what)])

    @staticmethod
    def _texts(key: str, what: str) -> list[tuple[str, str]]:
        return [(key, "bold $footer-key-foreground"), (f" {what}  ", "$quiet")]

    def _keys(self) -> list[tuple[str, str, Binding]]:
        bound: dict[str, Binding] = {}
        typing = isinstance(self.screen.focused, Input)
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled and not (typing and active.node in (self.app, self.screen)):
                # Of several keys the first one is told.
                bound.setdefault(active.binding.id or active.binding.action, active.binding)
        last = [each for each in bound.values() if each.id in ("help", "quit")]
        # What moves a replay is there only in one, and then it is what one came for.
        others = sorted(
            (each for each in bound.values() if each not in last),
            key=lambda each: not (each.id or "").startswith("replay."),
        )
        shown = [(self.app.get_key_display(each), each.description, each) for each in others]
        ends = [(self.app.get_key_display(each), each.description, each) for each in last]
        room = self.size.width - 1 - sum(self._taken(each) for each in ends)
        kept = []
        for each in shown:
            room -= self._taken(each)
            if room < 0:
                break
            kept.append(each)
        return kept + ends

    @staticmethod
    def _taken(shown: tuple[str, str, Binding]) -> int:
        return len(shown[0]) + len(shown[1]) + 3

    def on_click(self, event: events.Click) -> None:
        """Do what the key that was clicked does."""
        end = 1
        for shown in self._keys():
            end += self._taken(shown)
            if event.x < end:
                self.app.simulate_key(shown[2].key)
                return
