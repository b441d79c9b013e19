"""What is different from one frame to the next, in sentences with numbers: for those who listen instead of look."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Final

from proctor_sfu.control.api.quality import Candidate, Frame, Level, Proctor, Room, Worker
from proctor_sfu.control.api.sentences import STATE_LEVELS
from psfu_tui import figures
from psfu_tui.happenings import Happening


def changes(before: Frame, after: Frame) -> Iterator[Happening]:
    """Yield what changed, rooms and workers first."""
    yield from _workers(before, after)
    yield from _rooms(before, after)
    yield from _candidates(before, after)
    yield from _proctors(before, after)
    seen = {each.id for each in before.incidents}
    for incident in after.incidents:
        if incident.id not in seen:
            yield Happening(
                at=incident.at, level="bad", kind="incident_found", room=incident.room, peer=None, text=incident.summary
            )


def _workers(before: Frame, after: Frame) -> Iterator[Happening]:
    old = {each.pid: each for each in before.workers}
    for worker in after.workers:
        known = old.pop(worker.pid, None)
        if known is None:
            yield _daemon(after, "ok", "worker_started", f"worker {worker.pid} started")
        elif known.level != worker.level:
            yield _daemon(after, worker.level, "worker_level_changed", f"worker {worker.pid} {_verdict(worker)}")
    for pid in old:
        yield _daemon(after, "bad", "worker_died", f"worker {pid} is gone")


def _verdict(record: Worker | Proctor) -> str:
    reasons = ", ".join(record.reasons).replace("_", " ")
    return f"{record.level}: {reasons}" if reasons else record.level


def _rooms(before: Frame, after: Frame) -> Iterator[Happening]:
    old = {each.id: each for each in before.rooms}
    for room in after.rooms:
        known = old.pop(room.id, None)
        if known is None:
            yield _in_room(after, room, "ok", "room_created", "room created")
        elif known.worker != room.worker or known.state != room.state:
            yield _in_room(
                after, room, "bad" if room.state == "moving" else "ok", "room_moved",
                "its worker is gone, moving" if room.state == "moving" else f"on worker {room.worker}",
            )  # fmt: skip
    for room in old.values():
        yield _in_room(after, room, "warn", "room_closed", "room closed")


_TOLD: Final = operator.attrgetter("room", "id", "state", "level", "reasons", "missing", "recording")
"""What of a candidate is told when it changes."""


def _candidates(before: Frame, after: Frame) -> Iterator[Happening]:
    if list(map(_TOLD, before.candidates)) == list(map(_TOLD, after.candidates)):
        return  # As in most seconds; the rest would take ten times as long.
    old = {(each.room, each.id): each for each in before.candidates}
    for candidate in after.candidates:
        known = old.pop((candidate.room, candidate.id), None)
        if known is None:
            yield _of(after, candidate, "ok", "peer_entered", f"entered, {candidate.state}")
            continue
        if known.state != candidate.state:
            level = STATE_LEVELS.get(candidate.state, "ok")
            yield _of(after, candidate, level, "peer_state_changed", f"{candidate.state} (was {known.state})")
        if known.level != candidate.level or known.reasons != candidate.reasons:
            yield _of(after, candidate, candidate.level, "level_changed", _worse_or_better(known, candidate))
        for source in candidate.missing:
            if source not in known.missing:
                yield _of(after, candidate, "bad", "source_missing", f"{source} is missing")
        for source in known.missing:
            if source not in candidate.missing:
                yield _of(after, candidate, "ok", "source_back", f"{source} is back")
        if known.recording != candidate.recording:
            level = "bad" if candidate.recording == "error" else "ok"
            yield _of(after, candidate, level, "recording_changed", f"recording {candidate.recording or 'off'}")
    for candidate in old.values():
        yield _of(after, candidate, "none", "peer_left", "gone")


def _worse_or_better(before: Candidate, after: Candidate) -> str:
    told = [f"{name} {value}" for name, value in _numbers(before, after)]
    reasons = [each.replace("_", " ") for each in after.reasons if each not in ("loss", "rtt", "jitter", "gap")]
    return " ".join(filter(None, (", ".join(told + reasons), f"{after.level} (was {before.level})")))


def _numbers(before: Candidate, after: Candidate) -> Iterator[tuple[str, str]]:
    """Yield the numbers that are blamed, with what they were."""
    for reason, unit, old, new in (
        ("loss", " %", before.loss, after.loss),
        ("rtt", " ms", before.rtt_ms, after.rtt_ms),
        ("jitter", " ms", before.jitter_ms, after.jitter_ms),
        ("gap", " s", before.gap_s, after.gap_s),
    ):
        if reason in after.reasons or reason in before.reasons:
            was = "" if old is None else f" (was {figures.tenths(old)})"
            yield reason, f"{figures.tenths(new)}{unit}{was}"


def _proctors(before: Frame, after: Frame) -> Iterator[Happening]:
    old = {(each.room, each.id): each for each in before.proctors}
    for proctor in after.proctors:
        known = old.pop((proctor.room, proctor.id), None)
        if known is None:
            yield _of(after, proctor, "ok", "peer_entered", f"entered as {proctor.role}, {proctor.state}")
            continue
        if known.state != proctor.state:
            yield _of(after, proctor, "ok", "peer_state_changed", f"{proctor.role} {proctor.state} (was {known.state})")
        if known.level != proctor.level:
            yield _of(after, proctor, proctor.level, "level_changed", f"{proctor.role} {_verdict(proctor)}")
    for proctor in old.values():
        yield _of(after, proctor, "ok", "peer_left", f"{proctor.role} gone")


def _daemon(frame: Frame, level: Level, kind: str, text: str) -> Happening:
    return Happening(at=frame.at, level=level, kind=kind, room=None, peer=None, text=text)


def _in_room(frame: Frame, room: Room, level: Level, kind: str, text: str) -> Happening:
    return Happening(at=frame.at, level=level, kind=kind, room=room.id, peer=None, text=text)


def _of(frame: Frame, peer: Candidate | Proctor, level: Level, kind: str, text: str) -> Happening:
    return Happening(at=frame.at, level=level, kind=kind, room=peer.room, peer=peer.id, text=text)
