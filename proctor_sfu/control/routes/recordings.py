"""Recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import recordings as api
from proctor_sfu.control.routes.answers import Body, Route, caller, flag, read, reason
from proctor_sfu.errors import RefusedError
from proctor_sfu.recording import archive, folder
from proctor_sfu.recording.admission import Key
from proctor_sfu.recording.archive import Kept
from proctor_sfu.recording.housekeeping import Housekeeper
from proctor_sfu.recording.keeping import Erased
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.recording.space import Refusal
from proctor_sfu.recording.take import Take
from proctor_sfu.recording.taking import Recording
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import CANDIDATE_SOURCES, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.text import safe_text

ONE = "/recordings/{room}/{candidate}/{begun}"


class Which(Body):
    """``POST /v1/recordings/stop``."""

    room: str = Field(max_length=64)
    candidate: str | None = Field(None, max_length=64)
    sources: list[Literal["camera", "screen", "microphone"]] = Field(default_factory=list)

    @property
    def chosen(self) -> list[Source]:
        """The sources meant; none named: all."""
        return [Source(each) for each in self.sources] or list(CANDIDATE_SOURCES)


class Start(Which):
    """``POST /v1/recordings/start``."""

    retain_days: int | None = Field(None, ge=0, le=36_500)


class View(Body):
    """``POST /v1/recordings/{id}/views``."""

    what: str = Field(max_length=200)


class RecordingRoutes:
    """Begin, end, find, and look after."""

    def __init__(self, registry: Registry, recordings: Recordings, housekeeper: Housekeeper) -> None:
        self._registry = registry
        self._recordings = recordings
        self._housekeeper = housekeeper

    def table(self) -> list[Route]:
        """Return the routes."""
        return [
            ("GET", "/recordings", self._list),
            ("GET", "/recordings/disk", self._disk),
            ("POST", "/recordings/start", self._start),
            ("POST", "/recordings/stop", self._stop),
            ("POST", "/recordings/prune", self._prune),
            ("GET", ONE, self._get),
            ("DELETE", ONE, self._erase),
            ("PUT", f"{ONE}/hold", self._hold),
            ("DELETE", f"{ONE}/hold", self._release),
            ("POST", f"{ONE}/views", self._view),
        ]

    async def _list(self, request: web.Request) -> list[api.Recording]:
        room, candidate = request.query.get("room"), request.query.get("candidate")
        running = {
            each.id: each
            for each in self._recordings.running.values()
            if room in (None, each.room) and candidate in (None, each.candidate) and each.state != "failed"
        }
        directory = self._recordings.directory
        on_disk = await asyncio.to_thread(lambda: list(archive.kept(directory, room, candidate, but=running)))
        shown = [_running(each) for each in running.values()]
        shown += [_kept(each) for each in on_disk]
        return sorted(shown, key=lambda each: (each.room, each.candidate, each.id))

    async def _get(self, request: web.Request) -> api.Recording:
        return await self._shown(_name(request))

    async def _shown(self, name: str) -> api.Recording:
        running = self._recordings.by_id(name)
        if running is not None and running.state != "failed":
            return _running(running)
        path = await asyncio.to_thread(archive.find, self._recordings.directory, name)
        return _kept(await asyncio.to_thread(archive.look, name, path))

    async def _found(self, name: str) -> Path:
        return await asyncio.to_thread(archive.find, self._recordings.directory, name)

    async def _disk(self, request: web.Request) -> api.Disk:
        recordings, space = self._recordings, self._recordings.space
        if recordings.recorder.pid is None:
            space.free, space.size = await asyncio.to_thread(folder.space, recordings.directory)
        return api.Disk(
            directory=str(recordings.directory), free_bytes=space.free, size_bytes=space.size,
            rate=round(space.rate, 1), expected_rate=round(space.to_come, 1), speed=space.speed,
            hours_left=space.hours_left, reserve_bytes=space.limits.reserve_bytes,
            trouble=space.trouble, reason=space.reason,
            recording=sum(bool(each.takes) for each in recordings.running.values()),
            refused=len(recordings.refused), refusals=_refusals(recordings.refused),
            public_key=recordings.recorder.public_key,
        )  # fmt: skip

    async def _start(self, request: web.Request) -> api.Wanted:
        body = await read(request, Start)
        room = self._named(body)
        sources = self._recordings.want(
            body.room, body.candidate, body.chosen, retain_days=body.retain_days, by=caller(request)
        )
        await self._keep(body)
        await self._registry.keep_record(room)
        return api.Wanted(
            room=body.room, candidate=body.candidate, sources=tuple(sorted(sources)), stopped=()
        )  # fmt: skip

    async def _stop(self, request: web.Request) -> api.Wanted:
        body = await read(request, Which)
        room = self._named(body)
        ended = await self._recordings.unwant(body.room, body.candidate, body.chosen, by=caller(request))
        await self._keep(body)
        await self._registry.keep_record(room)
        left = self._recordings.wanted(body.room, body.candidate)
        return api.Wanted(
            room=body.room, candidate=body.candidate, sources=tuple(sorted(left)),
            stopped=tuple(each.id for each in ended),
        )  # fmt: skip

    async def _keep(self, which: Which) -> None:
        """What holds for a whole room outlives the daemon."""
        if which.candidate is None:
            await self._registry.keep_record(self._registry.get(which.room))

    async def _prune(self, request: web.Request) -> list[api.Erased]:
        dry = flag(request, "dry_run")
        done = await self._housekeeper.prune(dry_run=dry)
        if not dry:
            for each in done:
                self._note(request, each.recording, "recording_erased", reason=each.reason)
        return [_erased(each) for each in done]

    async def _erase(self, request: web.Request) -> api.Erased:
        name, why = _name(request), reason(request)
        path = await self._found(name)
        if self._recordings.by_id(name) is not None:
            raise RefusedError("conflict", f"{name} is being recorded; stop it first (psfu recordings stop)")
        if flag(request, "dry_run"):
            size = (await self._shown(name)).bytes
            files = tuple(each.name for each in await asyncio.to_thread(folder.journals, path))
            return api.Erased(recording=name, files=files, bytes=size, reason=why)
        erased = await self._housekeeper.erase(name, path, by=caller(request).plain(), reason=why)
        self._note(request, name, "recording_erased", reason=why)
        return _erased(erased)

    async def _hold(self, request: web.Request) -> api.Recording:
        return await self._set_hold(request, held=True)

    async def _release(self, request: web.Request) -> api.Recording:
        return await self._set_hold(request, held=False)

    async def _set_hold(self, request: web.Request, *, held: bool) -> api.Recording:
        name, why = _name(request), reason(request)
        path = await self._found(name)
        await self._housekeeper.hold(name, path, held=held, by=caller(request).plain(), reason=why)
        self._note(request, name, "recording_held" if held else "recording_released", reason=why)
        return await self._shown(name)

    async def _view(self, request: web.Request) -> web.Response:
        body, name = await read(request, View), _name(request)
        await self._found(name)
        self._note(request, name, "recording_viewed", what=safe_text(body.what, 200))
        return web.json_response({})

    def _note(self, request: web.Request, name: str, action: str, **details: Any) -> None:
        room, candidate, _ = folder.split_id(name)
        self._registry.audit.record(
            action, by=caller(request), room=room, target=candidate, recording=name, **details
        )  # fmt: skip

    def _named(self, which: Which) -> Room:
        """Return the room; the candidate has to be in it, expected in it, or recorded of it."""
        room, candidate = self._registry.get(which.room), which.candidate
        running = (room.id, candidate) in self._recordings.running
        if candidate is not None and not running and candidate not in room.peers and candidate not in room.roster:
            raise RefusedError(
                "candidate_not_found", f'nobody called "{candidate}" is in room "{room.id}" or expected there'
            )
        return room


def _name(request: web.Request) -> str:
    return "/".join(safe_text(request.match_info[part], 64) for part in ("room", "candidate", "begun"))


def _refusals(refused: Mapping[Key, Refusal]) -> tuple[api.Refusal, ...]:
    """Return why candidates are not recorded, one for each code."""
    found: dict[str, list[Key]] = {}
    for key, refusal in refused.items():
        found.setdefault(refusal.code, []).append(key)
    return tuple(
        api.Refusal(code=code, reason=refused[keys[0]].reason, candidates=tuple("/".join(key) for key in keys))
        for code, keys in found.items()
    )


def _erased(erased: Erased) -> api.Erased:
    return api.Erased(
        recording=erased.recording, files=erased.files, bytes=erased.bytes, reason=erased.reason
    )  # fmt: skip


def _running(recording: Recording) -> api.Recording:
    tracks = tuple(_track(recording, take) for take in recording.takes.values())
    return api.Recording(
        id=recording.id, room=recording.room, candidate=recording.candidate,
        state="finishing" if recording.state == "finishing" else "running",
        begun_at=timestamp(recording.begun_at), ended_at=None, tracks=tracks,
        sources=",".join(sorted({*recording.takes, *recording.gone})), bytes=recording.bytes,
        gaps=recording.gaps, held=recording.held, retain_until=None, folder=str(recording.folder), reason=None,
    )  # fmt: skip


def _track(recording: Recording, take: Take) -> api.Track:
    verdict = take.watch.verdict
    state: Literal["flows", "paused", "stalled", "starting"] = (
        "paused" if take.paused and take.flow is not None else
        "starting" if verdict is None else
        "flows" if verdict == "flows" else "stalled"
    )  # fmt: skip
    return api.Track(
        track=take.source, state=state, cause=take.cause, bytes=take.bytes,
        lost=0 if take.flow is None else take.flow.lost,
    )  # fmt: skip


def _kept(kept: Kept) -> api.Recording:
    room, candidate, _ = folder.split_id(kept.id)
    summary = kept.summary
    return api.Recording(
        id=kept.id, room=room, candidate=candidate,
        state="erased" if summary is not None and summary.erased else kept.state,
        begun_at=None if summary is None else summary.begun_at, ended_at=None if summary is None else summary.ended_at,
        tracks=(), sources="" if summary is None else summary.tracks, bytes=0 if summary is None else summary.size,
        gaps=None if summary is None else summary.gaps, held=summary is not None and summary.held,
        retain_until=(summary.retain_until or None) if summary is not None else None, folder=str(kept.folder),
        reason=None,
    )  # fmt: skip
