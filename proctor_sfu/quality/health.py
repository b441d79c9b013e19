"""What numbers mean: reasons, a health of 0 to 100, and the state of a candidate; pure, time is an argument.

Thresholds are settings (`[quality]`). Silence is counted in seconds already and needs no patience. Proctoring is
evidence in one direction, so loss and gaps make the health, and a long way to the server does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from proctor_sfu.quality.levels import Debounce, Level, above, below, grade
from proctor_sfu.quality.states import State
from proctor_sfu.settings import Quality

Media: TypeAlias = Literal["none", "connecting", "connected", "failed"]


ORDER: Final = (
    "disconnected", "transport", "no_media", "source_missing", "gap", "loss", "frozen", "bitrate", "fps", "score",
    "jitter", "rtt", "downlink", "slow", "cpu", "silence",
)  # fmt: skip
"""Reasons, the one that tells most first."""
_PLACES: Final = {reason: place for place, reason in enumerate(ORDER)}

GOOD_SCORE: Final = 9
"""Of the worker; one below is worth a warning, two are bad."""
LACKING: Final = 20
"""Best health of somebody who does not publish what has to be published."""


class Measured(msgspec.Struct, frozen=True, gc=False):
    """What is known of one source at one moment; units as in `control.api.quality`."""

    source: str
    """``camera``, ``screen`` or ``microphone``."""
    paused: bool
    loss: float | None
    rtt_ms: float | None
    jitter_ms: float | None
    bitrate: float | None
    usual_bitrate: float | None
    fps: float | None
    usual_fps: float | None
    silent_s: float | None
    packets: float | None
    packet_bytes: float | None
    score: int | None
    still_s: float | None
    """Seconds in which all its pictures were alike."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What it means."""

    level: Level
    reasons: tuple[str, ...]
    """Worst first."""
    health: int | None


PAUSED: Final = Verdict(Level.NONE, (), None)


class SourceHealth:
    """Judges one source, sample by sample."""

    __slots__ = ("_bounds", "_levels", "_smooth")

    def __init__(self, bounds: Quality) -> None:
        self._bounds = bounds
        self._levels: dict[str, Debounce] = {}
        """Only of what was not well lately."""
        self._smooth: float | None = None

    def feed(self, measured: Measured) -> Verdict:
        """Take one sample, one second after the one before."""
        if measured.paused:
            self._levels.clear()
            self._smooth = None
            return PAUSED
        bounds, audio = self._bounds, measured.source == "microphone"
        loss = (bounds.audio_loss_warn, bounds.audio_loss_bad) if audio else (bounds.loss_warn, bounds.loss_bad)
        share = _share(measured.bitrate, measured.usual_bitrate) if measured.source == "camera" else None
        now = self._now(measured, loss, share)
        found = self._patiently(now) if now or self._levels else now
        if measured.silent_s:
            gap = above(measured.silent_s, bounds.gap_warn_seconds, bounds.gap_bad_seconds)
            if gap > Level.OK:
                found["no_media"] = gap
                found.pop("bitrate", None)  # Nothing at all says more than little.
                found.pop("fps", None)
        if measured.still_s is not None and self._frozen(measured):
            found["frozen"] = Level.WARN
        health = self._health(measured, loss, share)
        reasons = _sorted(found) if found else ()
        if audio and self._mute(measured):
            reasons = (*reasons, "silence")
        return Verdict(max(found.values()) if found else Level.OK, reasons, health)

    def _now(self, measured: Measured, loss: tuple[float, float], share: float | None) -> dict[str, Level]:
        """Return what is not well in this one sample; almost always nothing, which is found out quickly."""
        bounds, found = self._bounds, {}
        if measured.loss is not None and measured.loss >= loss[0]:
            found["loss"] = above(measured.loss, *loss)
        if measured.rtt_ms is not None and measured.rtt_ms >= bounds.rtt_warn_ms:
            found["rtt"] = above(measured.rtt_ms, bounds.rtt_warn_ms, bounds.rtt_bad_ms)
        if measured.jitter_ms is not None and measured.jitter_ms >= bounds.jitter_warn_ms:
            found["jitter"] = above(measured.jitter_ms, bounds.jitter_warn_ms, bounds.jitter_bad_ms)
        if measured.score and measured.score < GOOD_SCORE:
            found["score"] = below(measured.score, GOOD_SCORE, GOOD_SCORE - 1)
        if share is not None and share < bounds.bitrate_warn:
            found["bitrate"] = below(share, bounds.bitrate_warn, bounds.bitrate_bad)
        if measured.source == "camera":
            pictures = _share(measured.fps, measured.usual_fps)
            if pictures is not None and pictures < bounds.fps_warn:
                found["fps"] = below(pictures, bounds.fps_warn, bounds.fps_bad)
        return found

    def _patiently(self, now: Mapping[str, Level]) -> dict[str, Level]:
        """Return what has not been well for long enough."""
        held = self._levels
        for reason in now.keys() - held.keys():
            held[reason] = Debounce()
        found: dict[str, Level] = {}
        for reason, debounce in list(held.items()):
            level = debounce.feed(now.get(reason, Level.OK))
            if level is not Level.OK:
                found[reason] = level
            elif debounce.settled:
                del held[reason]
        return found

    def _health(self, measured: Measured, loss: tuple[float, float], share: float | None) -> int:
        bounds, now = self._bounds, 100.0
        if measured.loss:
            now = grade(measured.loss, *loss, 5 * loss[1])
        if measured.silent_s:
            worst = 3 * bounds.gap_bad_seconds
            now = min(now, grade(measured.silent_s, bounds.gap_warn_seconds, bounds.gap_bad_seconds, worst))
        if share is not None and share < 1.0:
            now = min(now, grade(share, bounds.bitrate_warn, bounds.bitrate_bad, 0.0))
        before = self._smooth
        if now == before == 100.0:
            return 100
        # Falls fast and recovers slowly, so that one good second among bad ones does not look like the end of trouble.
        self._smooth = now if before is None else before + (now - before) * (0.8 if now < before else 0.4)
        return round(self._smooth)

    def _frozen(self, measured: Measured) -> bool:
        """A camera that sees anything makes pictures that differ, if only by noise."""
        still = measured.still_s
        return measured.source == "camera" and still is not None and still >= self._bounds.frozen_seconds

    def _mute(self, measured: Measured) -> bool:
        """Opus makes the smallest packets it has of digital silence, and few of them with DTX."""
        return measured.packet_bytes is not None and measured.packet_bytes <= self._bounds.silence_packet_bytes


