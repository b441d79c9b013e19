"""Synthetic candidates: SRTP made beforehand, sent to any number of transports at once.

Run as ``python -m proctor_sfu.recording.sizing.load``, in a process of its own, by `Sender`. All candidates send the
same bytes: a transport of its own, with a key they share, makes strangers of them all the same.
"""

from __future__ import annotations

import asyncio
import base64
import ctypes
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from pylibsrtp import Policy, Session

from proctor_sfu.mediasoup.rtp import RtcpParameters, RtpCodecParameters, RtpEncodingParameters, RtpParameters
from proctor_sfu.mediasoup.srtp import SrtpParameters
from proctor_sfu.recording.mmsg import Message, Vector
from proctor_sfu.rooms.roles import Source

_KEY: Final = bytes(range(44))
"""Key and salt; nothing secret is sent."""
SRTP: Final = SrtpParameters(crypto_suite="AEAD_AES_256_GCM", key_base64=base64.b64encode(_KEY).decode())
"""What a worker and a browser agree upon."""
GROUPS: Final = 20
"""Parts of the candidates that send at different moments."""
STAGGER: Final = 0.001
"""Seconds between them."""
SPACING: Final = 0.0004
"""Seconds between the packets of a frame."""
HEADER: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a source sends."""

    ssrc: int
    kind: Literal["audio", "video"]
    frames: float
    """A second."""
    packets: int
    """In a frame."""
    size: int
    """Bytes of payload in a packet."""

    @property
    def clock(self) -> int:
        """Ticks a second."""
        return 90_000 if self.kind == "video" else 48_000

    @property
    def payload_type(self) -> int:
        """VP8 or Opus."""
        return 101 if self.kind == "video" else 100

    @property
    def rate(self) -> float:
        """Packets a second."""
        return self.frames * self.packets

    @property
    def bitrate(self) -> float:
        """Bits a second, of RTP packets as a journal has them."""
        return self.rate * (self.size + HEADER) * 8


SHAPES: Final = {
    Source.CAMERA: Shape(ssrc=1111, kind="video", frames=15, packets=5, size=1055),
    Source.SCREEN: Shape(ssrc=2222, kind="video", frames=10, packets=18, size=1078),
    Source.MICROPHONE: Shape(ssrc=3333, kind="audio", frames=50, packets=1, size=223),
}
"""640 kb/s, 1.57 Mb/s and 94 kb/s."""


def parameters(source: Source, name: str) -> RtpParameters:
    """Return what a transport has to know to produce a source."""
    shape = SHAPES[source]
    video = shape.kind == "video"
    codec = RtpCodecParameters(
        mime_type="video/VP8" if video else "audio/opus", payload_type=shape.payload_type, clock_rate=shape.clock,
        channels=None if video else 2,
    )  # fmt: skip
    encodings = (RtpEncodingParameters(ssrc=shape.ssrc),)
    return RtpParameters(codecs=(codec,), encodings=encodings, rtcp=RtcpParameters(cname=name))


def count(source: Source, seconds: float) -> int:
    """Return how many packets of a source are sent in a time."""
    return int(seconds * SHAPES[source].frames) * SHAPES[source].packets


def packets(sources: Sequence[Source], seconds: float) -> list[tuple[float, bytes]]:
    """Return when which packet is sent, encrypted, in order of time."""
    session = Session(
        Policy(key=_KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    )
    plain = sorted(each for source in sources for each in _packets(SHAPES[source], seconds))
    return [(at, session.protect(packet)) for at, packet in plain]


def _packets(shape: Shape, seconds: float) -> Iterator[tuple[float, bytes]]:
    for frame in range(int(seconds * shape.frames)):
        at = frame / shape.frames
        for part in range(shape.packets):
            marker = 0x80 if part == shape.packets - 1 else 0
            sequence = frame * shape.packets + part
            head = struct.pack(
                ">BBHII", 0x80, marker | shape.payload_type, sequence & 0xFFFF, int(at * shape.clock) & 0xFFFFFFFF,
                shape.ssrc,
            )  # fmt: skip
            yield at + part * SPACING, head + _payload(shape, frame, part)


def _payload(shape: Shape, frame: int, part: int) -> bytes:
    if shape.kind == "audio":
        head = b"\xfc"  # Opus: 20 ms, one frame.
    elif part:
        head = b"\x00"
    elif frame % int(2 * shape.frames):
        head = b"\x10\x11\x00\x00"
    else:
        # RFC 7741 and RFC 6386, 9.1: the start of a frame; a key frame, shown, of 640 x 360. Noise right behind it
        # would speak of partitions that are not there, and ffmpeg would not believe the size.
        head = b"\x10\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", 640, 360) + bytes(16)
    return head + os.urandom(shape.size - len(head))


class Sender:
    """The process that sends: `open` makes the packets, `send` sends them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls, ports: Sequence[int], sources: Sequence[Source], seconds: float) -> Self:
        """Start it, to send to these ports of this machine."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "proctor_sfu.recording.sizing.load",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self = cls(process)
        await self._say({"ports": list(ports), "sources": list(sources), "seconds": seconds})
        await self._hear()
        return self

    async def send(self) -> None:
        """Begin."""
        await self._say({})

    async def end(self) -> float:
        """Wait until all is sent; returns by how many seconds the latest packet was late."""
        late = float((await self._hear())["late"])
        await self._process.wait()
        return late

    async def close(self) -> None:
        """Stop it, if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _say(self, members: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(members).encode() + b"\n")
        await self._process.stdin.drain()

    async def _hear(self) -> dict[str, float]:
        assert self._process.stdout is not None
        heard: dict[str, float] = json.loads(await self._process.stdout.readline())
        return heard


