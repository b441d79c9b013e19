"""Ten thousand messages nobody should send, in every state and role, to a real daemon with a real worker.

Whatever arrives: every request is answered, with success or with a code of the manual; no worker dies, the log shows no
failure nobody foresaw, nothing is left in the worker, and memory does not grow.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from end_to_end.asking import until
from end_to_end.daemon import Daemon, running
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.rooms.roles import Role
from proctor_sfu.signaling.handlers.table import TABLE
from proctor_sfu.signaling.messages import STATUS

ROOM: Final = "fuzz"
MESSAGES: Final = 10_000
AT_ONCE: Final = 40
"""Messages on one connection."""
GROWTH: Final = 12 * 2**20
"""Bytes daemon and worker may grow after the first quarter: what allocators and the rings of events and audit keep."""
SENTINEL: Final = 2**52

# Values.

numbers = st.sampled_from([0, 1, -1, 7, 255, 256, 65_536, 2**31, 2**32, 2**53, 2**64, 10**30, 0.5, -0.0, 1e308])
WORDS: Final = [
    "", "x", "*", "../../etc/passwd", "\x00", "\x1b[2J", "\u202e", "\ud800", "é" * 50, "x" * 5000, "null", "-1", "%s",
]  # fmt: skip
texts = st.sampled_from(WORDS) | st.text(max_size=20)
scalars = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8) | texts, below, max_size=4),
    max_leaves=8,
)
"""JSON of any shape."""

KNOWN: Final = ["send", "recv", "video", "audio", "camera", "screen", "microphone", "voice", "candidate", "lead", ROOM]
OWN: Final = ["@send", "@recv", "@producer", "@consumer", "@peer"]
"""Stand for ids that exist on the connection they are sent on."""
likely = st.sampled_from([*KNOWN, *OWN]) | scalars

codec = st.fixed_dictionaries(
    {"mimeType": st.sampled_from(["video/VP8", "audio/opus", "video/rtx", "", "video/", "x"]) | texts,
     "payloadType": st.sampled_from([96, 100, 127, 128, -1, 0]) | scalars,
     "clockRate": st.sampled_from([90_000, 48_000, 0, -1]) | scalars},
    optional={"channels": numbers, "parameters": st.dictionaries(texts, scalars, max_size=3) | anything,
              "rtcpFeedback": st.lists(st.fixed_dictionaries({"type": texts}), max_size=3) | anything},
)  # fmt: skip
encoding = st.fixed_dictionaries(
    {}, optional={"ssrc": numbers, "rid": texts, "rtx": st.fixed_dictionaries({"ssrc": numbers}) | anything,
                  "scalabilityMode": texts, "maxBitrate": scalars, "dtx": scalars},
)  # fmt: skip
rtp_parameters = st.fixed_dictionaries(
    {"codecs": st.lists(codec, max_size=3) | anything, "encodings": st.lists(encoding, max_size=3) | anything},
    optional={"mid": texts, "headerExtensions": st.lists(
        st.fixed_dictionaries({"uri": texts, "id": numbers}), max_size=2) | anything,
        "rtcp": st.fixed_dictionaries({}, optional={"cname": texts, "reducedSize": scalars}) | anything},
)  # fmt: skip
GOOD_RTP: Final = {
    "codecs": [{"mimeType": "video/VP8", "payloadType": 101, "clockRate": 90000}],
    "encodings": [{"ssrc": 1234}], "rtcp": {"cname": "x"},
}  # fmt: skip
fingerprint = st.fixed_dictionaries({"algorithm": st.sampled_from(["sha-256", "md5", ""]) | texts, "value": texts})
MEMBERS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "transportId": likely, "producerId": likely, "consumerId": likely, "peerId": likely, "proctorId": likely,
    "direction": likely, "kind": likely, "source": likely, "role": likely, "roomId": likely, "token": texts,
    "resumeKey": texts, "displayName": texts, "forceTcp": scalars, "paused": scalars, "on": scalars, "raised": scalars,
    "autoConsume": scalars, "spatialLayer": numbers | scalars, "temporalLayer": numbers, "priority": numbers | scalars,
    "available": numbers, "limited": scalars, "text": texts, "note": texts, "reason": texts,
    "peerIds": st.lists(likely, max_size=4) | scalars,
    "rtpParameters": rtp_parameters | st.just(GOOD_RTP) | anything,
    "rtpCapabilities": st.fixed_dictionaries({}, optional={
        "codecs": st.lists(codec, max_size=3) | anything, "headerExtensions": anything}) | anything,
    "dtlsParameters": st.fixed_dictionaries({"fingerprints": st.lists(fingerprint, max_size=2) | anything},
                                            optional={"role": likely}) | anything,
    "appData": st.fixed_dictionaries({}, optional={"source": likely, "width": numbers}) | anything,
    "views": st.lists(st.fixed_dictionaries({"peerId": likely, "source": likely, "width": numbers, "height": numbers},
                                            optional={"focus": scalars}), max_size=3) | anything,
}  # fmt: skip
BODIES: Final = {
    method: sorted({field.alias or name for name, field in entry.body.model_fields.items()})
    for method, entry in TABLE.items()
}


def body(method: str) -> st.SearchStrategy[Any]:
    """Data that has much of what a method takes, and little of what it should be."""
    members = {name: MEMBERS.get(name, anything) for name in BODIES[method]}
    some = st.fixed_dictionaries({}, optional=members)
    return st.one_of(some, some, st.fixed_dictionaries(members), st.fixed_dictionaries(members), anything)


GOOD: Final[dict[str, Any]] = {
    "createWebRtcTransport": {"direction": "send"},
    "connectWebRtcTransport": {
        "transportId": "@recv",
        "dtlsParameters": {
            "role": "client", "fingerprints": [{"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}],
        },
    },
    "restartIce": {"transportId": "@send"},
    "getTransportStats": {"transportId": "@recv"},
    "join": {"rtpCapabilities": {"codecs": [{"kind": "video", "mimeType": "video/VP8", "clockRate": 90000}]}},
    "produce": {
        "transportId": "@send", "kind": "video", "rtpParameters": GOOD_RTP, "appData": {"source": "screen"},
    },
    "uplink": {"available": 100_000, "limited": True},
    "pauseProducer": {"producerId": "@producer"},
    "resumeProducer": {"producerId": "@producer"},
    "getProducerStats": {"producerId": "@producer"},
    "watch": {"views": [{"peerId": "@peer", "source": "camera", "width": 320, "height": 180, "focus": True}]},
    "consume": {"producerId": "@producer", "paused": True},
    "whisper": {"peerId": "@peer"},
    "announce": {"on": True},
    "message": {"text": "hello"},
    "raiseHand": {"raised": True},
    "bookmark": {"peerId": "@peer", "note": "phone"},
    "pausePeer": {"peerId": "@peer", "source": "camera", "paused": True},
    "assign": {"proctorId": "@peer", "peerIds": ["x"]},
}  # fmt: skip
"""Requests that may be right where they are sent."""


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of everything in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*path, key)
        yield from places(below, (*path, key))


@st.composite
def nearly_right(draw: st.DrawFn) -> tuple[str, Any]:
    """A good request with at most one thing in it changed."""
    method = draw(st.sampled_from(sorted(GOOD)))
    data = copy.deepcopy(GOOD[method])
    if draw(st.integers(0, 3)):
        *above, last = draw(st.sampled_from(list(places(data))))
        place = data
        for key in above:
            place = place[key]
        place[last] = draw(st.one_of(numbers, texts, likely, anything))
    return method, data


# Going on purpose ends the connection, which other tests look at.
methods = [method for method in TABLE if method != "leave"]
requests = st.sampled_from(methods).flatmap(lambda method: st.tuples(st.just(method), body(method)))


def framed(kind: str, pair: tuple[str, Any]) -> dict[str, Any]:
    return {kind: True, "method": pair[0], "data": pair[1]}


class Raw(str):
    """A text that is sent as it is."""


NAN: Final = '{"request":true,"id":1,"method":"join","data":{"x":NaN}}'
JUNK: Final = [Raw(each) for each in ("{", "", "[" * 5000, NAN, "\x00", "nul", "1e999")]

FORMS: Final = {
    "nearly right": nearly_right().map(lambda pair: framed("request", pair)),
    "known method": requests.map(lambda pair: framed("request", pair)),
    "other method": st.tuples(texts, anything).map(lambda pair: framed("request", pair)),
    "notification": requests.map(lambda pair: framed("notification", pair)),
    "response": st.fixed_dictionaries({"response": st.just(True), "ok": scalars, "data": anything}),
    "JSON": anything,
    "junk": st.sampled_from(JUNK),
    "bytes": st.binary(max_size=50),
}
# By hand, since alternatives that are alike are taken once by Hypothesis.
WEIGHTS: Final = ["nearly right"] * 12 + ["known method"] * 6 + list(FORMS)
messages = st.sampled_from(WEIGHTS).flatmap(lambda form: FORMS[form])
"""A JSON value, a text that is sent as it is, or bytes."""


class Fuzzer:
    """Connections to one daemon, and what was seen on all of them."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.loop = asyncio.new_event_loop()
        self.sent = 0
        self.codes: Counter[str] = Counter()
        self.first_quarter: dict[int, int] | None = None
        self._names = itertools.count()

    def run(self, role: Role | None, joined: bool, batch: list[Any]) -> None:
        """Send a batch on a connection of its own."""
        self.loop.run_until_complete(self._run(role, joined, batch))
        if self.first_quarter is None and self.sent >= MESSAGES // 4:
            self.first_quarter = self.sizes()

    def sizes(self) -> dict[int, int]:
        """Return the resident size of the daemon and its worker, bytes by process id."""
        pids = [self.daemon.psfu("status")["pid"], *self.daemon.children()]
        return {pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in pids}

    async def _run(self, role: Role | None, joined: bool, batch: list[Any]) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.daemon.url, protocols=("protoo",), max_msg_size=0) as socket,
        ):
            ids = await self._begin(socket, role, joined)
            asked: set[int] = set()
            for number, message in enumerate(batch, start=1000):
                await self._send(socket, message, number, ids, asked)
            self.sent += len(batch)
            await socket.send_json({"request": True, "id": SENTINEL, "method": "sentinel", "data": {}})
            asked.add(SENTINEL)
            async with asyncio.timeout(20):
                await self._collect(socket, asked)

    async def _begin(self, socket: aiohttp.ClientWebSocketResponse, role: Role | None, joined: bool) -> dict[str, str]:
        """Come as far as the batch wants to begin; return the ids that exist."""
        if role is None:
            return {}
        peer = f"p{next(self._names)}"
        ids = {"@peer": peer}
        await self._ask(socket, 1, "authenticate", roomId=ROOM, peerId=peer, role=role)
        if joined:
            capabilities = await self._ask(socket, 2, "getRouterRtpCapabilities")
            ids["@recv"] = (await self._ask(socket, 3, "createWebRtcTransport", direction="recv"))["id"]
            if role is not Role.OBSERVER:
                ids["@send"] = (await self._ask(socket, 4, "createWebRtcTransport", direction="send"))["id"]
            await self._ask(socket, 5, "join", rtpCapabilities=capabilities)
            if role is Role.CANDIDATE:
                good = {"transportId": ids["@send"], "kind": "video", "rtpParameters": GOOD_RTP}
                ids["@producer"] = (await self._ask(socket, 6, "produce", **good))["id"]
        return ids

    async def _ask(self, socket: aiohttp.ClientWebSocketResponse, number: int, method: str, **data: Any) -> Any:
        await socket.send_json({"request": True, "id": number, "method": method, "data": data})
        async with asyncio.timeout(20):
            while True:
                answer = await socket.receive_json()
                if answer.get("response") and answer.get("id") == number:
                    assert answer["ok"], answer
                    return answer["data"]

    async def _send(
        self, socket: aiohttp.ClientWebSocketResponse, message: Any, number: int, ids: dict[str, str], asked: set[int]
    ) -> None:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
            return
        if isinstance(message, dict) and ("request" in message or "response" in message):
            message = {**message, "id": number}
            method = message.get("method")
            if message.get("request") is True and isinstance(method, str) and 0 < len(method) <= 64:
                asked.add(number)
        text = message if isinstance(message, Raw) else json.dumps(message)
        for name, real in ids.items():
            text = text.replace(f'"{name}"', json.dumps(real))
        await socket.send_str(text)

    async def _collect(self, socket: aiohttp.ClientWebSocketResponse, asked: set[int]) -> None:
        """Read until every request is answered."""
        while asked:
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, f"closed with {socket.close_code}; unanswered: {asked}"
            data = json.loads(message.data)
            if data.get("notification") and data["method"] == "error":
                self._judge(data["data"])
            elif data.get("response"):
                # One that only looked like a request has an answer as well, if its id could be read.
                asked.discard(data["id"])
                if data["ok"]:
                    self.codes["ok"] += 1
                else:
                    self._judge(data)

    def _judge(self, refusal: dict[str, Any]) -> None:
        code = refusal["code"]
        assert code in STATUS and refusal["errorCode"] == STATUS[code], refusal
        assert code != "internal", refusal
        assert refusal["errorReason"].startswith(f"{code}: ") and len(refusal["errorReason"]) < 2000, refusal
        self.codes[code] += 1


