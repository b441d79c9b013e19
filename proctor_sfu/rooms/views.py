"""What a proctor shows, and what it therefore gets sent: pure rules from tile sizes to layers.

A proctor declares its tiles in device pixels; a tile that is not declared is not visible. Simulcast layers halve in
width from one to the next, which is what browsers send for the scale factors 4, 2 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proctor_sfu.rooms.roles import Source

ASSUMED_WIDTH: Final = {1: 640, 2: 640, 3: 1280}
"""Layers -> width of the highest in pixels, for a candidate that did not say: libwebrtc sends three from 960 on."""
UPSCALED: Final = 1.25
"""How far a picture may be stretched before the next layer is sent: the eye does not see it, the network does."""
FOCUS_PRIORITY: Final = 255
BESIDE_PRIORITY: Final = 254
"""Of the camera in focus: where not both fit, the screen is what a proctor opens somebody for."""
VISIBLE_PRIORITY: Final = {Source.SCREEN: 20, Source.CAMERA: 10}
"""Who gets bandwidth first on a proctor's tight downlink, 1 to 255."""
SOUND_PRIORITY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A tile: what is shown in it and how large, in device pixels. ``focus``: the one that is looked at."""

    peer_id: str
    source: Source
    width: int
    height: int
    focus: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a consumer is to be sent. ``spatial_layer`` None: it has no layers, or all of them."""

    paused: bool
    spatial_layer: int | None = None
    priority: int = 1


WITHHELD: Final = Delivery(paused=True)
WHOLE: Final = Delivery(paused=False)
"""What somebody gets who declares no tiles."""


def spatial_layer(view: View, *, layers: int, full_width: int | None) -> int:
    """Return the lowest of ``layers`` that fills the tile; a focus gets the highest."""
    highest = layers - 1
    if view.focus:
        return highest
    width = (full_width or ASSUMED_WIDTH.get(layers, 1280)) >> highest
    for layer in range(highest):
        if width * UPSCALED >= view.width:
            return layer
        width *= 2
    return highest


def delivery(view: View | None, *, source: Source, layers: int, full_width: int | None) -> Delivery:
    """Return how a source with that many spatial layers is sent to somebody who shows it in ``view``, or not at all."""
    if view is None:
        return WITHHELD
    if view.focus:
        priority = BESIDE_PRIORITY if source is Source.CAMERA else FOCUS_PRIORITY
    else:
        priority = VISIBLE_PRIORITY.get(source, SOUND_PRIORITY)
    if layers <= 1:
        return Delivery(paused=False, priority=priority)
    return Delivery(
        paused=False, spatial_layer=spatial_layer(view, layers=layers, full_width=full_width), priority=priority
    )
