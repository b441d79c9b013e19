"""What the service manager is told, over the datagram socket it names."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from proctor_sfu.aio import spawn
from proctor_sfu.systemd import Manager


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """Yield what NOTIFY_SOCKET says and the socket behind it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@psfu-notify-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(name.replace("@", "\0", 1))
        listening.setblocking(False)
        yield name, listening


def test_lines_arrive_as_one_message(manager: tuple[str, socket.socket]) -> None:
    name, listening = manager
    Manager({"NOTIFY_SOCKET": name}).tell("READY=1", "STATUS=two words")
    assert listening.recv(4096) == b"READY=1\nSTATUS=two words"


def test_without_a_manager_nothing_happens() -> None:
    Manager({}).tell("READY=1")


def test_a_manager_that_went_away_is_no_reason_to_fail(tmp_path: Path) -> None:
    told = Manager({"NOTIFY_SOCKET": str(tmp_path / "nothing")})
    told.tell("READY=1")
    told.tell("STOPPING=1")


def test_a_manager_that_does_not_read_holds_nobody_up(manager: tuple[str, socket.socket]) -> None:
    name, listening = manager
    told = Manager({"NOTIFY_SOCKET": name})
    # Many more than the kernel keeps for a socket nobody reads.
    for _ in range(2000):
        told.tell("STATUS=busy")
    told.tell("READY=1", "STATUS=busy")
    with pytest.raises(BlockingIOError):
        while b"READY=1" not in listening.recv(4096):
            pass
    # What is said once is said when it reads again, what was only news then is not.
    told.tell("STATUS=fine")
    assert listening.recv(4096) == b"READY=1\nSTATUS=fine"
    told.tell("STATUS=fine")
    assert listening.recv(4096) == b"STATUS=fine"


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({"WATCHDOG_USEC": ""}, 0.0),
    ],
)
def test_how_often_it_wants_to_hear(stated: dict[str, str], seconds: float) -> None:
    assert Manager(stated).watchdog_seconds == seconds


async def test_the_watchdog_is_fed_while_the_service_is_alive(manager: tuple[str, socket.socket]) -> None:
    name, listening = manager
    alive = True
    asked: list[float] = []
    checked = asyncio.Condition()

    async def check(seconds: float) -> bool:
        asked.append(seconds)
        async with checked:
            checked.notify_all()
        return alive

    async def checks(count: int) -> None:
        """Wait until it was checked that often and once more, so that what followed each of them is sent."""
        wanted = len(asked) + count + 1
        async with checked:
            await checked.wait_for(lambda: len(asked) >= wanted)

    def received() -> list[bytes]:
        messages = []
        while True:
            try:
                messages.append(listening.recv(4096))
            except BlockingIOError:
                return messages

    feeding = spawn(
        Manager({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "40000"}).keep_alive(lambda: "fine", check), name="t"
    )
    await checks(2)
    assert set(received()) == {b"WATCHDOG=1\nSTATUS=fine"}
    alive = False
    await checks(1)
    received()
    await checks(3)
    assert received() == []
    alive = True
    await checks(2)
    assert b"WATCHDOG=1\nSTATUS=fine" in received()
    # The answer has to be there in time for the next message not to come too late.
    assert set(asked) == {0.01}
    feeding.cancel()


async def test_without_a_watchdog_only_the_status_is_told(
    manager: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, listening = manager
    monkeypatch.setattr("proctor_sfu.systemd.STATUS_SECONDS", 0.01)
    told = spawn(Manager({"NOTIFY_SOCKET": name}).keep_alive(lambda: "fine", _never()), name="t")
    loop = asyncio.get_running_loop()
    assert await loop.sock_recv(listening, 4096) == b"STATUS=fine"
    assert await loop.sock_recv(listening, 4096) == b"STATUS=fine"
    told.cancel()


async def test_with_nobody_to_tell_nothing_is_asked() -> None:
    await Manager({}).keep_alive(lambda: "fine", _never())


def _never() -> Callable[[float], object]:
    async def alive(seconds: float) -> bool:
        raise AssertionError("not asked for")

    return alive