class _Address(ctypes.Structure):
    _fields_ = (
        ("family", ctypes.c_uint16), ("port", ctypes.c_uint16), ("ip", ctypes.c_uint32), ("zero", ctypes.c_uint64),
    )  # fmt: skip


class Spray:
    """Sends one packet to many ports of this machine with one system call (``sendmmsg(2)``)."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self._count = len(ports)
        self._vector = Vector()
        loopback = int.from_bytes(socket.inet_aton("127.0.0.1"), sys.byteorder)
        self._addresses = [_Address(socket.AF_INET, socket.htons(port), loopback, 0) for port in ports]
        self._messages = (Message * len(ports))()
        for message, address in zip(self._messages, self._addresses, strict=True):
            message.header.name = ctypes.addressof(address)
            message.header.name_length = ctypes.sizeof(_Address)
            message.header.vectors = ctypes.pointer(self._vector)
            message.header.vector_count = 1
        self._call = ctypes.CDLL(None, use_errno=True).sendmmsg

    def close(self) -> None:
        """Send no more."""
        self._socket.close()

    def send(self, packet: bytes) -> None:
        """Send a packet to all; raises `OSError`."""
        self._vector.base = ctypes.cast(ctypes.c_char_p(packet), ctypes.c_void_p).value
        self._vector.length = len(packet)
        done = 0
        while done < self._count:
            first = ctypes.byref(self._messages, done * ctypes.sizeof(Message))
            count = self._call(self._socket.fileno(), first, self._count - done, 0)
            if count < 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
            done += count


def _send(planned: Sequence[tuple[float, bytes]], ports: Sequence[int]) -> float:
    """Send all packets when they are due; returns by how many seconds the latest was late."""
    sprays = [Spray(ports[group::GROUPS]) for group in range(min(GROUPS, len(ports)))]
    due = sorted(
        (at + group * STAGGER, number, group) for number, (at, _) in enumerate(planned) for group in range(len(sprays))
    )
    begun, late = time.perf_counter(), 0.0
    for at, number, group in due:
        wait = begun + at - time.perf_counter()
        if wait > 0.0005:
            time.sleep(wait)  # The moment it is due.
        late = max(late, -wait)
        sprays[group].send(planned[number][1])
    return late


def _main() -> None:
    asked = json.loads(sys.stdin.readline())
    planned = packets([Source(each) for each in asked["sources"]], asked["seconds"])
    print("{}", flush=True)
    if sys.stdin.readline():
        print(json.dumps({"late": _send(planned, asked["ports"])}), flush=True)


if __name__ == "__main__":
    _main()
