"""How stays of simulated peers end: what is told of it, and after what nobody comes back."""

from __future__ import annotations

import aiohttp
import pytest

from proctor_sfu.simulate.ending import FINAL, Ending
from proctor_sfu.simulate.protoo import RefusedError


@pytest.mark.parametrize(
    ("host", "said"),
    [("127.0.0.1", "connection refused"), ("nowhere.invalid", "name or service not known")],
)
async def test_a_server_that_is_not_there_is_told_in_plain_words(host: str, said: str, unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.ws_connect(f"ws://{host}:{unused_tcp_port}/ws")
    assert Ending.failed(caught.value) == Ending(code="network", reason=f"{host} port {unused_tcp_port}: {said}")


def test_what_has_no_words_has_its_name() -> None:
    assert Ending.failed(TimeoutError()) == Ending(code="timeout", reason="TimeoutError")
    assert Ending.failed(ConnectionError("the seat was not kept")).reason == "the seat was not kept"
    assert Ending.failed(RefusedError("join", {"code": "room_full"})).code == "room_full"


def test_the_word_of_the_server_and_its_close_code_mean_the_same() -> None:
    assert Ending.told("kicked", {"reason": "a phone"}) == Ending(code="kicked", reason="a phone")
    assert Ending.closed(4003).code == "kicked" and Ending.closed(4004).code == "room_closed"
    assert Ending.told("newPeer", {}) is None
    ends = [Ending.closed(None), Ending.closed(1001), Ending.closed(1006), Ending.told("workerDied", {})]
    assert [each.code for each in ends if each is not None] == ["closed", "shutdown", "closed", "worker_died"]
    assert not FINAL & {each.code for each in ends if each is not None}, "one comes back after these"


def test_a_media_connection_that_is_being_made_ends_nothing() -> None:
    assert [Ending.media(state) for state in ("new", "connecting", "connected", "disconnected")] == [None] * 4
    assert Ending.media("failed") == Ending(code="media", reason="the media connection is failed")
