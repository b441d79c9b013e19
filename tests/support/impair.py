"""A bad network between a test's client and the server, with a different one each way, that counts what it carries.

RTP headers are not encrypted, so the truth about each stream, what was sent and what got through, is known exactly.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from proctor_sfu.simulate.impairment import Impairment, Line
from proctor_sfu.simulate.proxy import Address, Proxy


@dataclass(slots=True)
class Carried:
    """What one direction did with one stream."""

    sent: int = 0
    dropped: int = 0
    octets: int = 0
    """Of what got through."""


@dataclass(slots=True)
class Counts:
    """What one direction carried: RTP by SSRC, and everything."""

    streams: dict[int, Carried] = field(default_factory=dict)
    octets: int = 0

    def add(self, data: bytes, *, dropped: bool) -> None:
        """Count a datagram."""
        if not dropped:
            self.octets += len(data)
        if len(data) < 12 or data[0] >> 6 != 2 or 192 <= data[1] <= 223:
            return  # STUN, DTLS, RTCP.
        each = self.streams.setdefault(int.from_bytes(data[8:12], "big"), Carried())
        each.sent += 1
        each.dropped += dropped
        each.octets += 0 if dropped else len(data)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        streams = {str(ssrc): [each.sent, each.dropped, each.octets] for ssrc, each in self.streams.items()}
        return {"streams": streams, "octets": self.octets}


class CountingProxy(Proxy):
    """A relay whose directions differ: ``up`` and ``down`` of `directions`, set before it opens."""

    directions: tuple[Impairment, Impairment] = (Impairment(), Impairment())

    def __init__(self, server: Address, impairment: Impairment, seed: int) -> None:
        super().__init__(server, impairment, seed)
        up, down = self.directions
        self.up, self.down = Line(up, Random(2 * seed)), Line(down, Random(2 * seed + 1))
        self.dark = False
        """Whether nothing at all gets through, as when a plug is pulled."""
        self.counts = {id(self.up): Counts(), id(self.down): Counts()}
        # The base class passes everything through here.
        self._pass = self._count_and_pass  # type: ignore[method-assign]

    def _count_and_pass(self, line: Line, data: bytes, send: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        at = None if self.dark else line.admit(now, len(data))
        self.counts[id(line)].add(data, dropped=at is None)
        if at is not None and at > now:
            loop.call_at(at, send, data)
        elif at is not None:
            send(data)

    def carried(self) -> dict[str, Any]:
        """What was carried until now."""
        return {
            "time": time.monotonic(),
            "up": self.counts[id(self.up)].plain(),
            "down": self.counts[id(self.down)].plain(),
        }
