"""Tile sizes and the layers that follow from them."""

from __future__ import annotations

import pytest

from proctor_sfu.rooms.roles import Source
from proctor_sfu.rooms.views import FOCUS_PRIORITY, WITHHELD, View, delivery, spatial_layer


def tile(width: int, *, focus: bool = False, source: Source = Source.CAMERA) -> View:
    return View(peer_id="ann", source=source, width=width, height=width * 9 // 16, focus=focus)


@pytest.mark.parametrize(
    ("width", "layers", "full_width", "layer"),
    [
        (0, 3, 1280, 0),
        (320, 3, 1280, 0),
        (400, 3, 1280, 0),  # Stretched by a quarter at most.
        (401, 3, 1280, 1),
        (800, 3, 1280, 1),
        (801, 3, 1280, 2),
        (4000, 3, 1280, 2),
        (320, 2, 640, 0),
        (401, 2, 640, 1),
        (320, 3, 1920, 0),
        (401, 3, None, 1),  # Nobody said: three layers begin at 960.
        (401, 2, None, 1),
    ],
)
def test_the_lowest_layer_that_fills_the_tile_is_sent(
    width: int, layers: int, full_width: int | None, layer: int
) -> None:
    assert spatial_layer(tile(width), layers=layers, full_width=full_width) == layer


def test_the_focus_gets_the_highest_layer_however_small_it_is() -> None:
    assert spatial_layer(tile(16, focus=True), layers=3, full_width=1280) == 2


def test_what_is_not_shown_is_withheld() -> None:
    assert delivery(None, source=Source.CAMERA, layers=3, full_width=None) == WITHHELD


def test_a_source_without_layers_is_sent_whole() -> None:
    sent = delivery(tile(2000), source=Source.SCREEN, layers=1, full_width=None)
    assert (sent.paused, sent.spatial_layer) == (False, None)


def test_bandwidth_goes_to_the_focus_then_sound_then_screens_then_cameras() -> None:
    def priority(view: View) -> int:
        return delivery(view, source=view.source, layers=1, full_width=None).priority

    order = [
        priority(tile(100, focus=True, source=Source.SCREEN)),
        priority(tile(100, focus=True)),
        priority(tile(100, source=Source.MICROPHONE)),
        priority(tile(100, source=Source.SCREEN)),
        priority(tile(100)),
    ]
    assert order == sorted(set(order), reverse=True)
    assert order[0] == FOCUS_PRIORITY
