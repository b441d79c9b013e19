"""What is injected between real clients and a real worker is what a frame tells: loss, round trip, bitrate.

All networks are tried at once, each on a candidate of its own. The truth is what the network counted, stream by stream,
over the very seconds a number speaks of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from end_to_end.actors import Actor
from end_to_end.exam import Exam, Report
from proctor_sfu.control.api import quality as api
from proctor_sfu.control.client import Client
from proctor_sfu.quality.rates import LONG, SHORT
from proctor_sfu.simulate import clip

SETTLE: Final = 13.0
"""Seconds until the longest window is full."""
MEASURE: Final = 15
"""Frames that are compared."""
TAG: Final = 10
"""Bytes of an SRTP authentication tag."""
POINT, MILLISECONDS, SHARE = 1.0, 15.0, 0.1
"""What is promised: loss in points of percent, round trip in milliseconds, bitrate in parts of itself."""

NETWORKS: Final[dict[str, tuple[dict[str, float], dict[str, float]]]] = {
    "clean": ({}, {}),
    "loss": ({"loss": 0.05}, {}),
    "burst": ({"loss": 0.15, "burst": 3.0, "delay": 0.05}, {"delay": 0.05}),
    "far": ({"delay": 0.2}, {"delay": 0.04}),
    "thin": ({"rate": 250_000.0}, {}),
    "all": ({"delay": 0.06, "jitter": 0.02, "loss": 0.04}, {"delay": 0.02, "loss": 0.04}),
}
"""Name -> what it does on the way to the server, and on the way back."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A frame, and when it came on the clock the clients report on."""

    at: float
    frame: api.Frame

    def candidate(self, name: str) -> api.Candidate:
        return next(each for each in self.frame.candidates if each.id == name)

    def source(self, name: str, source: str) -> api.Source:
        return next(each for each in self.candidate(name).sources if each.source == source)


class Truth:
    """What the network of one client carried in one direction."""

    def __init__(self, actor: Actor, direction: str, end: float) -> None:
        # The report behind the end as well: it tells what was carried until then.
        actor.wait(lambda event: event["event"] == "carried" and event["time"] > end)
        self._reports = actor.all(lambda event: event["event"] == "carried")
        self._direction = direction

    @property
    def ssrcs(self) -> list[int]:
        """All streams there were."""
        return [int(ssrc) for ssrc in self._reports[-1][self._direction]["streams"]]

    def between(self, begin: float, end: float, count: Callable[[Any], float]) -> float:
        """How far a count grew in a time, between reports in proportion."""
        return self._at(end, count) - self._at(begin, count)

    def _at(self, moment: float, count: Callable[[Any], float]) -> float:
        before = [each for each in self._reports if each["time"] <= moment][-1]
        after = next(each for each in self._reports if each["time"] > moment)
        low, high = count(before[self._direction]), count(after[self._direction])
        return low + (high - low) * (moment - before["time"]) / (after["time"] - before["time"])


def of(ssrc: int, place: int) -> Callable[[Any], float]:
    return lambda counts: counts["streams"].get(str(ssrc), [0, 0, 0])[place]


def octets(ssrc: int) -> Callable[[Any], float]:
    """Bytes of RTP that got through: SRTP adds a tag to each packet."""
    sent, dropped, all_of_it = (of(ssrc, place) for place in range(3))
    return lambda counts: all_of_it(counts) - TAG * (sent(counts) - dropped(counts))


def watch(exam: Exam, seconds: float, frames: int) -> Iterator[Seen]:
    """Frames after a while."""
    begin, count = time.monotonic() + seconds, 0
    with closing(Client(exam.daemon.socket).quality.stream(room=exam.room)) as stream:
        for frame in stream:
            if time.monotonic() >= begin:
                yield Seen(at=time.monotonic(), frame=frame)
                count += 1
            if count == frames:
                return


