"""The close cascade as a table: who closes whom, in which order, and which event each one emits.

``name:event`` is an event of the entity, ``name.close`` the ``close`` of its observer.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from proctor_sfu.errors import NotFoundError
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.worker import Worker
from support.host import LOOPBACK, Bench, video

EVENTS = (
    "transportclose", "producerclose", "dataproducerclose", "routerclose", "listenserverclose", "workerclose", "died",
)  # fmt: skip

IN_SENDER = ["producer:transportclose", "producer.close"]
IN_VIEWER = ["consumer:transportclose", "consumer.close"]
IN_DIRECT = [
    "data_producer:transportclose", "data_producer.close", "data_consumer:transportclose", "data_consumer.close",
]  # fmt: skip
BY_PRODUCER = ["consumer:producerclose", "consumer.close"]
BY_DATA_PRODUCER = ["data_consumer:dataproducerclose", "data_consumer.close"]
IN_ROUTER = [
    *IN_SENDER, "sender:routerclose", "sender.close",
    *IN_VIEWER, "viewer:routerclose", "viewer.close",
    *IN_DIRECT, "direct:routerclose", "direct.close",
    "loudest:routerclose", "loudest.close",
]  # fmt: skip
IN_WORKER = [*IN_ROUTER, "router:workerclose", "router.close", "server:workerclose", "server.close"]

CASES: dict[str, tuple[Callable[[dict[str, Entity]], None], list[str], list[str]]] = {
    # Case: what is done, what is emitted before it returns, what follows from the worker.
    "producer": (lambda e: e["producer"].close(), ["producer.close"], BY_PRODUCER),
    "consumer": (lambda e: e["consumer"].close(), ["consumer.close"], []),
    "data producer": (lambda e: e["data_producer"].close(), ["data_producer.close"], BY_DATA_PRODUCER),
    "data consumer": (lambda e: e["data_consumer"].close(), ["data_consumer.close"], []),
    "sending transport": (lambda e: e["sender"].close(), [*IN_SENDER, "sender.close"], BY_PRODUCER),
    "receiving transport": (lambda e: e["viewer"].close(), [*IN_VIEWER, "viewer.close"], []),
    "direct transport": (lambda e: e["direct"].close(), [*IN_DIRECT, "direct.close"], []),
    "observer": (lambda e: e["loudest"].close(), ["loudest.close"], []),
    "router": (lambda e: e["router"].close(), [*IN_ROUTER, "router.close"], []),
    "server": (
        lambda e: e["server"].close(),
        [
            *IN_SENDER, "sender:listenserverclose", "sender.close",
            *IN_VIEWER, "viewer:listenserverclose", "viewer.close", "server.close",
        ],
        [],
    ),
    "worker": (lambda e: e["worker"].close(), [*IN_WORKER, "worker.close"], []),
    "worker killed": (
        lambda e: os.kill(e["worker"].pid, signal.SIGKILL),  # type: ignore[attr-defined]
        [],
        [*IN_WORKER, "worker:died", "worker.close"],
    ),
}  # fmt: skip


async def tree(bench: Bench) -> dict[str, Entity]:
    """One of everything."""
    router = bench.router
    sender = await router.create_webrtc_transport(webrtc_server=bench.server)
    viewer = await router.create_webrtc_transport(webrtc_server=bench.server)
    direct = await router.create_direct_transport()
    producer = await sender.produce(kind="video", rtp_parameters=video())
    data_producer = await direct.produce_data()
    return {
        "worker": bench.worker,
        "server": bench.server,
        "router": router,
        "sender": sender,
        "viewer": viewer,
        "direct": direct,
        "producer": producer,
        "consumer": await viewer.consume(producer_id=producer.id, rtp_capabilities=router.rtp_capabilities),
        "data_producer": data_producer,
        "data_consumer": await direct.consume_data(data_producer_id=data_producer.id),
        "loudest": await router.create_audio_level_observer(),
    }


@pytest.mark.parametrize("case", sorted(CASES))
async def test_closing(bench: Bench, case: str) -> None:
    action, at_once, later = CASES[case]
    entities = await tree(bench)
    seen: list[str] = []
    changed = asyncio.Event()

    def record(what: str) -> None:
        seen.append(what)
        changed.set()

    for name, entity in entities.items():
        for event in EVENTS:
            entity.on(event, lambda *_, what=f"{name}:{event}": record(what))
        entity.observer.on("close", lambda what=f"{name}.close": record(what))

    action(entities)
    assert seen == at_once
    async with asyncio.timeout(10):
        while len(seen) < len(at_once) + len(later):
            changed.clear()
            await changed.wait()
    assert seen == at_once + later
    closed = {what.split(".")[0] for what in seen if what.endswith(".close")}
    assert {name for name, entity in entities.items() if entity.closed} == closed

    for name in closed:
        entities[name].close()
    if not bench.worker.closed:
        await bench.worker.dump()
    assert seen == at_once + later, "closing again does nothing"


async def test_the_worker_has_forgotten_what_was_closed(bench: Bench) -> None:
    entities = await tree(bench)
    for name in ("producer", "data_producer", "loudest", "viewer", "sender", "direct"):
        entities[name].close()
    dump = await bench.router.dump()
    assert (dump.transport_ids, dump.rtp_observer_ids, dump.map_producer_id_consumer_ids) == ((), (), ())
    bench.router.close()
    bench.server.close()
    worker: Worker = bench.worker
    left = await worker.dump()
    assert (left.router_ids, left.web_rtc_server_ids) == ((), ())


PENDING: dict[str, tuple[str, Callable[[dict[str, Entity], Bench], asyncio.Future[object]]]] = {
    # What is asked for: who closes before the answer, the request.
    "producer": ("sender", lambda e, b: e["sender"].produce(kind="video", rtp_parameters=video(7777))),  # type: ignore[attr-defined]
    "consumer": (
        "viewer",
        lambda e, b: e["viewer"].consume(  # type: ignore[attr-defined]
            producer_id=e["producer"].id, rtp_capabilities=b.router.rtp_capabilities
        ),
    ),
    "data producer": ("direct", lambda e, b: e["direct"].produce_data()),  # type: ignore[attr-defined]
    "data consumer": (
        "direct",
        lambda e, b: e["direct"].consume_data(data_producer_id=e["data_producer"].id),  # type: ignore[attr-defined]
    ),
    "WebRTC transport": ("router", lambda e, b: b.router.create_webrtc_transport(webrtc_server=b.server)),
    "WebRTC transport of a server": ("server", lambda e, b: b.router.create_webrtc_transport(webrtc_server=b.server)),
    "plain transport": ("router", lambda e, b: b.router.create_plain_transport(listen_info=LOOPBACK)),
    "pipe transport": ("router", lambda e, b: b.router.create_pipe_transport(listen_info=LOOPBACK)),
    "direct transport": ("router", lambda e, b: b.router.create_direct_transport()),
    "observer": ("router", lambda e, b: b.router.create_active_speaker_observer()),
}


@pytest.mark.parametrize("what", PENDING)
async def test_what_is_asked_for_does_not_outlive_its_home(bench: Bench, what: str) -> None:
    closed, ask = PENDING[what]
    entities = await tree(bench)
    known = set(bench.worker._channel.handlers)
    pending = ask(entities, bench)
    entities[closed].close()
    with pytest.raises(NotFoundError, match="was closed meanwhile"):
        await pending
    await bench.worker.dump()
    assert set(bench.worker._channel.handlers) <= known
    assert {producer.id for producer in bench.router.producers.values() if producer.closed} == set()
    if not bench.router.closed:
        alive = {entities[name].id for name in ("sender", "viewer", "direct") if not entities[name].closed}
        assert set((await bench.router.dump()).transport_ids) == alive
