"""An exam nobody sits, for `psfu monitor --demo`: it needs no daemon, and each second follows from its number."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import quality as api
from proctor_sfu.control.api.quality import Frame, Level, only_room
from psfu_tui.changes import changes
from psfu_tui.happenings import Happening
from psfu_tui.links import Link, Sink

PERIOD: Final = 180
"""Seconds after which the same happens again."""
PAST: Final = 120
"""Seconds before the first picture, for the plots."""
FIRST: Final = PERIOD + 100
"""Number of the first second that is shown: one in which not all is well."""

CANDIDATES: Final = 60
ROOMS: Final = ("math-101", "law-204", "chem-310")
WORKERS: Final = (4711, 4712)
NAMES: Final = (
    "Ana Kovač", "Björn Söderström", "Chidi Okafor", "Dmitri Ivanov", "Elif Yılmaz", "Fatima Zahra", "Giulia Conti",
    "Hana Novák", "Ibrahim Sesay", "Jun Tanaka", "Karin Weiß", "Liam Murphy", "Mei Lin", "Noor Haddad", "Olga Petrova",
    "Priya Raman", "Quentin Dubois", "Rosa Álvarez", "Sven Larsen", "Tomás Pérez",
)  # fmt: skip
STAFF: Final = ("Ruth Meier", "Omar Diallo", "Inês Costa")
BITRATES: Final = {"camera": 420e3, "screen": 140e3, "microphone": 26e3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with some candidates from one second of a period to another."""

    numbers: tuple[int, ...]
    seconds: range
    level: Level
    reasons: tuple[str, ...]
    health: int
    candidate: Mapping[str, Any] = field(default_factory=dict)
    """Members that are other than usual."""
    camera: Mapping[str, Any] = field(default_factory=dict)


TROUBLES: Final = (
    Trouble(numbers=(7,), seconds=range(10, 130), level="bad", reasons=("loss", "rtt"), health=12,
            candidate={"state": "degraded", "loss": 12.4, "repaired": 3.1, "rtt_ms": 430.0},
            camera={"loss": 12.4, "rtt_ms": 430.0}),
    Trouble(numbers=(23,), seconds=range(88, 118), level="bad", reasons=("disconnected",), health=0,
            candidate={"state": "reconnecting", "sources": (), "bitrate": None, "loss": None, "repaired": None,
                       "rtt_ms": None, "jitter_ms": None}),
    Trouble(numbers=(12, 30, 48), seconds=range(60, 150), level="warn", reasons=("jitter", "loss"), health=58,
            candidate={"state": "degraded", "loss": 3.2, "jitter_ms": 41.0, "address": "203.0.113.17"},
            camera={"loss": 3.2, "jitter_ms": 41.0}),
    Trouble(numbers=(35,), seconds=range(75, 140), level="warn", reasons=("frozen",), health=55,
            candidate={"state": "degraded"}, camera={"fps": 0.0}),
    Trouble(numbers=(44,), seconds=range(30, 170), level="warn", reasons=("bitrate",), health=49,
            candidate={"state": "degraded", "available_bitrate": 190e3, "path": "relay"}, camera={"bitrate": 60e3}),
)  # fmt: skip
INCIDENT: Final = range(62, 122)
"""Seconds of a period in which it is told what three of them share."""


def frame(second: int, begin: float = 0.0) -> Frame:
    """Return what the daemon would tell in a second; ``begin``: Unix time of the first one."""
    at = begin + second
    candidates = tuple([_candidate(number, second, at) for number in range(CANDIDATES)])
    rooms = tuple([_room(index, candidates, begin) for index in range(len(ROOMS))])
    workers = tuple([_worker(index, second, rooms, candidates, begin) for index in range(len(WORKERS))])
    return Frame(
        seq=second, at=timestamp(at), daemon=_daemon(second, candidates), workers=workers, rooms=rooms,
        candidates=candidates, proctors=tuple([_proctor(index, second) for index in range(len(STAFF))]),
        incidents=tuple(_incidents(second, begin)),
    )  # fmt: skip


