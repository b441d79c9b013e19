"""Messages over SCTP between two routers: states, negotiated streams, a full and an emptied buffer."""

from __future__ import annotations

import asyncio

import pytest

from proctor_sfu.errors import InvalidArgumentError, WorkerRequestError
from proctor_sfu.mediasoup.data_consumer import DataConsumer
from proctor_sfu.mediasoup.data_producer import DataProducer
from proctor_sfu.mediasoup.pipe_transport import PipeTransport
from proctor_sfu.mediasoup.piping import PipedDataProducer
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.sctp import SctpNegotiatedCapabilities, SctpStreamParameters
from support.host import LOOPBACK, Bench
from support.log import Log


async def across(bench: Bench, **options: int) -> tuple[DataProducer, DataConsumer, DataConsumer]:
    """A direct source, the pipe's data consumer, and a direct sink in another router."""
    other = await bench.worker.create_router()
    here, there = await bench.router.create_direct_transport(), await other.create_direct_transport()
    source = await here.produce_data(label="chat", protocol="psfu")
    pair = await bench.router.pipe_to_router(
        data_producer_id=source.id, router=other, keep_id=False, **options,  # type: ignore[arg-type]
    )  # fmt: skip
    assert isinstance(pair, PipedDataProducer)
    return source, pair.pipe_data_consumer, await there.consume_data(data_producer_id=pair.pipe_data_producer.id)


async def pipe(router: Router) -> PipeTransport:
    return await router.create_pipe_transport(listen_info=LOOPBACK, enable_sctp=True)


async def test_an_association_comes_up_and_ends_with_its_transport(bench: Bench) -> None:
    near, far = await pipe(bench.router), await pipe(bench.router)
    assert (near.sctp_state, near.sctp_negotiated_capabilities) == ("new", None)
    assert near.sctp_parameters is not None and near.sctp_parameters.port == 5000
    log, observed = Log((near, "sctpstatechange")), Log((near.observer, "sctpstatechange"))
    for one, other in ((near, far), (far, near)):
        await one.connect(ip=other.tuple.local_address, port=other.tuple.local_port)
    # The worker begins when the first stream is wanted.
    await near.produce_data(sctp_stream_parameters=SctpStreamParameters(stream_id=1))
    await far.produce_data(sctp_stream_parameters=SctpStreamParameters(stream_id=1))
    for each in (log, observed):
        await each.until(lambda event, args: args == ("connected",))
    assert near.sctp_state == "connected"
    assert near.sctp_negotiated_capabilities == SctpNegotiatedCapabilities(
        negotiated_max_outbound_streams=65535, negotiated_max_inbound_streams=65535
    )
    (stats,) = await near.get_stats()
    assert stats.sctp_state == "connected"
    near.close()
    assert str(near.sctp_state) == "closed"


async def test_messages_cross_a_pipe(bench: Bench) -> None:
    source, carrier, sink = await across(bench)
    log = Log((sink, "message"))
    for message in ("grüße", b"\x00" * 100_000, ""):
        source.send(message)
    # An empty message travels as one byte under a PPID of its own (RFC 8831, 6.6).
    for expected in (("grüße".encode(), 51), (b"\x00" * 100_000, 53), (b" ", 56)):
        assert await log.until(lambda event, args: True) == expected
    assert (sink.label, sink.protocol) == ("chat", "psfu")
    (stats,) = await carrier.get_stats()
    assert (stats.messages_sent, stats.bytes_sent) == (3, 7 + 100_000 + 1)


async def test_a_buffer_fills_and_empties(bench: Bench) -> None:
    source, carrier, sink = await across(bench, sctp_send_buffer_size=300_000, sctp_per_stream_send_queue_limit=300_000)
    full = Log((carrier, "sctpsendbufferfull"))
    await carrier.set_buffered_amount_low_threshold(1000)
    assert await carrier.send("from the host itself") >= 0
    for _ in range(10):
        source.send(bytes(200_000))
    assert await full.until(lambda event, args: True) == ()
    low = Log((carrier, "bufferedamountlow"))
    await low.until(lambda event, args: isinstance(args[0], int) and args[0] <= 1000)
    assert await carrier.get_buffered_amount() <= 1000
    received = Log((sink, "message"))
    source.send("the last one")
    await received.until(lambda event, args: args == (b"the last one", 51))


async def test_a_closed_data_consumer_frees_its_stream(bench: Bench) -> None:
    transport = await pipe(bench.router)
    direct = await bench.router.create_direct_transport()
    source = await direct.produce_data()
    consumers = [await transport.consume_data(data_producer_id=source.id) for _ in range(3)]
    ids = [each.sctp_stream_parameters.stream_id for each in consumers if each.sctp_stream_parameters]
    assert ids == [0, 1, 2]
    consumers[1].close()
    closed = consumers[2].wait("dataproducerclose")
    source.close()
    async with asyncio.timeout(5):
        await closed
    assert (await transport.dump()).data_consumer_ids == ()


async def test_a_refused_data_consumer_takes_no_stream(bench: Bench) -> None:
    without_sctp = await bench.router.create_plain_transport(listen_info=LOOPBACK)
    direct = await bench.router.create_direct_transport()
    source = await direct.produce_data()
    for _ in range(3):
        with pytest.raises(WorkerRequestError, match="SCTP"):
            await without_sctp.consume_data(data_producer_id=source.id)
    with_sctp = await pipe(bench.router)
    with pytest.raises(InvalidArgumentError, match="out of range"):
        await with_sctp.consume_data(data_producer_id=source.id, subchannels=[65536])
    for transport in (with_sctp, without_sctp):
        transport._stream_ids.limit = 1
        assert transport._stream_ids.take() == 0, "every id that was taken was given back"
