"""What a table draws is what Textual would have drawn, and never older than the rows it was told."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Candidate, Frame, Layer, Source
from proctor_sfu.control.api.unpacker import Unpacker
from psfu_tui.widgets.banner import Banner
from support.stream import line
from support.watching import Watching, watching


def both(watched: Watching) -> tuple[list[Strip], list[Strip]]:
    """Return the lines as the table draws them, and as Textual does."""
    table = watched.table
    whole = table.size.region
    ours = table.render_lines(whole)
    table._styles_cache.clear()
    return [each.simplify() for each in ours], [each.simplify() for each in ScrollView.render_lines(table, whole)]


@pytest.mark.parametrize(
    "options",
    [{}, {"ascii": True}, {"colour": False}, {"colour": False, "ascii": True}, {"theme": "ansi-dark"},
     {"masked": True}, {"theme": "textual-light"}],
)  # fmt: skip
async def test_lines_are_those_that_textual_would_draw(options: dict[str, Any]) -> None:
    async with watching(count=60, **options) as watched:
        for keys in ((), ("m",), ("down",), (">",), ("right",), ("end",), ("p",), ("p",)):
            await watched.press(*keys)
            ours, theirs = both(watched)
            assert ours == theirs, keys
            await watched.seconds()
            ours, theirs = both(watched)
            assert ours == theirs, keys


async def test_a_part_of_the_lines_is_cut_out_of_them() -> None:
    async with watching() as watched:
        table = watched.table
        part = table.render_lines(Region(3, 1, 20, 4))
        assert [each.text for each in part] == [each.text[3:23] for each in table.render_lines(table.size.region)[1:5]]


def sent(frame: Frame) -> Frame:
    """Return a frame as it comes from a daemon: little of it is made before somebody looks."""
    unpacker = Unpacker(Frame, rows.header(Frame), deferred={Source, Layer}, single={Candidate})
    return unpacker.read(line(frame))


def changed(frame: Frame, bitrate: float, rtt: float) -> Frame:
    """Return a frame whose candidates all send and wait so much, as it would come from a daemon."""

    def one(each: Candidate) -> Candidate:
        sources = [replace(source, bitrate=bitrate) for source in each.sources]
        return replace(each, rtt_ms=rtt, sources=tuple(sources))

    return sent(replace(frame, candidates=tuple(map(one, frame.candidates))))


async def test_no_line_is_older_than_its_row() -> None:
    async with watching(size=(160, 30)) as watched:
        for bitrate, rtt in ((111e3, 777.0), (222e3, 777.0), (222e3, 888.0), (111e3, 777.0)):
            await watched.seconds(1, lambda frame, told=(bitrate, rtt): changed(frame, *told))  # type: ignore[misc]
            shown = [each.split() for each in watched.lines()[3:15]]
            assert all(f"{bitrate / 1000:.0f}" in words and f"{rtt:.0f}" in words for words in shown), shown


async def test_frames_that_come_from_a_daemon_show_what_those_made_here_do() -> None:
    async with watching(size=(160, 40), count=70) as made, watching(size=(160, 40), count=70) as read:
        for keys in ((), ("exclamation_mark",), ("escape", ">"), ("r", "w"), ("m", "F"), ("x",), ("enter",),
                     ("escape",), ("slash", *"loss", "greater_than_sign", "1", "enter"), ("escape", "1"), ("enter",),
                     ("escape", "3"), ("6",), ("7",), ("2", "end")):  # fmt: skip
            for each, make in ((made, lambda frame: frame), (read, sent)):
                await each.press(*keys)
                await each.seconds(2, make)
            assert read.text() == made.text(), keys


async def test_another_theme_and_another_order_are_drawn_at_once() -> None:
    async with watching() as watched:
        before = watched.table.render_lines(watched.table.size.region)
        watched.app.theme = "textual-light"
        await watched.settle()
        after = watched.table.render_lines(watched.table.size.region)
        assert [each.text for each in before] == [each.text for each in after]
        assert all(old != new for old, new in zip(before, after, strict=True))
        await watched.press("r")
        assert watched.table.render_lines(watched.table.size.region)[0].text != after[0].text


async def test_a_banner_out_of_sight_is_not_drawn() -> None:
    async with watching() as watched:
        drawn: list[str] = []
        banner = watched.app.screen.query_one(Banner)
        render = banner.render
        banner.render = lambda: drawn.append(render().plain) or render()  # type: ignore[method-assign,func-returns-value]
        await watched.seconds(3)
        assert not banner._repaint_required and not drawn
        await watched.silence(10)
        assert "LATE  no news for 10s" in watched.text()
        await watched.silence(1)
        assert "LATE  no news for 11s" in watched.text() and drawn
