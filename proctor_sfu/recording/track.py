"""A track: what of a candidate's packets goes into one journal after the other, and when the next one begins.

The intake puts packets into its memory, which goes to the lane of the journals a few times a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from proctor_sfu.recording.buffer import Buffer
from proctor_sfu.recording.contents import SILENCE_US
from proctor_sfu.recording.journal import Header
from proctor_sfu.recording.loss import Loss
from proctor_sfu.recording.payload import begins_key_frame, parse_rtp
from proctor_sfu.recording.writing import JournalWriter, Segment

SILENCE_NS: Final = 1000 * SILENCE_US
LATE_NS: Final = 1_000_000_000
"""Packets may still arrive so long after the daemon explained why none will."""
PATIENCE_NS: Final = 5_000_000_000
"""Time after which a new segment begins even without a key frame."""
SEEKABLE: Final = 30.0
"""Seconds after which a key frame is asked for though none is needed: an export can only begin at one."""
SPREAD: Final = 0.3
"""Part of that by which it may be sooner, so that hundreds do not send one in the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a track's packets are."""

    kind: str
    codec: str
    ssrc: int
    payload_type: int
    clock_rate: int
    channels: int
    parameters: Mapping[str, Any]


class Home(Protocol):
    """What a track needs of its recording."""

    def open_segment(self, track: Track, first_us: int) -> tuple[Segment, int]:
        """Return the next segment of a track, with its number."""

    def gap(self, track: Track, at_ns: int, sequence: int) -> None:
        """Packets come again: write down since when none came, and why."""


class Track:
    """One source of a recording."""

    def __init__(self, home: Home, recording: str, name: str, form: Format, writer: JournalWriter) -> None:
        self.recording = recording
        self.name = name
        self.form = form
        self.segment: Segment | None = None
        self.begun_ns = 0
        """When the segment began, nanoseconds of Unix time."""
        self.last_ns = 0
        """Arrival of the latest packet."""
        self.pending = Buffer()
        self.count = 0
        """Packets in it."""
        self.attentive = True
        """Whether every packet has to be looked at."""
        self.first_word = 0
        """First four bytes of the latest packet, as they lie in memory."""
        self.received = 0
        self.written = 0
        self.bytes = 0
        self.starting = True
        """Whether nothing arrived yet."""
        self.wants_key = form.kind == "video"
        self.rotating_since = 0
        """When a new segment became due, 0: it is not."""
        self.begun = False
        """Whether it has a segment, or had one."""
        self.clock: tuple[int, int] | None = None
        self.overflow: Overflow | None = None
        self.loss = Loss()
        self._handed_ns = 0
        """Arrival of the latest packet that went to the disk."""
        self._home = home
        self._writer = writer
        self._cause = ""
        self._explained_ns = 0
        self._key_due = 0.0
        """When the latest key frame is old, by the monotonic clock; 0: nobody looked yet."""

    # Silence.

    def explain(self, cause: str, now_ns: int) -> None:
        """Remember why the track is silent, or is about to be."""
        self._cause, self._explained_ns = cause, now_ns

    def cause(self) -> str:
        """Return why nothing came before the packet at hand; an explanation of an earlier silence is none."""
        return self._cause if self.starting or self._explained_ns > self.last_ns - LATE_NS else ""

    # Looking at packets, where one of them matters.

    def look(self, packet: memoryview, at: int) -> None:
        """See to what has to be done before this packet is taken; ``at``: its arrival."""
        if self.starting or at - self.last_ns > SILENCE_NS:
            sequence = int.from_bytes(packet[2:4], "big")
            self._home.gap(self, at, sequence)
            if self.starting:
                self.loss.begin(sequence)
                self.starting = False
        key = not (self.wants_key or self.rotating_since) or self._is_key(packet)
        if self.rotating_since and (key or at - self.rotating_since > PATIENCE_NS):
            self.close_segment()
        if key:
            self.wants_key = False
        if self.segment is None:
            self._begin_segment(at)
        self.attentive = self.wants_key or bool(self.rotating_since)

    def _is_key(self, packet: memoryview) -> bool:
        rtp = parse_rtp(bytes(packet))
        return rtp is not None and begins_key_frame(self.form.codec, rtp.payload)

    def _begin_segment(self, at: int) -> None:
        self.begun_ns = at // 1000 * 1000
        self.segment, number = self._home.open_segment(self, at // 1000)
        form = self.form
        header = Header(
            kind="video" if form.kind == "video" else "audio", codec=form.codec, started_us=at // 1000,
            recording=self.recording, track=self.name, segment=number, ssrc=form.ssrc,
            payload_type=form.payload_type, clock_rate=form.clock_rate, channels=form.channels,
            parameters=form.parameters, starts=not self.begun,
        )  # fmt: skip
        self.begun = True
        name = self.segment.path.name
        self._writer.begin(self.segment, header.encode(), {"file": name, "ssrc": form.ssrc, "codec": form.codec})

    # In turns of the loop.

    def needs_key_frame(self, now: float, luck: float) -> bool:
        """Return whether to ask for one: none came yet, a segment waits for it, or the latest is old.

        ``luck``, from 0 to 1, is how much sooner the next one is due.
        """
        if self.form.kind != "video":
            return False
        needed = self.wants_key or bool(self.rotating_since) or 0 < self._key_due <= now
        if needed or not self._key_due:
            self._key_due = now + SEEKABLE * (1 - SPREAD * luck)
        return needed

    def rotate(self, now: int) -> None:
        """Begin a new segment with the next key frame."""
        if self.segment is not None and not self.rotating_since:
            self.rotating_since = now
            self.attentive = True

    def close_segment(self) -> None:
        """End the journal; the next packet begins another."""
        self.hand_over()
        if self.segment is not None:
            self._writer.end(self.segment)
            self.segment = None
        self.rotating_since = 0
        self.attentive = True

    def hand_over(self) -> None:
        """Give what is in memory to the disk."""
        if not self.count:
            return
        assert self.segment is not None
        count, self.count = self.count, 0
        self.received += count
        self._handed_ns = self.last_ns
        self._writer.append(self.segment, self.pending.take(), count, self.last_ns // 1000, self.clock, self._done)

    def discard(self, cause: str) -> None:
        """Forget what is in memory, since the disk takes nothing and memory is full."""
        if self.count:
            lost = self.overflow or Overflow(since_ns=self._handed_ns or self.last_ns, packets=0, cause=cause)
            self.overflow = replace(lost, packets=lost.packets + self.count)
            self.received += self.count
            self.pending.clear()
            self.count = 0

    def _done(self, packets: int, size: int) -> None:
        """In the lane: the disk took packets."""
        self.written += packets
        self.bytes += size


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """Packets that found no room, one after the other."""

    since_ns: int
    packets: int
    cause: str
