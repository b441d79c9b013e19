"""What ``psfu monitor`` writes where it draws no screens: tables, CSV, JSON, and sentences of what changes."""

from __future__ import annotations

import itertools
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.quality import Frame
from psfu_cli import exits
from psfu_cli.commands.monitor_options import Screen
from psfu_cli.options import Cli
from psfu_cli.output import Column, Format, flush

if TYPE_CHECKING:
    from psfu_tui.options import View
    from psfu_tui.plain import Glimpse, Selection


def _mask(masked: bool) -> Any:
    from psfu_tui.masking import Mask

    return Mask(secrets.token_bytes(16)) if masked else None


def live(cli: Cli, selection: Selection, room: str | None, every: float, *, stream: bool) -> Iterator[Glimpse]:
    """Yield what the daemon knows, for good or once; raises what the control client raises."""
    from psfu_tui.plain import OF_FRAMES

    if selection.mode not in OF_FRAMES:
        yield _asked(cli, selection, room)
        while stream:
            time.sleep(every)  # The pace the user asked for.
            yield _asked(cli, selection, room)
    elif stream:
        yield from map(selection.of_frame, cli.client.quality.stream(max(1.0, every), room))
    else:
        yield selection.of_frame(cli.client.quality.snapshot(room))


def _asked(cli: Cli, selection: Selection, room: str | None) -> Glimpse:
    """Return what the daemon is asked for by itself, since no frame has it."""
    from psfu_tui.happenings import REMEMBERED
    from psfu_tui.sentences import happening

    at = timestamp(time.time())
    if selection.mode == "recordings":
        return selection.of_recordings(at, cli.client.recordings.list(room))
    events, _ = cli.client.events.list(room=room, limit=REMEMBERED)
    return selection.of_happenings(at, map(happening, events))


def news(cli: Cli, room: str | None) -> Iterator[Frame]:
    """Yield frames for good, and say on standard error how the daemon is."""
    from psfu_tui.feeds import reconnecting
    from psfu_tui.links import Link

    daemon = cli.client
    for told in reconnecting(lambda: daemon.quality.stream(room=room), time.sleep):
        if isinstance(told, Link):
            exits.hint(f"{told.state}: {told.text}" if told.text else told.state)
        else:
            yield told


def selected(screen: Screen, view: View, limit: int | None, *, masked: bool) -> Selection:
    """Return which records are written, and how."""
    from psfu_tui.plain import Selection

    return Selection(mode=screen.value, view=view, limit=limit, mask=_mask(masked))


def write(
    cli: Cli,
    selection: Selection,
    glimpses: Iterator[Glimpse],
    *,
    stream: bool,
    ascii_only: bool,
) -> None:
    """Write the records of each moment."""
    from psfu_tui import figures
    from psfu_tui.plain import KINDS, csv_rows

    writer = cli.writer(KINDS[selection.mode], lambda record: "/".join(selection.table.key(record)))
    columns = selection.columns
    table = [_column(each, ascii_only=ascii_only) for each in columns]
    for number, glimpse in enumerate(glimpses):
        match cli.format:
            case Format.JSON if not stream:
                writer.line(json.dumps(list(selection.objects(glimpse)), indent=2))
            case Format.JSON | Format.NDJSON:
                for record in selection.objects(glimpse):
                    writer.line(json.dumps(record))
            case Format.CSV:
                if number == 0:
                    writer.row(["at", *(each.name for each in columns)])
                for row in csv_rows(columns, selection.records(glimpse)):
                    writer.row([glimpse.at, *row])
            case _:
                if stream and cli.format is not Format.NAME:
                    after = "\n" if cli.format is Format.MARKDOWN else ""
                    writer.line(f"{'' if number == 0 else chr(10)}{figures.clock(glimpse.at)}{after}")
                writer.many(selection.records(glimpse), table, empty=f"no {selection.table.noun}")
        flush()


def _column(column: Any, *, ascii_only: bool) -> Column:
    """Return a column of the screens as one of a table of text, where levels are words."""
    from psfu_tui import figures, glyphs

    def text(record: Any) -> str | None:
        # A tree that cannot be unfolded needs no signs for it.
        shown = {"level": column.value, "label": lambda node: node.label}.get(column.name, column.text)(record)
        return None if shown == figures.ABSENT else glyphs.to_ascii(shown) if ascii_only else shown

    title = column.title if column.title.isascii() and column.title else column.name
    alarming = None if column.level is None else lambda record: column.level(record) == "bad"
    depth = (lambda record: record.depth) if column.name == "label" else None
    return Column(title=title.upper(), value=text, alarming=alarming, depth=depth)


def lines(
    cli: Cli,
    view: View,
    frames: Iterator[Frame],
    *,
    masked: bool,
    count: int | None,
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
        writer.line(json.dumps(asdict(change)) if cli.as_json else sentence(change))
        flush()
