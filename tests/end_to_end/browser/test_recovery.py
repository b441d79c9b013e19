"""Networks and workers that fail in the middle of an exam: everything comes back, and nobody clicks anything."""

from __future__ import annotations

import math
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium, until
from end_to_end.browser.people import PAPER, SCROLLING, Candidate, Proctor
from end_to_end.browser.road import Road
from end_to_end.daemon import Daemon
from end_to_end.exam import Report
from proctor_sfu.control.client import Client

OUTAGE_LIMIT = 40.0
SCREEN_LIMIT = 10.0
"""Seconds until who comes anew sees the screen of a thin uplink, through which a key frame takes one to two."""
BROWSER_TELLS = r"WebSocket connection to .* failed|ERR_CONNECTION|ERR_EMPTY_RESPONSE"
"""What Chromium itself writes to the console about a network that is gone."""


@pytest.fixture
def road(daemon: Daemon, browser: Chromium) -> Iterator[Road]:
    place = urlsplit(daemon.url)
    assert place.hostname is not None and place.port is not None
    with Road(place.hostname, place.port, [each["port"] for each in daemon.psfu("workers", "list")]) as leads:
        yield leads
        # A page whose road ends would complain of it.
        browser.close_windows()


@pytest.fixture
def ann(browser: Chromium, road: Road, room: str, origin: str) -> Candidate:
    """Ann's network is the one that fails."""
    browser.origin = road.origin
    candidate = Candidate.opens(browser, room, "ann", script=road.script).join()
    browser.origin = origin
    return candidate


@pytest.fixture
def pam(browser: Chromium, room: str, ann: Candidate) -> Proctor:
    """Pam's network is well."""
    proctor = Proctor.opens(browser, room, "pam")
    proctor.sees("ann", face.ANN.wall)
    return proctor


def test_media_that_are_cut_come_back_by_an_ice_restart(
    ann: Candidate, pam: Proctor, road: Road, report: Report
) -> None:
    credentials, connections = "globalThis.ufrags.size", "globalThis.connections"
    before = ann.page.evaluate(credentials), ann.page.evaluate(connections)
    road.cut(udp=True)
    ann.until_says("Picture and sound are interrupted")
    pam.page.locator(pam.tile("ann")).get_by_text("No new picture").wait_for(timeout=OUTAGE_LIMIT * 1000)
    road.mend()
    mended = time.monotonic()
    pam.until_moves("ann", limit=OUTAGE_LIMIT)
    report(f"pictures are back {time.monotonic() - mended:.1f} s after the network")
    ann.until_says("Connected")
    pam.page.locator(pam.tile("ann")).get_by_text("No new picture").wait_for(state="detached")
    # The same transports as before, to which the server gave new credentials.
    assert ann.page.evaluate(credentials) > before[0]
    assert ann.page.evaluate(connections) == before[1]


def test_a_network_that_is_gone_and_back_costs_neither_place_nor_pictures(
    ann: Candidate, pam: Proctor, road: Road, daemon: Daemon, room: str, report: Report
) -> None:
    ann.window.expects(BROWSER_TELLS)
    joined = daemon.psfu("candidates", "list", "--room", room)
    ann.page.get_by_role("button", name="Raise hand").click()
    # That the server has heard of it.
    ann.page.get_by_role("button", name="Lower hand").wait_for()
    road.cut(tcp=True, udp=True)
    ann.until_says("Connection lost")
    pam.page.locator(pam.tile("ann")).get_by_text(re.compile("Reconnecting|connection lost")).wait_for()
    road.mend()
    mended = time.monotonic()
    ann.until_says("Connected")
    pam.until_moves("ann", limit=OUTAGE_LIMIT)
    report(f"page and pictures are back {time.monotonic() - mended:.1f} s after the network")
    # The same stay: nothing was published anew, and the hand is still up.
    now = daemon.psfu("candidates", "list", "--room", room)
    assert [each["connected_at"] for each in now] == [each["connected_at"] for each in joined]
    assert pam.page.locator(".hands li").count() == 1


SOUND = """async () => {
    const sound = { all: 0, concealed: 0 };
    for (const link of globalThis.links) {
        for (const report of (await link.getStats()).values()) {
            if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
            sound.all += report.totalSamplesReceived;
            sound.concealed += report.concealedSamples;
        }
    }
    return sound;
}"""
"""Samples of sound a page played, and those of them that it made up for lost ones."""


def with_a_screen(browser: Chromium, road: Road, room: str, origin: str) -> None:
    """Let Ann come by the road and share a sheet of paper; whoever comes next comes without it."""
    browser.origin = road.origin
    ann = Candidate.opens(browser, room, "ann", script=f"{road.script};{PAPER}")
    ann.share_screen()
    ann.join()
    browser.origin = origin


