"""An exam in real browsers: two candidates, two proctors, all that they see, hear and say of each other.

Their pages stay for the whole module; each test finds everybody in the exam and nobody in focus.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium
from end_to_end.browser.conftest import Launch
from end_to_end.browser.people import Candidate, Proctor, pitch_is
from end_to_end.daemon import Daemon
from end_to_end.exam import Report

HTML = "<img src=x onerror=alert(1)> & <b>Ann</b>"


@pytest.fixture(scope="module")
def browsers(launch: Launch) -> tuple[Chromium, Chromium]:
    """Ann sits before the first, Bob before the second."""
    return launch(face.ANN), launch(face.BOB)


@pytest.fixture(scope="module")
def room(daemon: Daemon) -> Iterator[str]:
    daemon.psfu("rooms", "create", "exam", "--open")
    yield "exam"
    daemon.psfu("rooms", "close", "exam", "--yes")


@pytest.fixture(autouse=True)
def no_complaints(browsers: tuple[Chromium, Chromium]) -> Iterator[None]:
    yield
    for each in browsers:
        each.check()


@dataclass(kw_only=True)
class Pages:
    """Those who came."""

    ann: Candidate
    bob: Candidate
    pam: Proctor
    quin: Proctor


@pytest.fixture(scope="module")
def pages(browsers: tuple[Chromium, Chromium], room: str) -> Pages:
    """Of the proctors one is there before the candidates, one comes after them."""
    pam = Proctor.opens(browsers[0], room, "pam", name="Pam Proctor", size=(1000, 600))
    ann, bob = enters(browsers[0], room, "ann"), enters(browsers[1], room, "bob")
    quin = Proctor.opens(browsers[1], room, "quin", name="Quin Quest", size=(1000, 600))
    return Pages(ann=ann, bob=bob, pam=pam, quin=quin)


def enters(browser: Chromium, room: str, peer: str) -> Candidate:
    return Candidate.opens(browser, room, peer, name={"ann": "Ann Able", "bob": "Bob Baker"}[peer]).join()


People = tuple[Candidate, Candidate, Proctor, Proctor]


@pytest.fixture
def people(pages: Pages, browsers: tuple[Chromium, Chromium], room: str) -> People:
    """Ann and Bob are in the exam, again if they had left it; Pam and Quin watch their cameras on the wall."""
    if not pages.ann.is_in():
        pages.ann = enters(browsers[0], room, "ann")
    if not pages.bob.is_in():
        pages.bob = enters(browsers[1], room, "bob")
    for proctor in (pages.pam, pages.quin):
        proctor.meets("ann", "bob")
        proctor.rests()
    return pages.ann, pages.bob, pages.pam, pages.quin


def test_every_proctor_sees_every_candidate_and_more_of_the_one_in_focus(people: People, report: Report) -> None:
    _, _, pam, quin = people
    for proctor in (pam, quin):
        proctor.sees("ann", face.ANN.wall)
        proctor.sees("bob", face.BOB.wall)
    tile, focus = f"{pam.tile('ann')} .picture-camera video", ".focus-camera video"
    pam.window.until("(s) => document.querySelector(s).videoWidth < 1280", tile)
    small = pam.width(tile)
    begun = time.monotonic()
    pam.focus("ann")
    large = pam.until_wider(focus, small)
    report(f"the picture in focus has {large} pixels instead of {small} after {time.monotonic() - begun:.2f} s")
    pam.sees("ann", face.ANN.wall, where=focus)
    pam.page.keyboard.press("Escape")
    pam.page.locator(".focus").wait_for(state="hidden")
    pam.window.until("(s) => document.querySelector(s).videoWidth < 1280", tile)


def test_a_whisper_reaches_one_and_an_announcement_all(people: People) -> None:
    ann, bob, pam, _ = people
    pam.focus("bob")
    pam.taps("w")
    bob.page.get_by_text("Pam Proctor is speaking to you").wait_for()
    pam.page.get_by_text("You speak to Bob Baker").wait_for()
    # Before Pam's browser sits Ann, so this is what Pam says.
    until_hears(bob, face.ANN.hertz)
    assert ann.page.locator("audio").count() == 0 and ann.page.get_by_text("speaking").count() == 0
    pam.taps("w")
    bob.page.get_by_text("Pam Proctor is speaking to you").wait_for(state="detached")
    pam.page.keyboard.down("a")
    for candidate in (ann, bob):
        candidate.page.get_by_text("Pam Proctor is speaking to everybody").wait_for()
        until_hears(candidate, face.ANN.hertz)
    # Longer than a tap: the announcement ends with the key.
    pam.window.until("performance.now() - (globalThis.since ??= performance.now()) > 500")
    pam.page.keyboard.up("a")
    for candidate in (ann, bob):
        candidate.page.get_by_text("is speaking").wait_for(state="detached")


LOUDEST = """async () => {
    const player = document.querySelector("audio");
    if (!player?.srcObject || player.paused) return null;
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    context.createMediaStreamSource(player.srcObject).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    await new Promise((resolve) => setTimeout(resolve, 400));
    analyser.getFloatFrequencyData(bins);
    const top = bins.reduce((best, level, bin) => (level > bins[best] ? bin : best), 0);
    const result = bins[top] > -60 ? (top * context.sampleRate) / 8192 : null;
    await context.close();
    return result;
}"""
"""The loudest frequency a page plays."""


def until_hears(candidate: Candidate, hertz: int) -> None:
    """Wait until what a candidate's page plays is this tone."""
    pitch_is(lambda: candidate.page.evaluate(LOUDEST), hertz, 20)


