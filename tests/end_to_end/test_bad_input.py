"""Bad input over a real WebSocket while an exam goes on: stable codes, a connection that survives, a quiet log."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from typing import Any

import aiohttp
import pytest

from end_to_end.exam import Exam
from proctor_sfu.simulate import clip
from proctor_sfu.simulate.protoo import Data, Protoo, RefusedError

RTP: Data = {
    "codecs": [
        {
            "mimeType": "video/VP8",
            "payloadType": 100,
            "clockRate": 90000,
            "parameters": {},
            "rtcpFeedback": [{"type": "nack"}, {"type": "nack", "parameter": "pli"}],
        }
    ],
    "encodings": [{"ssrc": 4711}],
    "headerExtensions": [],
    "rtcp": {"cname": "ann"},
}

ABSURD_RTP: list[tuple[str, list[str | int], Any]] = [
    ("a payload type of eight bits", ["codecs", 0, "payloadType"], 255),
    ("a negative payload type", ["codecs", 0, "payloadType"], -1),
    ("a payload type that is a text", ["codecs", 0, "payloadType"], "100"),
    ("a clock of zero", ["codecs", 0, "clockRate"], 0),
    ("a clock beyond 32 bits", ["codecs", 0, "clockRate"], 2**40),
    ("a MIME type of nothing", ["codecs", 0, "mimeType"], ""),
    ("a MIME type with a NUL", ["codecs", 0, "mimeType"], "video/VP8\x00"),
    ("an SSRC of 33 bits", ["encodings", 0, "ssrc"], 2**32),
    ("a negative SSRC", ["encodings", 0, "ssrc"], -5),
    ("an SSRC that is a fraction", ["encodings", 0, "ssrc"], 0.5),
    ("no codecs", ["codecs"], []),
    ("codecs that are a number", ["codecs"], 7),
    ("a thousand codecs", ["codecs"], RTP["codecs"] * 1000),
    ("a thousand encodings", ["encodings"], [{"ssrc": 1000 + index} for index in range(1000)]),
    ("an unknown header extension", ["headerExtensions"], [{"uri": "urn:none", "id": 1}]),
    ("a header extension with id 0", ["headerExtensions"], [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 0}]),
    ("a name of 100,000 letters", ["rtcp", "cname"], "x" * 100_000),
    ("a parameter that is a list", ["codecs", 0, "parameters"], {"x": [1, 2]}),
    ("a scalability mode of nonsense", ["encodings", 0, "scalabilityMode"], "L99T99" * 50),
    ("a lone surrogate", ["rtcp", "cname"], "\ud800"),
]

WRONG_FINGERPRINTS: list[tuple[str, Any]] = [
    ("none", []),
    ("too short", [{"algorithm": "sha-256", "value": "AA:BB"}]),
    ("too long", [{"algorithm": "sha-256", "value": ":".join(["AA"] * 33)}]),
    ("no hex", [{"algorithm": "sha-256", "value": ":".join(["ZZ"] * 32)}]),
    ("of an unknown algorithm", [{"algorithm": "md5", "value": ":".join(["AA"] * 16)}]),
    ("a number", 7),
]

JUNK: list[tuple[str, str, str]] = [
    ("not JSON", "{", "bad_json"),
    ("nothing", "", "bad_json"),
    ("a bare number", "7", "bad_message"),
    ("a list", "[1, 2, 3]", "bad_message"),
    ("nested too deep", "[" * 60_000, "bad_json"),
    ("an id that is a text", '{"request":true,"id":"x","method":"join","data":{}}', "bad_message"),
    ("an id beyond 32 bits", '{"request":true,"id":1e400,"method":"join","data":{}}', "bad_message"),
    ("no method", '{"request":true,"id":901,"data":{}}', "bad_message"),
    ("data that is a list", '{"request":true,"id":902,"method":"join","data":[]}', "bad_message"),
    ("a number that JSON does not have", '{"request":true,"id":904,"method":"join","data":{"x":NaN}}', "bad_json"),
    ("an answer to nothing", '{"response":true,"id":77,"ok":true,"data":{}}', ""),
    ("a lone surrogate", '{"request":true,"id":903,"method":"\\ud800","data":{}}', "unknown_method"),
]


class Intruder:
    """A raw WebSocket next to a protoo client's: sends text as it is and reads the next message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._id = 1000

    async def send(self, text: str) -> Data:
        """Send a text and return the answer."""
        await self.socket.send_str(text)
        return await self.next()

    async def next(self) -> Data:
        """Return the next answer, which for a message without a readable id is the notification ``error``."""
        async with asyncio.timeout(10):
            while True:
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, f"{message.type!r}, closed {self.socket.close_code}"
                data: Data = json.loads(message.data)
                if data.get("method") == "error":
                    return {"ok": False, **data["data"]}
                if not data.get("notification"):
                    return data

    async def request(self, method: str, data: Any) -> Data:
        """Send a well-formed request and return the whole answer."""
        self._id += 1
        answer = await self.send(json.dumps({"request": True, "id": self._id, "method": method, "data": data}))
        assert answer["id"] == self._id
        return answer

    async def granted(self, method: str, **data: Any) -> Data:
        """Send a request that must succeed and return its data."""
        answer = await self.request(method, data)
        assert answer["ok"], answer
        result: Data = answer["data"]
        return result

    async def refused(self, method: str, data: Any) -> str:
        """Send a request that must fail and return the stable code."""
        answer = await self.request(method, data)
        assert answer["ok"] is False, answer
        assert isinstance(answer["errorCode"], int)
        assert answer["errorReason"].startswith(f"{answer['code']}: ")
        return str(answer["code"])


