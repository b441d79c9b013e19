"""A proctor: watches and listens to what its wall has in sight, counts it and, if asked to, decodes it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Literal, TypeAlias

import av

from proctor_sfu.aio import spawn
from proctor_sfu.simulate import events, twcc
from proctor_sfu.simulate.assembly import Assembler, Picture
from proctor_sfu.simulate.client import Client
from proctor_sfu.simulate.decoder import Decoder
from proctor_sfu.simulate.downlink import Downlink
from proctor_sfu.simulate.protoo import ClosedError, Data
from proctor_sfu.simulate.reception import Reception
from proctor_sfu.simulate.rtp import Packet
from proctor_sfu.simulate.view import Gap, View
from proctor_sfu.simulate.wall import FOCUS, Wall

Tell: TypeAlias = Callable[[events.Event], None]

REST: Final = 0.08
"""Seconds after a change until the server is told, as a page does."""

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


class Proctor(Client):
    """Watches; see `watch`. ``executor`` has one thread and decodes, None: nothing is decoded."""

    direction = "recv"
    role = "proctor"

    def __init__(
        self,
        name: str,
        tell: Tell,
        executor: Executor | None = None,
        *,
        tiles: int = 0,
        ahead: int = 0,
        tls: ssl.SSLContext | None = None,
        relayed: bool = False,
    ) -> None:
        """``tiles``: how many the wall has, 0: everything is watched, whole; ``ahead``: see `Wall`."""
        super().__init__(tls=tls, relayed=relayed)
        self.feeds: dict[str, Feed] = {}
        """By consumer id."""
        self._name = name
        self._tell = tell
        self._executor = executor
        self._downlink: Downlink | None = None
        self._before = 0
        """What arrived on views that are over."""
        self._wall = Wall(tiles, ahead) if tiles else None
        self._changed = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._sight: set[tuple[str, str]] = set()
        """Peer and source of all tiles."""

    async def watch(self) -> None:
        """Join and watch. Raises `ConnectionError` and what `Protoo.request` raises."""
        answer = await self.create_transport()
        self._downlink = Downlink(answer, self.connection, self.relays(answer))
        await self._downlink.connect(self.connect_transport)
        auto = self._wall is None
        await self.join({"displayName": self._name, "rtpCapabilities": self._capabilities(), "autoConsume": auto})
        if self._wall is not None:
            self._looking = spawn(self._look(self._wall), name=f"wall of {self._name}")

    async def _look(self, wall: Wall) -> None:
        """Tell the server what is in sight whenever it is something else."""
        began = time.monotonic()
        told: list[Data] | None = None
        while True:
            self._changed.clear()
            tiles = wall.tiles(time.monotonic() - began)
            views: list[Data] = [
                {"peerId": each.peer, "source": each.source, "width": each.width, "height": each.height,
                 **({"focus": True} if each.focus else {})}
                for each in tiles
            ]  # fmt: skip
            if views != told:
                self._sight = {(each.peer, each.source) for each in tiles}
                for feed in self.feeds.values():
                    self._place(feed)
                told = views
                try:
                    await self.signal.request("watch", {"views": views})
                except (ClosedError, ConnectionError):
                    told = None  # Told on the next connection, which begins with a change: who is there.
            passed = time.monotonic() - began
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FOCUS - passed % FOCUS):
                    await self._changed.wait()
            await asyncio.sleep(REST)

    def _place(self, feed: Feed) -> None:
        """See whether something that is sent is in sight."""
        if self._wall is None or (feed.peer, feed.source) in self._sight:
            feed.release("out of sight")
        else:
            feed.hold("out of sight")

    def _capabilities(self) -> Data:
        """Return what the device can, and that this end gives feedback on congestion, which aiortc's does not."""
        capabilities: Data = self.device.rtpCapabilities.model_dump(exclude_none=True)
        ours = [each for each in self.router["headerExtensions"] if each["uri"] == twcc.URI]
        capabilities["headerExtensions"] = [*capabilities["headerExtensions"], *ours]
        for codec in capabilities["codecs"]:
            codec["rtcpFeedback"] = [*codec.get("rtcpFeedback", []), {"type": "transport-cc"}]
        return capabilities

    async def asked(self, method: str, data: Data) -> Data:
        """Take a new consumer."""
        if method != "newConsumer" or self._downlink is None:
            return await super().asked(method, data)
        feed = self.feeds[data["id"]] = Feed(data, self._name, self._tell, self._executor)
        self._downlink.add(feed)
        self._place(feed)
        return {}

    def told(self, method: str, data: Data) -> None:
        """Follow what happens to candidates and to consumers."""
        if self._wall is not None and _follow(self._wall, method, data):
            self._changed.set()
        feed = self.feeds.get(data.get("consumerId", ""))
        if feed is None:
            return
        match method:
            case "consumerClosed":
                self._end(self.feeds.pop(data["consumerId"]))
            case "consumerPaused":
                feed.hold("paused")
            case "consumerResumed":
                feed.release("paused")

    def met(self, peers: list[Data]) -> None:
        """Have everybody on the wall who is there."""
        if self._wall is not None:
            self._wall.meet(
                (each["id"], [source["source"] for source in each["sources"]])
                for each in peers
                if each["role"] == "candidate"
            )
            self._changed.set()

    @property
    def arrived(self) -> int:
        """Pictures and packets of sound so far."""
        return self._before + sum(feed.view.arrived for feed in self.feeds.values())

    @property
    def received(self) -> int:
        """Bytes of media on the present transport."""
        return 0 if self._downlink is None else self._downlink.received

    def flush(self) -> None:
        """Tell what was decoded since the last time."""
        for feed in self.feeds.values():
            feed.flush()

    async def leave(self) -> None:
        """Close everything, the wall first: there is nobody to tell of it any more."""
        self._close_wall()
        await super().leave()

    async def drop_media(self) -> None:
        """Stop watching."""
        self._close_wall()
        while self.feeds:
            self._end(self.feeds.popitem()[1])
        if self._downlink is not None:
            await self._downlink.close()
            self._downlink = None
        await super().drop_media()

    def _close_wall(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _end(self, feed: Feed) -> None:
        if self._downlink is not None:
            self._downlink.remove(feed)
        self._before += feed.view.arrived
        feed.end()


def _follow(wall: Wall, method: str, data: Data) -> bool:
    """Keep a wall up to date; return whether this was about it."""
    match method:
        case "newPeer" if data["role"] == "candidate":
            for each in data["sources"]:
                wall.begin(data["id"], each["source"])
        case "newProducer":
            wall.begin(data["peerId"], data["appData"]["source"])
        case "producerClosed":
            wall.end(data["peerId"], data["source"])
        case "peerClosed":
            wall.end(data["peerId"])
        case _:
            return False
    return True
