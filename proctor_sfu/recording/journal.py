"""Journal: the RTP packets of one track as they arrived, in the MJR layout that Janus's own tools read.

A journal is a header, ``MJR00002`` and JSON with its length, then packets, each with ``MEET``, its arrival in
milliseconds since the journal began, and its length; numbers are big-endian. Layout: ``record.c`` and
``postprocessing/`` of janus-gateway. Nothing here does I/O.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["audio", "video"]

MAGIC: Final = b"MJR00002"
MARK: Final = b"MEET"
PACKET: Final = struct.Struct(">4sIH")
"""What stands before a packet: mark, milliseconds, length."""
HEAD: Final = struct.Struct(">8sH")
LONGEST_PACKET: Final = 1500
"""Bytes; Janus's tools skip longer ones, and no network carries them."""
LONGEST_HEADER: Final = 1400
SHORTEST_PACKET: Final = 12
"""An RTP header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a journal says of itself; everything a reader needs to turn its packets into pictures or sound."""

    kind: Kind
    codec: str
    """``vp8``, ``vp9``, ``h264`` or ``opus``."""
    started_us: int
    """When it began, microseconds of Unix time; arrivals count from here."""
    recording: str
    track: str
    segment: int
    ssrc: int
    payload_type: int
    clock_rate: int
    """Hz."""
    channels: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Codec parameters, as in SDP's ``a=fmtp``."""
    starts: bool = False
    """Whether nothing was recorded of the track immediately before."""

    def encode(self) -> bytes:
        """Return the first bytes of the journal. Raises `ValueError` if they would be more than tools read."""
        own = {
            "recording": self.recording, "track": self.track, "segment": self.segment, "ssrc": self.ssrc,
            "pt": self.payload_type, "clock": self.clock_rate, "channels": self.channels,
            "fmtp": dict(self.parameters), "starts": self.starts,
        }  # fmt: skip
        members: dict[str, Any] = {"t": self.kind[0], "c": self.codec, "s": self.started_us, "u": self.started_us}
        if self.parameters:
            members["f"] = ";".join(f"{name}={value}" for name, value in self.parameters.items())
        text = json.dumps(members | {"psfu": own}, separators=(",", ":")).encode()
        if len(text) > LONGEST_HEADER:
            raise ValueError(f"a journal header of {len(text)} bytes")
        return HEAD.pack(MAGIC, len(text)) + text

    @classmethod
    def decode(cls, text: bytes) -> Header:
        """Return the header of which ``text`` is the JSON; raises `ValueError`."""
        try:
            members = json.loads(text)
            own = members["psfu"]
            header = cls(
                kind={"a": "audio", "v": "video"}[members["t"]],  # type: ignore[arg-type]
                codec=_text(members["c"]), started_us=_number(members["s"]), recording=_text(own["recording"]),
                track=_text(own["track"]), segment=_number(own["segment"]), ssrc=_number(own["ssrc"]),
                payload_type=_number(own["pt"]), clock_rate=_number(own["clock"]), channels=_number(own["channels"]),
                parameters=dict(own["fmtp"]), starts=own["starts"] is True,
            )  # fmt: skip
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"not the header of a psfu journal: {error!r}") from None
        if header.clock_rate == 0:
            raise ValueError("not the header of a psfu journal: a clock that stands still")
        return header


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r} is no number")
    return value


class Packet(NamedTuple):
    """One RTP packet of a journal."""

    offset: int
    """Where its mark stands in the journal."""
    ms: int
    """Arrival, milliseconds since the journal began."""
    data: bytes


def encode_packet(ms: int, data: bytes) -> bytes:
    """Return a packet as a journal has it."""
    return PACKET.pack(MARK, ms & 0xFFFFFFFF, len(data)) + data


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no part of a journal, whatever may follow."""

    offset: int
    reason: str


class Parser:
    """Reads a journal from pieces of any size, as far as it is one.

    What is incomplete waits for the next piece; at the end of a journal it is a torn tail of `pending` bytes.
    """

    def __init__(self) -> None:
        self.header: Header | None = None
        self.offset = 0
        """Bytes that were understood: where the first incomplete or damaged record begins."""
        self.damage: Damage | None = None
        self._rest = b""

    @classmethod
    def resume(cls, header: Header, offset: int) -> Parser:
        """Return one that reads from ``offset`` on, where a packet begins."""
        parser = cls()
        parser.header, parser.offset = header, offset
        return parser

    @property
    def pending(self) -> int:
        """Bytes that do not make a record yet."""
        return len(self._rest)

    def feed(self, piece: bytes) -> list[Packet]:
        """Return the packets that ``piece`` completes; once `damage` is found there are no more."""
        if self.damage is not None:
            return []
        data = self._rest + piece if self._rest else piece
        at = 0
        if self.header is None:
            at = self._begin(data)
            if self.header is None:
                self._rest = data
                return []
        return self._packets(data, at)

    def _packets(self, data: bytes, at: int) -> list[Packet]:
        base, end, found = self.offset - at, len(data), []
        unpack, size = PACKET.unpack_from, PACKET.size
        while at + size <= end:
            mark, ms, length = unpack(data, at)
            if mark != MARK or not SHORTEST_PACKET <= length <= LONGEST_PACKET:
                break
            body = at + size
            if body + length > end:
                break
            found.append(Packet(base + at, ms, data[body : body + length]))
            at = body + length
        self.offset = base + at
        self._rest = data[at:]
        if not _may_begin_packet(self._rest):
            self.damage = Damage(self.offset, "no packet begins here")
        return found

    def _begin(self, data: bytes) -> int:
        """Take the header if it is complete; returns where it ends."""
        if not MAGIC.startswith(data[: len(MAGIC)]):
            self.damage = Damage(0, "not a journal")
        elif len(data) >= HEAD.size:
            _, length = HEAD.unpack_from(data)
            if length > LONGEST_HEADER:
                self.damage = Damage(len(MAGIC), "the header is too long")
            elif len(data) >= HEAD.size + length:
                self.offset = int(HEAD.size + length)
                try:
                    self.header = Header.decode(data[HEAD.size : self.offset])
                except ValueError as error:
                    self.damage, self.offset = Damage(HEAD.size, str(error)), 0
        return self.offset


def _may_begin_packet(data: bytes) -> bool:
    """Whether a packet that is not complete begins with these bytes."""
    if len(data) < PACKET.size:
        return MARK.startswith(data[: len(MARK)])
    mark, _, length = PACKET.unpack_from(data)
    return bool(mark == MARK and SHORTEST_PACKET <= length <= LONGEST_PACKET)