def changed(path: list[str | int], value: Any) -> Data:
    """Return the good RTP parameters with one thing changed."""
    result = copy.deepcopy(RTP)
    place: Any = result
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return result


async def test_bad_input_gets_codes_and_disturbs_nobody(exam: Exam) -> None:
    proctor = exam.proctor("pam")
    exam.candidate("ann")
    proctor.sees("ann", count=clip.FPS)
    mark, log = proctor.mark(), exam.daemon.mark()
    workers = sorted(exam.daemon.children())
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(exam.daemon.url, protocols=("protoo",)) as socket:
            intruder = Intruder(socket)
            await before_authenticating(intruder)
            await intruder.granted("authenticate", roomId=exam.room, peerId="mallory", role="candidate")
            await before_joining(intruder)
            await junk(intruder)
            accepted = await absurd_media(intruder)
            await asyncio.to_thread(proctor.offered, "mallory", "camera")
            await intruder.granted("closeProducer", producerId=accepted)
            await duplicate_id(intruder)
            await intruder.granted("getRouterRtpCapabilities")
        async with session.ws_connect(exam.daemon.url, protocols=("protoo",)) as socket:
            await too_big(socket)
    proctor.sees("ann", after=mark, count=clip.FPS)
    assert sorted(exam.daemon.children()) == workers, "a worker died of it"
    assert exam.daemon.tracebacks(after=log) == []
    assert proctor.told("newPeer", after=mark, id="mallory")["data"]["displayName"] == "Mallory"
    offered = proctor.all(lambda e: e["event"] == "consumer" and e["peer"] == "mallory", after=mark)
    assert [each["source"] for each in offered] == ["camera"], "only the one that was accepted"


async def before_authenticating(intruder: Intruder) -> None:
    """Nothing is possible without a name."""
    assert await intruder.refused("join", {}) == "not_authenticated"
    assert await intruder.refused("createWebRtcTransport", {"direction": "send"}) == "not_authenticated"
    wrong = {"roomId": "no-such-room", "peerId": "mallory", "role": "candidate"}
    assert await intruder.refused("authenticate", wrong) == "room_not_found"
    assert await intruder.refused("authenticate", {**wrong, "role": "king"}) == "bad_data"
    assert await intruder.refused("authenticate", {**wrong, "peerId": "../../etc"}) == "bad_data"


async def before_joining(intruder: Intruder) -> None:
    """A name is not a seat, and nobody becomes another peer."""
    assert await intruder.refused("authenticate", {"roomId": "x", "peerId": "y", "role": "proctor"}) in (
        "already_authenticated",
    )
    transport = await intruder.granted("createWebRtcTransport", direction="send")
    produce = {"transportId": transport["id"], "kind": "video", "rtpParameters": RTP, "appData": {"source": "camera"}}
    assert await intruder.refused("produce", produce) == "not_joined"


async def junk(intruder: Intruder) -> None:
    """Whatever is no request is answered with an error, or ignored where protoo has no answer."""
    for what, text, code in JUNK:
        if code:
            answer = await intruder.send(text)
            assert (answer["ok"], answer["code"]) == (False, code), what
        else:
            await intruder.socket.send_str(text)
        await intruder.granted("getRouterRtpCapabilities")
    await intruder.socket.send_bytes(b"\x00\xff" * 100)
    answer = await intruder.next()
    assert answer["code"] == "bad_message"
    assert await intruder.refused("shutdownServer", {}) == "unknown_method"
    assert await intruder.refused("__class__", {}) == "unknown_method"


