"""A proctor: watches and listens to what its wall has in sight, each source of it as a feed."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from concurrent.futures import Executor
from typing import Final

from proctor_sfu.aio import spawn
from proctor_sfu.simulate import twcc
from proctor_sfu.simulate.client import Client
from proctor_sfu.simulate.downlink import Downlink
from proctor_sfu.simulate.feed import Feed, Tell
from proctor_sfu.simulate.protoo import ClosedError, Data
from proctor_sfu.simulate.wall import FOCUS, Wall

REST: Final = 0.08
"""Seconds after a change until the server is told, as a page does."""


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

    def stands(self, answer: Data) -> None:
        """End what the server closed meanwhile, and pause what was paused."""
        for consumer in self.feeds.keys() - {each["id"] for each in answer["consumers"]}:
            self._end(self.feeds.pop(consumer))
        paused = {
            (peer["id"], each["source"]) for peer in answer["peers"] for each in peer["sources"] if each["paused"]
        }
        for feed in self.feeds.values():
            if (feed.peer, feed.source) in paused:
                feed.hold("paused")
            else:
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
