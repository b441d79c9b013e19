"""Columns of the sources of one candidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from proctor_sfu.control.api.quality import Level, Source
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.tables.candidates import LEVELS


def key(source: Source) -> Key:
    """Return what tells sources apart."""
    return (source.source,)


def _blamed(*reasons: str) -> Callable[[Source], Level]:
    def read(source: Source) -> Level:
        return source.level if any(reason in source.reasons for reason in reasons) else "ok"

    return read


def _layers(source: Source) -> str:
    """Return bitrates of the layers in kb/s, smallest picture first."""
    return " ".join(figures.kilobits(each.bitrate) for each in source.layers) if len(source.layers) > 1 else ""


def _why(source: Source) -> str:
    told = ["paused"] if source.paused else []
    return ", ".join(told + [each.replace("_", " ") for each in source.reasons])


def _codec(source: Source) -> str:
    return source.codec.rpartition("/")[2]


SOURCES: Final[Table[Source]] = Table(
    noun="sources",
    usual="hnCcplRtjfgzykLo",
    first="hncltgfjzkRpyCLo",
    pinned=2,
    sort="source",
    key=key,
    words=("source",),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=lambda each: each.level,
            show=lambda value: LEVEL.get(value, "?"), level=lambda each: each.level,
            order=lambda each: WORST.get(each.level, 3), help="verdict",
        ),
        Column(code="n", name="source", title="source", width=10, kind="text", value=lambda each: each.source,
               show=same, help="camera, screen or microphone"),
        Column(code="C", name="codec", title="codec", width=6, kind="text", value=_codec, show=same, help="codec"),
        Column(code="c", name="bitrate", title="kb/s", width=6, kind="rate", value=lambda each: each.bitrate,
               unit=1000, show=figures.kilobits, level=_blamed("bitrate", "no_media"), help="media, over 2 s"),
        Column(code="p", name="packets", title="pkt/s", width=6, value=lambda each: each.packets,
               show=figures.whole, level=_blamed("no_media"), help="packets per second"),
        Column(code="l", name="loss", title="loss %", width=6, value=lambda each: each.loss, show=figures.tenths,
               level=_blamed("loss"), help="lost for good, over 10 s"),
        Column(code="R", name="repaired", title="rtx %", width=6, value=lambda each: each.repaired,
               show=figures.tenths, help="lost but sent again in time"),
        Column(code="t", name="rtt", title="rtt ms", width=6, value=lambda each: each.rtt_ms, show=figures.milliseconds,
               level=_blamed("rtt"), help="round trip"),
        Column(code="j", name="jitter", title="jit ms", width=6, value=lambda each: each.jitter_ms,
               show=figures.milliseconds, level=_blamed("jitter"), help="jitter"),
        Column(code="f", name="fps", title="fps", width=3, value=lambda each: each.fps, show=figures.whole,
               level=_blamed("fps", "frozen"), help="pictures per second"),
        Column(code="g", name="gap", title="gap s", width=5, kind="span", value=lambda each: each.gap_s,
               show=figures.tenths, level=_blamed("gap"), help="seconds without media in the last 5 minutes"),
        Column(code="z", name="silent", title="last s", width=6, kind="span", value=lambda each: each.silent_s,
               show=figures.tenths, level=_blamed("no_media"), help="seconds since its last packet"),
        Column(code="y", name="layer", title="layer", width=5, kind="text", value=lambda each: each.layer, show=same,
               help="largest layer that arrives"),
        Column(code="k", name="score", title="score", width=5, value=lambda each: each.score, show=figures.whole,
               level=_blamed("score"), help="score of the worker, 0 to 10, of loss only"),
        Column(code="L", name="layers", title="layers kb/s", width=14, kind="text", value=_layers,
               show=lambda value: value, help="bitrate of each layer, smallest picture first"),
        Column(code="o", name="why", title="why", width=12, kind="text", grows=60, value=_why,
               show=lambda value: value, level=lambda each: each.level, help="what is wrong"),
    ),
)  # fmt: skip
