"""Decodes the pictures of a stream and reads the number burnt into each: what ``--decode`` pays for."""

from __future__ import annotations

from collections.abc import Sequence

import av
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload

from proctor_sfu.simulate import timecode


class Decoder:
    """One stream; ``codec`` is ``vp8`` or ``h264``."""

    def __init__(self, codec: str) -> None:
        self._depayload = vp8_depayload if codec == "vp8" else h264_depayload
        self._context = av.CodecContext.create("libvpx" if codec == "vp8" else "h264", "r")
        self._context.thread_count = 1

    def decode(self, payloads: Sequence[bytes]) -> list[tuple[int, int | None]]:
        """Return height and number (None: unreadable) of each picture that comes out; raises ``av.FFmpegError``."""
        data = b"".join(self._depayload(each) for each in payloads)
        return [
            (frame.height, timecode.read(timecode.luma_of(frame))) for frame in self._context.decode(av.Packet(data))
        ]
