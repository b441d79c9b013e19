"""Everything the screens show, and whether it is still true: live, paused, late, disconnected, past or made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from proctor_sfu.control.api import lists
from proctor_sfu.control.api.quality import Candidate, Frame, Incident, Proctor
from proctor_sfu.control.api.recordings import Disk, Recording
from psfu_tui import figures
from psfu_tui.columns import Key
from psfu_tui.happenings import Happening, Log
from psfu_tui.links import Keeper, Link, Progress
from psfu_tui.masking import Mask
from psfu_tui.trends import WORKERS, Trends

Phase: TypeAlias = Literal["connecting", "live", "late", "paused", "idle", "disconnected", "replay", "demo"]

LATE: Final = 3.5
"""Seconds without a frame after which a live picture is said to be late; there is one a second."""
EVERY: Final = 1.0
"""Seconds between two pictures, if nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a screen is worth now."""

    phase: Phase
    text: str
    """For people."""

    @property
    def stale(self) -> bool:
        """Whether the numbers are no longer those of now."""
        return self.phase in ("late", "paused", "idle", "disconnected")


class Model:
    """Takes frames and the state of the link; time comes in as seconds of a clock that never goes back."""

    def __init__(self, *, mask: Mask) -> None:
        self.frame: Frame | None = None
        """What is shown."""
        self.newest: Frame | None = None
        """What came last; another one while paused."""
        self.link = Link(state="connecting")
        self.progress: Progress | None = None
        """Of a replay."""
        self.trends = Trends()
        """Of candidates."""
        self.loads = Trends(WORKERS)
        self.log = Log()
        self.recordings: tuple[Recording, ...] = ()
        self.disk: Disk | None = None
        """Of the recordings; None: not asked for yet."""
        self.refused = ""
        """Why the daemon did not tell of its recordings."""
        self.keeper: Keeper | None = None
        """What keeps all this in a file, if that is wished."""
        self.interval = EVERY
        """Seconds between two pictures at least, unless it is a replay."""
        self.masked = False
        self.paused = False
        self.idle = False
        """Whether nobody is supposed to look."""
        self._mask = mask
        self._clock: tuple[str | None, str] | None = None
        self._taken_at: float | None = None
        self._link_at: float | None = None
        self._paused_at: float | None = None

    def take(self, frame: Frame, now: float) -> None:
        """Take a frame."""
        self.trends.add(frame)
        self.loads.add(frame)
        self.newest = frame
        self._taken_at = now
        if not self.paused and not self.idle:
            self.frame = frame

    def recall(self, frames: Sequence[Frame]) -> None:
        """Take the frames before the newest one instead of what was remembered."""
        self.trends.replace(frames)
        self.loads.replace(frames)

    def connect(self, link: Link, now: float) -> None:
        """Take the state of the link."""
        if link.state != self.link.state:
            self._link_at = now
        self.link = link

    def pause(self, now: float) -> None:
        """Let what is shown stand still; everything is remembered all the same."""
        self.paused = True
        self._paused_at = now

    def resume(self) -> None:
        """Show the newest again."""
        self.paused = False
        self.frame = self.newest

    def rest(self, idle: bool) -> None:
        """Let what is shown stand still since nobody looks, or show the newest again."""
        self.idle = idle
        if not idle and not self.paused:
            self.frame = self.newest

    def condition(self, now: float) -> Condition:
        """Return what the screen is worth."""
        at = self.at
        if self.link.state == "disconnected":
            age = f"for {_age(now, self._link_at)} · " + (f"numbers are of {at} · " if self.frame is not None else "")
            return Condition(phase="disconnected", text=f"{age}{self.link.text}")
        if self.paused:
            return Condition(
                phase="paused", text=f"for {_age(now, self._paused_at)} · this is {at} · the server goes on"
            )
        if self.idle:
            return Condition(phase="idle", text=f"this is {at} · nothing is drawn until this window is in use again")
        if self.link.state == "replay":
            return Condition(phase="replay", text=f"{_playing(self.progress)} {at} · {self.link.text}")
        if self.link.state == "demo":
            return Condition(phase="demo", text=self.link.text)
        if self._taken_at is None:
            return Condition(phase="connecting", text=self.link.text)
        if now - self._taken_at > LATE:
            return Condition(phase="late", text=f"no news for {_age(now, self._taken_at)} · numbers are of {at}")
        return Condition(phase="live", text=at)

    def clock(self, at: str | None) -> str:
        """Return the time of day of a time of the daemon."""
        return figures.clock(at)

    @property
    def at(self) -> str:
        """The time of day of what is shown."""
        shown = None if self.frame is None else self.frame.at
        if self._clock is None or self._clock[0] != shown:
            self._clock = shown, self.clock(shown)  # Asked for often, and slow to make.
        return self._clock[1]

    # Who it is about.

    def candidate(self, key: Key) -> Candidate | None:
        """Return a candidate by room and id."""
        return None if self.frame is None else _find(self.frame.candidates, key)

    def proctor(self, key: Key) -> Proctor | None:
        """Return a proctor by room and id."""
        return None if self.frame is None else _find(self.frame.proctors, key)

    def recorded(self, room: str, peer: str | None) -> bool:
        """Return whether a candidate is recorded, or anybody of a room."""
        everybody = () if self.newest is None else self.newest.candidates
        return any(
            each.recording == "on" for each in everybody if each.room == room and (peer is None or each.id == peer)
        )

    # The privacy mask.

    def shown_candidate(self, candidate: Candidate) -> Candidate:
        """Return a candidate as it may be shown."""
        return self._mask.candidate(candidate) if self.masked else candidate

    def shown_proctor(self, proctor: Proctor) -> Proctor:
        """Return a proctor as it may be shown."""
        return self._mask.proctor(proctor) if self.masked else proctor

    def shown_incident(self, incident: Incident) -> Incident:
        """Return an incident as it may be shown."""
        return self._mask.incident(incident) if self.masked else incident

    def shown_frame(self, frame: Frame) -> Frame:
        """Return a frame as it may be shown."""
        return self._mask.frame(frame) if self.masked else frame

    def shown_text(self, text: str) -> str:
        """Return what was typed here without the names of people and addresses, if they are masked."""
        if not self.masked or self.newest is None:
            return text
        everybody: list[Candidate | Proctor] = [*self.newest.candidates, *self.newest.proctors]
        return self._mask.text([(word, each.id) for each in everybody for word in (each.id, each.name)])(text)

    def shown_peer(self, peer: str) -> str:
        """Return the id of a peer as it may be shown."""
        return self._mask.person(peer) if self.masked and peer else peer

    def shown_recording(self, recording: Recording) -> Recording:
        """Return a recording as it may be shown."""
        return self._mask.recording(recording) if self.masked else recording

    def shown_happening(self, happening: Happening) -> Happening:
        """Return what happened as it may be shown."""
        return self._mask.happening(happening) if self.masked else happening


def _playing(progress: Progress | None) -> str:
    """Return whether a replay plays, and how fast."""
    if progress is None:
        return "reading"
    if progress.playing:
        return "▶" if progress.speed == 1 else f"▶ ×{progress.speed:g}"
    return "at its end" if progress.at >= progress.end else "standing still at"


_Peer = TypeVar("_Peer", Candidate, Proctor)


def _find(peers: Sequence[_Peer], key: Key) -> _Peer | None:
    places = (place for place, known in enumerate(lists.values(peers, "room", "id")) if known == key)
    return next((peers[place] for place in places), None)


def _age(now: float, since: float | None) -> str:
    return figures.span(0.0 if since is None else max(0.0, now - since))
