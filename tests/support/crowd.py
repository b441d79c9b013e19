"""An exam as the daemon would tell of it: many candidates, some in trouble, every second a little different.

All of it follows from the seed, so that pictures can be compared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from proctor_sfu.control.api import quality as api
from support import frames

BEGIN: Final = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
NAMES: Final = (
    "Ana Kovač", "Björn Söderström", "Chidi Okafor", "Dmitri Ivanov", "Elif Yılmaz", "Fatima Zahra", "Giulia Conti",
    "Hana Novák", "Ibrahim Sesay", "Jun Tanaka", "Karin Weiß", "Liam Murphy", "Mei Lin", "Noor Haddad", "Olga Petrova",
    "Priya Raman", "Quentin Dubois", "Rosa Álvarez", "Sven Larsen", "Tomás Pérez",
)  # fmt: skip
STAFF: Final = ("Ruth Meier", "Omar Diallo", "Inês Costa", "Paul Novak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with some of the candidates."""

    level: api.Level
    reasons: tuple[str, ...]
    state: api.State
    health: int
    shared: dict[str, float]
    """Members of the candidate and its camera."""


LOSS: Final = Trouble(
    level="bad", reasons=("loss", "rtt"), state="degraded", health=12, shared={"loss": 12.4, "rtt_ms": 430.0}
)
GONE: Final = Trouble(
    level="bad", reasons=("no_media", "gap"), state="reconnecting", health=0, shared={"gap_s": 14.2, "bitrate": 0.0}
)
UNEVEN: Final = Trouble(level="warn", reasons=("jitter",), state="degraded", health=61, shared={"jitter_ms": 38.0})
FINE: Final = Trouble(level="ok", reasons=(), state="live", health=97, shared={})


