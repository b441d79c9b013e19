from __future__ import annotations

import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from proctor_sfu.control.api.quality import REASONS
from proctor_sfu.quality import health
from proctor_sfu.quality.health import Link, Measured, PeerHealth, SourceHealth, Verdict, together
from proctor_sfu.quality.levels import Level
from proctor_sfu.settings import Quality

BOUNDS = Quality()
OK, WARN, BAD = Level.OK, Level.WARN, Level.BAD


def measured(**changed: Any) -> Measured:
    values: dict[str, Any] = {
        "source": "camera", "paused": False, "loss": 0.0, "rtt_ms": 20.0, "jitter_ms": 2.0, "bitrate": 400e3,
        "usual_bitrate": 400e3, "fps": 20.0, "usual_fps": 20.0, "silent_s": 0.0, "packets": 40.0,
        "packet_bytes": 900.0, "score": 10, "still_s": None,
    }  # fmt: skip
    return Measured(**(values | changed))


def judged(count: int, health_of: SourceHealth | None = None, **changed: Any) -> Verdict:
    """The verdict after this was measured a few times."""
    judge = health_of or SourceHealth(BOUNDS)
    verdict = health.PAUSED
    for _ in range(count):
        verdict = judge.feed(measured(**changed))
    return verdict


def test_every_reason_is_explained() -> None:
    assert set(health.ORDER) <= set(REASONS)


# A source.


@pytest.mark.parametrize(
    ("changed", "reason", "level"),
    [
        ({"loss": 3.0}, "loss", WARN),
        ({"loss": 7.0}, "loss", BAD),
        ({"rtt_ms": 450.0}, "rtt", BAD),
        ({"jitter_ms": 35.0}, "jitter", WARN),
        ({"bitrate": 150e3}, "bitrate", WARN),
        ({"bitrate": 50e3}, "bitrate", BAD),
        ({"fps": 5.0}, "fps", BAD),
        ({"score": 8}, "score", WARN),
        ({"score": 7}, "score", BAD),
    ],
)
def test_what_is_wrong_with_a_camera(changed: dict[str, Any], reason: str, level: Level) -> None:
    assert judged(2, **changed).level is OK
    found = judged(3, **changed)
    assert (found.level, found.reasons) == (level, (reason,))


def test_sound_stands_more_loss_than_pictures() -> None:
    assert judged(3, source="microphone", loss=3.0).level is OK
    assert judged(3, source="microphone", loss=4.0).level is WARN


def test_a_screen_that_stands_still_is_not_bad() -> None:
    assert judged(20, source="screen", bitrate=5e3, fps=1.0, packet_bytes=80.0).level is OK


def test_what_is_not_known_is_not_judged() -> None:
    unknown = dict.fromkeys(
        (
            "loss",
            "rtt_ms",
            "jitter_ms",
            "bitrate",
            "usual_bitrate",
            "fps",
            "usual_fps",
            "packets",
            "packet_bytes",
            "score",
        )
    )
    assert judged(5, **unknown) == Verdict(OK, (), 100)


def test_silence_needs_no_further_patience() -> None:
    assert judged(1, silent_s=2.9).level is OK
    assert judged(1, silent_s=3.0) == Verdict(WARN, ("no_media",), 80)
    assert judged(1, silent_s=10.0, bitrate=0.0, fps=0.0) == Verdict(BAD, ("no_media",), 0)


def test_what_is_paused_is_not_judged_and_forgets() -> None:
    source = SourceHealth(BOUNDS)
    assert judged(5, source, loss=50.0).level is BAD
    assert source.feed(measured(paused=True, silent_s=None)) == health.PAUSED
    assert judged(2, source, loss=50.0).level is OK


def test_a_picture_that_never_changes_is_suspected() -> None:
    source = SourceHealth(BOUNDS)
    assert judged(1, source, still_s=BOUNDS.frozen_seconds - 1).level is OK
    assert judged(1, source, still_s=BOUNDS.frozen_seconds) == Verdict(WARN, ("frozen",), 100)
    assert judged(1, source).reasons == ()
    assert judged(1, source="screen", still_s=1e6).level is OK, "a screen may stand still"


