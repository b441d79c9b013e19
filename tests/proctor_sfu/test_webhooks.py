"""Webhooks against a real HTTP server: signed, in order, tried again, bounded, and in nobody's way."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from proctor_sfu import webhooks
from proctor_sfu.events import Bus, PeerLeft, RoomClosed
from proctor_sfu.settings import Webhooks as Settings
from proctor_sfu.webhooks import Webhooks, sign, verify, wait

SECRET = "correct horse"


@dataclass
class Receiver:
    """A server that answers as told, 200 in the end, and keeps what it was sent."""

    answers: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        await self.open.wait()
        async with self.changed:
            self.requests.append((dict(request.headers), body))
            status = self.answers.pop(0) if self.answers else 200
            if status == 200:
                self.taken.append(json.loads(body))
            self.changed.notify_all()
        headers = {"Location": f"{self.url}/elsewhere"} if status == 302 else {}
        return web.Response(status=status, headers=headers)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(true)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    made.open.set()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    made.open.set()
    await runner.cleanup()


Start = Callable[..., Awaitable[tuple[Webhooks, Bus]]]


@pytest.fixture
async def start(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    monkeypatch.setattr(webhooks, "FIRST_WAIT", 0.01)
    started: list[Webhooks] = []

    async def start(*urls: str, secrets: tuple[str, ...] = (SECRET,), **changed: Any) -> tuple[Webhooks, Bus]:
        bus = Bus()
        settings = Settings(urls=urls, secret_file=Path("/unused"), **changed)
        made = Webhooks(settings, secrets, bus, chance=lambda: 0.5)
        made.start()
        started.append(made)
        return made, bus

    yield start
    monkeypatch.setattr(webhooks, "FAREWELL", 0.2)
    for each in started:
        await each.close()


def left(number: int = 1) -> PeerLeft:
    return PeerLeft(room="exam-1", peer=f"cand-{number}", reason="lost")


async def test_an_event_is_posted_and_signed(receiver: Receiver, start: Start) -> None:
    _, bus = await start(receiver.url)
    bus.publish(left())
    await receiver.until(lambda: bool(receiver.taken))
    [(headers, body)] = receiver.requests
    [told] = receiver.taken
    assert (told["kind"], told["room"], told["peer"], told["details"]) == (
        "peer_left", "exam-1", "cand-1", {"reason": "lost", "note": ""},
    )  # fmt: skip
    assert (told["number"], told["given_up"], told["delivery"]) == (1, 0, headers["Psfu-Delivery"])
    assert headers["Psfu-Event"] == "peer_left"
    # As a receiver that has nothing of psfu but its manual does it.
    stamp, signature = (part.split("=")[1] for part in headers["Psfu-Signature"].split(","))
    assert signature == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert abs(int(stamp) - time.time()) < 60


async def test_a_server_that_fails_first_gets_everything_in_order(receiver: Receiver, start: Start) -> None:
    receiver.answers = [500, 503, 429, 200, 502]
    hooks, bus = await start(receiver.url)
    with capture_logs() as logs:
        for number in range(4):
            bus.publish(left(number))
        await receiver.until(lambda: len(receiver.taken) == 4)
    assert [each["peer"] for each in receiver.taken] == [f"cand-{number}" for number in range(4)]
    tries = [headers["Psfu-Delivery"] for headers, _ in receiver.requests]
    assert len(set(tries[:4])) == 1, "tries of one event have one delivery id"
    assert len(set(tries)) == 4
    events = [each["event"] for each in logs]
    assert events == ["webhook_failing", "webhook_recovered"] * 2, "said once for each time it fails"
    async with asyncio.timeout(20):
        while hooks.receivers[0].delivered < 4:
            await asyncio.sleep(0)
    assert hooks.receivers[0].given_up == 0


async def test_a_server_that_is_not_there_yet(start: Start, unused_tcp_port: int) -> None:
    _, bus = await start(f"http://127.0.0.1:{unused_tcp_port}/")
    with capture_logs() as logs:
        bus.publish(left())
        while not logs:
            await asyncio.sleep(0)
    made = Receiver()
    made.open.set()
    app = web.Application()
    app.router.add_post("/", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    await made.until(lambda: len(made.taken) == 1)
    await runner.cleanup()


async def test_what_is_refused_for_good_is_given_up_and_the_next_one_told(receiver: Receiver, start: Start) -> None:
    receiver.answers = [400]
    hooks, bus = await start(receiver.url)
    with capture_logs() as logs:
        bus.publish(left(1))
        bus.publish(left(2))
        await receiver.until(lambda: bool(receiver.taken))
    assert [each["event"] for each in logs] == ["webhook_given_up"]
    assert (receiver.taken[0]["peer"], receiver.taken[0]["given_up"]) == ("cand-2", 1)
    assert hooks.receivers[0].given_up == 1


async def test_a_redirect_is_not_followed(receiver: Receiver, start: Start) -> None:
    receiver.answers = [302]
    _, bus = await start(receiver.url)
    bus.publish(left(1))
    bus.publish(left(2))
    await receiver.until(lambda: bool(receiver.taken))
    assert len(receiver.requests) == 2 and receiver.taken[0]["peer"] == "cand-2"


async def test_after_a_time_an_event_is_given_up(receiver: Receiver, start: Start) -> None:
    receiver.answers = [500]
    _, bus = await start(receiver.url, give_up_seconds=0)
    bus.publish(left(1))
    bus.publish(left(2))
    await receiver.until(lambda: bool(receiver.taken))
    assert receiver.taken[0]["peer"] == "cand-2"


async def test_a_clock_that_is_put_forward_gives_nothing_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT", 0.01)
    receiver.answers = [500, 500]
    bus, now = Bus(), iter(range(2_000_000_000, 9_000_000_000, 1_000_000))
    settings = Settings(urls=(receiver.url,), secret_file=Path("/unused"), give_up_seconds=3600)
    hooks = Webhooks(settings, (SECRET,), bus, clock=lambda: float(next(now)), chance=lambda: 0.5)
    hooks.start()
    bus.publish(left())
    await receiver.until(lambda: bool(receiver.taken))
    await hooks.close()
    assert (len(receiver.requests), hooks.receivers[0].given_up) == (3, 0)


async def test_a_server_that_hangs_costs_its_own_oldest_events_and_nobody_waits(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "QUEUED", 10)
    receiver.open.clear()
    hooks, bus = await start(receiver.url)
    bus.publish(left(0))
    await asyncio.sleep(0)
    began = time.perf_counter()
    with capture_logs() as logs:
        for number in range(1, 1001):
            bus.publish(left(number))
    assert time.perf_counter() - began < 1.0
    assert hooks.receivers[0].given_up == 990
    assert [(each["event"], each["reason"]) for each in logs] == [("webhook_given_up", "10 newer events wait")]
    receiver.open.set()
    await receiver.until(lambda: len(receiver.taken) == 11)
    assert [each["peer"] for each in receiver.taken] == ["cand-0", *(f"cand-{each}" for each in range(991, 1001))]
    assert receiver.taken[1]["given_up"] == 990


async def test_only_the_kinds_that_are_wanted(receiver: Receiver, start: Start) -> None:
    _, bus = await start(receiver.url, events=("room_closed",))
    bus.publish(left())
    bus.publish(RoomClosed(room="exam-1", reason="over"))
    await receiver.until(lambda: bool(receiver.taken))
    assert [each["kind"] for each in receiver.taken] == ["room_closed"]


async def test_one_bad_server_does_not_hold_up_another(receiver: Receiver, start: Start, unused_tcp_port: int) -> None:
    _, bus = await start(f"http://127.0.0.1:{unused_tcp_port}/", receiver.url)
    for number in range(3):
        bus.publish(left(number))
    await receiver.until(lambda: len(receiver.taken) == 3)


async def test_what_happens_at_the_end_is_still_told(receiver: Receiver, start: Start) -> None:
    hooks, bus = await start(receiver.url)
    for number in range(3):
        bus.publish(left(number))
    with capture_logs() as logs:
        await hooks.close()
    assert [each["peer"] for each in receiver.taken] == ["cand-0", "cand-1", "cand-2"]
    assert logs == []


async def test_a_receiver_that_fails_does_not_hold_up_the_end(receiver: Receiver, start: Start) -> None:
    receiver.answers = [500] * 1000
    hooks, bus = await start(receiver.url)
    bus.publish(left(1))
    bus.publish(left(2))
    await receiver.until(lambda: bool(receiver.requests))
    with capture_logs() as logs:
        began = time.perf_counter()
        await hooks.close()
        assert time.perf_counter() - began < webhooks.FAREWELL / 2
    assert [(each["event"], each["events"]) for each in logs if each["event"] != "webhook_failing"] == [
        ("webhook_undelivered", 2)
    ]


async def test_a_receiver_that_refuses_everything_is_told_of_once(receiver: Receiver, start: Start) -> None:
    receiver.answers = [404] * 5
    hooks, bus = await start(receiver.url)
    with capture_logs() as logs:
        for number in range(6):
            bus.publish(left(number))
        await receiver.until(lambda: bool(receiver.taken))
        await hooks.close()
    assert [(each["event"], each["given_up"]) for each in logs if each["event"] != "webhook_given_up"] == [
        ("webhook_recovered", 5), ("webhook_undelivered", 5),
    ]  # fmt: skip
    assert [each["reason"] for each in logs if each["event"] == "webhook_given_up"] == ["it answered 404"]


async def test_numbers_for_other_tools_tell_receivers_apart(receiver: Receiver, start: Start) -> None:
    receiver.answers = [404]
    hooks, bus = await start(receiver.url, receiver.url + "/second", "https://user:word@lms.example.org/secret")
    place = receiver.url.split("/")[2]
    for number in range(2):
        bus.publish(left(number))
    await receiver.until(lambda: len(receiver.taken) == 3)
    await hooks.receivers[0].emptied()
    await hooks.receivers[1].emptied()
    found = {
        (sample.name, sample.labels["receiver"]): sample.value for each in hooks.metrics() for sample in each.samples
    }
    for counted, total in (("psfu_webhook_delivered_total", 3), ("psfu_webhook_given_up_total", 1)):
        assert found[counted, place] + found[counted, f"{place}#2"] == total
    assert found["psfu_webhook_queued", "lms.example.org"] == 2


async def test_without_receivers_there_are_no_numbers(start: Start) -> None:
    hooks, _ = await start()
    assert list(hooks.metrics()) == []


async def test_what_is_not_delivered_at_the_end_is_told(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FAREWELL", 0.2)
    receiver.open.clear()
    hooks, bus = await start(receiver.url)
    for number in range(3):
        bus.publish(left(number))
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await hooks.close()
    assert [(each["event"], each["events"]) for each in logs] == [("webhook_undelivered", 3)]
    bus.publish(left(9))


async def test_no_receiver_no_work(start: Start) -> None:
    _, bus = await start()
    bus.publish(left())


# Signatures.


def test_a_signature_is_good_only_for_this_body_this_secret_and_this_time() -> None:
    signature = sign(["new", "old"], 1000, b"{}")
    for secret in ("new", "old"):
        assert verify(signature, b"{}", secret, now=1200)
    assert not verify(signature, b"{ }", "new", now=1200)
    assert not verify(signature, b"{}", "other", now=1200)
    assert not verify(signature, b"{}", "new", now=1301)
    assert not verify(signature, b"{}", "new", now=699)


@pytest.mark.parametrize(
    "signature", ["", "t=1", "v1=00", "t=1,t=1,v1=00", "t=x,v1=00", "t=١,v1=00", "t=1,v1=ü", ",,,="]
)
def test_a_foreign_signature_is_none(signature: str) -> None:
    assert not verify(signature, b"{}", "new", now=1)


def test_waits_double_up_to_a_minute_and_are_spread() -> None:
    assert [wait(failures, 0.5) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (wait(1, 0), wait(1, 1), wait(1000, 1)) == (0.75, 1.25, 75)
