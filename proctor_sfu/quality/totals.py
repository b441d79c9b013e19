"""Sums of a frame: a room, and the daemon with everything in it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from proctor_sfu import __version__
from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import quality as api
from proctor_sfu.pool.pool import Pool
from proctor_sfu.quality.sources import hundredth, tenth
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room

_NODE: Final = socket.gethostname()
_LEVELS: Final[Mapping[str, int]] = {"none": 0, "ok": 1, "warn": 2, "bad": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What the daemon knows of itself; times in seconds."""

    uptime: float
    ready: bool
    cpu: float | None
    """Share of a core."""
    memory: int | None
    lag: float | None
    spent: float
    full: bool


def room_line(room: Room, candidates: Sequence[api.Candidate], proctors: Sequence[api.Proctor]) -> api.Room:
    """Return a room and its candidates at a glance."""
    moving = room.router is None or room.router.closed
    healths = [each.health for each in candidates if each.health is not None]
    levels = [each.level for each in candidates]
    roster = sum(each.role is Role.CANDIDATE for each in room.roster.values())
    return api.Room(
        id=room.id, state="moving" if moving else "running", open=room.open,
        worker=None if moving or room.member is None else room.member.worker.pid,
        created_at=timestamp(room.created_at), level=max(levels, key=lambda each: _LEVELS[each], default="none"),
        candidates=_there(candidates), live=_live(candidates), expected=roster or None, proctors=len(proctors),
        warn=levels.count("warn"), bad=levels.count("bad"), bitrate_in=total(each.bitrate for each in candidates),
        bitrate_out=total(each.bitrate for each in proctors), health=min(healths, default=None),
        loss_p95=hundredth(percentile([each.loss for each in candidates], 0.95)),
        rtt_p95_ms=tenth(percentile([each.rtt_ms for each in candidates], 0.95)), recordings=recorded(candidates),
    )  # fmt: skip


def daemon_line(
    own: Own,
    pool: Pool,
    rooms: Sequence[api.Room],
    candidates: Sequence[api.Candidate],
    proctors: Sequence[api.Proctor],
) -> api.Daemon:
    """Return the daemon and everything in it."""
    levels = [each.level for each in candidates]
    return api.Daemon(
        version=__version__, pid=os.getpid(), node=_NODE, uptime_s=round(own.uptime, 1), ready=own.ready,
        cpu=None if own.cpu is None else tenth(100 * own.cpu), memory=own.memory,
        loop_lag_ms=None if own.lag is None else tenth(1000 * own.lag), sample_ms=tenth(1000 * own.spent),
        full=own.full, rooms=len(rooms), candidates=_there(candidates), live=_live(candidates), proctors=len(proctors),
        workers=len(pool.members), workers_target=pool.target, restarts=pool.restarts, ok=levels.count("ok"),
        warn=levels.count("warn"), bad=levels.count("bad"), bitrate_in=total(each.bitrate for each in candidates),
        bitrate_out=total(each.bitrate for each in proctors), recordings=recorded(candidates),
    )  # fmt: skip


def recorded(candidates: Sequence[api.Candidate]) -> int:
    """Return how many are recorded as they should be."""
    return sum(each.recording == "on" for each in candidates)


def by_room(candidates: Iterable[api.Candidate]) -> dict[str, list[api.Candidate]]:
    """Return room id -> its candidates."""
    groups: dict[str, list[api.Candidate]] = {}
    for each in candidates:
        groups.setdefault(each.room, []).append(each)
    return groups


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of those known, None if none is; of nobody that is nothing."""
    every = list(values)
    known = [value for value in every if value is not None]
    return round(sum(known), 1) if known or not every else None


def percentile(values: Iterable[float | None], share: float) -> float | None:
    """Return the smallest value that at least ``share`` of those known do not exceed."""
    known = sorted(value for value in values if value is not None)
    return known[min(len(known) - 1, int(share * len(known)))] if known else None


def _live(candidates: Sequence[api.Candidate]) -> int:
    return sum(each.state in ("live", "degraded") for each in candidates)


def _there(candidates: Sequence[api.Candidate]) -> int:
    return sum(each.state != "expected" for each in candidates)
