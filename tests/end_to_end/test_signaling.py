"""Signaling without media: every method once, every message held against the schema, and who hears of what."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import pytest

from end_to_end.exam import Exam
from proctor_sfu.signaling.handlers.table import TABLE
from support.signaling import Bare, Data

Enter: TypeAlias = Callable[..., Awaitable[Bare]]


def rtp(kind: str, ssrc: int, *, layers: int = 1) -> Data:
    """RTP parameters of a source as a browser would have them."""
    mime, payload_type = ("audio/opus", 100) if kind == "audio" else ("video/VP8", 101)
    codec: Data = {"mimeType": mime, "payloadType": payload_type, "clockRate": 48000 if kind == "audio" else 90000}
    if kind == "audio":
        codec["channels"] = 2
    return {"codecs": [codec], "encodings": [{"ssrc": ssrc + layer} for layer in range(layers)], "rtcp": {"cname": "x"}}


@pytest.fixture
async def enter(exam: Exam) -> AsyncIterator[Enter]:
    """Lets peers in: authenticated, joined, with a transport for each direction they may use."""
    async with AsyncExitStack() as stack:

        async def enter(peer: str, role: str, *, auto: bool = False, resume: str | None = None) -> Bare:
            client = await Bare.connect(exam.daemon.url)
            stack.push_async_callback(client.close)
            resuming = {} if resume is None else {"resumeKey": resume}
            client.welcome = await client.ask(
                "authenticate", roomId=exam.room, peerId=peer, role=role, displayName=peer.title(), **resuming
            )
            if client.welcome["resumed"]:
                return client
            capabilities = await client.ask("getRouterRtpCapabilities")
            client.peers = (await client.ask("join", rtpCapabilities=capabilities, autoConsume=auto))["peers"]
            client.recv = (await client.ask("createWebRtcTransport", direction="recv"))["id"]
            if role != "observer":
                client.send = (await client.ask("createWebRtcTransport", direction="send"))["id"]
            return client

        yield enter


async def produce(client: Bare, source: str, ssrc: int, *, layers: int = 1) -> str:
    """Publish a source; returns the producer's id."""
    kind = "audio" if source in ("microphone", "voice") else "video"
    answer = await client.ask(
        "produce", transportId=client.send, kind=kind, rtpParameters=rtp(kind, ssrc, layers=layers),
        appData={"source": source, "width": 1280},
    )  # fmt: skip
    return str(answer["id"])


