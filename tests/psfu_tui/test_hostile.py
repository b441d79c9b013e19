"""Names, ids and texts made to steer a terminal or a toolkit: harmless on every screen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Paste

from proctor_sfu.control.api.quality import Frame, Incident
from psfu_tui.links import Link
from support import frames
from support.watching import Watching, happening, watching

EVIL = "bad\x1b[2J\x1b]0;x\x07\u202e[red]x[/red][@click=app.quit]q[/]\x9b31m\u200b漢字"
SHOWN = "bad[2J]0;x[red]x[/red]["


def hostile(frame: Frame) -> Frame:
    """Everything a stranger could have put into a frame."""
    evil: dict[str, Any] = {"name": EVIL, "id": EVIL, "room": "exam-101", "address": EVIL}
    incident = Incident(id=1, at=frame.at, room=EVIL, candidates=(f"exam-101/{EVIL}",), shared="network", value=EVIL,
                        others=0, summary=EVIL)  # fmt: skip
    source = frames.source(codec=EVIL, source=EVIL, reasons=(EVIL,), layer=EVIL)
    candidate = frames.candidate(
        **evil, state=EVIL, reasons=(EVIL,), missing=(EVIL,), watchers=(EVIL,), path=EVIL, ice=EVIL, dtls=EVIL,
        level="bad", sources=(source,), available_from=EVIL, available_bitrate=1.0,
    )  # fmt: skip
    return replace(
        frame, candidates=(candidate,), incidents=(incident,),
        proctors=(frames.proctor(**evil, role=EVIL, reasons=(EVIL,)),),
        rooms=(frames.room("exam-101"), frames.room(EVIL, created_at=EVIL)),
        workers=(frames.worker(reasons=(EVIL,), state=EVIL, started_at=EVIL),),
        daemon=replace(frame.daemon, node=EVIL),
    )  # fmt: skip


def clean(watched: Watching) -> str:
    """The screen's text, which must not have anything that steers, as the terminal is sent it and as a picture."""
    for strip in watched.app.screen._compositor.render_strips():
        for segment in strip:
            assert segment.control is None
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", segment.text), repr(segment.text)
            assert segment.style is None or "@click" not in segment.style.meta
    return watched.text()


@pytest.mark.parametrize("key", ["1", "2", "3", "5", "6", "7"])
@pytest.mark.parametrize("options", [{}, {"masked": True}, {"ascii": True}])
async def test_every_screen(key: str, options: dict[str, Any]) -> None:
    async with watching(size=(200, 30), **options) as watched:
        await watched.happened(happening(EVIL, room=EVIL, peer=EVIL, note=EVIL, kind=EVIL, at=EVIL))
        await watched.press(key)
        await watched.seconds(2, hostile)
        assert "bad[2J]0;x" in clean(watched) or options.get("masked")
        await watched.press("w", "enter")
        await watched.seconds(1, hostile)
        clean(watched)


async def test_one_candidate_its_filter_and_its_events() -> None:
    async with watching(size=(160, 40)) as watched:
        await watched.happened(happening(EVIL, room="exam-101", peer=EVIL))
        await watched.seconds(2, hostile)
        await watched.press("enter")
        await watched.seconds(1, hostile)
        assert SHOWN in clean(watched)
        await watched.press("e")
        assert SHOWN in clean(watched)
        assert len(watched.rows) == 1
        await watched.press("2", "/", *"name:b")
        assert '"bad[2J]0;x' in clean(watched)
        await watched.press("tab")
        clean(watched)


async def test_palette_messages_and_banner() -> None:
    async with watching(size=(160, 40)) as watched:
        await watched.seconds(1, hostile)
        await watched.press("colon", *"candidate")
        await watched.until("Candidate bad")
        clean(watched)
        await watched.press("escape")
        await watched.link(Link(state="disconnected", text=EVIL))
        await watched.silence(1)
        assert SHOWN in clean(watched)
        watched.app._tell(EVIL, "error")
        await watched.until("[2J]0;x[red]x[/red]")
        clean(watched)


@pytest.mark.parametrize("opens", ["slash", "colon"])
async def test_what_is_pasted(opens: str) -> None:
    async with watching() as watched:
        await watched.press(opens)
        watched.app.post_message(Paste(f"{EVIL}\nmore"))
        await watched.until("[2J]0;x")
        clean(watched)


async def test_a_name_of_wide_letters_moves_nothing() -> None:
    async with watching(count=3) as watched:
        names = ["漢字漢字漢字漢字漢字漢字漢字漢字", "👩‍👩‍👧 family", "ok"]

        def named(frame: Frame) -> Frame:
            people = zip(frame.candidates, names, strict=True)
            return replace(frame, candidates=tuple([replace(c, name=n) for c, n in people]))

        await watched.seconds(1, named)
        strips = watched.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {120}
        rooms = [_cells_before(line, "exam-10") for line in watched.lines()[3:6]]
        assert len(set(rooms)) == 1


def _cells_before(line: str, word: str) -> int:
    from rich.cells import cell_len

    return cell_len(line[: line.index(word)])