class DemoFeed:
    """Tells a second of it every second. ``begin``: Unix time of what is shown at first."""

    def __init__(self, begin: float, room: str | None = None) -> None:
        self._begin = begin - FIRST
        self._room = room
        self._stopped = threading.Event()

    def start(self, sink: Sink) -> None:
        """Begin to tell."""
        threading.Thread(target=self._run, args=(sink,), name="psfu-demo", daemon=True).start()

    def stop(self) -> None:
        """Tell no more."""
        self._stopped.set()

    def frames(self, every: float = 1.0) -> Iterator[Frame]:
        """Yield frames, one after so many seconds, until it is stopped."""
        step = max(1, round(every))
        second = FIRST
        while True:
            yield self._frame(second)
            if self._stopped.wait(every):
                return
            second += step

    def events(self) -> list[Happening]:
        """Return what happened before the first frame, oldest first."""
        return self._changes(self._past())

    def _run(self, sink: Sink) -> None:
        try:
            sink.link(Link(state="demo", text="nobody sits this exam: its people and numbers are made up"))
            before: Frame | None = None
            for shown in self.frames():
                if self._stopped.is_set():
                    return
                sink.frame(shown)
                if before is None:
                    past = self._past()
                    sink.happened(self._changes(past), anew=True)
                    sink.past(past)
                else:
                    sink.happened(self._changes((before, shown)), anew=False)
                before = shown
        except Exception as error:
            sink.failed(error)

    def _frame(self, second: int) -> Frame:
        whole = frame(second, self._begin)
        return whole if self._room is None else only_room(whole, self._room)

    def _past(self) -> list[Frame]:
        return [self._frame(second) for second in range(FIRST - PAST, FIRST + 1)]

    @staticmethod
    def _changes(shown: Sequence[Frame]) -> list[Happening]:
        return [each for before, after in itertools.pairwise(shown) for each in changes(before, after)]


def _about(value: float, number: int, second: int, part: float = 0.06) -> float:
    """Return a number as it is in a second: never quite the same, and never far off."""
    phase = number * 2.4
    wave = 0.6 * math.sin(second / 5.3 + phase) + 0.4 * math.sin(second / 1.7 + 2 * phase)
    return round(value * (1 + part * wave), 1)


def _trouble(number: int, second: int) -> Trouble | None:
    now = second % PERIOD
    return next((each for each in TROUBLES if number in each.numbers and now in each.seconds), None)


def _candidate(number: int, second: int, at: float) -> api.Candidate:
    trouble = _trouble(number, second)
    rtt = _about(18 + 7 * (number % 9), number, second, 0.2) if number % 11 else None  # Its client is no browser.
    loss = round(abs(_about(0.2, number, second, 1.0)), 1)
    jitter = _about(3 + number % 4, number, second, 0.3)
    again = number // len(NAMES)
    measured = {"loss": loss, "rtt_ms": rtt, "jitter_ms": jitter}
    sources = tuple([_source(number, second, name, measured, trouble) for name in BITRATES])
    values: dict[str, Any] = {
        "id": f"s{20230000 + number * 7}", "room": ROOMS[number % len(ROOMS)],
        "name": NAMES[number % len(NAMES)] + (f" {again + 1}" if again else ""), "state": "live",
        "state_s": float(second if trouble is None else second % PERIOD - trouble.seconds[0]),
        "level": "ok" if trouble is None else trouble.level, "reasons": () if trouble is None else trouble.reasons,
        "health": 99 - number % 6 if trouble is None else trouble.health, "worker": _worker_of(number % len(ROOMS)),
        "address": f"198.51.100.{number + 1}", "path": ("udp", "udp", "udp", "udp", "tcp")[number % 5],
        "ice": "completed", "dtls": "connected", "bitrate": sum(each.bitrate or 0.0 for each in sources),
        "repaired": loss, "gap_s": 0.0, "available_bitrate": _about(2.4e6, number, second), "available_from": "client",
        "connected_at": timestamp(at - second - 600 - number), "sources": sources, "missing": (),
        "watchers": (f"proctor-{number % len(ROOMS) + 1}",), "recording": "on",
    }  # fmt: skip
    return api.Candidate(**values | measured | (dict(trouble.candidate) if trouble is not None else {}))


def _source(
    number: int, second: int, name: str, measured: Mapping[str, float | None], trouble: Trouble | None
) -> api.Source:
    audio, camera = name == "microphone", name == "camera"
    bitrate = _about(BITRATES[name] * (0.8 + 0.05 * (number % 9)), number + len(name), second)
    blamed = trouble if camera else None
    changed = {} if blamed is None else dict(blamed.camera)
    whole = changed.get("bitrate", bitrate)
    parts = (0.1, 0.25, 0.65) if camera else ()
    values: dict[str, Any] = {
        "source": name, "producer": f"{name}-{number}", "kind": "audio" if audio else "video",
        "codec": "audio/opus" if audio else "video/VP8", "paused": False, "bitrate": bitrate,
        "level": "ok" if blamed is None else blamed.level, "reasons": () if blamed is None else blamed.reasons,
        "health": 99 if blamed is None else blamed.health, "packets": round(whole / 8000, 1), "loss_from": "packets",
        "repaired": measured["loss"], "rtt_from": "xr" if measured["rtt_ms"] is not None else None,
        "fps": None if audio else 15.0 if camera else 5.0, "gap_s": 0.0, "silent_s": 0.1,
        "layer": "2.2" if camera else None, "score": 10,
        "layers": tuple([api.Layer(rid=f"r{index}", bitrate=round(whole * part), loss=0.0, score=10)
                         for index, part in enumerate(parts)]),
    }  # fmt: skip
    return api.Source(**(values | {**measured, **changed}))


