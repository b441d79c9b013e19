"""``psfu monitor``: the screens, or the same numbers as text. What shows them is imported when it is needed."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import typer

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.errors import RefusedError
from psfu_cli import exits
from psfu_cli.commands.monitor_options import (
    AllowActionsOption,
    AsciiOption,
    ColumnsOption,
    CountOption,
    EveryOption,
    FilterOption,
    LimitOption,
    ListKeysOption,
    MaskOption,
    Mode,
    ModeOption,
    MouseOption,
    OnceOption,
    RoomOption,
    Screen,
    ScreenOption,
    SortOption,
    ThemeOption,
    UtcOption,
)
from psfu_cli.options import Cli, client
from psfu_cli.output import Colour, Column, Format, flush

if TYPE_CHECKING:
    from psfu_tui.happenings import Happening
    from psfu_tui.options import Options, View
    from psfu_tui.plain import Selection
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
    utc: UtcOption = None,
    mask: MaskOption = None,
    allow_actions: AllowActionsOption = False,
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
    zone = UTC if _first(utc, prefer.utc, False) else None
    every = _first(interval, prefer.interval, 1.0)
    try:
        if wanted is Mode.TUI:
            from psfu_tui.options import Options

            options = Options(
                mode=shown.value, views=_views(prefer) | {shown.value: view}, room=room, interval=every, masked=masked,
                theme=_first(theme, prefer.theme, None), colour=_coloured(cli), ascii=_ascii(as_ascii, prefer),
                mouse=_first(mouse, prefer.mouse, True), allow_actions=allow_actions, zone=zone, keys=prefer.keys,
            )  # fmt: skip
            _show(cli, options)
        elif wanted is Mode.LINES:
            _lines(cli, view, room, masked=masked, count=count, clock=_clock(zone))
        else:
            selection = _selection(shown, view, limit, masked=masked)
            stream = wanted is Mode.STREAM
            frames = (
                cli.client.quality.stream(max(1.0, every), room)
                if stream
                else iter([cli.client.quality.snapshot(room)])
            )
            _write(cli, selection, itertools.islice(frames, count), stream=stream, ascii_only=_ascii(as_ascii, prefer),
                   clock=_clock(zone))  # fmt: skip
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


def _ascii(asked: bool | None, prefer: Preferences) -> bool:
    from psfu_tui.start import only_ascii

    return bool(_first(asked, prefer.ascii, only_ascii(os.environ)))


def _clock(zone: Any) -> Callable[[str], str]:
    from psfu_tui import figures

    return lambda at: figures.clock(at, zone)


def _mask(masked: bool) -> Any:
    from psfu_tui.masking import Mask

    return Mask(secrets.token_bytes(16)) if masked else None


def _show(cli: Cli, options: Options) -> None:
    from psfu_tui.feeds import LiveFeed
    from psfu_tui.start import run

    daemon = cli.client
    kept = run(LiveFeed(daemon, options.room), options, daemon)
    if kept is not None:
        cli.writer(type(kept)).line(kept)


def _selection(screen: Screen, view: View, limit: int | None, *, masked: bool) -> Selection:
    from psfu_tui.plain import RECORDS, Selection

    if screen.value not in RECORDS:
        raise RefusedError("usage", f"{screen} can only be shown on screens; written are {', '.join(RECORDS)}")
    return Selection(mode=screen.value, view=view, limit=limit, mask=_mask(masked))


def _write(
    cli: Cli,
    selection: Selection,
    frames: Iterator[Frame],
    *,
    stream: bool,
    ascii_only: bool,
    clock: Callable[[str], str],
) -> None:
    """Write the records of each frame."""
    from psfu_tui.plain import RECORDS, csv_rows

    writer = cli.writer(RECORDS[selection.mode][0], lambda record: "/".join(selection.table.key(record)))
    columns = selection.columns
    table = [_column(each, ascii_only=ascii_only) for each in columns]
    for number, frame in enumerate(frames):
        match cli.format:
            case Format.JSON if not stream:
                writer.line(json.dumps(list(selection.objects(frame)), indent=2))
            case Format.JSON | Format.NDJSON:
                for record in selection.objects(frame):
                    writer.line(json.dumps(record))
            case Format.CSV:
                if number == 0:
                    writer.row(["at", *(each.name for each in columns)])
                for row in csv_rows(columns, selection.records(frame)):
                    writer.row([frame.at, *row])
            case _:
                if stream and cli.format is not Format.NAME:
                    writer.line(f"{'' if number == 0 else chr(10)}{clock(frame.at)}")
                writer.many(selection.records(frame), table, empty=f"no {selection.table.noun}")
        flush()


def _column(column: Any, *, ascii_only: bool) -> Column:
    """Return a column of the screens as one of a table of text, where levels are words."""
    from psfu_tui import figures, glyphs

    def text(record: Any) -> str | None:
        shown = record.level if column.name == "level" else column.text(record)
        return None if shown == figures.ABSENT else glyphs.to_ascii(shown) if ascii_only else shown

    title = column.title if column.title.isascii() and column.title else column.name
    alarming = None if column.level is None else lambda record: column.level(record) == "bad"
    return Column(title=title.upper(), value=text, alarming=alarming)


def _lines(
    cli: Cli, view: View, room: str | None, *, masked: bool, count: int | None, clock: Callable[[str], str]
) -> None:
    """Write a sentence for each change; a daemon that goes away is waited for."""
    from psfu_tui.happenings import Happening
    from psfu_tui.plain import Sentences, first_sentence, sentence

    sentences = Sentences(view, _mask(masked))

    def told() -> Iterator[Happening]:
        begun = False
        for frame in _frames(cli, room):
            if not begun:
                exits.hint(first_sentence(frame))
                begun = True
            yield from sentences.of(frame)

    writer = cli.writer(Happening)
    for change in itertools.islice(told(), count):
        writer.line(json.dumps(asdict(change)) if cli.as_json else sentence(change, clock))
        flush()


def _frames(cli: Cli, room: str | None) -> Iterator[Frame]:
    """Yield frames for good, and say on standard error how the daemon is."""
    from psfu_tui.feeds import reconnecting
    from psfu_tui.links import Link

    daemon = cli.client
    for news in reconnecting(lambda: daemon.quality.stream(room=room), time.sleep):
        if isinstance(news, Link):
            exits.hint(f"{news.state}: {news.text}" if news.text else news.state)
        else:
            yield news


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
