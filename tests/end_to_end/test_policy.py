"""Who gets in and who sees whom, at a real daemon: tokens, second logins, assignments, leads, and the audit of it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import jwt
import pytest

from end_to_end.daemon import Daemon, running
from proctor_sfu.mediasoup.install import WorkerBinary
from support.signaling import Bare, RefusedError
from support.sitting import Sitting, publish

LIMIT = 12
"""Connections from one address."""


@pytest.fixture(scope="module")
def strict(worker_binary: WorkerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that forgives no clock and few connections."""
    settings = {
        "signaling": {"connections_per_address": LIMIT, "grace_seconds": 20},
        "tokens": {"leeway_seconds": 0, "audience": "exams"},
        "workers": {"count": 1},
    }
    with running(tmp_path_factory.mktemp("policy"), settings) as daemon:
        yield daemon


@pytest.fixture
async def sitting(strict: Daemon, request: pytest.FixtureRequest) -> AsyncIterator[Sitting]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60].strip("-")
    async with AsyncExitStack() as stack:
        yield Sitting(daemon=strict, room=name, stack=stack)


async def refused(sitting: Sitting, **data: object) -> str:
    """Return why somebody is not let in."""
    client = await sitting.connect()
    code = await client.refused("authenticate", **data)
    await client.close()
    return code


def own_secret(daemon: Daemon) -> tuple[str, bytes]:
    """Return id and secret of the daemon's key, which only a test that runs as the daemon's user can read."""
    (path,) = (daemon.state / "keys").iterdir()
    return path.name.removesuffix(".hs256"), base64.urlsafe_b64decode(path.read_bytes())


# Getting in.


async def test_a_token_says_who_one_is(sitting: Sitting) -> None:
    sitting.open("--require", "camera,screen")
    token = sitting.token("candidate", "ana", "--name", "Ana", "--sources", "camera,microphone")
    ana = await sitting.enter("candidate", "ana", token=token)
    assert ana.welcome["displayName"] == "Ana" and ana.welcome["resumed"] is False
    assert ana.welcome["sources"] == ["camera", "microphone"]
    assert ana.welcome["required"] == ["camera", "screen"]
    assert ana.peers == []
    with pytest.raises(RefusedError, match="the token does not allow screen"):
        await publish(ana, "screen", 1)
    by_header = await sitting.connect(headers={"Authorization": f"Bearer {sitting.token('proctor', 'tom')}"})
    welcome = await by_header.ask("authenticate")
    assert (welcome["peerId"], welcome["role"], welcome["sources"]) == ("tom", "proctor", ["voice"])


async def test_everything_else_is_refused_with_its_own_code(sitting: Sitting) -> None:
    sitting.open()
    kid, secret = own_secret(sitting.daemon)
    now = time.time()

    def signed(key: bytes = secret, headers: dict[str, object] | None = None, **changed: object) -> str:
        claims = {"aud": "exams", "room": sitting.room, "sub": "ana", "role": "candidate", "exp": now + 60}
        kept = {name: value for name, value in (claims | changed).items() if value is not ...}
        return jwt.encode(kept, key, algorithm="HS256", headers={"kid": kid} | (headers or {}))

    def unsigned(**header: object) -> str:
        payload = {"aud": "exams", "room": sitting.room, "sub": "ana", "role": "lead", "exp": now + 60}
        parts = (json.dumps(each).encode() for each in (header, payload))
        return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts) + "."

    cases = {
        "token_bad_signature": [signed(b"k" * 32), signed()[:-6] + "AAAAAA"],
        "token_expired": [signed(exp=now - 1)],
        "token_not_yet_valid": [signed(nbf=now + 60)],
        "token_wrong_audience": [signed(aud="psfu")],
        "token_wrong_algorithm": [unsigned(alg="none"), unsigned(alg="None", kid=kid), unsigned(alg="RS256")],
        "token_unknown_key": [signed(headers={"kid": "other"})],
        "token_malformed": ["", "x", "x.y.z", signed(role="king"), signed(role=["lead"]), signed(sub="a b"),
                            signed(exp=...), signed(sub=...), "x" * 200_000, signed(sources=["voice"]), "\x00",
                            "é.é.é"],
        "room_not_found": [signed(room="nowhere")],
    }  # fmt: skip
    for code, tokens in cases.items():
        for token in tokens:
            assert await refused(sitting, token=token) == code, token[:200]
    good = signed()
    assert await refused(sitting, token=good, roomId="other") == "token_wrong_room"
    assert await refused(sitting, token=good, role="lead") == "token_conflict"
    assert await refused(sitting, token=good, peerId="bob") == "token_conflict"
    assert await refused(sitting, roomId=sitting.room, peerId="ana", role="candidate") == "token_required"
    assert await refused(sitting) == "bad_data"
    log = sitting.daemon.logged() + json.dumps(sitting.daemon.psfu("audit"))
    for token in (good, *(each for tokens in cases.values() for each in tokens)):
        for part in token.split("."):
            assert len(part) < 16 or part not in log, "part of a token got out"
    assert {each["details"]["code"] for each in sitting.daemon.psfu("events", "--kind", "login_refused")} >= set(cases)