def test_on_a_thin_uplink_the_camera_goes_first_and_sound_and_screen_stay_also_for_who_comes_anew(
    browser: Chromium, road: Road, room: str, origin: str, daemon: Daemon, report: Report
) -> None:
    with_a_screen(browser, road, room, origin)
    pam = Proctor.opens(browser, room, "pam")
    pam.page.get_by_role("button", name="Both").click()
    screen = f"{pam.tile('ann')} .picture-screen video"
    pam.sees("ann", face.ANN.wall)
    pam.window.until("(s) => document.querySelector(s)?.videoWidth > 0", screen)
    road.narrow(230_000)
    narrowed = time.monotonic()
    pam.page.locator(pam.tile("ann")).get_by_text("Paused").wait_for()
    report(f"on 230 kbit/s the camera is given up after {time.monotonic() - narrowed:.0f} s")
    thin = daemon.psfu("events", "--room", room, "--kind", "uplink_thin")
    assert thin[0]["details"]["held_back"] == ["camera"]
    assert '"uplink"' in daemon.logged()
    sources = {
        each["source"]: each["paused"] for each in daemon.psfu("candidates", "get", "ann", "--room", room)["sources"]
    }
    assert sources == {"camera": True, "screen": False, "microphone": False}
    pam.until_moves("ann", source="screen")

    # From here on nobody is sent the screen until somebody comes.
    pam.page.get_by_role("button", name="Camera", exact=True).click()
    pam.page.locator(screen).wait_for(state="detached")
    for name in ("pat", "pim"):
        comer = Proctor.opens(browser, room, name).meets("ann")
        comer.focus("ann")
        opened = time.monotonic()
        comer.window.until(
            "() => document.querySelector('.focus .picture-screen video')?.videoWidth === 1600", limit=SCREEN_LIMIT
        )
        report(f"on 230 kbit/s {name} sees the screen after {time.monotonic() - opened:.1f} s")
    thin = daemon.psfu("events", "--room", room, "--kind", "uplink_thin")
    assert {tuple(each["details"]["held_back"]) for each in thin} <= {("camera",), ()}


def test_on_a_thin_downlink_sound_comes_first_and_the_page_says_why_a_screen_is_missing(
    browser: Chromium, road: Road, room: str, origin: str, daemon: Daemon, report: Report
) -> None:
    ann = Candidate.opens(browser, room, "ann", script=SCROLLING)
    ann.share_screen()
    ann.join()
    browser.origin = road.origin
    pam = Proctor.opens(browser, room, "pam", script=road.script)
    browser.origin = origin
    pam.page.get_by_role("button", name="Both").click()
    pam.until_wide(f"{pam.tile('ann')} .picture-screen video", 800)
    pam.focus("ann")
    pam.until_wide(".focus-screen video", 1600)

    road.narrow_down(300_000)
    narrowed = time.monotonic()
    pam.page.locator(".focus-screen").get_by_text("Your connection is too thin").wait_for()
    report(f"on 300 kbit/s a moving screen is held back after {time.monotonic() - narrowed:.0f} s")
    heard = [pam.page.evaluate(SOUND)]

    def made_up() -> float:
        before, now = heard[-1], pam.page.evaluate(SOUND)
        return (now["concealed"] - before["concealed"]) / (now["all"] - before["all"])

    def whole() -> bool:
        """Whether a tenth at most of the sound of the last ten seconds was made up."""
        if pam.page.evaluate(SOUND)["all"] - heard[-1]["all"] < 10 * 48_000:
            return False
        shares.append(made_up())
        heard.append(pam.page.evaluate(SOUND))
        return shares[-1] < 0.1

    shares: list[float] = []
    until(whole, lambda: f"of ten seconds of sound were made up {shares}", limit=45)
    report(f"and {shares[-1]:.1%} of its sound is made up, {time.monotonic() - narrowed:.0f} s after")
    with closing(Client(daemon.socket).quality.stream(room=room)) as stream:
        (told,) = next(stream).proctors
    assert told.lowered_consumers > 0

    frames = "document.querySelector('.focus-screen video').getVideoPlaybackQuality().totalVideoFrames"
    before = pam.page.evaluate(frames)
    road.narrow_down(math.inf)
    mended = time.monotonic()
    pam.window.until(f"(before) => {frames} > before + 20", before, limit=60)
    pam.until_wide(".focus-screen video", 1600)
    pam.page.locator(".focus-screen").get_by_text("Your connection is too thin").wait_for(state="detached")
    report(f"in full again {time.monotonic() - mended:.0f} s after the downlink")


def test_a_screen_that_rests_is_not_put_down_to_the_downlink(browser: Chromium, room: str, daemon: Daemon) -> None:
    ann = Candidate.opens(browser, room, "ann", script=SCROLLING)
    ann.share_screen()
    ann.join()
    pam = Proctor.opens(browser, room, "pam").meets("ann")
    pam.focus("ann")
    pam.until_wide(".focus-screen video", 1600)
    ann.page.evaluate("globalThis.resting = true")

    def silent() -> bool:
        """Whether the worker took the screen for gone, which it does after five seconds."""
        with closing(Client(daemon.socket).quality.stream(room=room)) as stream:
            sources = {each.source: each for each in next(stream).candidates[0].sources}
        return (sources["screen"].silent_s or 0) > 6

    until(silent, lambda: "the screen did not rest")
    pat = Proctor.opens(browser, room, "pat").meets("ann")
    pat.focus("ann")
    # Of a screen the page says so after twenty seconds.
    pat.page.locator(".focus-screen").get_by_text("No new picture").wait_for()
    ann.page.evaluate("globalThis.resting = false")
    pat.until_wide(".focus-screen video", 1600)


def test_when_the_worker_dies_all_begin_again_elsewhere(
    ann: Candidate, pam: Proctor, daemon: Daemon, room: str, report: Report, road: Road
) -> None:
    del road
    before = pam.track("ann")
    workers = daemon.psfu("workers", "list")
    home = next(each for each in workers if room in each["rooms"])
    os.kill(home["pid"], signal.SIGKILL)
    killed = time.monotonic()
    pam.until_begun_anew("ann", before, limit=OUTAGE_LIMIT)
    pam.until_moves("ann", limit=OUTAGE_LIMIT)
    pam.sees("ann", face.ANN.wall)
    report(f"pictures are back {time.monotonic() - killed:.1f} s after the worker died")
    ann.until_says("Connected")
