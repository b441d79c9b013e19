"""Values with units as people write them on a command line: ``5%``, ``80ms``, ``2m``, ``300k``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

import typer

from proctor_sfu.errors import RefusedError

RECORDED: Final = ("camera", "screen", "microphone")
"""Sources that can be recorded."""
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z%]*)", re.ASCII | re.IGNORECASE)
_SECONDS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BITS: Final = {"": 1.0, "k": 1e3, "kbps": 1e3, "m": 1e6, "mbps": 1e6, "g": 1e9, "gbps": 1e9}


def share(text: str) -> float:
    """Return a part, 0 to 1, of ``5%`` or ``0.05``."""
    value = _value(text, {"%": 0.01, "": 1.0}, "a part like 5% or 0.05")
    if value > 1:
        raise typer.BadParameter(f"{text!r} is more than 100 %")
    return value


def percent(text: str) -> float:
    """Return percent of ``95%`` or ``95``."""
    return _value(text, {"%": 1.0, "": 1.0}, "percent like 95%")


def seconds(text: str) -> float:
    """Return seconds of ``80ms``, ``5s``, ``5``, ``2m`` or ``1h``."""
    return _value(text, _SECONDS, "a time like 80ms, 5s or 2m")


def bits(text: str) -> float:
    """Return bits per second of ``300k`` or ``1.5M``."""
    return _value(text, _BITS, "a rate like 300k or 1.5M, in bits per second")


def per_minute(text: str) -> float:
    """Return times a minute of ``6``, ``6/m``, ``1/s``."""
    number, _, unit = text.partition("/")
    scale = {"": 1.0, "m": 1.0, "min": 1.0, "s": 60.0, "h": 1 / 60}.get(unit.strip().lower())
    if scale is None:
        raise typer.BadParameter(f"{text!r} is no rate like 6/min")
    return _value(number, {"": scale}, "a rate like 6/min")


def outage(text: str) -> tuple[float, float]:
    """Return begin and end, in seconds, of ``5s@20s``: a length and when it begins."""
    length, at, begin = text.partition("@")
    if not at:
        raise typer.BadParameter(f"{text!r} is no outage like 5s@20s: how long, and when it begins")
    start = seconds(begin)
    return start, start + seconds(length)


def recorded_sources(text: str) -> list[str]:
    """Return the sources in ``camera,screen``; raises `RefusedError` ``usage`` for what is none."""
    found = [each.strip() for each in text.split(",") if each.strip()]
    for each in found:
        if each not in RECORDED:
            raise RefusedError("usage", f"{each!r} cannot be recorded: camera, screen, microphone, with commas")
    return found


def _value(text: str, units: Mapping[str, float], wanted: str) -> float:
    match = _NUMBER.fullmatch(text.strip())
    scale = units.get(match[2].lower()) if match else None
    if match is None or scale is None or not math.isfinite(float(match[1])):
        raise typer.BadParameter(f"{text!r} is not {wanted}")
    return float(match[1]) * scale