def overflowed() -> int:
    """Datagrams the kernel dropped so far since a socket was full, as on a busy machine: no network counts them.

    They are lost as those are that a network drops, of whichever stream.
    """
    names, values = [
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")
    ]
    return int(values[names.index("RcvbufErrors")])


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    """What a busy test machine does to a few of them does not matter."""
    return sorted(values)[len(values) // 2]


def known(value: float | None) -> float:
    assert value is not None
    return value


def test_what_is_injected_is_what_is_told(exam: Exam, report: Report) -> None:
    actors: dict[str, Actor] = {}
    before = overflowed()
    for name, (up, down) in NETWORKS.items():
        actor = actors[name] = exam.enter("impaired", name)
        actor.do("impair", up=up, down=down)
    marks = {name: actor.start("publish", path=str(clip.make("vp8", 440))) for name, actor in actors.items()}
    producers = {name: actor.finish("publish", marks[name]) for name, actor in actors.items()}
    pam = exam.enter("impaired_proctor", "pam")
    pam.do("impair", up={"delay": 0.03}, down={"loss": 0.06, "delay": 0.05})
    pam.do("watch_only", producers=list(producers["clean"].values()))
    ssrcs = {name: actor.do("ssrcs") for name, actor in actors.items()}
    seen = list(watch(exam, SETTLE, MEASURE))
    end = seen[-1].at
    machine = overflowed() - before
    report(f"the machine itself dropped {machine} datagrams")
    for name in NETWORKS.keys() - {"thin"}:
        for source in ("camera", "microphone"):
            compare(name, source, ssrcs[name][source], Truth(actors[name], "up", end), seen, machine, report)
    compare_downlink(Truth(pam, "down", end), seen, machine, report)
    # What a thin network delays and drops depends on what else is in it; what it carries does not.
    total = mean([known(each.candidate("thin").bitrate) for each in seen])
    assert abs(total / 250_000 - 1) <= SHARE, f"the thin network carries 250 kbit/s, told are {total:.0f}"


def compare(
    name: str, source: str, ssrcs: tuple[int, int], truth: Truth, seen: list[Seen], machine: int, report: Report
) -> None:
    """Compare what was told of a source with what its network did to its media and retransmission stream.

    ``machine``: packets that may be lost besides.
    """
    media, again = ssrcs
    told = [each.source(name, source) for each in seen]
    lost, repaired = (mean([known(each.loss) for each in told]), mean([known(each.repaired) for each in told]))
    dropped = mean(
        [
            100 * truth.between(each.at - LONG / 1000, each.at, of(media, 1))
            / truth.between(each.at - LONG / 1000, each.at, of(media, 0))
            for each in seen
        ]
    )  # fmt: skip
    besides = 100 * machine / mean([truth.between(each.at - LONG / 1000, each.at, of(media, 0)) for each in seen])
    bitrate = mean([known(each.bitrate) for each in told])
    carried = mean(
        [
            sum(truth.between(each.at - SHORT / 1000, each.at, octets(ssrc)) for ssrc in (media, again)) * 8000 / SHORT
            for each in seen
        ]
    )
    up, down = NETWORKS[name]
    trip = 1000 * (up.get("delay", 0) + down.get("delay", 0) + up.get("jitter", 0) / 2)
    told_trip = median([known(each.rtt_ms) for each in told])
    report(
        f"{name} {source}: lost {dropped:.2f} % told {lost:.2f} % + {repaired:.2f} % repaired; {carried / 1000:.0f}"
        f" kbit/s told {bitrate / 1000:.0f}; round trip {trip:.0f} ms told {told_trip:.1f}"
    )
    assert abs(bitrate / carried - 1) <= SHARE
    assert -POINT <= lost + repaired - dropped <= POINT + besides
    assert abs(told_trip - trip) <= MILLISECONDS
    # Pictures are asked for again, sound is not.
    assert (lost if source == "camera" else repaired) <= POINT + besides


def compare_downlink(truth: Truth, seen: list[Seen], machine: int, report: Report) -> None:
    """Compare what was told of a proctor with what its network did; ``machine``: packets that may be lost besides."""
    told = [next(each for each in one.frame.proctors if each.id == "pam") for one in seen]
    window = [(each.at - LONG / 1000, each.at) for each in seen]
    sent, dropped = (
        mean([sum(truth.between(*span, of(ssrc, place)) for ssrc in truth.ssrcs) for span in window])
        for place in (0, 1)
    )
    loss, trip = mean([known(each.loss) for each in told]), median([known(each.rtt_ms) for each in told])
    report(f"downlink: lost {100 * dropped / sent:.2f} % told {loss:.2f} %; round trip 80 ms told {trip:.1f}")
    assert -POINT <= loss - 100 * dropped / sent <= POINT + 100 * machine / sent
    assert abs(trip - 80) <= MILLISECONDS
    bitrate = mean([known(each.bitrate) for each in told])
    carried = mean([truth.between(each.at - 1, each.at, lambda counts: counts["octets"]) * 8 for each in seen])
    # What the worker counts is what it sent, lost or not.
    assert abs(bitrate * (1 - dropped / sent) / carried - 1) <= SHARE
