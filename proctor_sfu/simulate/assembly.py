"""Puts the packets of one video stream together to pictures, as a browser would. No I/O, time is an argument.

A picture counts when all its packets are there and everything it refers to counted as well: after one that had to be
given up, nothing counts until the next key frame, which is asked for.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from proctor_sfu.simulate.rtp import Packet, begins_key_frame

PATIENCE: Final = 0.5
"""Seconds a missing packet is waited for before the picture is given up."""
NACK_SPACING: Final = 0.1
"""Seconds between two requests for the same packet."""
KEY_SPACING: Final = 0.5
"""Seconds between two requests for a key frame."""
_JUMP: Final = 3000
"""Sequence numbers skipped at once from which on it is another stream rather than loss."""


class Picture(NamedTuple):
    """A complete picture that can be decoded."""

    key: bool
    payloads: tuple[bytes, ...]


class Assembler:
    """One video stream; ``codec`` is ``vp8`` or ``h264``."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.pictures = 0
        self.given_up = 0
        """Times something missing never came."""
        self.packets = 0
        self.repaired = 0
        """Packets that were missing and came after all."""
        self._first: int | None = None
        self._next = 0
        """Sequence number (without wrapping) at which the next picture begins."""
        self._highest = 0
        self._waiting: dict[int, Packet] = {}
        self._missing: dict[int, tuple[float, float]] = {}
        """Sequence number -> when it was noticed, when it was last asked for."""
        self._decodable = False
        self._key_asked = float("-inf")

    @property
    def lost(self) -> int:
        """Packets that never came, so far."""
        return 0 if self._first is None else self._highest - self._first + 1 - self.packets

    def add(self, packet: Packet, now: float) -> list[Picture]:
        """Take a packet; return the pictures it completed."""
        index = self._unwrap(packet.sequence)
        if index < self._next or index in self._waiting:
            return []
        self.packets += 1
        self._waiting[index] = packet
        if index > self._highest:
            for skipped in range(self._highest + 1, index):
                self._missing[skipped] = (now, float("-inf"))
            self._highest = index
        elif self._missing.pop(index, None) is not None:
            self.repaired += 1
        done = self._take()
        while self._overdue(now):
            self._give_up()
            done += self._take()
        return done

    def nacks(self, now: float) -> list[int]:
        """Return the sequence numbers to ask for now."""
        due = [index for index, (_, asked) in self._missing.items() if now - asked >= NACK_SPACING]
        for index in due:
            self._missing[index] = (self._missing[index][0], now)
        return [index & 0xFFFF for index in due]

    def wants_key_frame(self, now: float) -> bool:
        """Whether to ask for a key frame now."""
        if self._decodable or self._first is None or now - self._key_asked < KEY_SPACING:
            return False
        self._key_asked = now
        return True

    def _unwrap(self, sequence: int) -> int:
        if self._first is None:
            self._first = self._next = sequence
            self._highest = sequence - 1
            return sequence
        index = self._highest + (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        if index - self._highest > _JUMP:
            self._begin_again(index)
        return index

    def _begin_again(self, index: int) -> None:
        """Another stream follows: what was missing of this one stays lost."""
        gone = self.lost
        self._waiting.clear()
        self._missing.clear()
        self._decodable = False
        self._next, self._highest = index, index - 1
        self._first = index - self.packets - gone

    def _take(self) -> list[Picture]:
        done: list[Picture] = []
        while (packets := self._next_picture()) is not None:
            for _ in packets:
                del self._waiting[self._next]
                self._next += 1
            payloads = tuple(each.payload for each in packets if each.payload)
            if not payloads:
                continue  # Padding that belongs to no picture.
            key = begins_key_frame(self.codec, payloads[0])
            self._decodable = self._decodable or key
            if self._decodable:
                self.pictures += 1
                done.append(Picture(key, payloads))
        return done

    def _next_picture(self) -> list[Packet] | None:
        """Return the packets of the next picture if all are there; it ends with a marker or where the time changes."""
        found: list[Packet] = []
        index = self._next
        while (packet := self._waiting.get(index)) is not None:
            if found and packet.timestamp != found[0].timestamp:
                return found
            found.append(packet)
            if packet.marker:
                return found
            index += 1
        return None

    def _overdue(self, now: float) -> bool:
        """Whether the oldest of the missing has been waited for long enough; they are noticed in order."""
        return bool(self._missing) and now - next(iter(self._missing.values()))[0] > PATIENCE

    def _give_up(self) -> None:
        """Go on behind the oldest hole, with the first picture that begins there."""
        self.given_up += 1
        self._decodable = False
        hole = next(iter(self._missing))
        after = (
            index + 1 for index in range(hole + 1, self._highest) if (each := self._waiting.get(index)) and each.marker
        )
        self._next = next(after, self._highest + 1)
        for index in [index for index in self._waiting if index < self._next]:
            del self._waiting[index]
        for index in [index for index in self._missing if index < self._next]:
            del self._missing[index]
