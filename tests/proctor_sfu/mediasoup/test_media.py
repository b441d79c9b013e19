"""Media through a real worker: what dumps do not show. Packets are made by hand; each test waits for what follows."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pylibsrtp
import pytest

from proctor_sfu.aio import spawn
from proctor_sfu.mediasoup.audio_level_observer import Volume
from proctor_sfu.mediasoup.dumps import TraceEvent
from proctor_sfu.mediasoup.layers import ConsumerLayers, VideoOrientation
from proctor_sfu.mediasoup.rtp import RtcpFeedback, RtpParameters
from proctor_sfu.mediasoup.srtp import SrtpCryptoSuite, SrtpParameters
from support.host import LOOPBACK, Bench, audio, simulcast, video
from support.log import Log
from support.packets import DELTA_FRAME, KEY_FRAME, rtp, sender_report
from support.sender import Endpoint


@asynccontextmanager
async def sending(make: Callable[[int], None], every: float = 0.02) -> AsyncIterator[None]:
    """Call ``make`` with 0, 1, 2, … at an interval while the block runs, as a microphone or camera would."""

    async def run() -> None:
        number = 0
        while True:
            make(number)
            number += 1
            await asyncio.sleep(every)

    task = spawn(run(), name="sender")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def sound(number: int, ssrc: int, level: int) -> bytes:
    """An Opus packet of 20 ms with its level in -dBov."""
    return rtp(111, number, 960 * number, ssrc, b"\xf8\xff\xfe", extensions={6: bytes([0x80 | level])})


# Plain transports.


async def test_a_plain_transport_learns_its_endpoint_and_counts_its_packets(bench: Bench) -> None:
    transport = await bench.router.create_plain_transport(listen_info=LOOPBACK, comedia=True)
    assert (transport.tuple.remote_ip, transport.tuple.remote_port) == (None, 0)
    producer = await transport.produce(kind="audio", rtp_parameters=audio())
    async with Endpoint() as microphone:
        microphone.towards(transport.tuple)
        learned, observed, scored = (
            transport.wait("tuple"), transport.observer.wait("tuple"), producer.wait("score"),
        )  # fmt: skip
        packet = sound(0, 2222, 30)
        microphone.send(packet)
        async with asyncio.timeout(5):
            (found,), (same,), ((score,),) = await asyncio.gather(learned, observed, scored)
        assert (found.remote_ip, found.remote_port, found.protocol) == ("127.0.0.1", microphone.port, "udp")
        assert found == same == transport.tuple
        assert (score.encoding_idx, score.ssrc, score.score, score.rid) == (0, 2222, 10, None)
        (stats,) = await transport.get_stats()
        assert stats.bytes_received == len(packet)
        assert stats.rtp_bytes_received >= len(packet)  # Counted with room for the header extensions of consumers.
        assert (stats.tuple, stats.comedia, stats.rtcp_mux, stats.rtcp_tuple) == (found, True, True, None)
        assert (stats.rtp_packet_loss_received, stats.max_outgoing_bitrate) == (None, None)
        (stream,) = await producer.get_stats()
        assert (stream.ssrc, stream.packet_count, stream.byte_count) == (2222, 1, len(packet))
        assert (stream.kind, stream.mime_type, stream.rid) == ("audio", "audio/opus", None)


async def test_rtcp_on_a_port_of_its_own(bench: Bench) -> None:
    transport = await bench.router.create_plain_transport(listen_info=LOOPBACK, comedia=True, rtcp_mux=False)
    assert transport.rtcp_tuple is not None
    producer = await transport.produce(kind="audio", rtp_parameters=audio())
    await producer.enable_trace_event(["sr"])
    async with Endpoint() as media, Endpoint() as control:
        media.towards(transport.tuple)
        control.towards(transport.rtcp_tuple)
        first = producer.wait("score")
        media.send(sound(0, 2222, 30))
        async with asyncio.timeout(5):
            await first
        learned, traced = transport.wait("rtcptuple"), producer.wait("trace")
        control.send(sender_report(2222, 3_900_000_000.5, 4711, 1, 3))
        async with asyncio.timeout(5):
            (found,), (event,) = await asyncio.gather(learned, traced)
        assert (found.remote_ip, found.remote_port) == ("127.0.0.1", control.port)
        assert transport.rtcp_tuple == found
        assert (event.type, event.direction) == ("sr", "in")
        assert event.info == {
            "ssrc": 2222, "ntp_sec": 3_900_000_000, "ntp_frac": 2**31, "rtp_ts": 4711, "packet_count": 1,
            "octet_count": 3,
        }  # fmt: skip


SUITES: dict[SrtpCryptoSuite, int] = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}


def session(parameters: SrtpParameters, direction: int) -> pylibsrtp.Session:
    key = base64.b64decode(parameters.key_base64)
    profile = SUITES[parameters.crypto_suite]
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile))


@pytest.mark.parametrize("suite", SUITES)
async def test_srtp_on_plain_transports(bench: Bench, suite: SrtpCryptoSuite) -> None:
    size = {"AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44}.get(suite, 30)
    ours = SrtpParameters(crypto_suite=suite, key_base64=base64.b64encode(bytes(range(size))).decode())
    here, there = [
        await bench.router.create_plain_transport(
            listen_info=LOOPBACK, comedia=comedia, enable_srtp=True, srtp_crypto_suite=suite
        )
        for comedia in (True, False)
    ]
    async with Endpoint() as microphone, Endpoint() as speaker:
        await here.connect(srtp_parameters=ours)
        await there.connect(ip="127.0.0.1", port=speaker.port, srtp_parameters=ours)
        assert here.srtp_parameters is not None and there.srtp_parameters is not None
        assert here.srtp_parameters.crypto_suite == suite
        producer = await here.produce(kind="audio", rtp_parameters=audio())
        consumer = await there.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
        microphone.towards(here.tuple)
        packet = sound(0, 2222, 30)
        protected = session(ours, pylibsrtp.Policy.SSRC_ANY_OUTBOUND).protect(packet)
        assert packet[-3:] not in protected
        microphone.send(protected)
        received = await speaker.receive()
        plain = session(there.srtp_parameters, pylibsrtp.Policy.SSRC_ANY_INBOUND).unprotect(received)
        assert plain[-3:] == packet[-3:]
        assert int.from_bytes(plain[8:12]) == consumer.rtp_parameters.encodings[0].ssrc
        (stats,) = await there.get_stats()
        assert stats.bytes_sent == len(received)


# Direct transports.


async def test_a_direct_transport_hands_rtp_and_rtcp_over(bench: Bench) -> None:
    here, there = [await bench.router.create_direct_transport() for _ in range(2)]
    parameters = video()
    feedback = (RtcpFeedback(type="nack", parameter="pli"),)
    first, rest = parameters.codecs[0], parameters.codecs[1:]
    codec = type(first)(mime_type=first.mime_type, payload_type=96, clock_rate=first.clock_rate, rtcp_feedback=feedback)
    parameters = RtpParameters(codecs=(codec, *rest), encodings=parameters.encodings)
    producer = await here.produce(kind="video", rtp_parameters=parameters)
    consumer = await there.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    arrived = consumer.wait("rtp")
    producer.send(rtp(96, 7, 9000, 1111, KEY_FRAME, marker=True))
    async with asyncio.timeout(5):
        (packet,) = await arrived
    sent = consumer.rtp_parameters
    assert isinstance(packet, bytes)
    assert packet[1] == 0x80 | sent.codecs[0].payload_type
    assert int.from_bytes(packet[4:8]) == 9000
    assert int.from_bytes(packet[8:12]) == sent.encodings[0].ssrc
    assert packet.endswith(KEY_FRAME)
    asked = here.wait("rtcp")
    await consumer.request_key_frame()
    async with asyncio.timeout(5):
        (report,) = await asked
    # A picture loss indication (RFC 4585, 6.3.1) for the producer's SSRC.
    assert (report[0] & 31, report[1], int.from_bytes(report[8:12])) == (1, 206, 1111)


async def test_messages_between_direct_transports(bench: Bench) -> None:
    here, there = [await bench.router.create_direct_transport() for _ in range(2)]
    source = await here.produce_data(label="chat", protocol="psfu")
    sink = await there.consume_data(data_producer_id=source.id)
    assert (sink.label, sink.protocol, sink.type) == ("chat", "psfu", "direct")
    log = Log((sink, "message"))
    for message in ("grüße", b"\x00\xff", "", b""):
        source.send(message)
    expected = [("grüße".encode(), 51), (b"\x00\xff", 53), (b" ", 56), (b"\x00", 57)]
    assert [await log.until(lambda event, args: True) for _ in expected] == expected
    (stats,) = await sink.get_stats()
    assert (stats.messages_sent, stats.bytes_sent) == (4, 7 + 2 + 1 + 1)


# Observers.


async def test_audio_levels_and_the_dominant_speaker(bench: Bench) -> None:
    transport = await bench.router.create_plain_transport(listen_info=LOOPBACK, comedia=True)
    loud, quiet, mute, speech = [
        await transport.produce(kind="audio", rtp_parameters=audio(ssrc)) for ssrc in (1001, 1002, 1003, 1004)
    ]
    levels = await bench.router.create_audio_level_observer(max_entries=2, threshold=-70, interval=250)
    speaker = await bench.router.create_active_speaker_observer(interval=100)
    for producer in (loud, quiet, mute):
        await levels.add_producer(producer_id=producer.id)
    for producer in (speech, mute):
        await speaker.add_producer(producer_id=producer.id)
    logs = {
        event: [Log((source, event)), Log((source.observer, event))]
        for source, event in ((levels, "volumes"), (levels, "silence"), (speaker, "dominantspeaker"))
    }
    async with Endpoint() as microphones:
        microphones.towards(transport.tuple)

        def talk(number: int) -> None:
            # Of equal packets one after the other the speaker observer thinks that they are a noise.
            for ssrc, level in ((1001, 20), (1002, 50), (1003, 127), (1004, 5 + number * 37 % 40)):
                microphones.send(sound(number, ssrc, level))

        # A level is told of ten packets in an interval at least: there are many more, also on a slow machine.
        async with sending(talk, every=0.005):
            for log in logs["volumes"]:
                await log.until(lambda event, args: args == ([Volume(loud, -20), Volume(quiet, -50)],))
            for log in logs["dominantspeaker"]:
                await log.until(lambda event, args: args == (speech,))
        for log in logs["silence"]:
            await log.until(lambda event, args: args == ())


# Layers and scores.


async def test_simulcast_layers_are_switched(bench: Bench) -> None:
    camera, screen = [await bench.router.create_plain_transport(listen_info=LOOPBACK, comedia=c) for c in (True, False)]
    producer = await camera.produce(kind="video", rtp_parameters=simulcast())
    assert producer.type == "simulcast"
    async with Endpoint() as eye, Endpoint() as display:
        eye.towards(camera.tuple)
        await screen.connect(ip="127.0.0.1", port=display.port)
        consumer = await screen.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
        log = Log((consumer, "layerschange"))
        observed = Log((consumer.observer, "layerschange"))

        def film(number: int) -> None:
            for index in range(3):
                if number % 10 == 0:
                    eye.send(sender_report(3001 + index, 3_900_000_000 + number / 30, 3000 * number, number, number))
                eye.send(rtp(96, number, 3000 * number, 3001 + index, KEY_FRAME, marker=True))

        def sends(layer: int | None) -> Callable[[str, tuple[object, ...]], bool]:
            wanted = None if layer is None else ConsumerLayers(spatial_layer=layer, temporal_layer=0)
            return lambda event, args: args == (wanted,)

        async with sending(film):
            await log.until(sends(2))
            assert consumer.current_layers == ConsumerLayers(spatial_layer=2, temporal_layer=0)
            await consumer.set_preferred_layers(spatial_layer=0)
            await log.until(sends(0))
            await consumer.pause()
            await log.until(sends(None))
            assert consumer.current_layers is None
            await consumer.resume()
            await log.until(sends(0))
            await consumer.set_preferred_layers(spatial_layer=1, temporal_layer=0)
            await log.until(sends(1))
            for layer in (2, 0, None, 0, 1):
                await observed.until(sends(layer))
            assert len(consumer.score.producer_scores) == 3
            assert {score.ssrc for score in producer.score} == {3001, 3002, 3003}
            stats = await producer.get_stats()
            assert {stream.ssrc for stream in stats} == {3001, 3002, 3003}
            assert set(stats[0].bitrate_by_layer) == {"0.0", "0.1"}
            assert stats[0].bitrate_by_layer["0.0"] > 0


# Trace events.


async def test_trace_events_tell_of_packets(bench: Bench) -> None:
    here, there = [await bench.router.create_direct_transport() for _ in range(2)]
    producer = await here.produce(kind="video", rtp_parameters=video())
    consumer = await there.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    await producer.enable_trace_event(["rtp", "keyframe", "pli"])
    await consumer.enable_trace_event(["rtp", "keyframe"])
    log = Log((producer, "trace"), (producer.observer, "trace"))
    sent = Log((consumer, "trace"))
    packet = rtp(96, 8, 9000, 1111, DELTA_FRAME, marker=True)
    producer.send(rtp(96, 7, 6000, 1111, KEY_FRAME, marker=True))
    producer.send(packet)
    events: list[TraceEvent] = []
    for _ in range(4):
        (event,) = await log.until(lambda event, args: True)
        assert isinstance(event, TraceEvent)
        events.append(event)
    assert [event.type for event in events] == ["keyframe", "keyframe", "rtp", "rtp"]
    assert {event.direction for event in events} == {"in"}
    info = events[-1].info
    assert info["is_rtx"] is False
    shown = info["rtp_packet"]
    assert isinstance(shown, dict)
    assert {name: shown[name] for name in ("ssrc", "sequence_number", "timestamp", "size", "payload_size")} == {
        "ssrc": 1111, "sequence_number": 8, "timestamp": 9000, "size": len(packet), "payload_size": len(DELTA_FRAME),
    }  # fmt: skip
    assert (shown["is_key_frame"], shown["marker"], shown["payload_type"]) == (False, True, 96)
    (event,) = await sent.until(lambda event, args: isinstance(args[0], TraceEvent) and args[0].type == "rtp")
    assert isinstance(event, TraceEvent) and event.direction == "out"


async def test_trace_events_tell_of_bandwidth_and_probation(bench: Bench) -> None:
    here, there = [await bench.router.create_direct_transport() for _ in range(2)]
    producer = await here.produce(kind="video", rtp_parameters=video())
    await there.enable_trace_event(["bwe", "probation"])
    log = Log((there, "trace"))
    await there.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    producer.send(rtp(96, 7, 9000, 1111, KEY_FRAME, marker=True))
    found: dict[str, TraceEvent] = {}
    while set(found) != {"bwe", "probation"}:
        (event,) = await log.until(lambda event, args: True)
        assert isinstance(event, TraceEvent)
        found[event.type] = event
    assert found["bwe"].info["bwe_type"] == "transport-cc"
    assert found["bwe"].info["available_bitrate"] == 600_000
    assert {event.direction for event in found.values()} == {"out"}
    (stats,) = await there.get_stats()
    assert stats.available_outgoing_bitrate == 600_000
    assert stats.probation_bytes_sent > 0


async def test_a_turned_camera_is_told(bench: Bench) -> None:
    here = await bench.router.create_direct_transport()
    extension = type(audio().header_extensions[0])(uri="urn:3gpp:video-orientation", id=8)
    parameters = RtpParameters(
        codecs=video().codecs, encodings=video().encodings, header_extensions=(extension,)
    )  # fmt: skip
    producer = await here.produce(kind="video", rtp_parameters=parameters)
    log = Log((producer, "videoorientationchange"), (producer.observer, "videoorientationchange"))
    producer.send(rtp(96, 1, 0, 1111, KEY_FRAME, extensions={8: b"\x09"}))
    producer.send(rtp(96, 2, 3000, 1111, DELTA_FRAME, extensions={8: b"\x06"}))
    seen = [(await log.until(lambda event, args: True))[0] for _ in range(4)]
    first, second = (
        VideoOrientation(camera=True, flip=False, rotation=90),
        VideoOrientation(camera=False, flip=True, rotation=180),
    )
    assert seen == [first, first, second, second]