async def test_names_are_shown_clean(sitting: Sitting) -> None:
    sitting.open()
    tom = await sitting.enter("proctor", "tom")
    kid, secret = own_secret(sitting.daemon)
    names = {
        "a1": ("\x1b]0;owned\x07Ana\x1b[2J", "]0;ownedAna[2J"),
        "a2": ("\u202egnp.ana\u2066", "gnp.ana"),
        "a3": ("é" * 10_000, "é" * 80),
        "a4": ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        "a5": ("\u200b\u200e\x00", "a5"),
    }
    for peer, (given, shown) in names.items():
        claims = {"aud": "exams", "room": sitting.room, "sub": peer, "role": "candidate", "exp": time.time() + 60}
        token = jwt.encode(claims | {"name": given}, secret, algorithm="HS256", headers={"kid": kid})
        ana = await sitting.enter("candidate", peer, token=token)
        assert ana.welcome["displayName"] == shown
        assert (await tom.hears("newPeer", id=peer))["displayName"] == shown
        await ana.close()
    listed = sitting.daemon.psfu("audit", "--room", sitting.room)
    assert {each["details"]["name"] for each in listed if each["action"] == "enter"} >= {
        shown for _, shown in names.values()
    }


async def test_a_room_opens_fills_and_ends(sitting: Sitting) -> None:
    sitting.open("--max-candidates", "1", "--not-before", "+1h", "--expires", "+2h")
    assert await refused(sitting, token=sitting.token("candidate", "ana")) == "room_not_open_yet"
    await sitting.enter("proctor", "tom")
    # Made before the short life of the room begins, since each is made by a command.
    ana_token, bob_token = (sitting.token("candidate", peer) for peer in ("ana", "bob"))
    sitting.daemon.psfu("rooms", "close", sitting.room, "--yes")
    sitting.daemon.psfu("rooms", "create", sitting.room, "--max-candidates", "1", "--expires", "+6s")
    ana = await sitting.enter("candidate", "ana", token=ana_token)
    assert await refused(sitting, token=bob_token) == "room_full"
    assert (await ana.hears("roomClosed"))["reason"] == "the room has ended"
    assert await ana.closed() == 4004
    assert await refused(sitting, token=sitting.tokens["ana"]) == "room_not_found"
    (closed,) = [each for each in sitting.audit("room_closed") if each["by"]["kind"] == "daemon"]
    assert closed["details"]["reason"] == "the room has ended"


async def test_an_expired_token_ends_no_session_and_begins_none(sitting: Sitting) -> None:
    sitting.open()
    tom = await sitting.enter("proctor", "tom")
    ana = await sitting.enter("candidate", "ana", token=sitting.token("candidate", "ana", "--ttl", "5s"))
    key = ana.welcome["resumeKey"]
    expires = jwt.decode(sitting.tokens["ana"], options={"verify_signature": False})["exp"]
    await asyncio.sleep(max(0.0, expires - time.time()) + 0.1)  # The token's own time has to pass.
    assert (await ana.ask("raiseHand", raised=True)) == {}
    ana.cut()
    await tom.hears("peerState", peerId="ana", state="reconnecting")
    assert await refused(sitting, token=sitting.tokens["ana"], resumeKey=key) == "token_expired"
    token = sitting.token("candidate", "ana")
    again = await sitting.connect()
    welcome = await again.ask("authenticate", token=token, resumeKey=key)
    assert welcome["resumed"] is True and welcome["joined"] is True


async def test_a_second_login_is_refused(sitting: Sitting) -> None:
    sitting.open()
    ana = await sitting.enter("candidate", "ana")
    assert await refused(sitting, token=sitting.tokens["ana"]) == "peer_exists"
    assert await refused(sitting, token=sitting.token("proctor", "ana")) == "peer_exists"
    assert await ana.ask("raiseHand", raised=True) == {}
    (told,) = sitting.events("second_login")
    assert (told["peer"], told["details"]["outcome"]) == ("ana", "refused")
    assert [each["outcome"] for each in sitting.audit("second_login")] == ["refused"]