async def absurd_media(intruder: Intruder) -> str:
    """Absurd parameters never reach a worker, and afterwards good ones still work; returns the producer they make."""
    await intruder.granted("join", displayName="\u202eMallory")
    transport = await intruder.granted("createWebRtcTransport", direction="send")
    for what, fingerprints in WRONG_FINGERPRINTS:
        data = {"transportId": transport["id"], "dtlsParameters": {"role": "client", "fingerprints": fingerprints}}
        assert await intruder.refused("connectWebRtcTransport", data) in ("bad_data", "invalid_argument"), what
    produce = {"transportId": transport["id"], "kind": "video", "rtpParameters": RTP, "appData": {"source": "camera"}}
    for what, path, value in ABSURD_RTP:
        code = await intruder.refused("produce", {**produce, "rtpParameters": changed(path, value)})
        assert code in ("bad_data", "invalid_argument", "unsupported"), what
    assert await intruder.refused("produce", {**produce, "kind": "smell"}) == "bad_data"
    assert await intruder.refused("produce", {**produce, "appData": {"source": "mind"}}) == "bad_data"
    assert await intruder.refused("produce", {**produce, "transportId": "none"}) == "transport_not_found"
    for method in ("pauseProducer", "resumeProducer", "closeProducer", "getProducerStats"):
        assert await intruder.refused(method, {"producerId": "no-such-producer"}) == "producer_not_found", method
    for method in ("consume", "closeConsumer"):
        data = {"producerId": "none", "consumerId": "none"}
        assert await intruder.refused(method, data) in ("forbidden", "consumer_not_found", "bad_data"), method
    producer = await intruder.granted("produce", **produce)
    assert await intruder.refused("produce", produce) == "source_exists"
    return str(producer["id"])


async def duplicate_id(intruder: Intruder) -> None:
    """An id of a request that is still being answered is refused; the first one gets its answer."""
    twice = json.dumps({"request": True, "id": 555, "method": "getRouterRtpCapabilities", "data": {}})
    await intruder.socket.send_str(twice)
    await intruder.socket.send_str(twice)
    answers = [await intruder.next(), await intruder.next()]
    assert {answer["id"] for answer in answers} == {555}
    assert [answer.get("code") for answer in answers if not answer["ok"]] == ["duplicate_request_id"]


async def too_big(socket: aiohttp.ClientWebSocketResponse) -> None:
    """10 MB in one message are refused and the connection goes on; what nobody would read ends it."""
    intruder = Intruder(socket)
    text = json.dumps({"request": True, "id": 1, "method": "authenticate", "data": {"x": "y" * 10_000_000}})
    assert (await intruder.send(text))["code"] == "message_too_big"
    assert await intruder.refused("join", {}) == "not_authenticated"
    # The server closes in the middle of it, which may or may not let its reason through.
    with contextlib.suppress(ConnectionError, aiohttp.ClientConnectionError):
        await socket.send_str("y" * 20_000_000)
    async with asyncio.timeout(10):
        message = await socket.receive()
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert socket.close_code in (aiohttp.WSCloseCode.MESSAGE_TOO_BIG, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)


async def test_a_flood_is_slowed_down_and_then_closed(exam: Exam) -> None:
    async def nothing(method: str, data: Data) -> Data:
        raise AssertionError(method)

    flooder = await Protoo.connect(exam.daemon.url, nothing, lambda method, data: None)
    await flooder.request("authenticate", {"roomId": exam.room, "peerId": "mallory", "role": "candidate"})
    codes: set[str] = set()
    try:
        async with asyncio.timeout(20):
            while True:
                results = await asyncio.gather(
                    *(flooder.request("getRouterRtpCapabilities") for _ in range(100)), return_exceptions=True
                )
                codes |= {error.code for error in results if isinstance(error, RefusedError)}
                if any(isinstance(error, Exception) and not isinstance(error, RefusedError) for error in results):
                    break
        assert codes == {"too_many_messages"}
        assert await flooder.wait_closed() == 4008
    finally:
        await flooder.close()
    assert exam.daemon.psfu("status")["ready"] is True


async def test_a_silent_connection_is_closed(exam: Exam) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(exam.daemon.url, protocols=("protoo",)) as socket:
        async with asyncio.timeout(20):
            message = await socket.receive()
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code is not None and socket.close_code >= 4000


@pytest.mark.parametrize("protocols", [(), ("other",)])
async def test_another_subprotocol_is_refused(exam: Exam, protocols: tuple[str, ...]) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(exam.daemon.url, protocols=protocols)
    assert refused.value.status == 400
