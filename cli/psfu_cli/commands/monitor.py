"""``psfu monitor``: the screens, or the same numbers as text. What shows them is imported when it is needed."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from proctor_sfu.errors import RefusedError
from psfu_cli import exits
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
from psfu_cli.commands.monitor_past import Demo, Past, made_up, past
from psfu_cli.options import Cli, client
from psfu_cli.output import Colour, Column, Format

if TYPE_CHECKING:
    from psfu_tui.options import Options, View
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
    source = made_up(room, replay, last, at) if demo else past(cli, replay, last, at)
    if record is not None and (wanted is not Mode.TUI or source is not None):
        raise RefusedError("usage", "--record keeps what the screens show live; psfu report --save keeps what was")
    every = _first(interval, prefer.interval, 1.0)
    try:
        if wanted is Mode.TUI:
            from psfu_tui.options import Options

            options = Options(
                mode=shown.value, views=_views(prefer) | {shown.value: view}, room=room, interval=every, masked=masked,
                theme=_first(theme, prefer.theme, None), colour=_coloured(cli),
                ascii=_ascii(as_ascii, prefer, drawn=True),
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
                cli, selection, itertools.islice(glimpses, count), stream=stream,
                ascii_only=_ascii(as_ascii, prefer, drawn=False),
            )  # fmt: skip
    except KeyboardInterrupt:
        raise typer.Exit(exits.Exit.INTERRUPTED) from None


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


def _ascii(asked: bool | None, prefer: Preferences, *, drawn: bool) -> bool:
    """Return whether to do without other signs; a terminal has those of the locale it was given, a file all."""
    from psfu_tui.start import given, only_ascii

    return bool(_first(asked, prefer.ascii, only_ascii(given() if drawn else os.environ)))


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
