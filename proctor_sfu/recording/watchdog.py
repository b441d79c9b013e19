"""The watchdog: compares every second what each track received with what was written, and says why one stalls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import structlog

from proctor_sfu import events
from proctor_sfu.aio import spawn
from proctor_sfu.errors import MediasoupError
from proctor_sfu.recording.space import Space
from proctor_sfu.recording.take import Take
from proctor_sfu.recording.taking import Recording
from proctor_sfu.rooms.registry import Registry

_log = structlog.get_logger("psfu.recording")

NOTICED: Final = 1.5
"""Seconds of silence from which on the worker is asked whether it still gets packets."""
BEHIND: Final = 3
"""Looks after which a larger layer that arrives is asked for, and after as many more again."""


class Watchdog:
    """Looks at ``running``, room and candidate -> recording."""

    def __init__(self, registry: Registry, space: Space, running: Mapping[tuple[str, str], Recording]) -> None:
        self._registry = registry
        self._space = space
        self._running = running

    def look(self) -> None:
        """Judge every take; called once a second, behind the recorder's counters."""
        now = time.monotonic()
        for recording in self._running.values():
            for take in recording.takes.values():
                self._judge(recording, take, now)
                self._aim(recording, take)
                take.clock.look(now)
            self._show(recording)

    def _judge(self, recording: Recording, take: Take, now: float) -> None:
        verdict = take.watch.judge(now, paused=take.paused)
        if verdict == "flows":
            take.cause = ""
            _log.warning("recording_flows", recording=recording.id, source=take.source)
            self._registry.events.publish(
                events.RecordingFlows(room=recording.room, peer=recording.candidate, source=take.source)
            )
        elif verdict is not None:
            spawn(self._stalled(recording, take, silent=verdict == "stalled"), name=f"stalled {recording.id}")
        elif take.watch.silence(now) < NOTICED:
            take.arrived = None
        elif take.arrived is None and not take.paused:
            spawn(self._count(recording, take), name=f"silent {recording.id}")

    def _aim(self, recording: Recording, take: Take) -> None:
        """See to it that the largest layer there is gets written."""
        larger = take.larger
        take.behind = 0 if larger is None else take.behind + 1
        if larger is not None and take.behind % BEHIND == 0:
            spawn(take.want_layer(larger), name=f"layer {recording.id}")

    async def _stalled(self, recording: Recording, take: Take, *, silent: bool) -> None:
        """Find out why, and tell."""
        cause = await self._why(recording, take) if silent else self._space.trouble or "disk-slow"
        recording.explain(take, cause)
        _log.error("recording_stalled", recording=recording.id, source=take.source, cause=cause)
        self._registry.events.publish(
            events.RecordingStalled(room=recording.room, peer=recording.candidate, source=take.source, cause=cause)
        )

    async def _why(self, recording: Recording, take: Take) -> str:
        """Tell whether the worker went on to get packets that do not arrive here, or gets none either."""
        before, after = take.arrived, await self._arrived(recording, take)
        if after is None:
            return "source-ended"
        return "recorder-deaf" if before is not None and after > before else "candidate-connection"

    async def _count(self, recording: Recording, take: Take) -> None:
        take.arrived = await self._arrived(recording, take)

    async def _arrived(self, recording: Recording, take: Take) -> int | None:
        """Return how many packets of a source the worker got so far."""
        room = self._registry.rooms.get(recording.room)
        peer = room.peers.get(recording.candidate) if room is not None else None
        published = peer.published.get(take.consumer.producer_id) if peer is not None else None
        if published is None:
            return None
        try:
            return sum(each.packet_count for each in await published.producer.get_stats())
        except MediasoupError:
            return None  # It closed meanwhile.

    def _show(self, recording: Recording) -> None:
        """Let whoever looks at the candidate know."""
        room = self._registry.rooms.get(recording.room)
        peer = room.peers.get(recording.candidate) if room is not None else None
        if peer is not None:
            bad = [take for take in recording.takes.values() if take.watch.verdict not in (None, "flows")]
            peer.recording = "error" if bad or self._space.trouble else "on" if recording.takes else "off"
