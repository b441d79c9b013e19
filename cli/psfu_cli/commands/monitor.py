"""``psfu monitor``: the screens, or the same numbers as text. What shows them is imported when it is needed."""

from __future__ import annotations

import itertools
import math
import os
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.quality import Frame, only_room
from proctor_sfu.errors import RefusedError
from proctor_sfu.text import safe_text
from psfu_cli import exits, history
from psfu_cli.commands import monitor_text as text
from psfu_cli.commands.monitor_options import (
    AllowActionsOption,
    AsciiOption,
    AtOption,
    ColumnsOption,
    CountOption,
    DemoOption,
    EveryOption,
    FilterOption,
    IdlePauseOption,
    LastOption,
    LimitOption,
    ListKeysOption,
    MaskOption,
    Mode,
    ModeOption,
    MouseOption,
    OnceOption,
    RecordOption,
    ReplayOption,
    RoomOption,
    Screen,
    ScreenOption,
    SortOption,
    SpeedOption,
    ThemeOption,
    UtcOption,
)
from psfu_cli.options import Cli, client
from psfu_cli.output import Colour, Column, Format

if TYPE_CHECKING:
    from psfu_tui.demo import DemoFeed
    from psfu_tui.options import Options, View
    from psfu_tui.plain import Glimpse, Selection
    from psfu_tui.preferences import Preferences


