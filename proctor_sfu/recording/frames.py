"""Puts packets of one stream in order and frames of its packets together; pure.

What was lost stays lost: a picture that lacks a packet is left out, and so is what follows it up to the next key frame,
since it would be built upon it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from proctor_sfu.recording.payload import (
    FU_A,
    IDR,
    STAP_A,
    Rtp,
    begins_key_frame,
    h264_aggregated,
    parse_rtp,
    vp8_descriptor,
    vp8_size,
    vp9_descriptor,
    vp9_size,
)

PATIENCE_US: Final = 2_000_000
"""Microseconds a packet waits for one before it that may still come: longer than any repair takes."""
_START_CODE: Final = b"\0\0\0\1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A picture, or a packet of sound."""

    timestamp: int
    """RTP timestamp, counted on where 32 bits end."""
    at_us: int
    """Arrival of its first packet, microseconds of Unix time."""
    key: bool
    data: bytes
    """H264 with start codes (Annex B)."""
    size: tuple[int, int] | None = None
    """Width and height, with key frames."""


class Unwrapper:
    """Counts on where a number of so many bits begins anew."""

    def __init__(self, bits: int) -> None:
        self._mask = (1 << bits) - 1
        self._half = 1 << (bits - 1)
        self._latest: int | None = None

    def take(self, value: int) -> int:
        """Return ``value`` in the count that is nearest to the latest."""
        if self._latest is None:
            self._latest = value
            return value
        step = (value - self._latest) & self._mask
        found = self._latest + (step if step < self._half else step - self._mask - 1)
        self._latest = max(self._latest, found)
        return found


class Stream:
    """One SSRC: takes packets as they arrived, gives frames in their order."""

    def __init__(self, codec: str) -> None:
        self.frames = 0
        self.dropped = 0
        """Pictures that lacked something."""
        self.lost = 0
        """Packets that never came."""
        self._sequences = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        self._waiting: list[tuple[int, int, Rtp]] = []
        self._next: int | None = None
        self._assembler = _assembler(codec)

    def push(self, packet: bytes, at_us: int) -> Iterator[Frame]:
        """Take a packet; yields the frames that are complete now."""
        rtp = parse_rtp(packet)
        if rtp is None:
            return
        sequence = self._sequences.take(rtp.sequence)
        if self._next is not None and sequence < self._next:
            return  # A second copy, or too late.
        heapq.heappush(self._waiting, (sequence, at_us, rtp))
        yield from self._drain(at_us)

    def end(self) -> Iterator[Frame]:
        """Yield what is left when there are no more packets."""
        yield from self._drain(None)

    def _drain(self, now_us: int | None) -> Iterator[Frame]:
        waiting = self._waiting
        while waiting:
            sequence, at_us, rtp = waiting[0]
            if self._next is None or sequence > self._next:
                # Something before it may still come, also before the first.
                if now_us is not None and now_us - at_us < PATIENCE_US:
                    return
                if self._next is not None:
                    self.lost += sequence - self._next
                    self._assembler.gap()
            heapq.heappop(waiting)
            if self._next is not None and sequence < self._next:
                continue
            self._next = sequence + 1
            if not rtp.payload:
                continue  # Padding, sent to probe the network.
            frame = self._assembler.push(rtp, self._timestamps.take(rtp.timestamp), at_us)
            self.dropped = self._assembler.dropped
            if frame is not None:
                self.frames += 1
                yield frame


class _Sound:
    """Every packet is a frame."""

    dropped = 0

    def gap(self) -> None:
        """Nothing is built upon what was lost."""

    def push(self, rtp: Rtp, timestamp: int, at_us: int) -> Frame | None:
        """Take a packet."""
        return Frame(timestamp=timestamp, at_us=at_us, key=True, data=rtp.payload)