async def test_a_second_login_takes_over_where_the_room_says_so(sitting: Sitting) -> None:
    sitting.open("--second-login", "takeover")
    tom = await sitting.enter("proctor", "tom")
    first = await sitting.enter("candidate", "ana")
    second = await sitting.enter("candidate", "ana", token=sitting.tokens["ana"])
    assert await first.closed() == 4005
    await first.hears("replaced")
    await tom.hears("peerClosed", peerId="ana", reason="replaced")
    assert await second.ask("raiseHand", raised=True) == {}
    assert await refused(sitting, token=sitting.token("lead", "ana")) == "peer_exists", "a role is not taken over"
    (told,) = sitting.events("second_login")
    assert told["details"]["outcome"] == "takeover"


async def test_a_lost_seat_is_free_for_whoever_has_the_token(sitting: Sitting) -> None:
    """A page that was opened anew has no key to resume with, and is no second login."""
    sitting.open()
    tom = await sitting.enter("proctor", "tom")
    ana = await sitting.enter("candidate", "ana")
    ana.cut()
    await tom.hears("peerState", peerId="ana", state="reconnecting")
    again = await sitting.enter("candidate", "ana", token=sitting.tokens["ana"])
    assert again.welcome["resumed"] is False
    assert sitting.events("second_login") == []


async def test_what_is_taken_back_ends_at_once(sitting: Sitting) -> None:
    sitting.open()
    ana = await sitting.enter("candidate", "ana")
    bob = await sitting.enter("candidate", "bob")
    jti = jwt.decode(sitting.tokens["ana"], options={"verify_signature": False})["jti"]
    assert sitting.daemon.psfu("tokens", "revoke", jti, "--yes")[0]["sent_away"] == ["ana"]
    assert await ana.closed() == 4003
    assert await refused(sitting, token=sitting.tokens["ana"]) == "token_revoked"
    await sitting.enter("candidate", "ana", token=sitting.token("candidate", "ana"))
    sitting.daemon.psfu("tokens", "revoke", "--sub", "bob", "--room", sitting.room, "--yes")
    assert await bob.closed() == 4003
    assert await refused(sitting, token=sitting.tokens["bob"]) == "token_revoked"
    await sitting.enter("candidate", "bob", token=sitting.token("candidate", "bob"))