def test_a_mute_microphone_is_mentioned_and_nothing_more() -> None:
    assert judged(1, source="microphone", packet_bytes=40.0) == Verdict(OK, ("silence",), 100)


def test_health_falls_fast_and_recovers_slowly() -> None:
    source = SourceHealth(BOUNDS)
    judged(1, source)
    fallen = [judged(1, source, loss=30.0).health for _ in range(3)]
    risen = [judged(1, source).health for _ in range(3)]
    assert fallen == [20, 4, 1]
    assert risen == [40, 64, 79]


def test_the_worst_reason_comes_first() -> None:
    assert judged(3, loss=3.0, rtt_ms=500.0).reasons == ("rtt", "loss")
    assert judged(3, loss=7.0, rtt_ms=500.0).reasons == ("loss", "rtt")


def test_several_sources_together() -> None:
    one, two = Verdict(WARN, ("loss",), 60), Verdict(BAD, ("no_media",), 10)
    assert together([one, two, health.PAUSED]) == Verdict(BAD, ("no_media", "loss"), 10)
    assert together([]) == health.PAUSED


# A candidate.

GOOD = Link(away=False, joined=True, media="connected", silent_s=0.1, missing=())
WELL = Verdict(OK, (), 100)


def states(*steps: tuple[Link, Verdict]) -> list[str]:
    peer = PeerHealth(BOUNDS, 0)
    found = []
    for second, (link, verdict) in enumerate(steps):
        peer.feed(second, link, [verdict])
        found.append(peer.state)
    return [state for state, _ in itertools.groupby(found)]


def test_the_way_of_a_candidate() -> None:
    bad = Verdict(WARN, ("loss",), 60)
    assert states(
        (replace(GOOD, joined=False, media="none"), WELL),
        (replace(GOOD, media="connecting"), WELL),
        (GOOD, WELL),
        (GOOD, bad),
        (GOOD, WELL),
        (replace(GOOD, away=True), WELL),
        (GOOD, WELL),
        (replace(GOOD, media="failed"), WELL),
        (replace(GOOD, media="connecting"), WELL),
        (GOOD, WELL),
    ) == ["joining", "live", "degraded", "live", "reconnecting", "live", "reconnecting", "live"]


def test_a_connection_nothing_comes_from_is_interrupted_whatever_the_worker_says() -> None:
    peer = PeerHealth(BOUNDS, 0)
    peer.feed(0, GOOD, [WELL])
    assert peer.feed(1, replace(GOOD, silent_s=BOUNDS.transport_seconds), [WELL])
    assert (peer.state, peer.verdict) == ("reconnecting", Verdict(BAD, ("transport",), 0))


def test_a_missing_source_is_an_alarm() -> None:
    peer = PeerHealth(BOUNDS, 0)
    peer.feed(0, GOOD, [WELL])
    assert peer.feed(1, replace(GOOD, missing=("screen",)), [WELL])
    assert (peer.state, peer.verdict) == ("degraded", Verdict(BAD, ("source_missing",), 20))
    peer.feed(2, GOOD, [WELL])
    assert peer.verdict == WELL


def test_news_are_told_once() -> None:
    peer = PeerHealth(BOUNDS, 0)
    bad = Verdict(BAD, ("loss",), 30)
    assert [peer.feed(second, GOOD, [verdict]) for second, verdict in enumerate((WELL, WELL, bad, bad, WELL))] == [
        True, False, True, False, True,
    ]  # fmt: skip


def test_gone_for_good_or_lost() -> None:
    peer = PeerHealth(BOUNDS, 0)
    peer.feed(0, GOOD, [WELL])
    assert peer.gone(5, for_good=False)
    assert (peer.state, peer.since, peer.verdict.level) == ("lost", 5, BAD)
    assert not peer.gone(6, for_good=False)
    assert peer.gone(7, for_good=True)
    assert (peer.state, peer.verdict) == ("left", health.PAUSED)


def test_a_threshold_of_nothing_warns_of_what_is_well() -> None:
    strict = BOUNDS.model_copy(update={"loss_warn": 0.0})
    assert judged(3, SourceHealth(strict), loss=0.0).reasons == ("loss",)
    assert judged(3, SourceHealth(strict), loss=None).reasons == ()
