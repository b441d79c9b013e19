"""Who takes part in a test: client processes that are used again, and the open room they meet in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from end_to_end.actors import Actor
from end_to_end.daemon import Daemon
from proctor_sfu.simulate import clip

Report: TypeAlias = Callable[[str], None]
"""Takes a line that is shown at the end of the run."""


@dataclass(kw_only=True)
class Crew:
    """Client processes, started when first needed and used again by later tests."""

    folder: Path
    idle: list[Actor] = field(default_factory=list)
    started: list[Actor] = field(default_factory=list)

    def take(self, kind: str) -> Actor:
        """Return a process that is ready."""
        for actor in self.idle:
            if actor.kind == kind:
                self.idle.remove(actor)
                return actor
        actor = Actor(kind, self.folder / f"{kind}-{len(self.started)}.log")
        self.started.append(actor)
        return actor

    def give_back(self, actor: Actor) -> None:
        """Leave the room and keep the process."""
        actor.do("leave")
        self.idle.append(actor)


@dataclass(kw_only=True)
class Exam:
    """An open room on the daemon, and who is in it."""

    daemon: Daemon
    crew: Crew
    room: str
    present: list[Actor] = field(default_factory=list)

    def enter(self, kind: str, peer: str, role: str | None = None) -> Actor:
        """Let a client process authenticate as ``peer``, in the role of its kind unless told otherwise."""
        actor = self.crew.take(kind)
        self.present.append(actor)
        actor.wait(lambda event: event["event"] in ("ready", "done"))
        return actor.enter(self.daemon.url, self.room, peer, role)

    def proctor(self, peer: str) -> Actor:
        """A proctor that watches."""
        actor = self.enter("proctor", peer)
        actor.do("watch")
        return actor

    def candidate(self, peer: str, codec: clip.VideoCodec = "vp8", hertz: int = 440) -> tuple[Actor, dict[str, str]]:
        """A candidate that publishes, and its producer ids by source."""
        actor = self.enter("candidate", peer)
        return actor, actor.do("publish", path=str(clip.make(codec, hertz)))
