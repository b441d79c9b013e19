"""Pipes between two routers: one pair of pipe transports for each pair of routers, made when first needed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from uuid import uuid4

from proctor_sfu.aio import spawn
from proctor_sfu.errors import MediasoupError, NotFoundError
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.data_consumer import DataConsumer
from proctor_sfu.mediasoup.data_producer import DataProducer
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.pipe_transport import PipeTransport
from proctor_sfu.mediasoup.producer import Producer

if TYPE_CHECKING:
    from proctor_sfu.mediasoup.router import Router


class PipeOptions(TypedDict, total=False):
    """Options of both pipe transports of a pair; see ``router.create_pipe_transport()``."""

    listen_info: ListenInfo
    enable_sctp: bool
    max_send_message_size: int
    max_receive_message_size: int
    sctp_send_buffer_size: int
    sctp_per_stream_send_queue_limit: int
    sctp_max_receiver_window_buffer_size: int
    sctp_default_stream_buffered_amount_low_threshold: int
    enable_rtx: bool
    enable_srtp: bool


class PipedProducer(NamedTuple):
    """Both ends of a piped producer: the consumer in this router, the producer in the other."""

    pipe_consumer: Consumer
    pipe_producer: Producer


class PipedDataProducer(NamedTuple):
    """Both ends of a piped data producer."""

    pipe_data_consumer: DataConsumer
    pipe_data_producer: DataProducer


class Pair(NamedTuple):
    """A pair of connected pipe transports, by router id."""

    ends: dict[str, PipeTransport]


async def connect(here: Router, there: Router, options: PipeOptions) -> Pair:
    """Make and connect a pair; closing one end closes the other."""
    whole: PipeOptions = {"listen_info": ListenInfo(ip="127.0.0.1"), "enable_sctp": True, **options}
    made = await asyncio.gather(
        here.create_pipe_transport(**whole), there.create_pipe_transport(**whole), return_exceptions=True
    )
    ends = [end for end in made if isinstance(end, PipeTransport)]
    try:
        for end in made:
            if isinstance(end, BaseException):
                raise end
        near, far = ends
        await asyncio.gather(
            near.connect(ip=far.tuple.local_address, port=far.tuple.local_port, srtp_parameters=far.srtp_parameters),
            far.connect(ip=near.tuple.local_address, port=near.tuple.local_port, srtp_parameters=near.srtp_parameters),
        )
    except BaseException:
        for end in ends:
            end.close()
        raise
    near.observer.on("close", far.close)
    far.observer.on("close", near.close)
    return Pair({here.id: near, there.id: far})


async def pipe_producer(near: PipeTransport, far: PipeTransport, producer: Producer, keep_id: bool) -> PipedProducer:
    """Carry ``producer`` over; pause, resume and close travel with it."""
    consumer = await near.consume(producer_id=producer.id)
    copy: Producer | None = None
    try:
        copy = await far.produce(
            id=producer.id if keep_id else str(uuid4()), kind=consumer.kind, rtp_parameters=consumer.rtp_parameters,
            paused=consumer.producer_paused, app_data=producer.app_data,
        )  # fmt: skip
        if producer.closed:
            raise NotFoundError("the original producer was closed meanwhile")
        if copy.paused != producer.paused:
            await (copy.pause() if producer.paused else copy.resume())
    except BaseException:
        consumer.close()
        if copy is not None:
            copy.close()
        raise
    consumer.observer.on("close", copy.close)
    consumer.observer.on("pause", lambda: _follow(copy, paused=True))
    consumer.observer.on("resume", lambda: _follow(copy, paused=False))
    copy.observer.on("close", consumer.close)
    return PipedProducer(consumer, copy)


def _follow(copy: Producer, *, paused: bool) -> None:
    async def follow() -> None:
        try:
            await (copy.pause() if paused else copy.resume())
        except MediasoupError:
            if not copy.closed:
                raise

    spawn(follow(), name=f"pipe {'pause' if paused else 'resume'} {copy.id}")


async def pipe_data_producer(
    near: PipeTransport, far: PipeTransport, data_producer: DataProducer, keep_id: bool
) -> PipedDataProducer:
    """Carry ``data_producer`` over; close travels with it."""
    consumer = await near.consume_data(data_producer_id=data_producer.id)
    copy: DataProducer | None = None
    try:
        copy = await far.produce_data(
            id=data_producer.id if keep_id else str(uuid4()), sctp_stream_parameters=consumer.sctp_stream_parameters,
            label=consumer.label, protocol=consumer.protocol, app_data=data_producer.app_data,
        )  # fmt: skip
        if data_producer.closed:
            raise NotFoundError("the original data producer was closed meanwhile")
    except BaseException:
        consumer.close()
        if copy is not None:
            copy.close()
        raise
    consumer.observer.on("close", copy.close)
    copy.observer.on("close", consumer.close)
    return PipedDataProducer(consumer, copy)
