"""The question before something is done to an exam: whoever answers types the name of whom it concerns."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from psfu_tui import cells


class Confirm(ModalScreen[str | None]):
    """Returns the reason given, which may be empty; None: it is not to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Do not", id="confirm.cancel"),
        # Before the field gets it, or what is typed at once after it would end up in the field before.
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True, id="confirm.next"),
    ]

    def __init__(self, question: str, consequence: str, word: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._word = word
        """What has to be typed."""

    def compose(self) -> ComposeResult:
        """Compose question and fields."""
        with Vertical(classes="dialog -narrow"):
            yield Static(Content.assemble((cells.clean(self._question), "bold $error")), classes="title")
            yield Static(Content(self._consequence))
            yield Static(Content.assemble("Type ", (cells.clean(self._word), "bold $accent"), " to do it:"))
            yield Input(id="word", compact=True)
            yield Static(Content.assemble(("Reason", ""), (" (told to those concerned, may be empty):", "$quiet")))
            yield Input(id="reason", compact=True, max_length=200)
            yield Static(Content(""), id="answer")
            yield Static(
                Content.assemble(("enter", "bold $accent"), " do it   ", ("esc", "bold $accent"), " do not"),
                classes="keys",
            )

    def on_mount(self) -> None:
        """Begin at the word."""
        self.query_one("#word", Input).focus()

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.query_one("#word", Input).value.strip() == self._word:
            self.dismiss(self.query_one("#reason", Input).value.strip())
            return
        self.query_one("#answer", Static).update(Content.assemble(("that is not the name; esc leaves", "$error")))
        self.query_one("#word", Input).focus()

    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(None)
