"""Lives of simulated peers: what they say of what went wrong."""

from __future__ import annotations

import aiohttp
import pytest

from proctor_sfu.simulate.life import _reason


@pytest.mark.parametrize(
    ("host", "said"),
    [("127.0.0.1", "connection refused"), ("nowhere.invalid", "name or service not known")],
)
async def test_a_server_that_is_not_there_is_told_in_plain_words(host: str, said: str, unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.ws_connect(f"ws://{host}:{unused_tcp_port}/ws")
    assert _reason(caught.value) == f"{host} port {unused_tcp_port}: {said}"


def test_what_has_no_words_has_its_name() -> None:
    assert (_reason(TimeoutError()), _reason(ConnectionError("the seat was not kept"))) == (
        "TimeoutError", "the seat was not kept",
    )  # fmt: skip
