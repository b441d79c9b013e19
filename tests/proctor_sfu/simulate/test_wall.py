"""A wall shows a page of tiles and the candidate in focus, who is another one every ten seconds."""

from __future__ import annotations

import pytest

from proctor_sfu.simulate.formats import Source
from proctor_sfu.simulate.wall import FOCUS, LARGE, Tile, Wall

ALL: tuple[Source, ...] = ("camera", "screen", "microphone")


def wall(count: int, tiles: int, ahead: int = 0, sources: tuple[Source, ...] = ALL) -> Wall:
    made = Wall(tiles, ahead)
    made.meet((f"c{number:02}", sources) for number in range(count))
    return made


def shown(tiles: tuple[Tile, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in tiles:
        found.setdefault(each.peer, []).append(each.source)
    return found


def test_a_tile_shows_the_camera_and_says_how_loud_it_is_and_the_focus_has_everything() -> None:
    found = wall(3, 4).tiles(0.0)
    assert shown(found) == {
        "c00": ["camera", "microphone", "screen"], "c01": ["camera", "microphone"], "c02": ["camera", "microphone"],
    }  # fmt: skip
    assert {(each.width, each.height) for each in found if each.focus} == {LARGE, (0, 0)}
    assert {(each.width, each.height) for each in found if not each.focus} == {(960, 540), (0, 0)}
    assert {each.peer for each in found if each.focus} == {"c00"}


def test_without_a_camera_the_screen_is_shown() -> None:
    assert shown(wall(2, 4, sources=("screen",)).tiles(0.0)) == {"c00": ["screen"], "c01": ["screen"]}
    assert shown(wall(2, 4, sources=("microphone",)).tiles(0.0)) == {"c00": ["microphone"], "c01": ["microphone"]}


def test_the_focus_walks_through_all_pages_and_begins_anew() -> None:
    full = wall(5, 2, ahead=1)
    walked = [(next(each.peer for each in full.tiles(turn * FOCUS + 1) if each.focus)) for turn in range(6)]
    assert walked == ["c01", "c02", "c03", "c04", "c00", "c01"]
    pages = [sorted(shown(full.tiles(turn * FOCUS))) for turn in range(5)]
    assert pages == [["c00", "c01"], ["c02", "c03"], ["c02", "c03"], ["c04"], ["c00", "c01"]]


def test_whoever_comes_and_goes_is_followed() -> None:
    made = wall(0, 4)
    assert made.tiles(0.0) == ()
    made.begin("ann", "screen")
    assert shown(made.tiles(0.0)) == {"ann": ["screen"]}
    made.begin("ann", "camera")
    made.end("ann", "screen")
    made.end("nobody", "screen")
    assert shown(made.tiles(0.0)) == {"ann": ["camera"]}
    made.begin("bea", "camera")
    made.end("ann")
    made.end("ann")
    assert shown(made.tiles(0.0)) == {"bea": ["camera"]}
    made.end("bea", "camera")
    assert made.tiles(0.0) == ()
    made.meet([("cid", ["camera"])])
    assert shown(made.tiles(0.0)) == {"cid": ["camera"]}


@pytest.mark.parametrize(("tiles", "width"), [(2, 960), (20, 384), (30, 320), (100, 192)])
def test_more_tiles_are_smaller(tiles: int, width: int) -> None:
    found = {(each.peer, each.source): each for each in wall(2, tiles, ahead=1).tiles(0.0)}
    assert (found["c00", "camera"].width, found["c00", "camera"].height) == (width, width * 9 // 16)