def tile(peer: str, source: str = "camera", width: int = 320, *, focus: bool = False) -> Data:
    return {"peerId": peer, "source": source, "width": width, "height": width * 9 // 16, "focus": focus}


async def test_every_method_is_answered_as_the_schema_says(enter: Enter) -> None:
    ann = await enter("ann", "candidate")
    pam = await enter("pam", "lead")
    used = {"authenticate", "getRouterRtpCapabilities", "join", "createWebRtcTransport"}

    async def ask(client: Any, method: str, **data: Any) -> Any:
        used.add(method)
        return await client.ask(method, **data)

    await ask(ann, "ping")
    camera = await produce(ann, "camera", 1000, layers=3)
    await produce(pam, "voice", 2000)
    used.add("produce")
    await pam.hears("newProducer", peerId="ann", producerId=camera)
    await ask(pam, "watch", views=[tile("ann")])
    seen = await pam.is_offered("ann", "camera")
    assert seen["type"] == "simulcast"
    of = {"consumerId": seen["id"]}
    await ask(pam, "pauseConsumer", **of)
    await ask(pam, "resumeConsumer", **of)
    await ask(pam, "setConsumerPreferredLayers", **of, spatialLayer=1, temporalLayer=0)
    await ask(pam, "setConsumerPriority", **of, priority=7)
    await ask(pam, "requestConsumerKeyFrame", **of)
    await ask(pam, "getConsumerStats", **of)
    await ask(pam, "closeConsumer", **of)
    again = await ask(pam, "consume", producerId=camera)
    await ask(pam, "resumeConsumer", consumerId=again["id"])
    await ask(pam, "whisper", peerId="ann")
    await ann.hears("talk", peerId="pam", to="you", on=True)
    await ask(pam, "announce", on=True)
    await ask(pam, "message", peerId="ann", text="look at the camera")
    await ann.hears("message", text="look at the camera", to="ann")
    await ask(ann, "raiseHand", raised=True)
    await pam.hears("handRaised", peerId="ann", raised=True)
    await ask(pam, "bookmark", peerId="ann", note="phone")
    await pam.hears("bookmark", peerId="ann", note="phone", by="pam")
    plan = await ask(ann, "uplink", available=5_000_000, limited=False)
    assert plan["sources"] == {"camera": ann.welcome["bitrates"]["camera"]}
    await ask(pam, "pausePeer", peerId="ann", source="camera", paused=True)
    await ann.hears("sourceHeld", source="camera", held=True)
    await ask(pam, "pausePeer", peerId="ann", source="camera", paused=False)
    await enter("quin", "proctor")
    await ask(pam, "assign", proctorId="quin", peerIds=["ann"])
    found = await ask(pam, "getAssignments")
    assert [(each["peerId"], each["present"], each["peerIds"]) for each in found["viewers"]] == [
        ("quin", True, ["ann"])
    ]
    await ask(pam, "kick", peerId="quin", reason="wrong room")
    of = {"producerId": camera}
    await ask(ann, "pauseProducer", **of)
    await pam.hears("consumerPaused", consumerId=again["id"])
    await ask(ann, "resumeProducer", **of)
    await ask(ann, "getProducerStats", **of)
    await ask(ann, "getTransportStats", transportId=ann.send)
    await ask(ann, "restartIce", transportId=ann.send)
    dtls = {"role": "client", "fingerprints": [{"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}]}
    await ask(ann, "connectWebRtcTransport", transportId=ann.send, dtlsParameters=dtls)
    await ask(ann, "closeProducer", **of)
    await pam.hears("producerClosed", producerId=camera, source="camera")
    await pam.hears("consumerClosed", consumerId=again["id"], reason="producer_closed")
    await ask(ann, "leave")
    assert await ann.closed() == 1000
    await pam.hears("peerClosed", peerId="ann", reason="left")
    assert used == TABLE.keys()


async def test_tiles_decide_what_is_sent(enter: Enter) -> None:
    ann = await enter("ann", "candidate")
    bob = await enter("bob", "candidate")
    pam = await enter("pam", "proctor")
    for peer, ssrc in ((ann, 1000), (bob, 3000)):
        await produce(peer, "camera", ssrc, layers=3)
        await produce(peer, "microphone", ssrc + 10)
    assert pam.offered == []
    await pam.ask("watch", views=[tile("ann"), tile("bob"), tile("ann", "microphone", 0), tile("carl")])
    for peer, source in (("ann", "camera"), ("bob", "camera"), ("ann", "microphone")):
        await pam.is_offered(peer, source)
    assert len(pam.offered) == 3
    # A tile of somebody who is not there yet is kept: it fills when he comes.
    carl = await enter("carl", "candidate")
    await produce(carl, "camera", 5000, layers=3)
    await pam.is_offered("carl", "camera")
    # Paging away pauses and paging back resumes the same consumers; nothing is offered twice.
    await pam.ask("watch", views=[tile("bob", focus=True, width=1280)])
    await pam.ask("watch", views=[tile("ann"), tile("bob"), tile("carl")])
    assert len(pam.offered) == 4


async def test_a_candidate_neither_watches_nor_hears_what_is_not_for_it(enter: Enter) -> None:
    ann = await enter("ann", "candidate", auto=True)
    bob = await enter("bob", "candidate", auto=True)
    pam = await enter("pam", "proctor", auto=True)
    camera = await produce(ann, "camera", 1000)
    voice = await produce(pam, "voice", 2000)
    await pam.is_offered("ann", "camera")
    assert await bob.refused("watch", views=[tile("ann")]) == "forbidden"
    assert await bob.refused("consume", producerId=camera) == "forbidden"
    assert await bob.refused("consume", producerId=voice) == "forbidden"
    assert await bob.refused("whisper", peerId="ann") == "forbidden"
    assert await bob.refused("announce", on=True) == "forbidden"
    assert await bob.refused("message", peerId="ann", text="what is question 3?") == "forbidden"
    assert await bob.refused("bookmark", peerId="ann") == "forbidden"
    assert await pam.refused("raiseHand", raised=True) == "forbidden"
    await pam.ask("whisper", peerId="ann")
    await ann.is_offered("pam", "voice")
    assert bob.offered == [] and [name for name, _ in bob.told] == []
    await pam.ask("whisper", peerId="bob")
    await bob.is_offered("pam", "voice")
    await ann.hears("talk", peerId="pam", on=False)
    await ann.hears("consumerClosed", consumerId=ann.offered[0]["id"])
    await pam.ask("announce", on=False)
    await bob.hears("consumerClosed", consumerId=bob.offered[0]["id"])


async def test_a_lost_connection_is_resumed_where_it_ended(enter: Enter) -> None:
    ann = await enter("ann", "candidate")
    pam = await enter("pam", "proctor")
    camera = await produce(ann, "camera", 1000)
    await pam.ask("watch", views=[tile("ann")])
    offered = await pam.is_offered("ann", "camera")
    ann.cut()
    await pam.hears("peerState", peerId="ann", state="reconnecting")
    await pam.ask("message", peerId="ann", text="are you there?")
    back = await enter("ann", "candidate", resume=ann.welcome["resumeKey"])
    assert back.welcome["resumed"] is True
    assert [each["id"] for each in back.welcome["producers"]] == [camera]
    assert {(each["id"], each["direction"]) for each in back.welcome["transports"]} == {
        (ann.send, "send"), (ann.recv, "recv"),
    }  # fmt: skip
    assert [each["text"] for each in back.welcome["messages"]] == ["are you there?"]
    await pam.hears("peerState", peerId="ann", state="joining")
    assert not [name for name, _ in pam.told if name in ("peerClosed", "consumerClosed")]
    pam.cut()
    again = await enter("pam", "proctor", resume=pam.welcome["resumeKey"])
    assert [each["id"] for each in again.welcome["consumers"]] == [offered["id"]]
    assert [each["id"] for each in again.welcome["peers"]] == ["ann"]


async def test_nothing_is_lost_that_was_told_to_a_connection_of_which_nobody_knows_yet_that_it_is_gone(
    enter: Enter,
) -> None:
    ann, pam = await enter("ann", "candidate"), await enter("pam", "lead")
    await produce(ann, "camera", 1000)
    await produce(pam, "voice", 2000)
    # From here on nothing arrives; the server goes on sending until it notices.
    ann.takes = False
    await pam.ask("message", peerId="ann", text="come closer")
    await pam.ask("pausePeer", peerId="ann", source="camera", paused=True)
    await pam.ask("whisper", peerId="ann")
    offered = await ann.is_offered("pam", "voice")
    back = await enter("ann", "candidate", resume=ann.welcome["resumeKey"])
    assert [each["text"] for each in back.welcome["messages"]] == ["come closer"]
    assert (back.welcome["held"], back.welcome["bookmarks"]) == (["camera"], [])
    assert back.welcome["consumers"] == []
    assert (await back.is_offered("pam", "voice"))["id"] != offered["id"]


async def test_a_candidate_who_is_away_while_a_worker_dies_is_not_forgotten(enter: Enter, exam: Exam) -> None:
    ann, pam = await enter("ann", "candidate"), await enter("pam", "proctor")
    ann.cut()
    await pam.hears("peerState", peerId="ann", state="reconnecting")
    os.kill(exam.daemon.psfu("rooms", "get", exam.room)["worker"], signal.SIGKILL)
    await pam.hears("workerDied")
    capabilities = await pam.ask("getRouterRtpCapabilities")
    (known,) = (await pam.ask("join", rtpCapabilities=capabilities))["peers"]
    assert (known["id"], known["state"]) == ("ann", "reconnecting")
    exam.daemon.psfu("candidates", "kick", "ann", "--room", exam.room, "--yes")
    await pam.hears("peerClosed", peerId="ann", reason="kicked")


async def test_a_seat_is_taken_over_only_with_its_key(enter: Enter) -> None:
    ann = await enter("ann", "candidate")
    taken = await enter("ann", "candidate", resume=ann.welcome["resumeKey"])
    assert taken.welcome["resumed"] is True
    await ann.hears("replaced")
    assert await ann.closed() == 4005


@pytest.mark.parametrize("code", [1000, 1001, 4000])
async def test_leaving_is_told_apart_from_a_lost_connection(enter: Enter, code: int) -> None:
    ann = await enter("ann", "candidate")
    pam = await enter("pam", "proctor")
    await ann.close(code)
    await pam.hears("peerClosed", peerId="ann", reason="left")


async def test_a_message_reaches_those_it_is_for(enter: Enter) -> None:
    ann, bob = [await enter(peer, "candidate") for peer in ("ann", "bob")]
    pam, oz = await enter("pam", "proctor"), await enter("oz", "observer")
    assert (await ann.ask("message", text="my \x1b[31mscreen\u202e froze"))["readers"] == 1
    heard = await pam.hears("message", role="candidate", to=None)
    assert heard["from"] == "ann" and heard["text"] == "my [31mscreen froze"
    assert (await pam.ask("message", text="ten minutes left"))["readers"] == 2
    await asyncio.gather(*(each.hears("message", text="ten minutes left") for each in (ann, bob)))
    assert await pam.refused("message", peerId="nobody", text="x") == "peer_not_found"
    assert await pam.refused("message", text="\x00\u200b") == "bad_data"
    assert not [name for name, _ in oz.told if name == "message"]