def _share(value: float | None, usual: float | None) -> float | None:
    return value / usual if value is not None and usual else None


def _sorted(found: Mapping[str, Level]) -> tuple[str, ...]:
    return (
        tuple(sorted(found, key=lambda reason: (-found[reason], _PLACES[reason]))) if len(found) > 1 else tuple(found)
    )


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what several sources mean for their owner: the worst of each."""
    level, health = Level.NONE, None
    worst: dict[str, Level] = {}
    for each in verdicts:
        if each.level > level:
            level = each.level
        if each.health is not None and (health is None or each.health < health):
            health = each.health
        for reason in each.reasons:
            worst[reason] = max(worst.get(reason, Level.NONE), each.level)
    return Verdict(level, _sorted(worst) if worst else (), health)


class Link(msgspec.Struct, frozen=True, gc=False):
    """What is known of a peer's connection at one moment."""

    away: bool
    """Its signaling connection is lost."""
    joined: bool
    media: Media
    silent_s: float | None
    """Seconds since anything at all came on its transport, keep-alives of ICE too; None: not known."""
    missing: tuple[str, ...]
    """Required sources that it lacks, and that its room has waited for."""


class PeerHealth:
    """State, level and reasons of one candidate, proctor or observer."""

    __slots__ = ("_bounds", "_was_live", "silent", "since", "state", "verdict")

    def __init__(self, bounds: Quality, now: float) -> None:
        self._bounds = bounds
        self._was_live = False
        self.state: State = "joining"
        self.since = now
        """When the state began."""
        self.silent = False
        """Nothing comes on a connection that stands, as far as the worker knows."""
        self.verdict = PAUSED

    def feed(self, now: float, link: Link, sources: Sequence[Verdict]) -> bool:
        """Take one sample; returns whether state, level or reasons changed. ``now`` is monotonic, in seconds."""
        before = self.state, self.verdict.level, self.verdict.reasons
        silent = link.silent_s is not None and link.silent_s >= self._bounds.transport_seconds
        self.silent = self._was_live and silent
        away = self._gone(link)
        verdict = together(sources)
        if link.missing:
            health = LACKING if verdict.health is None else min(verdict.health, LACKING)
            verdict = Verdict(Level.BAD, ("source_missing", *verdict.reasons), health)
        if away is None:
            self._enter(now, self._connected(link, verdict))
        else:
            verdict = Verdict(Level.BAD, (away,), 0)
            self._enter(now, "reconnecting")
        self.verdict = verdict
        return before != (self.state, verdict.level, verdict.reasons)

    def _gone(self, link: Link) -> str | None:
        """Return why there is no connection any more, None if there is one or never was."""
        if link.away:
            return "disconnected"
        if not self._was_live:
            return None
        return "transport" if link.media != "connected" or self.silent else None

    def _connected(self, link: Link, verdict: Verdict) -> State:
        if not link.joined or link.media != "connected":
            return "joining"
        self._was_live = True
        return "degraded" if verdict.level >= Level.WARN else "live"

    def _enter(self, now: float, state: State) -> None:
        if state != self.state:
            self.state, self.since = state, now

    def enter_anew(self) -> None:
        """Somebody who left, was lost or gave up its seat comes in as at first: it has no connection to lose yet."""
        self._was_live = False

    def gone(self, now: float, *, for_good: bool) -> bool:
        """The peer is in no room any more: it left, or its time to come back ran out; returns whether that is news."""
        before = self.state
        self._enter(now, "left" if for_good else "lost")
        self.verdict = PAUSED if for_good else Verdict(Level.BAD, ("disconnected",), 0)
        return self.state != before