@client()
def monitor(
    cli: Cli,
    room: RoomOption = None,
    screen: ScreenOption = None,
    filter_text: FilterOption = "",
    sort: SortOption = None,
    columns: ColumnsOption = None,
    limit: LimitOption = None,
    mode: ModeOption = None,
    once: OnceOption = False,
    interval: EveryOption = None,
    count: CountOption = None,
    theme: ThemeOption = None,
    as_ascii: AsciiOption = None,
    mouse: MouseOption = None,
    idle_pause: IdlePauseOption = None,
    utc: UtcOption = None,
    replay: ReplayOption = None,
    record: RecordOption = None,
    last: LastOption = None,
    at: AtOption = None,
    speed: SpeedOption = 1.0,
    mask: MaskOption = None,
    allow_actions: AllowActionsOption = False,
    demo: DemoOption = False,
    list_keys: ListKeysOption = False,
) -> None:
    """Watch over an exam: who is in trouble, how badly, and whose fault it is."""
    from psfu_tui import preferences  # With what it needs 40 ms that other commands do not pay.

    if list_keys:
        _list_keys(cli)
        return
    wanted = _mode(cli, Mode.ONCE if once else mode)
    prefer = preferences.read(preferences.place(os.environ))
    shown = screen or (Screen.EVENTS if wanted is Mode.LINES else Screen.CANDIDATES)
    view = _view(shown, filter_text, sort, columns, prefer)
    masked = _first(mask, prefer.mask, False)
    if _first(utc, prefer.utc, False):
        os.environ["TZ"] = "UTC0"  # Of this process, so that no time is shown in any other.
        time.tzset()
    source = _made_up(room, replay, last, at) if demo else _past(cli, replay, last, at)
    if record is not None and (wanted is not Mode.TUI or source is not None):
        raise RefusedError("usage", "--record keeps what the screens show live; psfu report --save keeps what was")
    every = _first(interval, prefer.interval, 1.0)
    try:
        if wanted is Mode.TUI:
            from psfu_tui.options import Options

            options = Options(
                mode=shown.value, views=_views(prefer) | {shown.value: view}, room=room, interval=every, masked=masked,
                theme=_first(theme, prefer.theme, None), colour=_coloured(cli), ascii=_ascii(as_ascii, prefer),
                mouse=_first(mouse, prefer.mouse, True), allow_actions=allow_actions, keys=prefer.keys,
                idle_pause=_first(idle_pause, prefer.idle_pause, False),
            )  # fmt: skip
            if source is None:
                _show_live(cli, options, record)
            else:
                _show_past(cli, options, source, speed)
        elif wanted is Mode.LINES:
            news = text.news(cli, room) if source is None else source.frames(room)
            text.lines(cli, view, news, masked=masked, count=count)
        else:
            selection = text.selected(shown, view, limit, masked=masked)
            stream = wanted is Mode.STREAM
            glimpses = (
                text.live(cli, selection, room, every, stream=stream) if source is None
                else source.glimpses(selection, room, every, stream=stream)
            )  # fmt: skip
            text.write(
                cli, selection, itertools.islice(glimpses, count), stream=stream, ascii_only=_ascii(as_ascii, prefer),
            )  # fmt: skip
    except KeyboardInterrupt:
        raise typer.Exit(exits.Exit.INTERRUPTED) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A history to show; times are Unix times."""

    path: Path
    begin: float | None
    at: float | None

    def frames(self, room: str | None, every: float = 1.0, *, stream: bool = True) -> Iterator[Frame]:
        """Yield the frames from a time on, or the one of it; without one that is the last."""
        from proctor_sfu.quality.archive import Archive

        with Archive(self.path) as archive:
            if stream:
                begin = self.begin if self.at is None else self.at
                found = archive.frames(begin, step=max(1, round(every)))
            else:
                only = archive.frame_at(math.inf if self.at is None else self.at)
                found = iter([only] if only is not None else [])
            for recorded in found:
                yield recorded.frame if room is None else only_room(recorded.frame, room)

    def glimpses(self, selection: Selection, room: str | None, every: float, *, stream: bool) -> Iterator[Glimpse]:
        """Yield records from a time on, or those of it; events are all that happened until then."""
        from psfu_tui.plain import OF_FRAMES

        if selection.mode in OF_FRAMES:
            return map(selection.of_frame, self.frames(room, every, stream=stream))
        if selection.mode == "recordings":
            raise RefusedError("usage", "a history does not tell of recordings; psfu recordings list does")
        return iter([self._events(selection, room)])

    def _events(self, selection: Selection, room: str | None) -> Glimpse:
        from proctor_sfu.quality.archive import Archive
        from psfu_tui.replay import recorded_happening

        with Archive(self.path) as archive:
            end = archive.end if self.at is None else self.at
            found = archive.events(self.begin, end, room=room)
            return selection.of_happenings(timestamp(end or 0.0), map(recorded_happening, found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """An exam that is made up."""

    feed: DemoFeed

    def frames(self, room: str | None, every: float = 1.0, *, stream: bool = True) -> Iterator[Frame]:
        """Yield its frames as they come, or the first one; it has only its room."""
        return itertools.islice(self.feed.frames(every), None if stream else 1)

    def glimpses(self, selection: Selection, room: str | None, every: float, *, stream: bool) -> Iterator[Glimpse]:
        """Yield its records as they come, or the first ones; events are all that happened until then."""
        from psfu_tui.plain import OF_FRAMES

        if selection.mode in OF_FRAMES:
            return map(selection.of_frame, self.frames(room, every, stream=stream))
        if selection.mode == "recordings":
            raise RefusedError("usage", "nothing is recorded of an exam that is made up")
        events = self.feed.events()
        return iter([selection.of_happenings(events[-1].at if events else timestamp(time.time()), events)])


def _made_up(room: str | None, replay: Path | None, last: float | None, at: str | None) -> Demo:
    """Return a demo from now on; raises `RefusedError`."""
    from psfu_tui.demo import ROOMS, DemoFeed

    if replay is not None or last is not None or at is not None:
        raise RefusedError("usage", "--demo shows neither --replay nor --last, and has no --at")
    if room is not None and room not in ROOMS:
        raise RefusedError("not_found", f'room "{safe_text(room, 64)}" not found (rooms: {", ".join(ROOMS)})')
    return Demo(feed=DemoFeed(time.time(), room))


def _past(cli: Cli, replay: Path | None, last: float | None, at: str | None) -> Past | None:
    """Return the history to show, None for what is now; raises `RefusedError` and `ArchiveError`."""
    if replay is None and last is None:
        if at is not None:
            raise RefusedError("usage", "--at is for --replay and --last")
        return None
    from proctor_sfu.quality.archive import Archive
    from psfu_tui.player import position

    path = replay or history.of_daemon(cli)
    with Archive(path) as archive:
        if archive.begin is None or archive.end is None:
            raise RefusedError("not_found", f"{path}: nothing was recorded yet")
        begin = archive.begin if last is None else max(archive.begin, archive.end - last)
        return Past(path=path, begin=begin, at=None if at is None else position(at, begin, archive.end))


def _first(*values: Any) -> Any:
    """Return the first value that was given: flag, preference, default."""
    return next((value for value in values[:-1] if value is not None), values[-1])


def _mode(cli: Cli, asked: Mode | None) -> Mode:
    """Return how to show it; screens only where there is a terminal for them."""
    terminal = sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if asked is Mode.TUI and not terminal:
        raise RefusedError("usage", "--mode tui needs a terminal to draw on and to read keys from")
    if asked is not None:
        return asked
    if terminal and cli.format is Format.TABLE:
        return Mode.TUI
    if cli.format is Format.TABLE:
        exits.hint("no terminal to draw on: one table (--once says so, --mode stream goes on)")
    return Mode.ONCE


def _view(screen: Screen, filter_text: str, sort: str | None, columns: str | None, prefer: Preferences) -> View:
    from psfu_tui.options import TABLES, view

    letters = columns if columns is not None else prefer.columns.get(screen.value)
    return view(TABLES[screen.value], filter_text=filter_text, sort=sort, columns=letters)


def _views(prefer: Preferences) -> dict[Any, View]:
    from psfu_tui.options import View

    return {mode: View(columns=letters) for mode, letters in prefer.columns.items()}


def _coloured(cli: Cli) -> bool:
    if cli.colour is Colour.AUTO:
        return not os.environ.get("NO_COLOR")
    return cli.colour is Colour.ALWAYS


def _ascii(asked: bool | None, prefer: Preferences) -> bool:
    from psfu_tui.start import only_ascii

    return bool(_first(asked, prefer.ascii, only_ascii(os.environ)))


def _show_live(cli: Cli, options: Options, record: Path | None) -> None:
    from psfu_tui.feeds import LiveFeed
    from psfu_tui.start import run

    daemon = cli.client
    if record is None:
        _leave(cli, run(LiveFeed(daemon, options.room), options, daemon))
        return
    from proctor_sfu.control.api.masking import Mask
    from proctor_sfu.quality.keeping import Keeper

    with Keeper(record, mask=Mask(secrets.token_bytes(16)) if options.masked else None) as keeper:
        left = run(LiveFeed(daemon, options.room, keeper=keeper), options, daemon, keeper=keeper)
    _leave(cli, left)
    if keeper.lost:
        exits.hint(f"warning: {record} lacks {keeper.lost} s: {keeper.problem or 'the disk failed for a while'}")
    exits.hint(f"kept {record}: psfu monitor --replay {record}" if keeper.kept else f"nothing came, so no {record}")


def _show_past(cli: Cli, options: Options, source: Past | Demo, speed: float) -> None:
    """Show what is over or made up: there is nothing to be asked, and nothing to be done."""
    from psfu_tui.replay import ReplayFeed
    from psfu_tui.start import run

    feed = (
        source.feed if isinstance(source, Demo)
        else ReplayFeed(source.path, room=options.room, begin=source.begin, at=source.at, speed=speed)
    )  # fmt: skip
    _leave(cli, run(feed, options, None))


def _leave(cli: Cli, text: str | None) -> None:
    """Leave on the terminal what was asked for."""
    if text is not None:
        cli.writer(str).line(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What ``--list-keys`` writes."""

    id: str
    keys: str
    what: str


KEYS: Final = (
    Column(title="ID", value=lambda each: each.id),
    Column(title="KEYS", value=lambda each: each.keys),
    Column(title="WHAT", value=lambda each: each.what),
)


def _list_keys(cli: Cli) -> None:
    from psfu_tui.start import bindings

    found: dict[str, Keys] = {}
    for binding in bindings():
        known = found.get(str(binding.id))
        keys = binding.key if known is None else f"{known.keys},{binding.key}"
        found[str(binding.id)] = Keys(id=str(binding.id), keys=keys, what=binding.description)
    cli.writer(Keys).many(list(found.values()), KEYS, empty="no keys")
