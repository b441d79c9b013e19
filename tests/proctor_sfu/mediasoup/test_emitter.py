"""Events: order, once, removal while emitting, listeners that fail."""

from __future__ import annotations

import pytest

from proctor_sfu.mediasoup.emitter import Emitter


def test_listeners_run_in_order_and_can_be_removed() -> None:
    emitter, seen = Emitter(), []
    first = emitter.on("x", lambda value: seen.append(("first", value)))
    emitter.once("x", lambda value: seen.append(("once", value)))
    emitter.on("x", lambda value: seen.append(("last", value)))
    emitter.emit("x", 1)
    emitter.off("x", first)
    emitter.off("x", first)
    emitter.emit("x", 2)
    emitter.emit("y", 3)
    assert seen == [("first", 1), ("once", 1), ("last", 1), ("last", 2)]
    assert emitter.listener_count("x") == 1


def test_a_failing_listener_stops_nobody_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    emitter, seen = Emitter(), []

    def fail() -> None:
        raise ValueError("no")

    emitter.on("x", fail)
    emitter.on("x", lambda: seen.append("after"))
    emitter.on("listenererror", lambda event, error: seen.append((event, str(error))))
    emitter.emit("x")
    assert seen == [("x", "no"), "after"]
    assert "listener of 'x' failed" in caplog.text


async def test_wait_gives_the_arguments_of_the_next_event_and_leaves_no_listener() -> None:
    emitter = Emitter()
    future = emitter.wait("x")
    given_up = emitter.wait("x")
    given_up.cancel()
    emitter.emit("x", 1, 2)
    emitter.emit("x", 3)
    assert await future == (1, 2)
    assert emitter.listener_count("x") == 0
