"""RTP and RTCP through direct transports, where every packet goes the same way at the same moment in both hosts."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    FULL_VP8,
    MID,
    OPUS,
    ORIENTATION,
    PLAIN_VP8,
    SIMULCAST_SSRCS,
    SPEECH,
    VP8,
    consume,
    direct,
    extensions,
    produce,
    router,
)
from conformance.script import Case, Step, ask, hexed
from support.packets import DELTA_FRAME, KEY_FRAME, rtp, sender_report


def picture(sequence: int, payload: bytes, ssrc: int = 1001, to: str = "camera", **more: Any) -> Step:
    packet = rtp(96, sequence, 3000 * sequence, ssrc, payload, marker=True, **more)
    return ask(f"{to}.send", hexed(packet))


def sound(sequence: int, level: int | None = None, payload: bytes = b"\xf8\xff\xfe") -> Step:
    packet = rtp(
        111, sequence, 960 * sequence, 2001, payload, extensions=None if level is None else {6: bytes([level])}
    )
    return ask("voice.send", hexed(packet))


TAPPED: Case = (
    router(OPUS, VP8), direct("here"), direct("there"), produce("camera", "here", "video", PLAIN_VP8),
    consume("picture", "there", "camera"),
)  # fmt: skip
HEARD: Case = (
    router(OPUS, VP8), direct("here"), direct("there"), produce("voice", "here", "audio", SPEECH),
    consume("sound", "there", "voice"),
)  # fmt: skip
BY_MID = PLAIN_VP8 | {"mid": "7", "encodings": [{}], "headerExtensions": extensions(MID)}
LOOK: Case = (ask("camera.dump"), ask("picture.dump"), ask("camera.getStats"), ask("picture.getStats"))

CASES: dict[str, Case] = {
    "media: video arrives": (
        *TAPPED, picture(100, KEY_FRAME), picture(101, DELTA_FRAME), picture(102, DELTA_FRAME), *LOOK, ask("here.dump"),
    ),
    "media: video begins with a key frame": (*TAPPED, picture(100, DELTA_FRAME), picture(101, KEY_FRAME), *LOOK),
    "media: audio arrives": (*HEARD, sound(1), sound(2), sound(3), ask("voice.getStats"), ask("sound.getStats")),
    "media: audio levels travel": (
        router(OPUS), direct("here"), direct("there"),
        produce("voice", "here", "audio", SPEECH | {"headerExtensions": extensions(AUDIO_LEVEL, first=6)}),
        consume("sound", "there", "voice"), sound(1, 0x80 | 30), sound(2, 127),
    ),
    "media: nothing while the consumer is paused": (
        *HEARD, ask("sound.pause"), sound(1), ask("sound.resume"), sound(2), ask("sound.getStats"),
    ),
    "media: nothing while the producer is paused": (
        *HEARD, ask("voice.pause"), sound(1), ask("voice.resume"), sound(2), ask("voice.getStats"),
    ),
    "media: DTX packets are left out": (
        router(OPUS), direct("here"), direct("there"), produce("voice", "here", "audio", SPEECH),
        consume("sound", "there", "voice", ignoreDtx=True), sound(1), sound(2, payload=b"\xf8"), sound(3),
    ),
    "media: trace events of a producer": (
        *TAPPED, ask("camera.enableTraceEvent", ["rtp", "keyframe", "pli", "fir", "nack"]), picture(100, KEY_FRAME),
        picture(101, DELTA_FRAME), picture(110, DELTA_FRAME), ask("camera.getStats"),
    ),
    "media: trace events of a consumer": (
        *TAPPED, ask("picture.enableTraceEvent", ["rtp", "keyframe", "pli", "fir", "nack"]), picture(100, KEY_FRAME),
        picture(101, DELTA_FRAME), ask("picture.requestKeyFrame"), ask("picture.getStats"),
    ),
    "media: a key frame is asked for": (
        *TAPPED, ask("camera.enableTraceEvent", ["pli", "fir"]), picture(100, DELTA_FRAME), picture(101, KEY_FRAME),
        ask("picture.requestKeyFrame"), ask("camera.getStats"),
    ),
    "media: the camera is turned": (
        router(VP8), direct("here"), direct("there"),
        produce("camera", "here", "video", PLAIN_VP8 | {"headerExtensions": extensions(ORIENTATION, first=8)}),
        consume("picture", "there", "camera"), picture(100, KEY_FRAME, extensions={8: b"\x01"}),
        picture(101, DELTA_FRAME, extensions={8: b"\x0e"}), picture(102, DELTA_FRAME, extensions={8: b"\x00"}),
    ),
    "media: a sender report is traced": (
        *TAPPED, ask("camera.enableTraceEvent", ["sr"]), picture(100, KEY_FRAME),
        ask("here.sendRtcp", hexed(sender_report(1001, 3_900_000_000.25, 300_000, 1, 31))), ask("camera.getStats"),
    ),
    "media: RTCP that is no bytes": (*TAPPED, ask("here.sendRtcp", "text")),
    "media: bytes that are no packet": (
        *TAPPED, ask("camera.send", hexed(b"")), ask("camera.send", hexed(bytes(40))),
        ask("camera.send", hexed(b"\x80")),
        ask("here.sendRtcp", hexed(b"")), ask("here.sendRtcp", hexed(b"\xff" * 9)), picture(100, KEY_FRAME), *LOOK[2:],
    ),
    "media: packets of nobody": (
        *TAPPED, picture(100, KEY_FRAME, ssrc=4444), ask("camera.getStats"), ask("here.getStats"),
    ),
    "media: a stream found by its MID": (
        router(VP8), direct("here"), direct("there"),
        produce("camera", "here", "video", BY_MID),
        consume("picture", "there", "camera"), picture(100, KEY_FRAME, ssrc=7001, extensions={1: b"7"}),
        picture(101, DELTA_FRAME, ssrc=7001), ask("camera.getStats"), ask("here.dump"),
    ),
    "media: duplicates and gaps are counted": (
        *TAPPED, picture(100, KEY_FRAME), picture(100, KEY_FRAME), picture(101, DELTA_FRAME), picture(104, DELTA_FRAME),
        picture(103, DELTA_FRAME), picture(65535, DELTA_FRAME), ask("camera.getStats"),
    ),
    "media: a simulcast stream starts": (
        router(VP8), direct("here"), direct("there"), produce("camera", "here", "video", SIMULCAST_SSRCS),
        consume("picture", "there", "camera"), picture(100, KEY_FRAME, ssrc=1001), picture(500, KEY_FRAME, ssrc=1002),
        picture(101, DELTA_FRAME, ssrc=1001), picture(501, DELTA_FRAME, ssrc=1002), ask("camera.dump"),
        ask("camera.getStats"),
    ),
    "media: several consumers of one producer": (
        *TAPPED, consume("second", "there", "camera", paused=True), consume("third", "there", "camera"),
        picture(100, KEY_FRAME), picture(101, DELTA_FRAME), ask("second.resume"), picture(102, KEY_FRAME),
        ask("there.dump"),
    ),
    "media: RTX and send times": (
        router(VP8), direct("here"), direct("there"),
        produce("camera", "here", "video", FULL_VP8 | {"headerExtensions": extensions(ABS_SEND_TIME, first=3)}),
        consume("picture", "there", "camera"), picture(100, KEY_FRAME, extensions={3: b"\x01\x02\x03"}), *LOOK,
    ),
    "media: statistics of direct transports": (
        *HEARD, sound(1), sound(2), sound(3), ask("here.getStats"), ask("there.getStats"), ask("sound.getStats"),
    ),
}  # fmt: skip
