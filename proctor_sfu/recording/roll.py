"""The roll: recordings that run, by candidate and by id, and what the recorder says of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import structlog

from proctor_sfu import events
from proctor_sfu.aio import spawn
from proctor_sfu.errors import RefusedError
from proctor_sfu.events import Event
from proctor_sfu.recording.protocol import (
    Begun,
    Ended,
    Failed,
    Flow,
    InletRefused,
    Standing,
    ToDaemon,
    TrackFlow,
    TrackReady,
    WantKeyFrame,
)
from proctor_sfu.recording.take import Take
from proctor_sfu.recording.taking import Recording
from proctor_sfu.rooms.roles import Source

_log = structlog.get_logger("psfu.recording")

_OfOne: TypeAlias = Begun | Failed | InletRefused | Standing | TrackReady | WantKeyFrame | Ended
"""What is said of one recording."""


class Roll:
    """Recordings are on it from `add` until they are signed, or cannot be written.

    ``finished`` gets the former, ``failed`` the latter and a code; ``refused`` one of which nothing is written at the
    moment, a code and a reason.
    """

    def __init__(
        self, publish: Callable[[Event], object], *, finished: Callable[[Recording], object],
        failed: Callable[[Recording, str], object], refused: Callable[[Recording, str, str], object],
    ) -> None:  # fmt: skip
        self.by_candidate: dict[tuple[str, str], Recording] = {}
        """Room and candidate -> their recording, also while it is finished."""
        self._by_id: dict[str, Recording] = {}
        self._publish = publish
        self._finished = finished
        self._failed_one = failed
        self._refused_one = refused

    def add(self, recording: Recording) -> None:
        """Take one that begins."""
        self.by_candidate[recording.room, recording.candidate] = self._by_id[recording.id] = recording

    def _remove(self, recording: Recording) -> None:
        """Take one off; its candidate may have another one by now."""
        self._by_id.pop(recording.id, None)
        key = (recording.room, recording.candidate)
        if self.by_candidate.get(key) is recording:
            del self.by_candidate[key]

    def by_id(self, name: str) -> Recording | None:
        """Return the one with that id."""
        return self._by_id.get(name)

    def of(self, room: str, candidate: str | None) -> list[Recording]:
        """Return those of a room, or of one candidate in it."""
        return [
            each
            for (of_room, of_candidate), each in self.by_candidate.items()
            if of_room == room and candidate in (None, of_candidate)
        ]

    def going(self, room: str, candidate: str) -> Recording | None:
        """Return the one that sources of a candidate can be added to."""
        found = self.by_candidate.get((room, candidate))
        return found if found is not None and found.state in ("beginning", "running") else None

    # What the recorder says.

    def heard(self, message: ToDaemon) -> None:
        """Take a message; one about a recording that is not on the roll any more is late, and means nothing."""
        if isinstance(message, Flow):
            for flow in message.tracks:
                self._flow(flow)
        elif isinstance(message, _OfOne):
            recording = self._by_id.get(message.recording)
            if recording is not None:
                self._heard(recording, message)

    def _heard(self, recording: Recording, message: _OfOne) -> None:
        match message:
            case Begun():
                self._begun(recording, resumed=message.resumed)
            case Failed():
                self._failed(recording, message)
            case InletRefused(inlet=inlet, code=code, message=reason):
                if recording.lose_inlet(inlet, RefusedError(code, reason)):
                    self._refused_one(recording, code, reason)
            case Standing():
                recording.stands(gaps=message.gaps, held=message.held)
            case TrackReady():
                take = recording.takes.get(Source(message.track))
                if take is not None and take.ssrc == message.ssrc:
                    take.set_ready()
            case WantKeyFrame():
                if (take := recording.takes.get(Source(message.track))) is not None:
                    spawn(take.want_key_frame(), name="key frame")
            case Ended():
                self._ended(recording, final=message.final)

    def _flow(self, flow: TrackFlow) -> None:
        recording = self._by_id.get(flow.recording)
        take: Take | None = None if recording is None else recording.takes.get(Source(flow.track))
        if take is not None:
            take.flow = flow
            take.watch.take(flow.received, flow.written, time.monotonic())

    def _begun(self, recording: Recording, *, resumed: bool) -> None:
        if recording.begun.done():
            return
        recording.state, recording.resumed = "running", resumed
        recording.begun.set_result(None)
        _log.info("recording_begun", recording=recording.id, resumed=resumed)
        self._publish(
            events.RecordingBegun(
                room=recording.room, peer=recording.candidate, recording=recording.id, resumed=resumed
            )
        )  # fmt: skip

    def _failed(self, recording: Recording, message: Failed) -> None:
        recording.fail(message.message)
        self._remove(recording)
        _log.error("recording_failed", recording=recording.id, code=message.code, reason=message.message)
        for future in (recording.begun, recording.ended):
            if not future.done():
                future.set_exception(RefusedError(message.code, message.message))
                future.exception()  # Somebody may be waiting for it, or nobody.
        self._failed_one(recording, message.code)

    def _ended(self, recording: Recording, *, final: bool) -> None:
        if recording.ended.done():
            return
        recording.state = "finished"
        recording.ended.set_result(None)
        _log.info("recording_ended", recording=recording.id, final=final)
        if final:
            self._remove(recording)
            self._publish(
                events.RecordingFinished(room=recording.room, peer=recording.candidate, recording=recording.id)
            )
            self._finished(recording)