async def test_connections_from_one_address_are_limited(sitting: Sitting) -> None:
    kept = [await sitting.connect() for _ in range(LIMIT)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as failed:
        await Bare.connect(sitting.daemon.url)
    assert failed.value.status == 429
    await kept[0].close()
    async with asyncio.timeout(10):
        while True:
            try:
                await sitting.connect()
                break
            except aiohttp.WSServerHandshakeError as error:
                assert error.status == 429  # It has not noticed yet that one is gone.


# Who sees whom.


async def test_no_candidate_learns_anything_of_another(sitting: Sitting) -> None:
    sitting.open()
    ana = await sitting.enter("candidate", "ana")
    camera = await publish(ana, "camera", 1000)
    mallory = await sitting.enter("candidate", "mallory")
    assert mallory.peers == []
    for method, data in {
        "consume": {"producerId": camera},
        "watch": {"views": [{"peerId": "ana", "source": "camera", "width": 1, "height": 1}]},
        "whisper": {"peerId": "ana"},
        "announce": {"on": True},
        "bookmark": {"peerId": "ana"},
        "kick": {"peerId": "ana"},
        "pausePeer": {"peerId": "ana", "source": "camera", "paused": True},
        "assign": {"proctorId": "mallory", "peerIds": ["ana"]},
    }.items():
        assert await mallory.refused(method, **data) == "forbidden", method
    assert await mallory.refused("pauseProducer", producerId=camera) == "producer_not_found"
    await ana.ask("raiseHand", raised=True)
    await ana.ask("message", text="to my proctors")
    assert await mallory.ask("getRouterRtpCapabilities")  # Whatever was to come has come.
    assert mallory.told == [] and mallory.offered == []
    noted = [each for each in sitting.daemon.psfu("audit", "--peer", "mallory") if each["outcome"] == "refused"]
    assert {each["action"] for each in noted} == {
        "consume", "watch", "whisper", "announce", "bookmark", "kick", "pausePeer", "assign",
    }  # fmt: skip


async def test_changed_assignments_take_effect_at_once(sitting: Sitting) -> None:
    sitting.open()
    ana, bob = await sitting.enter("candidate", "ana"), await sitting.enter("candidate", "bob")
    cameras = {"ana": await publish(ana, "camera", 1000), "bob": await publish(bob, "camera", 2000)}
    tom = await sitting.enter("proctor", "tom")
    uma = await sitting.enter("lead", "uma")
    assert {each["id"] for each in tom.peers} == {"ana", "bob"}
    seen = {peer: await tom.is_offered(peer, "camera") for peer in cameras}
    await uma.ask("assign", proctorId="tom", peerIds=["bob"])
    await tom.hears("consumerClosed", consumerId=seen["ana"]["id"], reason="not_for_you")
    await tom.hears("peerClosed", peerId="ana", reason="unassigned")
    with pytest.raises(RefusedError, match="only: a candidate assigned to it"):
        await tom.ask("consume", producerId=cameras["ana"])
    assert await tom.refused("whisper", peerId="ana") == "forbidden"
    assert await tom.ask("getConsumerStats", consumerId=seen["bob"]["id"]) is not None
    for peer in cameras:
        await uma.is_offered(peer, "camera")
    tom.offered.clear()
    await uma.ask("assign", proctorId="tom", peerIds=None)
    await tom.hears("newPeer", id="ana")
    await tom.is_offered("ana", "camera")
    assert {each["appData"]["peerId"] for each in tom.offered} == {"ana"}, "what it saw it goes on seeing"
    assert {each["appData"]["peerId"] for each in uma.offered} == {"ana", "bob"}, "a lead sees the whole room"
    assert await tom.refused("assign", proctorId="tom", peerIds=["ana"]) == "forbidden"
    assert await uma.refused("assign", proctorId="ana", peerIds=["bob"]) == "forbidden"
    assert len(sitting.audit("assignments_changed")) == 2 == len(sitting.events("assignments_changed"))


async def test_groups_follow_proctors_who_come_and_go(sitting: Sitting) -> None:
    sitting.open()
    sitting.daemon.psfu("rooms", "assign", sitting.room, "--groups", "1")
    candidates = {peer: await sitting.enter("candidate", peer) for peer in ("a", "b")}
    for number, peer in enumerate(candidates.values()):
        await publish(peer, "camera", 1000 * (number + 1))
    tom = await sitting.enter("proctor", "tom", auto=True)
    await tom.is_offered("a", "camera")
    first = await tom.is_offered("b", "camera")
    quin = await sitting.enter("proctor", "quin", auto=True)
    await quin.is_offered("b", "camera")
    await tom.hears("consumerClosed", consumerId=first["id"], reason="not_for_you")
    await tom.hears("peerClosed", peerId="b", reason="unassigned")
    shown = sitting.daemon.psfu("rooms", "assign", sitting.room)
    assert {each["viewer"]: each["candidates"] for each in shown["viewers"]} == {"tom": ["a"], "quin": ["b"]}
    tom.offered.clear()
    await quin.ask("leave")
    await tom.is_offered("b", "camera")
    assert [each["appData"]["peerId"] for each in tom.offered] == ["b"]


async def test_a_whisper_ends_when_the_candidate_is_given_to_another(sitting: Sitting) -> None:
    sitting.open()
    ana = await sitting.enter("candidate", "ana")
    tom, uma = await sitting.enter("proctor", "tom"), await sitting.enter("lead", "uma")
    await publish(tom, "voice", 3000)
    await tom.ask("whisper", peerId="ana")
    heard = await ana.is_offered("tom", "voice")
    await uma.ask("assign", proctorId="tom", peerIds=[])
    await ana.hears("talk", peerId="tom", on=False)
    await ana.hears("consumerClosed", consumerId=heard["id"], reason="not_for_you")


async def test_who_comes_later_reads_what_was_written_and_is_told_who_speaks(sitting: Sitting) -> None:
    sitting.open()
    sitting.daemon.psfu("rooms", "assign", sitting.room, "uma", "bob")
    ana, tom = await sitting.enter("candidate", "ana"), await sitting.enter("proctor", "tom")
    await ana.ask("message", text="which wall is meant?")
    await tom.ask("message", peerId="ana", text="the cell wall")
    await tom.ask("message", text="ten minutes left")
    await tom.ask("bookmark", peerId="ana", note="a phone")
    await ana.ask("raiseHand", raised=True)
    await publish(tom, "voice", 3000)
    await tom.ask("announce", on=True)

    def texts(client: Bare) -> list[str]:
        return [each["text"] for each in client.joined["messages"]]

    quin, uma = await sitting.enter("proctor", "quin"), await sitting.enter("proctor", "uma")
    olga, bob = await sitting.enter("observer", "olga"), await sitting.enter("candidate", "bob")
    assert texts(quin) == ["which wall is meant?", "the cell wall", "ten minutes left"]
    assert [each["note"] for each in quin.joined["bookmarks"]] == ["a phone"]
    assert [(each["handRaised"], each["handRaisedAt"] > 1e9) for each in quin.peers if each["id"] == "ana"] == [
        (True, True)
    ]
    assert (texts(uma), uma.joined["bookmarks"]) == (["ten minutes left"], []), "ana is not for uma"
    assert (texts(olga), [each["note"] for each in olga.joined["bookmarks"]]) == ([], ["a phone"])
    assert (texts(bob), bob.joined["bookmarks"]) == (["ten minutes left"], [])
    speaks = {"peerId": "tom", "displayName": "tom", "to": "all", "on": True}
    assert bob.joined["talks"] == [speaks] and quin.joined["talks"] == []

    # Proctors of the same candidate read each other's answers, and nobody else does.
    await quin.ask("message", peerId="ana", text="only the wall")
    assert (await tom.hears("message", text="only the wall"))["to"] == "ana"
    assert not [data for client in (uma, bob, olga) for name, data in client.told if name == "message"]

    # A speaker that goes away is over for those it spoke to, and one that begins while they are away is not missed.
    resume, token = bob.welcome["resumeKey"], sitting.tokens["bob"]
    await tom.ask("leave")
    await bob.hears("talk", peerId="tom", on=False)
    bob.cut()
    await quin.hears("peerState", peerId="bob", state="reconnecting")
    await publish(quin, "voice", 4000)
    await quin.ask("announce", on=True)
    back = await sitting.connect()
    standing = await back.ask("authenticate", token=token, resumeKey=resume)
    assert [(each["peerId"], each["to"]) for each in standing["talks"]] == [("quin", "all")]


async def test_leads_send_away_and_pause(sitting: Sitting) -> None:
    sitting.open()
    ana = await sitting.enter("candidate", "ana")
    camera = await publish(ana, "camera", 1000)
    uma, tom = await sitting.enter("lead", "uma"), await sitting.enter("proctor", "tom")
    seen = await tom.is_offered("ana", "camera")
    assert await tom.refused("pausePeer", peerId="ana", source="camera", paused=True) == "forbidden"
    assert await tom.refused("kick", peerId="ana") == "forbidden"
    await uma.ask("pausePeer", peerId="ana", source="camera", paused=True)
    await ana.hears("sourceHeld", source="camera", held=True)
    await tom.hears("consumerPaused", consumerId=seen["id"])
    assert await ana.refused("resumeProducer", producerId=camera) == "source_held"
    await ana.ask("closeProducer", producerId=camera)
    ana.told.clear()
    camera = await publish(ana, "camera", 1001)
    await ana.hears("sourceHeld", source="camera", held=True)
    assert await ana.refused("resumeProducer", producerId=camera) == "source_held", "a new one is held as well"
    await uma.ask("pausePeer", peerId="ana", source="camera", paused=False)
    await ana.hears("sourceHeld", source="camera", held=False)
    assert await uma.refused("pausePeer", peerId="ana", source="screen", paused=True) == "producer_not_found"
    await uma.ask("kick", peerId="ana", reason="\x1b[2Jphone")
    assert (await ana.hears("kicked"))["reason"] == "[2Jphone"
    assert await ana.closed() == 4003
    await tom.hears("peerClosed", peerId="ana", reason="kicked")
    (kicked,) = sitting.audit("kick")[-1:]
    assert (kicked["by"]["peer"], kicked["target"], kicked["outcome"]) == ("uma", "ana", "done")
    assert await uma.refused("kick", peerId="uma") == "forbidden"


async def test_the_roster_says_who_is_expected(sitting: Sitting, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("ana,Ana Álvarez\nbob,Bob\ntom,Tom,proctor\n")
    sitting.open("--roster", str(file))
    tom = await sitting.enter("proctor", "tom")
    assert tom.welcome["displayName"] == "Tom"
    assert {(each["id"], each["displayName"], each["state"]) for each in tom.peers} == {
        ("ana", "Ana Álvarez", "expected"), ("bob", "Bob", "expected"),
    }  # fmt: skip
    ana = await sitting.enter("candidate", "ana")
    assert ana.welcome["displayName"] == "Ana Álvarez"
    assert (await tom.hears("newPeer", id="ana"))["state"] == "joining"
    await ana.ask("leave")
    await tom.hears("peerClosed", peerId="ana")
    states = {each["id"]: each["state"] for each in sitting.daemon.psfu("rooms", "roster", sitting.room)}
    assert states == {"ana": "left", "bob": "expected", "tom": "joining"}
