"""The monitor on a screen that is no terminal, fed by a script, with a clock that moves when a test says so."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from textual.pilot import Pilot
from textual.widget import Widget

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.client import Client
from psfu_tui import start
from psfu_tui.app import MonitorApp
from psfu_tui.happenings import Happening
from psfu_tui.links import Keeper, Link, Sink
from psfu_tui.masking import Mask
from psfu_tui.options import Options
from psfu_tui.screens.table import TableScreen
from psfu_tui.widgets.live_table import LiveTable
from support.crowd import Crowd


def uses(*ids: str) -> None:
    """Say which bindings a test tries; `test_every_key_is_tried` reads it."""
    assert {*ids} <= {each.id for each in start.bindings()}


LIMIT: Final = 20.0
"""Seconds after which a test stops waiting."""
KEY = b"0123456789abcdef"
"""Of the privacy mask, so that aliases are the same in every run."""


class Script:
    """A feed that tells what a test says; it stands for the streams of a daemon and for nothing else."""

    def __init__(self) -> None:
        self.stopped = False
        self._sink: Sink | None = None

    @property
    def sink(self) -> Sink:
        assert self._sink is not None, "the monitor did not start its feed"
        return self._sink

    def start(self, sink: Sink) -> None:
        self._sink = sink

    def stop(self) -> None:
        self.stopped = True


class Watching:
    """A running monitor and what a test does to it."""

    def __init__(self, app: MonitorApp, script: Script, crowd: Crowd, clock: list[float]) -> None:
        self.app = app
        self.script = script
        self.crowd = crowd
        self.pilot: Pilot[Any]
        self._clock = clock

    async def settle(self) -> None:
        """Wait until the screen is at rest: nothing is to be laid out or drawn any more, or the monitor has ended."""
        for _ in range(100):
            await self.pilot.pause()
            if not self.app.is_running:
                return
            screen = self.app.screen
            if not screen._dirty_widgets and not any(
                each._layout_required or each._repaint_required or each._recompose_required
                for each in screen.walk_children(with_self=True)
                if isinstance(each, Widget)
            ):
                return
        raise AssertionError("the screen does not come to rest")

    async def seconds(self, count: int = 1, make: Callable[[Frame], Frame] = lambda frame: frame) -> None:
        """Let seconds go by, each with a frame, changed by ``make``."""
        for _ in range(count):
            self._clock[0] += 1
            self.script.sink.frame(make(self.crowd.frame()))
            await self.settle()

    async def rush(self, count: int, make: Callable[[Frame], Frame] = lambda frame: frame) -> None:
        """Let seconds go by of which only the last is drawn."""
        for _ in range(count - 1):
            self._clock[0] += 1
            self.app.model.take(make(self.crowd.frame()), self._clock[0])
        await self.seconds(1, make)

    async def silence(self, seconds: float) -> None:
        """Let time go by without any frame."""
        self._clock[0] += seconds
        self.app._tick()
        await self.settle()

    async def link(self, link: Link) -> None:
        self.script.sink.link(link)
        await self.settle()

    async def happened(self, *happenings: Happening, anew: bool = False) -> None:
        self.script.sink.happened(happenings, anew=anew)
        await self.settle()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def until(self, *shown: str) -> str:
        """Wait until the screen shows all of this; returns what it shows."""
        end = time.monotonic() + LIMIT
        while not all(each in (text := self.text()) for each in shown):
            assert time.monotonic() < end, f"{shown} are not all in:\n{text}"
            await self.pilot.pause(0.02)
        return text

    @property
    def table(self) -> LiveTable[Any]:
        """The table of the screen in front."""
        screen = self.app.screen
        assert isinstance(screen, TableScreen), screen
        return screen._live

    @property
    def head(self) -> str:
        """The line with the tabs, the sort, the filter and the count."""
        return self.lines()[1]

    @property
    def rows(self) -> list[str]:
        """The last parts of the keys of the rows, in order."""
        return [key[-1] for key in self.table.keys]

    def lines(self) -> list[str]:
        """What is on the screen, as text."""
        screen = self.app.screen
        return [strip.text.rstrip() for strip in screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())


@contextlib.asynccontextmanager
async def watching(
    *,
    size: tuple[int, int] = (120, 30),
    count: int = 12,
    live: bool = True,
    client: Client | None = None,
    keeper: Keeper | None = None,
    rooms: int = 2,
    **options: Any,
) -> AsyncIterator[Watching]:
    """Run a monitor; with ``live`` it has a frame already."""
    script, clock = Script(), [1000.0]
    app = MonitorApp(
        script, Options(**options), client=client, keeper=keeper, clock=lambda: clock[0], mask=Mask(KEY)
    )  # fmt: skip
    watched = Watching(app, script, Crowd(count, rooms=rooms), clock)
    async with app.run_test(size=size, notifications=True) as pilot:
        watched.pilot = pilot
        await watched.settle()
        if live:
            await watched.link(Link(state="live"))
            await watched.seconds()
        yield watched
    assert script.stopped


def happening(text: str = "sends camera", **changed: Any) -> Happening:
    values: dict[str, Any] = {
        "at": "2026-11-23T13:00:01.000Z", "level": "ok", "kind": "source_published", "room": "exam-101",
        "peer": "s20230000", "text": text,
    }  # fmt: skip
    return Happening(**(values | changed))


def texts(happenings: Sequence[Happening]) -> list[str]:
    return [each.text for each in happenings]
