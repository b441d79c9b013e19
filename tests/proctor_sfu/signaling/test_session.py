"""A session's limits: what a client asks is counted, what it answers is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from proctor_sfu.errors import RefusedError
from proctor_sfu.settings import Signaling
from proctor_sfu.signaling.session import FLOOD, Session

LIMITS = Signaling(messages_per_second=1.0, messages_burst=3)


class Wire:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    def close(self, code: int, reason: str) -> None:
        self.sent.append({"closed": code})


async def dispatch(session: Session, method: str, data: Mapping[str, Any]) -> Any:
    raise RefusedError("unknown_method", method)


def session_on(wire: Wire) -> Session:
    return Session(wire, None, LIMITS, dispatch, address="127.0.0.1", now=0.0)  # type: ignore[arg-type]


def answer(number: int) -> str:
    return json.dumps({"response": True, "id": number, "ok": True, "data": {}})


async def test_answers_to_what_was_asked_are_not_counted() -> None:
    wire = Wire()
    session = session_on(wire)
    asked = [session.ask("newConsumer", {}) for _ in range(100)]
    for message in list(wire.sent):
        await session.receive(answer(message["id"]), 0.0)
    assert all(each.done() and each.result().ok for each in asked)
    assert len(wire.sent) == 100, "nothing was refused"


async def test_answers_to_nothing_and_requests_are() -> None:
    wire = Wire()
    session = session_on(wire)
    for number in range(3):
        await session.receive(answer(number + 1), 0.0)
    assert wire.sent == []
    await session.receive(json.dumps({"request": True, "id": 9, "method": "join", "data": {}}), 0.0)
    assert wire.sent[-1]["code"] == "too_many_messages"
    await session.receive(json.dumps({"request": True, "id": 10, "method": "join", "data": {}}), 1.0)
    assert wire.sent[-1]["code"] == "unknown_method"


async def test_a_flood_is_closed_although_some_of_it_is_taken_in_time() -> None:
    """As on a slow machine, where a second goes by before so many are refused as close a client."""
    wire = Wire()
    session = session_on(wire)
    for number in range(2 * FLOOD):
        await session.receive(answer(number + 1), number / 10)
    # Each second one was taken and nine were not.
    first = wire.sent.index({"closed": 4008})
    assert [each["code"] for each in wire.sent[:first]] == ["too_many_messages"] * first
    assert FLOOD <= first < 1.2 * FLOOD


async def test_who_slows_down_is_not_closed() -> None:
    wire = Wire()
    session = session_on(wire)
    for second in range(500):
        for _ in range(2):
            await session.receive(answer(1), float(second))
    assert {"closed": 4008} not in wire.sent


async def test_the_size_of_a_message_is_that_of_its_bytes() -> None:
    wire = Wire()
    session = session_on(wire)
    for sign in "x", "€":
        text = json.dumps(
            {"request": True, "id": 1, "method": sign * (LIMITS.max_message_bytes // 2)}, ensure_ascii=False
        )
        await session.receive(text, 0.0)
    assert [each["data"]["code"] if "notification" in each else each["code"] for each in wire.sent] == [
        "bad_message",  # Half of what is allowed: a method far too long.
        "message_too_big",
    ]
