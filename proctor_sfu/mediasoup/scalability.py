"""Scalability modes of simulcast and SVC encodings (https://www.w3.org/TR/webrtc-svc/)."""

from __future__ import annotations

import re
from typing import NamedTuple

_MODE = re.compile(r"[LS]([1-9]\d?)T([1-9]\d?)(_KEY)?", re.ASCII)


class ScalabilityMode(NamedTuple):
    """What a mode says. ``ksvc``: lower spatial layers are needed at key frames only."""

    spatial_layers: int
    temporal_layers: int
    ksvc: bool


def parse_scalability_mode(mode: str | None) -> ScalabilityMode:
    """Return what ``mode`` says; one layer of each for none, or for one that is not understood."""
    found = _MODE.match(mode or "")
    if found is None:
        return ScalabilityMode(1, 1, False)
    return ScalabilityMode(int(found[1]), int(found[2]), found[3] is not None)
