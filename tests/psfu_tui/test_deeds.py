"""Nothing is done to an exam unless it is allowed and a name was typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.control.client import Client
from psfu_tui.screens.confirm import Confirm
from support.impostor import impostor
from support.watching import uses, watching


async def test_without_being_allowed_nothing_can_be_done(tmp_path: Path) -> None:
    uses("refused")
    requests: list[tuple[str, str]] = []

    def answer(method: str, target: str) -> tuple[int, bytes]:
        requests.append((method, target))
        return 200, b'{"items":[]}'

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path)) as watched:
            for key in ("K", "R", "enter", "K", "R", "escape", "1", "K", "R", "7", "K"):
                await watched.press(key)
                assert not isinstance(watched.app.screen, Confirm)
            assert "Kick" not in watched.text()
            await watched.until("--allow-actions")
    assert [method for method, _ in requests if method != "GET"] == []


PEER: dict[str, Any] = {
    "id": "s20230000", "room": "exam-101", "name": "x", "role": "candidate", "state": "live", "connected_at": "x",
    "address": "x", "transport": None, "sources": [], "consumers": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "key", "ids", "request_"),
    [
        ("candidates", "K", ("candidate.kick",), ("DELETE", "/v1/rooms/exam-101/candidates/s20230000?reason=bye")),
        ("rooms", "K", ("room.close",), ("DELETE", "/v1/rooms/exam-101?reason=bye")),
        ("proctors", "K", ("proctor.kick",), ("DELETE", "/v1/rooms/exam-101/candidates/proctor-3?reason=bye")),
        ("candidates", "R", ("candidate.record",), ("POST", "/v1/recordings/start")),
        ("rooms", "R", ("room.record",), ("POST", "/v1/recordings/start")),
    ],
)
async def test_a_deed_is_done_once_its_name_is_typed(
    tmp_path: Path, mode: str, key: str, ids: tuple[str, ...], request_: tuple[str, str]
) -> None:
    uses(*ids, "confirm.cancel", "confirm.next", "candidate.kick_this", "candidate.record_this")
    requests: list[tuple[str, str]] = []

    def answer(method: str, target: str) -> tuple[int, bytes]:
        requests.append((method, target))
        return 409, b'{"error":{"code":"conflict","message":"not \\u001b[2J now"}}'

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path), mode=mode, count=1, allow_actions=True) as watched:
            await watched.press(key)
            assert isinstance(watched.app.screen, Confirm)
            await watched.press(*"wrong", "enter")
            assert "that is not the name" in watched.text()
            await watched.press("escape")
            assert requests == []
            await watched.press(key)
            word = watched.app.screen._word  # type: ignore[attr-defined]
            await watched.press(*word, "tab", *"bye", "enter")
            await watched.app.workers.wait_for_complete()
            await watched.settle()
            assert [(method, target.partition("&")[0]) for method, target in requests] == [request_]
            await watched.until("not [2J now")


async def test_under_the_mask_a_name_nobody_knows_is_typed(tmp_path: Path) -> None:
    requests: list[str] = []

    def answer(method: str, target: str) -> tuple[int, bytes]:
        requests.append(target)
        return 200, json.dumps(PEER).encode()

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path), count=1, allow_actions=True, masked=True) as watched:
            await watched.press("enter", "K")
            assert "s2023" not in watched.text()
            word = watched.app.screen._word  # type: ignore[attr-defined]
            await watched.press(*word, "enter")
            await watched.app.workers.wait_for_complete()
            await watched.settle()
            assert requests[0].startswith("/v1/rooms/exam-101/candidates/s20230000?")
            await watched.until(f"{word} was kicked out of exam-101")
