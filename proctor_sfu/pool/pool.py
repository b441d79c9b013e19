"""The pool: starts workers, places rooms on the least loaded one, replaces the dead, scales up and down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.errors import (
    AddressInUseError,
    MediasoupError,
    RefusedError,
    WorkerClosedError,
    WorkerRequestError,
)
from proctor_sfu.mediasoup.worker import WorkerSettings
from proctor_sfu.pool.backoff import Backoff
from proctor_sfu.pool.member import Member
from proctor_sfu.settings import Rtc

_log = structlog.get_logger("psfu.pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """What `Pool.scale` did, or would do: process ids, but for workers that are only planned."""

    before: int
    after: int
    started: tuple[int, ...]
    stopped: tuple[int, ...]
    kept_busy: tuple[int, ...]
    """Have rooms: take no new ones and stop when the last closes."""


class Pool:
    """Workers by slot. ``lost(member)`` is called when one died, after its routers closed."""

    def __init__(self, settings: WorkerSettings, rtc: Rtc, *, lost: Callable[[Member], None]) -> None:
        self._settings = settings
        self._rtc = rtc
        self._lost = lost
        self._members: dict[int, Member] = {}
        self._backoff = Backoff()
        self._closing = False
        self._changing = asyncio.Lock()
        self.target = 0
        """Workers there should be."""
        self.restarts = 0
        """Workers that were replaced because they died."""

    @property
    def members(self) -> list[Member]:
        """All workers, draining ones included, by slot."""
        return [self._members[slot] for slot in sorted(self._members)]

    async def start(self, count: int) -> None:
        """Start ``count`` workers; all or none."""
        self.target = count
        try:
            # Waits for all of them also when one fails: none may come up after the pool is closed.
            ended = await asyncio.gather(*(self._start(slot) for slot in range(count)), return_exceptions=True)
            for each in ended:
                if isinstance(each, BaseException):
                    raise each
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop all workers."""
        self._closing = True
        async with self._changing:  # What is being started comes up first, so that it is stopped as well.
            members = list(self._members.values())
            for member in members:
                member.worker.close()
            await asyncio.gather(*(member.worker.wait_closed() for member in members))
            self._members.clear()

    async def silent(self, seconds: float) -> list[Member]:
        """Return the workers that do not answer within ``seconds``; one that dies meanwhile is not silent but dead."""

        async def asked(member: Member) -> Member | None:
            try:
                async with asyncio.timeout(seconds):
                    await member.worker.get_resource_usage()
            except TimeoutError:
                return member
            except WorkerClosedError:
                pass  # Its death is noticed and handled elsewhere.
            return None

        answers = await asyncio.gather(*(asked(member) for member in self.members))
        return [member for member in answers if member is not None]

    async def _start(self, slot: int) -> Member:
        try:
            member = await Member.start(slot, self._settings, self._rtc)
        except WorkerRequestError as error:
            if "address already in use" not in str(error):
                raise
            raise AddressInUseError(f"{self._rtc.listen_ip} port {self._rtc.port + slot}: address in use") from error
        self._members[slot] = member
        member.worker.on("died", lambda error: self._died(member, error))
        _log.info("worker_started", worker=member.worker.pid, port=member.port)
        return member

    def place(self) -> Member:
        """Return the worker for a new room: fewest transports, then fewest rooms. Raises `RefusedError`."""
        running = [member for member in self.members if member.state == "running"]
        if not running:
            raise RefusedError("no_worker", "no worker is running at the moment; try again")
        return min(running, key=lambda member: member.load)

    # Death.

    def _died(self, member: Member, error: Exception) -> None:
        self._members.pop(member.slot, None)
        _log.error("worker_died", worker=member.worker.pid, reason=str(error))
        if not self._closing:
            self.restarts += 1
            spawn(self._replace(member), name=f"replace worker {member.worker.pid}")

    async def _replace(self, member: Member) -> None:
        """Move the rooms to a live worker at once if there is one, then fill the gap."""
        if any(each.state == "running" for each in self._members.values()):
            self._lost(member)
            told = True
        else:
            told = False
        while not self._closing and len(self._members) < self.target:
            delay = self._backoff.died(asyncio.get_running_loop().time())
            if delay:
                _log.warning("workers_keep_dying", seconds=delay)
                await asyncio.sleep(delay)
            try:
                async with self._changing:
                    # Another that died at the same time may have been replaced meanwhile.
                    if not self._closing and len(self._members) < self.target:
                        await self._start(self._free_slot())
            except (MediasoupError, AddressInUseError, OSError) as error:
                _log.error("worker_not_started", reason=str(error))
        if not told and not self._closing:
            self._lost(member)

    def _free_slot(self) -> int:
        return next(slot for slot in range(len(self._members) + 1) if slot not in self._members)

    # Scaling.

    async def scale(self, count: int, *, dry_run: bool = False) -> Scaled:
        """Have ``count`` workers: missing ones are started now, idle ones too many stopped, busy ones drained."""
        async with self._changing:
            before = len(self._members)
            idle = [member for member in reversed(self.members) if not member.routers]
            busy = [member for member in reversed(self.members) if member.routers]
            surplus = max(0, before - count)
            stopped, kept = idle[:surplus], busy[: max(0, surplus - len(idle))]
            started: list[Member] = []
            if not dry_run:
                self.target = count
                for member in self.members:
                    # Also of those that are stopped in a moment: no room may be placed on them meanwhile.
                    member.state = "draining" if member in kept or member in stopped else "running"
                    if member in kept:
                        self._stop_when_empty(member)
                while len(self._members) < count:
                    started += [await self._start(self._free_slot())]
                await asyncio.gather(*(self._stop(member) for member in stopped))
        after = before - len(stopped) + (max(0, count - before) if dry_run else len(started))
        return Scaled(
            before=before, after=after, started=tuple(member.worker.pid for member in started),
            stopped=tuple(member.worker.pid for member in stopped),
            kept_busy=tuple(member.worker.pid for member in kept),
        )  # fmt: skip

    def _stop_when_empty(self, member: Member) -> None:
        def closed() -> None:
            if member.state == "draining" and not member.routers and not member.worker.closed:
                spawn(self._stop(member), name=f"stop worker {member.worker.pid}")

        for router in member.routers.values():
            router.observer.on("close", closed)

    async def _stop(self, member: Member) -> None:
        self._members.pop(member.slot, None)
        member.worker.close()
        await member.worker.wait_closed()
        _log.info("worker_stopped", worker=member.worker.pid)
