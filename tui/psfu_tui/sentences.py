"""Events of the daemon as what happened."""

from __future__ import annotations

from proctor_sfu.control.api import sentences
from proctor_sfu.control.api.events import Event
from psfu_tui.happenings import Happening


def happening(event: Event) -> Happening:
    """Return an event in words."""
    details = event.details
    level, text = sentences.said(event.kind, details)
    named = details.get("candidates")
    people = [str(each).rpartition("/")[2] for each in named] if isinstance(named, list | tuple) else []
    if details.get("shared") == "proctor":
        people.append(str(details.get("value", "")))
    if "by" in details:
        people.append(str(details["by"]))
    return Happening(
        at=event.at, level=level, kind=event.kind, room=event.room, peer=event.peer, text=text,
        note=sentences.typed(details), people=tuple(people),
    )  # fmt: skip
