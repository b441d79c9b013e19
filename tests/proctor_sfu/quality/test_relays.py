from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from proctor_sfu.quality.relays import addresses, hosts


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("turn:turn.example.org:3478?transport=udp", ["turn.example.org"]),
        ("turns:turn.example.org", ["turn.example.org"]),
        ("turn:192.0.2.1:3478", ["192.0.2.1"]),
        ("turn:[2001:db8::1]:3478?transport=tcp", ["2001:db8::1"]),
        ("turn:[2001:db8::1]", ["2001:db8::1"]),
        ("stun:stun.example.org:3478", []),
        ("turn:", []),
        ("http://turn.example.org", []),
    ],
)
def test_hosts(url: str, host: list[str]) -> None:
    assert hosts([url, url]) == host


async def test_addresses() -> None:
    assert await addresses(["turn:127.0.0.1:3478", "turn:[::1]", "stun:192.0.2.7"]) == {"127.0.0.1", "::1"}
    assert await addresses([]) == frozenset()


async def test_a_name_that_is_not_found_is_told_and_no_reason_to_fail() -> None:
    with capture_logs() as logs:
        assert await addresses(["turn:nowhere.invalid", "turn:127.0.0.1"]) == {"127.0.0.1"}
    assert [(each["event"], each["host"]) for each in logs] == [("turn_server_not_found", "nowhere.invalid")]