@pytest.fixture(scope="module")
def fuzzer(worker_binary: WorkerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzer]:
    # The limits on messages are looked at elsewhere; here they would only keep messages out.
    wanted = {
        "signaling": {"messages_per_second": 1e6, "messages_burst": 1_000_000, "authenticate_seconds": 30},
        "workers": {"count": 1},
    }
    with running(tmp_path_factory.mktemp("fuzz"), wanted) as daemon:
        daemon.psfu("rooms", "create", ROOM, "--open")
        made = Fuzzer(daemon)
        yield made
        made.loop.close()


states = st.sampled_from(
    [(None, False), *((role, False) for role in Role), *((role, True) for role in Role for _ in range(4))]
)


@settings(
    max_examples=MESSAGES // AT_ONCE, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck), derandomize=True,
)  # fmt: skip
@given(state=states, batch=st.lists(messages, min_size=AT_ONCE, max_size=AT_ONCE))
def test_any_message_in_any_state(fuzzer: Fuzzer, state: tuple[Role | None, bool], batch: list[Any]) -> None:
    fuzzer.run(*state, batch)


def left(worker: dict[str, Any]) -> tuple[int, int, int]:
    """What a worker still has."""
    return worker["transports"], worker["producers"], worker["consumers"]


def test_nothing_came_of_it(fuzzer: Fuzzer, report: Callable[[str], None]) -> None:
    """Runs after the other, on the same daemon."""
    daemon = fuzzer.daemon
    assert fuzzer.sent >= MESSAGES
    assert {"ok", "bad_json", "bad_message", "bad_data", "unknown_method", "not_authenticated", "not_joined",
            "forbidden", "transport_not_found"} <= fuzzer.codes.keys()  # fmt: skip
    report(f"{fuzzer.sent} malformed messages, {len(fuzzer.codes) - 1} codes: {dict(fuzzer.codes.most_common())}")
    before, after = fuzzer.first_quarter, fuzzer.sizes()
    assert before is not None and before.keys() == after.keys(), "a worker died"
    grown = {pid: after[pid] - before[pid] for pid in after}
    shown = " and ".join(f"{each / 2**20:.1f}" for each in grown.values())
    report(f"daemon and worker grew by {shown} MiB after the first quarter of them")
    assert max(grown.values()) < GROWTH
    # Whoever was last, an observer too, may have closed its connection only just now.
    until(lambda: (room := daemon.psfu("rooms", "get", ROOM))["candidates"] == room["proctors"] == 0)
    until(lambda: [left(each) for each in daemon.psfu("workers", "list")] == [(0, 0, 0)])
    assert daemon.tracebacks() == []
