"""Where packets come in: an intake is a socket of one candidate, from which each track of it takes its own.

This is what runs for every packet; it does no more than put it behind its mark into memory. Memory goes to the lane of
the journals a few times a second.
"""

from __future__ import annotations

import struct
from typing import Final

from proctor_sfu.recording.journal import LONGEST_PACKET, MARK, PACKET
from proctor_sfu.recording.receive import SLOT, SLOTS, Batch
from proctor_sfu.recording.track import SILENCE_NS, Track

_NTP_EPOCH: Final = 2_208_988_800
"""Unix time 0 in seconds of NTP time."""
_SENDER_REPORT: Final = 200


class Intake:
    """One socket and its tracks, by SSRC as it lies in memory."""

    def __init__(self, descriptor: int, recording: str) -> None:
        self.descriptor = descriptor
        self.recording = recording
        self.dropped = 0
        """Packets the kernel dropped so far."""
        self.tracks: dict[int, Track] = {}
        self.strangers = 0
        """Packets of no track."""

    def add(self, track: Track) -> None:
        """Take what arrives with the SSRC of ``track``."""
        self.tracks[_as_in_memory(track.form.ssrc)] = track

    def remove(self, track: Track) -> None:
        """Take no more of it."""
        if self.tracks.get(key := _as_in_memory(track.form.ssrc)) is track:
            del self.tracks[key]

    def drain(self, batch: Batch) -> None:
        """Take everything that waits in the socket."""
        tracks, pack, mark, head, data = self.tracks, PACKET.pack_into, MARK, PACKET.size, batch.data
        count = SLOTS
        while count == SLOTS:
            count = batch.receive(self.descriptor)
            offset = -SLOT
            for length, first, third, seconds, nanoseconds in batch.packets(count):
                offset += SLOT
                track = tracks.get(third)
                if track is None or length > LONGEST_PACKET:
                    self._other(data[offset : offset + length])
                    continue
                at = seconds * 1_000_000_000 + nanoseconds
                if track.attentive or at - track.last_ns > SILENCE_NS:
                    track.look(data[offset : offset + length], at)
                pending = track.pending
                begin = pending.used + head
                end = begin + length
                if end > pending.room:
                    pending.grow(end)
                elapsed = (at - track.begun_ns) // 1_000_000
                memory = pending.memory
                pack(memory, begin - head, mark, elapsed if elapsed > 0 else 0, length)
                memory[begin:end] = data[offset : offset + length]
                pending.used = end
                track.count += 1
                track.last_ns = at
                track.first_word = first

    def _other(self, packet: memoryview) -> None:
        """A sender report tells when what was captured; all else is noise."""
        if len(packet) >= 28 and packet[1] == _SENDER_REPORT:
            ssrc, seconds, fraction, timestamp = struct.unpack_from(">IIII", packet, 4)
            if (track := self.tracks.get(_as_in_memory(ssrc))) is not None:
                micros = (seconds - _NTP_EPOCH) * 1_000_000 + (fraction * 1_000_000 >> 32)
                track.clock = (timestamp, micros)
        elif len(packet) < 2 or not 192 <= packet[1] <= 223:
            self.strangers += 1


def _as_in_memory(ssrc: int) -> int:
    return int.from_bytes(ssrc.to_bytes(4, "big"), "little")
