"""Events in words, for whatever shows them to people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from proctor_sfu.control.api.events import DAMAGED, MISSED
from proctor_sfu.control.api.quality import REASONS, Level

Details: TypeAlias = Mapping[str, Any]
Told: TypeAlias = tuple[Level, str]

STATE_LEVELS: Final[Mapping[str, Level]] = {"lost": "bad", "reconnecting": "warn", "degraded": "warn"}
FREE: Final = ("note", "reason")
"""Members that people type, or that may quote what they typed."""


def said(kind: str, details: Details) -> Told:
    """Return how bad an event is and what it says; one of a kind that is not known says all its members."""
    return SAY.get(kind, _anything)(details)


def typed(details: Details) -> str:
    """Return what somebody typed about it, if anything."""
    return next((str(details[name]) for name in FREE if details.get(name)), "")


def reasons(codes: list[Any] | tuple[Any, ...]) -> str:
    """Return codes of reasons in words."""
    return "; ".join(REASONS.get(str(code), str(code)) for code in codes)


def _list(details: Details, name: str) -> list[Any]:
    found = details.get(name)
    return list(found) if isinstance(found, list | tuple) else []


def _text(details: Details, name: str) -> str:
    found = details.get(name)
    return "" if found is None else str(found)


def _level(details: Details) -> Level:
    found = _text(details, "level")
    return found if found in ("ok", "warn", "bad") else "none"  # type: ignore[return-value]


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)


def _anything(details: Details) -> Told:
    members = [f"{name}={value}" for name, value in details.items() if value not in (None, "", []) and name not in FREE]
    return "none", " ".join(members)


def _state(details: Details) -> Told:
    state = _text(details, "state")
    text = f"{state} (was {_text(details, 'before')})"
    return STATE_LEVELS.get(state, "ok"), _joined(text, reasons(_list(details, "reasons")))


def _quality(details: Details) -> Told:
    before, level = _text(details, "before"), _text(details, "level") or "?"
    text = level if before in ("", level) else f"{level} (was {before})"
    return _level(details), _joined(text, reasons(_list(details, "reasons")))


def _worker_quality(details: Details) -> Told:
    level, text = _quality(details)
    return level, f"worker {_text(details, 'pid')} is {text}"


def _fixed(level: Level, template: str) -> Callable[[Details], Told]:
    """Return what fills the members of an event into a sentence."""

    def say(details: Details) -> Told:
        return level, template.format_map(_Shown(details))

    return say


class _Shown(dict[str, Any]):
    """Members as they are written into a sentence; one that is missing is no reason to fail."""

    def __missing__(self, name: str) -> str:
        return "?"


SAY: Final[Mapping[str, Callable[[Details], Told]]] = {
    "room_created": _fixed("ok", "room created"),
    "room_moved": lambda details: (
        ("bad", "its worker is gone; moving") if details.get("worker") is None
        else ("ok", f"now on worker {details['worker']}")
    ),
    "room_closed": _fixed("warn", "room closed"),
    "assignments_changed": _fixed("none", "assignments changed: {mode}"),
    "peer_entered": _fixed("ok", "entered as {role}"),
    "peer_state_changed": _state,
    "peer_left": lambda details: ("none", "was kicked" if details.get("reason") == "kicked" else "left"),
    "second_login": _fixed("warn", "a second login, {outcome}, from {address}"),
    "login_refused": _fixed("warn", "login refused ({code}) from {address}"),
    "hand_raised": lambda details: ("warn", "hand raised") if details.get("raised") else ("ok", "hand down"),
    "bookmarked": _fixed("none", "noted by {by}"),
    "source_published": _fixed("ok", "sends {source}"),
    "source_ended": _fixed("none", "sends {source} no more"),
    "source_missing": _fixed("bad", "{source} is missing"),
    "source_back": _fixed("ok", "{source} is back"),
    "uplink_thin": lambda details: (
        "warn", f"thin uplink: {', '.join(map(str, _list(details, 'held_back'))) or 'nothing'} held back"
    ),
    "level_changed": _quality,
    "incident_found": _fixed("bad", "{summary}"),
    "worker_level_changed": _worker_quality,
    "worker_died": _fixed("bad", "worker {pid} died"),
    "recording_begun": lambda details: ("ok", "recorded again" if details.get("resumed") else "recorded"),
    "recording_finished": _fixed("none", "recording finished"),
    "recording_uploaded": _fixed("ok", "recording uploaded"),
    "recording_not_uploaded": _fixed("warn", "the recording could not be uploaded; it is tried again"),
    "recording_damaged": _fixed("bad", "the upload command deleted files of the recording"),
    "recording_erased": _fixed("none", "recording erased"),
    "recording_refused": _fixed("bad", "not recorded ({code})"),
    "recording_stalled": _fixed("bad", "nothing of {source} is written ({cause})"),
    "recording_flows": _fixed("ok", "{source} is written again"),
    "recorder_died": _fixed("bad", "the recorder died; another one goes on"),
    "recording_disk": lambda details: (
        ("bad", f"disk of the recordings: {details['trouble']}") if details.get("trouble")
        else ("ok", "the disk of the recordings is well again")
    ),
    "audit_stuck": _fixed("bad", "audit records cannot be written"),
    "audit_resumed": _fixed("warn", "audit records are written again; {lost} are lost"),
    "audit_changed": _fixed("bad", "somebody else changed the file of the audit ({how})"),
    MISSED: _fixed("warn", "{count} events were forgotten before they could be read"),
    DAMAGED: _fixed("warn", "the event of this time is damaged and cannot be read: {damage}"),
}  # fmt: skip
"""Kind -> how it is said. ``reason`` and ``note`` are not among it: they are shown apart, and masked."""
