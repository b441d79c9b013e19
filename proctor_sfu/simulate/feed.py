"""A feed: one source of a candidate as it arrives at a proctor, counted and, if asked to, decoded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Literal, TypeAlias

import av

from proctor_sfu.simulate import events, twcc
from proctor_sfu.simulate.assembly import Assembler, Picture
from proctor_sfu.simulate.decoder import Decoder
from proctor_sfu.simulate.protoo import Data
from proctor_sfu.simulate.reception import Reception
from proctor_sfu.simulate.rtp import Packet
from proctor_sfu.simulate.view import Gap, View

Tell: TypeAlias = Callable[[events.Event], None]
Reason: TypeAlias = Literal["paused", "out of sight"]
"""Why nothing comes."""


class Feed:
    """One consumer: a source of a candidate as it arrives here. A `downlink.Stream`."""

    def __init__(self, offer: Data, viewer: str, tell: Tell, executor: Executor | None) -> None:
        encoding = offer["rtpParameters"]["encodings"][0]
        codec = offer["rtpParameters"]["codecs"][0]
        self.peer = str(offer["peerId"])
        self.source = str(offer["appData"]["source"])
        self.ssrc = int(encoding["ssrc"])
        self.rtx_ssrc: int | None = encoding.get("rtx", {}).get("ssrc")
        numbers = {each["uri"]: int(each["id"]) for each in offer["rtpParameters"].get("headerExtensions", [])}
        self.transport_sequence = numbers.get(twcc.URI)
        self.reception = Reception(codec["clockRate"])
        self.view = View(time.monotonic(), paused=bool(offer["producerPaused"]))
        self._held: set[Reason] = {"paused"} if offer["producerPaused"] else set()
        self._viewer = viewer
        self._tell = tell
        name = codec["mimeType"].partition("/")[2].lower()
        self._assembler = Assembler(name) if offer["kind"] == "video" else None
        self._executor = executor
        self._decoder = Decoder(name) if executor is not None and self._assembler is not None else None
        self._seen: dict[int, list[tuple[int, float]]] = {}
        self._unreadable = 0

    # What the transport calls.

    def take(self, packet: Packet, now: float) -> None:
        """Take a packet."""
        if self._assembler is None:
            self._arrived(now)
            return
        for picture in self._assembler.add(packet, now):
            self._arrived(now)
            if self._decoder is not None:
                self._decode(self._decoder, picture)

    def nacks(self, now: float) -> list[int]:
        """Return the sequence numbers to ask for again; sound is not repaired."""
        return [] if self._assembler is None else self._assembler.nacks(now)

    def wants_key_frame(self, now: float) -> bool:
        """Whether to ask for a key frame."""
        return self._assembler is not None and self._assembler.wants_key_frame(now)

    # What the proctor calls.

    def hold(self, reason: Reason) -> None:
        """Nothing is to be expected for a while."""
        self._held.add(reason)
        self._report_gap(self.view.pause(time.monotonic()))

    def release(self, reason: Reason) -> None:
        """The reason is gone; with the last one everything is expected again."""
        self._held.discard(reason)
        if not self._held:
            self.view.resume(time.monotonic())

    def end(self) -> None:
        """It is over: say what came of it."""
        now = time.monotonic()
        self._report_gap(self.view.end(now))
        self.flush()
        counted = self._assembler or self.reception
        self._tell(
            events.Watched(
                viewer=self._viewer,
                peer=self.peer,
                source=self.source,
                offered=round(now - self.view.offered, 3),
                active=round(self.view.active(now), 3),
                arrived=self.view.arrived,
                packets=counted.packets,
                lost=counted.lost,
                repaired=0 if self._assembler is None else self._assembler.repaired,
                began=self.view.first is not None,
            )
        )

    def flush(self) -> None:
        """Say what was decoded since the last time."""
        seen, self._seen = self._seen, {}
        for height, pictures in seen.items():
            self._tell(
                events.Seen(
                    viewer=self._viewer,
                    peer=self.peer,
                    source=self.source,
                    height=height,
                    pictures=tuple(pictures),
                    unreadable=self._unreadable,
                )
            )
            self._unreadable = 0

    def _arrived(self, now: float) -> None:
        first = self.view.first is None
        self._report_gap(self.view.take(now))
        if first:
            took = round(now - self.view.offered, 4)
            self._tell(events.First(viewer=self._viewer, peer=self.peer, source=self.source, at=now, took=took))

    def _report_gap(self, gap: Gap | None) -> None:
        if gap is not None:
            self._tell(
                events.Gap(
                    viewer=self._viewer, peer=self.peer, source=self.source, at=gap.at, seconds=round(gap.seconds, 3)
                )
            )

    def _decode(self, decoder: Decoder, picture: Picture) -> None:
        """Decode in the one thread of the executor, which keeps the order."""
        decoding = asyncio.get_running_loop().run_in_executor(self._executor, _decode_at, decoder, picture)
        decoding.add_done_callback(self._decoded)

    def _decoded(self, decoding: asyncio.Future[list[tuple[int, int | None, float]]]) -> None:
        if decoding.cancelled():
            return
        for height, number, at in decoding.result():
            if number is None:
                self._unreadable += 1
            else:
                self._seen.setdefault(height, []).append((number, at))


def _decode_at(decoder: Decoder, picture: Picture) -> list[tuple[int, int | None, float]]:
    try:
        found = decoder.decode(picture.payloads)
    except av.FFmpegError:
        return [(0, None, 0.0)]  # A damaged picture, which under loss is no surprise; it counts as unreadable.
    at = time.monotonic()
    return [(height, number, at) for height, number in found]