def _worker_of(room: int) -> int:
    return WORKERS[room % len(WORKERS)]


def _room(index: int, everybody: Sequence[api.Candidate], begin: float) -> api.Room:
    mine = [each for each in everybody if each.room == ROOMS[index]]
    warn, bad = (sum(each.level == level for each in mine) for level in ("warn", "bad"))
    sent = sum(each.bitrate or 0.0 for each in mine)
    return api.Room(
        id=ROOMS[index], state="running", open=False, worker=_worker_of(index), created_at=timestamp(begin - 1800),
        level="bad" if bad else "warn" if warn else "ok", candidates=len(mine), expected=len(mine) + index,
        live=sum(each.state in ("live", "degraded") for each in mine), proctors=1, warn=warn, bad=bad,
        bitrate_in=sent, bitrate_out=sent * 1.4, health=min(each.health or 0 for each in mine),
        loss_p95=_p95([each.loss for each in mine]), rtt_p95_ms=_p95([each.rtt_ms for each in mine]),
        recordings=len(mine),
    )  # fmt: skip


def _p95(values: Sequence[float | None]) -> float | None:
    known = sorted(each for each in values if each is not None)
    return known[int(0.95 * (len(known) - 1))] if known else None


def _worker(
    index: int, second: int, rooms: Sequence[api.Room], everybody: Sequence[api.Candidate], begin: float
) -> api.Worker:
    pid = WORKERS[index]
    mine = [each for each in rooms if each.worker == pid]
    people = sum(each.candidates for each in mine)
    sent = sum(each.bitrate_in or 0.0 for each in mine)
    producers = sum(len(each.sources) for each in everybody if each.worker == pid)
    return api.Worker(
        pid=pid, state="running", level="ok", reasons=(), cpu=_about(people * 0.9, index, second, 0.1),
        memory=(38 + people) * 2**20, packets_in=round(sent / 8000, 1), packets_out=round(sent * 1.4 / 8000, 1),
        bitrate_in=sent, bitrate_out=sent * 1.4, answer_ms=_about(3.5, index, second, 0.3), rooms=len(mine),
        routers=len(mine), transports=people + 2 * len(mine), producers=producers, consumers=producers,
        port=40_000 + index, started_at=timestamp(begin - 3600),
    )  # fmt: skip


def _proctor(index: int, second: int) -> api.Proctor:
    slow = index == 2 and second % PERIOD >= PERIOD // 2
    return api.Proctor(
        id=f"proctor-{index + 1}", room=ROOMS[index], name=STAFF[index], role="lead" if index == 0 else "proctor",
        state="live", state_s=float(second), level="warn" if slow else "ok", reasons=("downlink",) if slow else (),
        worker=_worker_of(index), address=f"192.0.2.{index + 10}", path="udp", bitrate=_about(8e6, index, second),
        loss=4.2 if slow else 0.1, rtt_ms=_about(25.0, index, second), rtt_from="rr", available_bitrate=30e6,
        available_from="twcc", consumers=20, paused_consumers=2, lowered_consumers=8 if slow else 0,
    )  # fmt: skip


def _incidents(second: int, begin: float) -> Iterator[api.Incident]:
    round_of, now = divmod(second, PERIOD)
    if now in INCIDENT:
        people = tuple(f"{ROOMS[number % len(ROOMS)]}/s{20230000 + number * 7}" for number in TROUBLES[2].numbers)
        yield api.Incident(
            id=round_of + 1, at=timestamp(begin + second - now + INCIDENT[0]), room=ROOMS[12 % len(ROOMS)],
            candidates=people, shared="network", value="203.0.113.0/24", others=0,
            summary=f"{len(people)} candidates got worse at once, all in 203.0.113.0/24",
        )  # fmt: skip


def _daemon(second: int, everybody: Sequence[api.Candidate]) -> api.Daemon:
    ok, warn, bad = (sum(each.level == level for each in everybody) for level in ("ok", "warn", "bad"))
    sent = sum(each.bitrate or 0.0 for each in everybody)
    return api.Daemon(
        version="demo", pid=1, node="demo", uptime_s=3600.0 + second, ready=True, cpu=_about(4.0, 1, second),
        memory=90 * 2**20, loop_lag_ms=_about(0.8, 2, second, 0.3), sample_ms=_about(5.0, 3, second, 0.3), full=True,
        rooms=len(ROOMS), candidates=len(everybody), proctors=len(STAFF), workers=len(WORKERS),
        live=sum(each.state in ("live", "degraded") for each in everybody), workers_target=len(WORKERS), restarts=0,
        ok=ok, warn=warn, bad=bad, bitrate_in=sent, bitrate_out=sent * 1.4, recordings=len(everybody),
    )  # fmt: skip
