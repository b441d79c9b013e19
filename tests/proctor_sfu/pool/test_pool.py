"""The pool with real workers: where rooms go, what a death does, and what scaling does to the busy and the idle."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proctor_sfu.errors import AddressInUseError, RefusedError
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.worker import WorkerSettings
from proctor_sfu.pool.member import Member
from proctor_sfu.pool.pool import Pool
from proctor_sfu.settings import Rtc


class Made:
    """A pool and the members it said it lost."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.lost: asyncio.Queue[Member] = asyncio.Queue()
        self.pool = Pool(settings, Rtc(), lost=self.lost.put_nowait)

    async def occupy(self, member: Member) -> Router:
        router = await member.worker.create_router()
        member.adopt(router)
        return router


@pytest.fixture
async def made(worker_binary: WorkerBinary) -> AsyncIterator[Made]:
    made = Made(WorkerSettings(path=worker_binary.path, schema=worker_binary.schema))
    yield made
    await made.pool.close()


def pids(pool: Pool) -> list[int]:
    return [member.worker.pid for member in pool.members]


async def ended(pid: int) -> None:
    async with asyncio.timeout(20):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.01)


async def test_a_room_goes_to_the_worker_with_the_least_to_do(made: Made) -> None:
    await made.pool.start(2)
    first, second = made.pool.members
    assert made.pool.place() is first
    router = await made.occupy(first)
    assert made.pool.place() is second
    other = await made.occupy(second)
    await other.create_webrtc_transport(webrtc_server=second.server)
    assert made.pool.place() is first
    router.close()
    assert first.load == (0, 0)


async def test_without_workers_a_room_is_refused(made: Made) -> None:
    with pytest.raises(RefusedError) as caught:
        made.pool.place()
    assert caught.value.reason == "no_worker"


def free_pair() -> int:
    """Return a port that is free, as is the next; of those that the kernel gives to nobody who asks for any."""
    for port in range(20_000, 32_000, 2):
        with contextlib.suppress(OSError), contextlib.ExitStack() as bound:
            for kind, each in itertools.product((socket.SOCK_STREAM, socket.SOCK_DGRAM), (port, port + 1)):
                bound.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", each))
            return port
    raise AssertionError("no port is free")


async def test_all_start_or_none(worker_binary: WorkerBinary) -> None:
    settings = WorkerSettings(path=worker_binary.path, schema=worker_binary.schema)
    port = free_pair()
    first = await Member.start(0, settings, Rtc(port=port + 1))
    pool = Pool(settings, Rtc(port=port), lost=lambda member: None)
    try:
        with pytest.raises(AddressInUseError, match=f"127.0.0.1 port {first.port}: address in use"):
            await pool.start(2)
        assert pool.members == []
    finally:
        await pool.close()
        first.worker.close()
        await first.worker.wait_closed()


async def test_a_dead_worker_is_replaced_and_its_rooms_are_told_of(made: Made) -> None:
    await made.pool.start(2)
    dead, other = made.pool.members
    os.kill(dead.worker.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        assert await made.lost.get() is dead
        while len(made.pool.members) < 2:
            await asyncio.sleep(0.01)
    assert dead not in made.pool.members and other in made.pool.members
    assert made.pool.restarts == 1 and made.lost.empty()


async def test_workers_that_die_at_once_are_replaced_by_as_many(made: Made) -> None:
    await made.pool.start(3)
    dead = made.pool.members
    for each in dead:
        os.kill(each.worker.pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        found = [await made.lost.get() for _ in dead]
        while len(made.pool.members) < 3:
            await asyncio.sleep(0.01)
    assert {id(each) for each in found} == {id(each) for each in dead}
    # Whatever was still about to start one waits for the same lock.
    scaled = await made.pool.scale(3)
    assert (scaled.before, scaled.stopped, len(made.pool.members)) == (3, (), 3)


async def test_the_only_worker_is_replaced_before_its_rooms_are_told_of(made: Made) -> None:
    await made.pool.start(1)
    (dead,) = made.pool.members
    os.kill(dead.worker.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        assert await made.lost.get() is dead
    assert made.pool.place() is not dead


async def test_scaling_up_starts_and_scaling_down_stops_the_idle(made: Made) -> None:
    await made.pool.start(1)
    (busy,) = made.pool.members
    await made.occupy(busy)
    planned = await made.pool.scale(3, dry_run=True)
    assert (planned.before, planned.after, planned.started) == (1, 3, ()) and len(made.pool.members) == 1
    up = await made.pool.scale(3)
    assert (up.before, up.after, len(up.started)) == (1, 3, 2) and set(up.started) < set(pids(made.pool))
    down = await made.pool.scale(1)
    assert set(down.stopped) == set(up.started) and down.kept_busy == ()
    assert pids(made.pool) == [busy.worker.pid] and busy.state == "running"


async def test_a_busy_worker_takes_no_new_rooms_and_stops_with_its_last(made: Made) -> None:
    await made.pool.start(2)
    routers = {member: await made.occupy(member) for member in made.pool.members}
    done = await made.pool.scale(1)
    (kept,) = done.kept_busy
    drained = next(member for member in routers if member.worker.pid == kept)
    assert (done.before, done.after, done.stopped, drained.state) == (2, 2, (), "draining")
    assert made.pool.place() is not drained
    routers[drained].close()
    await ended(kept)
    assert kept not in pids(made.pool) and made.pool.restarts == 0


async def test_a_drained_worker_that_is_wanted_again_goes_on(made: Made) -> None:
    await made.pool.start(2)
    routers = {member: await made.occupy(member) for member in made.pool.members}
    (kept,) = (await made.pool.scale(1)).kept_busy
    again = await made.pool.scale(2)
    assert (again.before, again.after, again.started) == (2, 2, ())
    for router in routers.values():
        router.close()
    assert kept in pids(made.pool) and {member.state for member in made.pool.members} == {"running"}


async def test_no_room_is_placed_on_a_worker_that_is_being_stopped(made: Made) -> None:
    await made.pool.start(2)
    scaling = asyncio.ensure_future(made.pool.scale(1))  # noqa: TID251
    placed = []
    while not scaling.done():
        await asyncio.sleep(0)
        placed.append(made.pool.place())
    done = await scaling
    assert placed and not {member.worker.pid for member in placed[1:]} & set(done.stopped)


async def test_a_worker_that_does_not_answer_is_named(made: Made) -> None:
    await made.pool.start(2)
    assert await made.pool.silent(20) == []
    hung = made.pool.members[1]
    os.kill(hung.worker.pid, signal.SIGSTOP)
    try:
        assert await made.pool.silent(2) == [hung]
    finally:
        os.kill(hung.worker.pid, signal.SIGCONT)
    assert await made.pool.silent(20) == []


async def test_a_worker_that_dies_while_it_is_asked_is_dead_not_silent(made: Made) -> None:
    await made.pool.start(1)
    (member,) = made.pool.members
    os.kill(member.worker.pid, signal.SIGSTOP)
    asking = asyncio.ensure_future(made.pool.silent(20))  # noqa: TID251
    await asyncio.sleep(0)
    os.kill(member.worker.pid, signal.SIGKILL)
    assert await asking == []


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_closing_waits_for_a_worker_that_is_being_started(made: Made) -> None:
    others = children()
    await made.pool.start(1)
    (dead,) = made.pool.members
    os.kill(dead.worker.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while made.pool.members or children() <= others:
            await asyncio.sleep(0)
    # Its replacement is on its way.
    await made.pool.close()
    assert children() <= others and made.pool.members == []
