"""Where a replay is to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from proctor_sfu.errors import RefusedError


class GoTo(ModalScreen[float | None]):
    """Returns a Unix time; None: stay. ``read`` turns what was typed into one, or raises `RefusedError`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Stay", id="goto.cancel")]

    def __init__(self, read: Callable[[str], float]) -> None:
        super().__init__()
        self._read = read

    def compose(self) -> ComposeResult:
        """Compose the field."""
        with Vertical(classes="dialog -narrow"):
            yield Static(Content.assemble(("Go to", "bold")), classes="title")
            yield Input(placeholder="14:32 or 14:32:07", compact=True)
            yield Static(Content(""), id="answer")
            yield Static(
                Content.assemble(("enter", "bold $accent"), " go   ", ("esc", "bold $accent"), " stay"), classes="keys"
            )

    def on_mount(self) -> None:
        """Begin to type."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.dismiss(self._read(event.value))
        except RefusedError as error:
            self.query_one("#answer", Static).update(Content.assemble((str(error), "$error")))

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(None)
