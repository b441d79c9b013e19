"""``psfu monitor``: the screens, or the same numbers as text. What shows them is imported when it is needed."""

from __future__ import annotations

import itertools
import json
import math
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from proctor_sfu.control.api.quality import Frame, only_room
from proctor_sfu.errors import RefusedError
from psfu_cli import exits, history
from psfu_cli.commands.monitor_options import (
    AllowActionsOption,
    AsciiOption,
    AtOption,
    ColumnsOption,
    CountOption,
    EveryOption,
    FilterOption,
    LastOption,
    LimitOption,
    ListKeysOption,
    MaskOption,
    Mode,
    ModeOption,
    MouseOption,
    OnceOption,
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
from psfu_cli.output import Colour, Column, Format, flush

if TYPE_CHECKING:
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
    replay: ReplayOption = None,
    last: LastOption = None,
    at: AtOption = None,
    speed: SpeedOption = 1.0,
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
    past = _past(cli, replay, last, at, zone)
    every = _first(interval, prefer.interval, 1.0)
    try:
        if wanted is Mode.TUI:
            from psfu_tui.options import Options

            options = Options(
                mode=shown.value, views=_views(prefer) | {shown.value: view}, room=room, interval=every, masked=masked,
                theme=_first(theme, prefer.theme, None), colour=_coloured(cli), ascii=_ascii(as_ascii, prefer),
                mouse=_first(mouse, prefer.mouse, True), allow_actions=allow_actions, zone=zone, keys=prefer.keys,
            )  # fmt: skip
            _show(cli, options, past, speed)
        elif wanted is Mode.LINES:
            news = _news(cli, room) if past is None else past.frames(room)
            _lines(cli, view, news, masked=masked, count=count, clock=_clock(zone))
        else:
            selection = _selection(shown, view, limit, masked=masked)
            stream = wanted is Mode.STREAM
            frames = _live(cli, room, every, stream=stream) if past is None else past.frames(room, every, stream=stream)
            _write(cli, selection, itertools.islice(frames, count), stream=stream, ascii_only=_ascii(as_ascii, prefer),
                   clock=_clock(zone))  # fmt: skip
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


def _past(cli: Cli, replay: Path | None, last: float | None, at: str | None, zone: tzinfo | None) -> Past | None:
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
        return Past(path=path, begin=begin, at=None if at is None else position(at, begin, archive.end, zone))


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


def _show(cli: Cli, options: Options, past: Past | None, speed: float) -> None:
    from psfu_tui.feeds import LiveFeed
    from psfu_tui.replay import ReplayFeed
    from psfu_tui.start import run

    daemon = cli.client
    if past is None:
        kept = run(LiveFeed(daemon, options.room), options, daemon)
    else:
        # What is replayed is over: there is nothing to be asked, and nothing to be done.
        kept = run(ReplayFeed(past.path, room=options.room, begin=past.begin, at=past.at, speed=speed), options, None)
    if kept is not None:
        cli.writer(type(kept)).line(kept)


def _live(cli: Cli, room: str | None, every: float, *, stream: bool) -> Iterator[Frame]:
    if stream:
        yield from cli.client.quality.stream(max(1.0, every), room)
    else:
        yield cli.client.quality.snapshot(room)


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
    cli: Cli,
    view: View,
    frames: Iterator[Frame],
    *,
    masked: bool,
    count: int | None,
    clock: Callable[[str], str],
) -> None:
    """Write a sentence for each change from one frame to the next."""
    from psfu_tui.happenings import Happening
    from psfu_tui.plain import Sentences, first_sentence, sentence

    sentences = Sentences(view, _mask(masked))

    def told() -> Iterator[Happening]:
        for number, frame in enumerate(frames):
            if number == 0:
                exits.hint(first_sentence(frame))
            yield from sentences.of(frame)

    writer = cli.writer(Happening)
    for change in itertools.islice(told(), count):
        writer.line(json.dumps(asdict(change)) if cli.as_json else sentence(change, clock))
        flush()


def _news(cli: Cli, room: str | None) -> Iterator[Frame]:
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
