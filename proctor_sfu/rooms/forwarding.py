"""Who receives what in a room: makes, adjusts and closes consumers until they agree with what everybody wants and may.

`refresh` compares and mends, so whatever changed (a source, a tile, an assignment, a voice, a new transport), it is the
one thing to call. Each consumer is settled by one task at a time, which ends when what is sent is what is wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.errors import MediasoupError, RefusedError
from proctor_sfu.events import SourceEnded, SourcePublished
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.rooms.peer import Peer, Published, Viewed
from proctor_sfu.rooms.policy import Action
from proctor_sfu.rooms.roles import Source
from proctor_sfu.rooms.views import WHOLE, WITHHELD, Delivery, View, delivery

if TYPE_CHECKING:
    from proctor_sfu.rooms.room import Room

_log = structlog.get_logger("psfu.rooms")

IDLE_SECONDS: Final = 15.0
"""How long a consumer that is not shown is kept, paused, for a proctor who pages back."""


class Forwarding:
    """The consumers of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room

    # What changed.

    def publish(self, owner: Peer, published: Published) -> None:
        """A peer produces: show it to everybody who wants it and may."""
        room, producer = self._room, published.producer
        owner.published[producer.id] = published
        producer.observer.on("close", lambda: self._ended(owner, published))
        producer.on(
            "score",
            lambda score: owner.link.notify(
                "producerScore",
                {
                    "producerId": producer.id,
                    "score": [{"ssrc": each.ssrc, "rid": each.rid, "score": each.score} for each in score],
                },
            ),
        )
        room.events.publish(SourcePublished(room=room.id, peer=owner.id, source=published.source, producer=producer.id))
        for viewer in room.those_who_may(_action(published), owner):
            if published.source is not Source.VOICE and not viewer.auto_consume:
                viewer.link.announce(owner, published)
            if viewer.watches and self._wants(viewer, owner, published):
                self._show(viewer, owner, published)

    def _ended(self, owner: Peer, published: Published) -> None:
        owner.published.pop(published.producer.id, None)
        owner.resting.discard(published.producer.id)
        self._room.events.publish(
            SourceEnded(room=self._room.id, peer=owner.id, source=published.source, producer=published.producer.id)
        )
        if published.source is Source.VOICE:
            return
        data = {"peerId": owner.id, "producerId": published.producer.id, "source": published.source}
        for viewer in self._room.those_who_may(_action(published), owner):
            viewer.link.notify("producerClosed", data)

    def watch(self, viewer: Peer, views: Sequence[View]) -> None:
        """Take the tiles a viewer shows now, all of them, in place of those before.

        One for a peer that is not there is kept until it is. Raises `RefusedError` ``forbidden``.
        """
        self._room.require_ever(viewer, Action.WATCH)
        for view in views:
            if (owner := self._room.peers.get(view.peer_id)) is not None:
                self._room.require(viewer, Action.WATCH, owner)
        viewer.views = {(view.peer_id, view.source): view for view in views}
        self.refresh(viewer)

    def refresh(self, viewer: Peer) -> None:
        """Make what ``viewer`` receives agree with what it wants and may; all requests leave at once."""
        if not viewer.watches:
            return
        known = set(viewer.coming)
        for viewed in list(viewer.viewed.values()):
            known.add(viewed.consumer.producer_id)
            self._adjust(viewer, viewed)
        for owner in list(self._room.peers.values()):
            if owner is not viewer:
                for published in list(owner.published.values()):
                    if published.producer.id not in known and self._wants(viewer, owner, published):
                        self._show(viewer, owner, published)

    def resume(self, viewer: Peer) -> None:
        """A viewer has another connection: what was offered on the one before and not taken is offered again."""
        for viewed in list(viewer.viewed.values()):
            if not viewed.ready and not viewed.led_by_client:
                viewed.consumer.close()
        self.refresh(viewer)

    def heard_by(self, speaker: Peer) -> None:
        """A speaker addresses others than before."""
        for peer in list(self._room.peers.values()):
            if self._room.may(peer, Action.HEAR, speaker):
                self.refresh(peer)

    # What is wanted.

    def _wants(self, viewer: Peer, owner: Peer, published: Published) -> bool:
        if not self._allowed(viewer, owner, published.source):
            return False
        return published.source is Source.VOICE or not self._delivery(viewer, owner, published).paused

    def _allowed(self, viewer: Peer, owner: Peer, source: Source) -> bool:
        if source is not Source.VOICE:
            return self._room.may(viewer, Action.CONSUME, owner)
        return (
            self._room.may(viewer, Action.HEAR, owner)
            and self._room.talk.hears(viewer.id, owner.id)
            and self._room.may(owner, Action.WHISPER, viewer)
        )

    def _delivery(self, viewer: Peer, owner: Peer, published: Published) -> Delivery:
        if published.source is Source.VOICE:
            return WHOLE
        if viewer.views is None:
            return WHOLE if viewer.auto_consume else WITHHELD
        view = viewer.views.get((owner.id, published.source))
        return delivery(view, source=published.source, layers=published.layers, full_width=published.width)

    # Making it so.

    def _show(self, viewer: Peer, owner: Peer, published: Published) -> None:
        transport = viewer.receiving

        async def show() -> None:
            try:
                viewed = await self.consume(viewer, owner, published)
            except (MediasoupError, RefusedError) as error:
                # The viewer or the producer went away meanwhile, or has no codec in common: nothing to show.
                _log.info("source_not_shown", room=self._room.id, viewer=viewer.id, peer=owner.id, reason=str(error))
                viewed = None
            finally:
                viewer.coming.discard(published.producer.id)
            if viewed is not None:
                viewer.link.offer(viewed)
            elif viewer.receiving is not transport:
                # Made anew meanwhile, when this one was still coming.
                self.refresh(viewer)

        viewer.coming.add(published.producer.id)
        spawn(show(), name=f"show {owner.id} to {viewer.id}")

    async def consume(
        self, viewer: Peer, owner: Peer, published: Published, *, led_by_client: bool = False, paused: bool = True
    ) -> Viewed:
        """Make a consumer for ``viewer``, by default paused. Raises `RefusedError` and what the host raises.

        ``led_by_client``: it was asked for by itself; its client pauses, resumes and closes it.
        """
        self._room.require(viewer, _action(published), owner)
        if not viewer.watches or viewer.receiving is None or viewer.capabilities is None:
            raise RefusedError("transport_not_found", "consuming needs a transport to receive with")
        consumer = await viewer.receiving.consume(
            producer_id=published.producer.id, rtp_capabilities=viewer.capabilities, paused=paused
        )
        if consumer.closed:
            raise RefusedError("transport_not_found", "the transport was closed meanwhile")
        viewed = Viewed(owner=owner, published=published, consumer=consumer, led_by_client=led_by_client)
        viewer.viewed[consumer.id] = viewed
        self._room.note("consume", by=viewer.by, target=owner, source=published.source, consumer=consumer.id)
        self._follow(viewer, consumer)
        return viewed

    def ready(self, viewer: Peer, viewed: Viewed) -> None:
        """The client is prepared to receive: from now on the consumer is sent as wanted."""
        viewed.ready = True
        self._adjust(viewer, viewed)

    def _adjust(self, viewer: Peer, viewed: Viewed) -> None:
        if not self._allowed(viewer, viewed.owner, viewed.published.source):
            viewer.link.notify("consumerClosed", {"consumerId": viewed.consumer.id, "reason": "not_for_you"})
            viewed.consumer.close()
        elif viewed.ready and not viewed.led_by_client and not viewed.settling:
            spawn(self._settle(viewer, viewed), name=f"settle {viewed.consumer.id}")

    async def _settle(self, viewer: Peer, viewed: Viewed) -> None:
        viewed.settling = True
        try:
            while not viewed.consumer.closed:
                wanted = self._delivery(viewer, viewed.owner, viewed.published)
                if wanted == viewed.sent_as:
                    break
                await _send_as(viewed.consumer, viewed.sent_as, wanted)
                viewed.sent_as = wanted
        except MediasoupError as error:
            if not viewed.consumer.closed:
                _log.warning("consumer_not_adjusted", room=self._room.id, viewer=viewer.id, reason=str(error))
        finally:
            viewed.settling = False
        self._keep_or_drop(viewer, viewed)

    def _keep_or_drop(self, viewer: Peer, viewed: Viewed) -> None:
        """Close what is not shown for a while."""
        if viewed.idle is not None:
            viewed.idle.cancel()
            viewed.idle = None
        if viewed.sent_as.paused and not viewed.consumer.closed:
            viewed.idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._drop, viewer, viewed)

    def _drop(self, viewer: Peer, viewed: Viewed) -> None:
        if viewed.sent_as.paused and not viewed.settling and not viewed.consumer.closed:
            viewer.link.notify("consumerClosed", {"consumerId": viewed.consumer.id, "reason": "not_shown"})
            viewed.consumer.close()

    def _follow(self, viewer: Peer, consumer: Consumer) -> None:
        """Pass on what happens to a consumer."""
        name = {"consumerId": consumer.id}

        def tell(method: str, **data: object) -> None:
            # Looked up each time: the link is another one after the client reconnected.
            viewer.link.notify(method, {**name, **data})

        consumer.observer.on("close", lambda: self._forget(viewer, consumer))
        consumer.on("producerclose", lambda: tell("consumerClosed", reason="producer_closed"))
        consumer.on("producerpause", lambda: tell("consumerPaused"))
        consumer.on("producerresume", lambda: tell("consumerResumed"))
        consumer.on(
            "score",
            lambda score: tell(
                "consumerScore",
                score={
                    "score": score.score,
                    "producerScore": score.producer_score,
                    "producerScores": list(score.producer_scores),
                },
            ),
        )
        consumer.on(
            "layerschange",
            lambda layers: tell(
                "consumerLayersChanged",
                spatialLayer=None if layers is None else layers.spatial_layer,
                temporalLayer=None if layers is None else layers.temporal_layer,
            ),
        )

    @staticmethod
    def _forget(viewer: Peer, consumer: Consumer) -> None:
        viewed = viewer.viewed.pop(consumer.id, None)
        if viewed is not None and viewed.idle is not None:
            viewed.idle.cancel()


def _action(published: Published) -> Action:
    return Action.HEAR if published.source is Source.VOICE else Action.CONSUME


async def _send_as(consumer: Consumer, before: Delivery, wanted: Delivery) -> None:
    """Take a consumer from one way of being sent to another; layers first, so that none is sent that is not wanted."""
    if wanted.paused:
        await consumer.pause()
        return
    if wanted.spatial_layer is not None and wanted.spatial_layer != before.spatial_layer:
        await consumer.set_preferred_layers(spatial_layer=wanted.spatial_layer)
    if wanted.priority != before.priority:
        await consumer.set_priority(wanted.priority)
    if before.paused:
        await consumer.resume()
