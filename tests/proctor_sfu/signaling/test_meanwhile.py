"""What changes while a handler waits for a worker: real sessions in a real room, and things that happen in between."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.aio import spawn
from proctor_sfu.audit.entry import DAEMON
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.rooms.peer import Peer, Published
from proctor_sfu.rooms.profile import Expected
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.settings import Signaling
from proctor_sfu.signaling.handlers.table import dispatch
from proctor_sfu.signaling.session import Session
from support.host import LOOPBACK, video
from support.sitting_recorded import Sitting, sitting


@pytest.fixture
async def exam(tmp_path: Path, worker_binary: WorkerBinary) -> AsyncIterator[Sitting]:
    async with sitting(tmp_path, worker_binary) as one:
        yield one


class Seat:
    """Somebody's session, and all it was sent."""

    def __init__(self, exam: Sitting) -> None:
        self.joined: dict[str, Any] = {}
        """The answer to `join`."""
        self.sent: list[dict[str, Any]] = []
        self.session = Session(self, exam.registry, Signaling(), dispatch, address="127.0.0.1", now=0.0)
        self._changed = asyncio.Event()
        self._ids = itertools.count(1)

    @classmethod
    async def take(cls, exam: Sitting, peer: str, role: str) -> Seat:
        """Enter and join."""
        seat = cls(exam)
        await seat.asks("authenticate", roomId="exam", peerId=peer, role=role)
        capabilities = await seat.asks("getRouterRtpCapabilities")
        seat.joined = await seat.asks("join", rtpCapabilities=capabilities, autoConsume=False)
        return seat

    def send(self, text: str) -> None:
        self.sent.append(json.loads(text))
        self._changed.set()

    def close(self, code: int, reason: str) -> None:
        """Nothing is closed here."""

    @property
    def peer(self) -> Peer:
        assert self.session.peer is not None
        return self.session.peer

    async def asks(self, method: str, **data: Any) -> Any:
        """Ask and return the answer."""
        answer = await self._ask(method, data)
        assert answer["ok"], answer
        return answer["data"]

    async def is_refused(self, method: str, **data: Any) -> str:
        """Ask for what is refused, and return the code."""
        return str((await self._ask(method, data))["code"])

    async def _ask(self, method: str, data: dict[str, Any]) -> dict[str, Any]:
        number = next(self._ids)
        await self.session.receive(json.dumps({"request": True, "id": number, "method": method, "data": data}), 0.0)
        (answer,) = [each for each in self.sent if each.get("response") and each["id"] == number]
        return answer

    async def publishes(self) -> Producer:
        """Publish a camera over the transport there is."""
        peer = self.peer
        assert peer.sending is not None
        parameters = {
            "codecs": [{"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000}], "encodings": [{"ssrc": 1111}],
        }  # fmt: skip
        made = await self.asks(
            "produce", transportId=peer.sending.id, kind="video", rtpParameters=parameters,
            appData={"source": "camera"},
        )  # fmt: skip
        return peer.published[made["id"]].producer

    async def is_told(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a message."""
        async with asyncio.timeout(10):
            while not (messages := [each for each in self.sent if found(each)]):
                self._changed.clear()
                await self._changed.wait()
        return messages[0]


async def test_what_was_on_its_way_over_a_transport_that_is_made_anew_comes_over_the_new_one(exam: Sitting) -> None:
    pam = await Seat.take(exam, "pam", "proctor")
    await pam.asks("createWebRtcTransport", direction="recv")
    await pam.asks("watch", views=[{"peerId": "ann", "source": "camera", "width": 320, "height": 180}])
    ann, before = exam.enter("ann"), pam.peer.receiving
    sending = await exam.room.media().create_plain_transport(listen_info=LOOPBACK)
    producer = await sending.produce(kind="video", rtp_parameters=video())
    making = spawn(pam.asks("createWebRtcTransport", direction="recv"), name="another transport")
    await asyncio.sleep(0)  # It is asked for.
    exam.room.forwarding.publish(ann, Published(source=Source.CAMERA, producer=producer))
    await making
    assert pam.peer.receiving is not before
    offer = await pam.is_told(lambda message: message.get("method") == "newConsumer")
    assert offer["data"]["producerId"] == producer.id
    assert [each.consumer.closed for each in pam.peer.viewed.values()] == [False]


async def test_who_still_checks_its_devices_is_expected_by_whoever_comes(exam: Sitting) -> None:
    expected = (Expected(id="ann", role=Role.CANDIDATE, name="Ann"), Expected(id="pam", role=Role.PROCTOR, name="Pam"))
    await exam.registry.set_roster(exam.room, expected, by=DAEMON)
    exam.enter("ann")
    pam = await Seat.take(exam, "pam", "proctor")
    assert [(each["id"], each["state"]) for each in pam.joined["peers"]] == [("ann", "expected")]
    bob = Expected(id="bob", role=Role.CANDIDATE, name="Bob")
    await exam.registry.set_roster(exam.room, (*expected[1:], bob), by=DAEMON)
    told = [(each["method"], each["data"]) for each in pam.sent if each.get("notification")]
    assert [(method, data.get("id", data.get("peerId"))) for method, data in told] == [
        ("peerClosed", "ann"), ("newPeer", "bob"),
    ]  # fmt: skip


async def test_who_comes_back_is_told_of_what_the_lost_connection_was_still_doing(exam: Sitting) -> None:
    ann, again = await Seat.take(exam, "ann", "candidate"), Seat(exam)
    await ann.asks("createWebRtcTransport", direction="send")
    publishing = spawn(ann.publishes(), name="publish")
    await asyncio.sleep(0)  # The worker is asked.
    ann.session.gone(1006)
    who = {"roomId": "exam", "peerId": "ann", "role": "candidate", "resumeKey": ann.peer.resume_key}
    welcome = await again.asks("authenticate", **who)
    producer = await publishing
    assert welcome["resumed"]
    assert [each["id"] for each in welcome["producers"]] == [producer.id]
    await again.asks("closeProducer", producerId=producer.id)
    assert not (await again.publishes()).closed


async def test_who_comes_back_to_a_room_that_is_just_being_closed_is_not_in_it(exam: Sitting) -> None:
    ann, again = await Seat.take(exam, "ann", "candidate"), Seat(exam)
    who = {"roomId": "exam", "peerId": "ann", "role": "candidate", "resumeKey": ann.peer.resume_key}
    async with ann.peer.turn:
        entering = spawn(again.is_refused("authenticate", **who), name="come back")
        await asyncio.sleep(0)  # It waits for what the last connection began.
        await exam.registry.close("exam", "over")
    assert await entering == "room_not_found"
    assert exam.room.peers == {}


async def test_a_connection_that_was_replaced_does_nothing_any_more(exam: Sitting) -> None:
    ann, again = await Seat.take(exam, "ann", "candidate"), Seat(exam)
    who = {"roomId": "exam", "peerId": "ann", "role": "candidate", "resumeKey": ann.peer.resume_key}
    assert (await again.asks("authenticate", **who))["resumed"]
    said = len(ann.sent)
    late = {"request": True, "id": 99, "method": "createWebRtcTransport", "data": {"direction": "send"}}
    await ann.session.receive(json.dumps(late), 0.0)
    assert ann.sent[said:] == []
    assert again.peer.sending is None


async def test_a_lead_who_lets_go_while_a_source_is_being_published_has_let_go(exam: Sitting) -> None:
    lea, ann = await Seat.take(exam, "lea", "lead"), await Seat.take(exam, "ann", "candidate")
    await ann.asks("createWebRtcTransport", direction="send")
    exam.room.held["ann"] = {Source.CAMERA}
    loop = asyncio.get_running_loop()

    def release() -> None:
        spawn(lea.asks("pausePeer", peerId="ann", source="camera", paused=False), name="release")

    assert ann.peer.sending is not None
    # One round later, when what has just been made is about to be paused.
    ann.peer.sending.observer.on("newproducer", lambda producer: loop.call_soon(release))
    await ann.publishes()
    await lea.is_told(lambda message: message.get("response") is True and message["id"] == 4)
    assert [each.producer.paused for each in ann.peer.published.values()] == [False]
    held = [each["data"]["held"] for each in ann.sent if each.get("method") == "sourceHeld"]
    assert held == [False]


async def test_a_lead_who_lets_go_does_not_speak_for_the_one_who_paused_it_as_well(exam: Sitting) -> None:
    lea, ann = await Seat.take(exam, "lea", "lead"), await Seat.take(exam, "ann", "candidate")
    await ann.asks("createWebRtcTransport", direction="send")
    camera = await ann.publishes()

    async def holds(paused: bool) -> None:
        await lea.asks("pausePeer", peerId="ann", source="camera", paused=paused)

    await ann.asks("pauseProducer", producerId=camera.id)
    await holds(True)
    await holds(False)
    assert camera.paused, "Ann sends nothing yet"
    await holds(True)
    assert await ann.is_refused("resumeProducer", producerId=camera.id) == "source_held"
    await holds(False)
    assert not camera.paused, "both want it to go on"