class _Pictures:
    """What pictures of all codecs have in common; a subclass knows the payload."""

    codec: str

    def __init__(self) -> None:
        self.dropped = 0
        self._parts: list[bytes] = []
        self._timestamp: int | None = None
        self._at_us = 0
        self._key = False
        self._broken = False
        self._needs_key = True

    def gap(self) -> None:
        """Packets are missing here: the picture being built lacks them, or the next one does, or all of one."""
        self._broken = self._needs_key = True

    def push(self, rtp: Rtp, timestamp: int, at_us: int) -> Frame | None:
        """Take the next packet."""
        if timestamp != self._timestamp:
            if self._parts:
                # Its last packet never came.
                self.dropped += 1
                self._needs_key = True
            self._begin(rtp, timestamp, at_us)
        if not self._broken and not self._add(rtp.payload):
            self._broken = True
        return self._complete() if rtp.marker else None

    def _begin(self, rtp: Rtp, timestamp: int, at_us: int) -> None:
        self._parts, self._timestamp, self._at_us = [], timestamp, at_us
        self._broken = not self._begins(rtp.payload)
        self._key = begins_key_frame(self.codec, rtp.payload)

    def _complete(self) -> Frame | None:
        parts, self._parts = self._parts, []
        timestamp, self._timestamp = self._timestamp, None
        if self._broken or not parts or (self._needs_key and not self._key):
            self.dropped += 1
            self._needs_key = True
            return None
        self._needs_key = False
        assert timestamp is not None
        data = self._join(parts)
        size = self._size(data) if self._key else None
        return Frame(timestamp=timestamp, at_us=self._at_us, key=self._key, data=data, size=size)

    def _begins(self, payload: bytes) -> bool:
        """Whether a picture begins with this packet."""
        raise NotImplementedError

    def _add(self, payload: bytes) -> bool:
        """Take a packet into the picture; returns whether it fits."""
        raise NotImplementedError

    def _join(self, parts: list[bytes]) -> bytes:
        return b"".join(parts)

    def _size(self, data: bytes) -> tuple[int, int] | None:
        raise NotImplementedError


class _Vp8(_Pictures):
    codec = "vp8"

    def _begins(self, payload: bytes) -> bool:
        return vp8_descriptor(payload)[1]

    def _add(self, payload: bytes) -> bool:
        size, _ = vp8_descriptor(payload)
        self._parts.append(payload[size:])
        return True

    def _size(self, data: bytes) -> tuple[int, int] | None:
        return vp8_size(data)


class _Vp9(_Pictures):
    codec = "vp9"

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[int] = []
        """Bytes of each spatial layer."""
        self._largest: tuple[int, int] | None = None

    def _begins(self, payload: bytes) -> bool:
        found = vp9_descriptor(payload)
        self._layers = []
        self._largest = max(found.sizes, default=None)
        return found.begins

    def _add(self, payload: bytes) -> bool:
        found = vp9_descriptor(payload)
        if found.skipped or not (found.begins or self._layers):
            return False
        if found.begins:
            self._layers.append(0)
        self._parts.append(payload[found.size :])
        self._layers[-1] += len(payload) - found.size
        return True

    def _join(self, parts: list[bytes]) -> bytes:
        """Join the layers of a picture to a superframe, which has an index of them at its end (VP9, annex B)."""
        data = b"".join(parts)
        if len(self._layers) < 2:
            return data
        width = max(1, (max(self._layers).bit_length() + 7) // 8)
        mark = bytes((0b1100_0000 | (width - 1) << 3 | len(self._layers) - 1,))
        return data + mark + b"".join(size.to_bytes(width, "little") for size in self._layers) + mark

    def _size(self, data: bytes) -> tuple[int, int] | None:
        return self._largest or vp9_size(data)


class _H264(_Pictures):
    codec = "h264"

    def _begins(self, payload: bytes) -> bool:
        # A packet in the middle of a fragmented unit does not begin anything.
        return bool(payload) and not (payload[0] & 31 == FU_A and len(payload) > 1 and not payload[1] & 0x80)

    def _add(self, payload: bytes) -> bool:
        kind = payload[0] & 31
        if kind == STAP_A:
            self._parts += [_START_CODE + unit for unit in h264_aggregated(payload)]
        elif kind == FU_A:
            if len(payload) < 2:
                return False
            if payload[1] & 0x80:
                self._parts.append(_START_CODE + bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)) + payload[2:])
            elif self._parts:
                self._parts[-1] += payload[2:]
            else:
                return False
        else:
            self._parts.append(_START_CODE + payload)
        return True

    def _complete(self) -> Frame | None:
        self._key = any(part[4] & 31 == IDR for part in self._parts if len(part) > 4)
        return super()._complete()

    def _size(self, data: bytes) -> tuple[int, int] | None:
        return None  # Whoever needs it asks the parser of a library.


def _assembler(codec: str) -> _Sound | _Pictures:
    match codec:
        case "vp8":
            return _Vp8()
        case "vp9":
            return _Vp9()
        case "h264":
            return _H264()
        case _:
            return _Sound()