class Crowd:
    """Makes one frame after the other."""

    def __init__(self, count: int, *, rooms: int = 4, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._count = count
        self._rooms = [f"exam-{101 + number}" for number in range(rooms)]
        self._usual = [self._person() for _ in range(count)]
        self.seq = 0

    def _person(self) -> dict[str, float]:
        gauss = self._random.gauss
        return {
            "camera": gauss(420e3, 60e3), "screen": abs(gauss(140e3, 50e3)), "microphone": gauss(26e3, 3e3),
            "rtt_ms": self._random.lognormvariate(3.5, 0.5), "jitter_ms": self._random.lognormvariate(1.2, 0.5),
            "loss": abs(gauss(0.1, 0.2)), "told": self._random.random(),
        }  # fmt: skip

    def frame(self) -> api.Frame:
        """Return the next second."""
        self.seq += 1
        at = (BEGIN + timedelta(seconds=self.seq)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        candidates = tuple([self._candidate(number) for number in range(self._count)])
        rooms = tuple([self._room(name, candidates) for name in self._rooms])
        return api.Frame(
            seq=self.seq, at=at, daemon=self._daemon(candidates), rooms=rooms, candidates=candidates,
            workers=tuple([self._worker(pid, rooms) for pid in (4711, 4712)]),
            proctors=tuple([self._proctor(number) for number in range(len(STAFF))]), incidents=(),
        )  # fmt: skip

    def _about(self, value: float, spread: float = 0.05) -> float:
        return round(value * self._random.uniform(1 - spread, 1 + spread), 1)

    @staticmethod
    def _trouble(number: int) -> Trouble:
        return LOSS if number % 41 == 7 else GONE if number % 53 == 11 else UNEVEN if number % 37 == 3 else FINE

    def _candidate(self, number: int) -> api.Candidate:
        trouble, usual = self._trouble(number), self._usual[number]
        measured: dict[str, Any] = {
            "loss": self._about(usual["loss"]), "rtt_ms": self._about(usual["rtt_ms"]),
            "jitter_ms": self._about(usual["jitter_ms"]), "gap_s": 0.0,
        }  # fmt: skip
        measured |= {name: self._about(value, 0.02) for name, value in trouble.shared.items()}
        if usual["told"] > 0.9:
            measured["rtt_ms"] = None  # Its client is no browser.
        sources = tuple([self._source(name, usual, trouble, measured) for name in ("camera", "screen", "microphone")])
        again = number // len(NAMES)
        return frames.candidate(
            number, id=f"s{20230000 + number * 7}", room=self._rooms[number % len(self._rooms)],
            name=NAMES[number % len(NAMES)] + (f" {again + 1}" if again else ""), level=trouble.level,
            reasons=trouble.reasons, state=trouble.state, state_s=30.0 + self.seq, health=trouble.health,
            address=f"198.51.100.{number % 250 + 1}", worker=4711 + number % 2,
            path=("udp", "udp", "udp", "tcp", "relay")[number % 5], repaired=self._about(usual["loss"]),
            available_bitrate=2_400_000.0, available_from="client", sources=sources,
            watchers=(f"proctor-{number % len(STAFF) + 1}",),
            **measured | {"bitrate": sum(each.bitrate or 0.0 for each in sources)},
        )  # fmt: skip

    def _source(self, name: str, usual: dict[str, float], trouble: Trouble, measured: dict[str, Any]) -> api.Source:
        bitrate = self._about(usual[name])
        layers = [api.Layer(rid=f"r{each}", bitrate=round(bitrate * part), loss=0.0, score=10)
                  for each, part in enumerate((0.1, 0.25, 0.65))]  # fmt: skip
        camera = name == "camera"
        blame: dict[str, Any] = {"level": trouble.level, "reasons": trouble.reasons} if camera else {}
        return frames.source(
            name, **{
                "codec": "audio/opus" if name == "microphone" else "video/VP8", "bitrate": bitrate,
                "packets": round(bitrate / 8000, 1), "fps": {"camera": 15.0, "screen": 5.0}.get(name),
                "layers": tuple(layers) if camera else (), "layer": "2.2" if camera else None,
                "health": trouble.health if camera else 99,
            } | (measured if camera else {}) | blame
        )  # fmt: skip

    def _room(self, name: str, everybody: tuple[api.Candidate, ...]) -> api.Room:
        mine = [each for each in everybody if each.room == name]
        warn, bad = (sum(each.level == level for each in mine) for level in ("warn", "bad"))
        sent = sum(each.bitrate or 0.0 for each in mine)
        return frames.room(
            name, level="bad" if bad else "warn" if warn else "ok", candidates=len(mine), expected=len(mine) + 2,
            live=sum(each.state in ("live", "degraded") for each in mine), proctors=1, warn=warn, bad=bad,
            bitrate_in=sent, bitrate_out=sent * 1.4, health=min((each.health or 0 for each in mine), default=None),
            loss_p95=1.2, rtt_p95_ms=88.0, worker=4711 + self._rooms.index(name) % 2,
        )  # fmt: skip

    def _worker(self, pid: int, rooms: tuple[api.Room, ...]) -> api.Worker:
        mine = [each for each in rooms if each.worker == pid]
        return frames.worker(
            pid, cpu=self._about(31.0), packets_in=self._about(9000.0), rooms=len(mine), routers=len(mine),
            packets_out=self._about(14_000.0), bitrate_in=sum(each.bitrate_in or 0.0 for each in mine),
            bitrate_out=sum(each.bitrate_out or 0.0 for each in mine), answer_ms=self._about(4.0),
        )  # fmt: skip

    def _proctor(self, number: int) -> api.Proctor:
        slow = number == 2
        return frames.proctor(
            number + 1, name=STAFF[number], room=self._rooms[number % len(self._rooms)],
            role="lead" if number == 0 else "proctor", level="warn" if slow else "ok",
            reasons=("downlink",) if slow else (), loss=4.2 if slow else 0.1, bitrate=self._about(18e6), consumers=33,
        )  # fmt: skip

    def _daemon(self, everybody: tuple[api.Candidate, ...]) -> api.Daemon:
        ok, warn, bad = (sum(each.level == level for each in everybody) for level in ("ok", "warn", "bad"))
        sent = sum(each.bitrate or 0.0 for each in everybody)
        return replace(
            frames.frame().daemon, node="exam-host-1", rooms=len(self._rooms), candidates=len(everybody),
            live=sum(each.state in ("live", "degraded") for each in everybody), proctors=len(STAFF), workers=2,
            workers_target=2, restarts=0, ok=ok, warn=warn, bad=bad, bitrate_in=sent, bitrate_out=sent * 1.4,
            cpu=self._about(6.0), loop_lag_ms=self._about(1.5), uptime_s=3600.0 + self.seq,
        )  # fmt: skip
