"""The numbers a receiver reports about one RTP stream. No I/O, time is an argument.

Source: RFC 3550 sections 6.4.1, A.3 and A.8.
"""

from __future__ import annotations

from typing import NamedTuple

from proctor_sfu.simulate.rtp import Packet


class Report(NamedTuple):
    """A report block, as in the RFC."""

    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    """Middle 32 bits of the NTP time of the sender's last report; 0: none came."""
    delay: int
    """Since it came, in 1/65536 s."""


class Reception:
    """Counts one stream; ``clock`` is the rate of its timestamps."""

    def __init__(self, clock: int) -> None:
        self.packets = 0
        self._clock = clock
        self._first: int | None = None
        self._highest = 0
        self._transit: float | None = None
        self._jitter = 0.0
        self._before = (0, 0)
        """Expected and received packets at the last report."""
        self._sender_report: tuple[int, float] | None = None

    @property
    def lost(self) -> int:
        """Packets that did not come, so far."""
        return self._expected - self.packets

    @property
    def _expected(self) -> int:
        return 0 if self._first is None else self._highest - self._first + 1

    def take(self, packet: Packet, now: float) -> None:
        """Count a packet."""
        if self._first is None:
            self._first = self._highest = packet.sequence
        index = self._highest + (packet.sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        self._highest = max(self._highest, index)
        self.packets += 1
        transit = now * self._clock - packet.timestamp
        if self._transit is not None:
            # Only the difference matters, and timestamps wrap.
            late = abs(transit - self._transit) % 2**32
            self._jitter += (min(late, 2**32 - late) - self._jitter) / 16
        self._transit = transit

    def sender_report(self, ntp: int, now: float) -> None:
        """Take the NTP time of the sender's report."""
        self._sender_report = (ntp >> 16 & 0xFFFFFFFF, now)

    def report(self, now: float) -> Report:
        """Return what to report now; the fraction is that since the last call."""
        expected, received = self._expected - self._before[0], self.packets - self._before[1]
        self._before = (self._expected, self.packets)
        fraction = max(0, min(255, 256 * (expected - received) // expected)) if expected > 0 else 0
        sent, came = self._sender_report or (0, now)
        return Report(
            fraction_lost=fraction,
            packets_lost=max(-0x800000, min(0x7FFFFF, self.lost)),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter),
            last_report=sent,
            delay=int((now - came) * 65536) & 0xFFFFFFFF if self._sender_report else 0,
        )