def test_words_hands_and_bookmarks_reach_those_they_are_for(
    people: People, browsers: tuple[Chromium, Chromium], room: str
) -> None:
    ann, bob, pam, quin = people
    ann.page.get_by_label("Message to your proctor").fill(HTML)
    ann.page.keyboard.press("Enter")
    for proctor in (pam, quin):
        proctor.page.get_by_text(HTML).wait_for()
        assert proctor.page.locator(".messages-log img").count() == 0
    assert bob.page.get_by_text(HTML).count() == 0

    bob.page.get_by_role("button", name="Raise hand").click()
    pam.page.locator(".hands").get_by_role("button", name="Bob Baker").wait_for()
    pam.page.keyboard.press("h")
    pam.page.get_by_role("heading", name="Bob Baker").wait_for()
    pam.page.keyboard.press("m")
    pam.page.keyboard.type("Please wait a moment")
    pam.page.keyboard.press("Enter")
    bob.page.get_by_text("Please wait a moment").wait_for()
    assert ann.page.get_by_text("Please wait a moment").count() == 0

    pam.page.keyboard.press("Escape")
    pam.page.keyboard.press("b")
    pam.page.keyboard.type("A phone on the desk")
    pam.page.get_by_role("button", name="Save bookmark").click()
    for proctor in (pam, quin):
        proctor.page.get_by_text("A phone on the desk").wait_for()
        assert proctor.page.get_by_text("A phone on the desk").count() == 1

    # Whoever relieves them finds it all, in order, and reads what was answered.
    rita = Proctor.opens(browsers[1], room, "rita", name="Rita Relief", size=(1000, 600))
    rita.page.get_by_text("A phone on the desk").wait_for()
    log = rita.page.locator(".message-text").all_inner_texts()
    assert log == [HTML, "Please wait a moment", "A phone on the desk"]
    assert rita.page.get_by_text("to Bob Baker").count() == 1
    rita.page.locator(".hands").get_by_role("button", name="Bob Baker").wait_for()

    rita.window.close()

    bob.page.get_by_role("button", name="Lower hand").click()
    pam.page.locator(".hands li").wait_for(state="detached")


def test_a_screen_that_is_no_longer_shared_is_told_and_can_be_shared_again(people: People) -> None:
    ann, _, pam, _ = people
    pam.page.get_by_role("button", name="Screen").click()
    pam.page.locator(pam.tile("ann")).get_by_text("No screen").wait_for()
    ann.share_screen()
    screen = f"{pam.tile('ann')} .picture-screen video"
    pam.window.until("(s) => document.querySelector(s)?.videoWidth > 0", screen)
    # What the browser's own button for it does.
    ann.page.evaluate(
        """() => {
            const [track] = document.querySelector(".card-video-screen").srcObject.getTracks();
            track.stop();
            track.dispatchEvent(new Event("ended"));
        }"""
    )
    ann.page.get_by_text("Your screen is no longer shared.").wait_for()
    pam.page.locator(pam.tile("ann")).get_by_text("No screen").wait_for()
    ann.page.get_by_role("button", name="Share your screen again").click()
    pam.window.until("(s) => document.querySelector(s)?.videoWidth > 0", screen)


def test_who_leaves_on_purpose_has_left(people: People, daemon: Daemon, room: str) -> None:
    ann, bob, pam, _ = people
    ann.page.get_by_role("button", name="Leave the exam").click()
    ann.page.get_by_role("dialog").get_by_role("button", name="Leave the exam").click()
    ann.page.get_by_role("heading", name="You have left the exam").wait_for()
    pam.page.locator(pam.tile("ann")).get_by_text("Has left").wait_for()
    daemon.psfu("candidates", "kick", "bob", "--room", room, "--reason", "Wrong room", "--yes")
    bob.page.get_by_role("heading", name="You were taken out of this exam").wait_for()
    bob.page.get_by_text("Wrong room").wait_for()
