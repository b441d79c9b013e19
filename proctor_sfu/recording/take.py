"""A take: one producer that is recorded as one track, as the daemon sees it."""

from __future__ import annotations

import asyncio

import structlog

from proctor_sfu.errors import MediasoupError, PsfuError
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.recording.clocks import Clock
from proctor_sfu.recording.protocol import TrackFlow
from proctor_sfu.recording.watch import Watch
from proctor_sfu.rooms.roles import Source

_log = structlog.get_logger("psfu.recording")


class Take:
    """A producer and the consumer that is written as a track."""

    def __init__(self, source: Source, consumer: Consumer, watch: Watch, clock: Clock) -> None:
        self.source = source
        self.consumer = consumer
        self.watch = watch
        self.clock = clock
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Set when its packets are written, or when there will be none."""
        self.flow: TrackFlow | None = None
        self.bytes_before = 0
        """Of recorders that died."""
        self.cause = ""
        """Why it is stalled."""
        self.arrived: int | None = None
        """Packets the worker had got of it when silence began to be noticed; None: there is none."""
        self.behind = 0
        """For how many looks of the watchdog a larger layer arrives than the one that is written."""

    @property
    def bytes(self) -> int:
        """Bytes that were written."""
        return self.bytes_before + (self.flow.bytes if self.flow is not None else 0)

    def begin_again(self, now: float) -> None:
        """Another recorder goes on with it; ``now`` is monotonic."""
        self.bytes_before, self.flow = self.bytes, None
        self.watch.restart(now)

    def refuse(self, error: PsfuError) -> None:
        """Let whoever waits for it know that it is not written."""
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()  # Nobody may be waiting.

    def set_ready(self) -> None:
        """Let whoever waits for it go on."""
        if not self.ready.done():
            self.ready.set_result(None)

    @property
    def larger(self) -> int | None:
        """A larger spatial layer that arrives while a smaller one is written."""
        if self.consumer.type != "simulcast" or self.consumer.current_layers is None:
            return None
        largest = max((layer for layer, score in enumerate(self.consumer.score.producer_scores) if score), default=-1)
        return largest if largest > self.consumer.current_layers.spatial_layer else None

    @property
    def paused(self) -> bool:
        """Whether it is silent on purpose."""
        return self.consumer.producer_paused or self.consumer.paused

    @property
    def ssrc(self) -> int:
        """Of its packets."""
        return self.consumer.rtp_parameters.encodings[0].ssrc or 0

    async def want_layer(self, layer: int) -> None:
        """Have the worker choose the layer anew.

        Without an estimate of bandwidth, which a plain transport does not have, it chooses only when a layer comes or
        goes, and passes over one that came less than 2 s ago; asked for the same layer as before it does nothing.
        """
        consumer = self.consumer
        if not consumer.closed and consumer.current_layers is not None:
            try:
                await consumer.set_preferred_layers(spatial_layer=consumer.current_layers.spatial_layer)
                await consumer.set_preferred_layers(spatial_layer=layer)
            except MediasoupError as error:
                _log.debug("layer_not_requested", consumer=consumer.id, source=self.source, reason=str(error))

    async def want_key_frame(self) -> None:
        """Ask for a key frame."""
        if not self.consumer.closed and not self.paused:
            try:
                await self.consumer.request_key_frame()
            except MediasoupError as error:
                _log.debug("key_frame_not_requested", consumer=self.consumer.id, source=self.source, reason=str(error))
