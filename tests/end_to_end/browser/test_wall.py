"""A wall with more candidates than fit on it: all of a page arrive, nothing of other pages, everything by keyboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from end_to_end.browser import crowd, face
from end_to_end.browser.chromium import Chromium, until
from end_to_end.browser.people import PAPER, Candidate, Proctor
from end_to_end.daemon import Daemon
from end_to_end.exam import Report
from proctor_sfu.control.client import Client

ROOM = "biology-101"
COUNT = 38
PAGE = 30
AHEAD = """(peer) => {
    const ranks = { red: 0, amber: 1 };
    const places = [...document.querySelectorAll(".wall li")];
    const lights = places.map((place) => ranks[place.querySelector(".tile")?.dataset.light] ?? 2);
    const at = places.findIndex((place) => place.dataset.peer === peer);
    // A machine that is too busy may leave nobody on the page well.
    if (at < 0) return lights.length > 0 && lights.every((light) => light < 2);
    if (lights[at] === 2 || !places[at].querySelector(".tile-reason").textContent) return false;
    return lights.slice(0, at).every((light) => light <= lights[at]);
}"""
"""Whether the tile of somebody shows trouble and says which, and nobody comes before it who is better off; it is not on
the page only if all on it have trouble."""
PICTURES = "[...document.querySelectorAll('.wall video')].filter((video) => video.videoWidth > 0).length"


@pytest.fixture(autouse=True)
def no_complaints(browser: Chromium) -> Iterator[None]:
    """The page of the proctor stays for the whole module, and is looked at after each test."""
    yield
    browser.check()


@pytest.fixture(scope="module")
def full_room(daemon: Daemon) -> Iterator[str]:
    daemon.psfu("rooms", "create", ROOM, "--open")
    with crowd.present(daemon.url, ROOM, COUNT):
        yield ROOM
    daemon.psfu("rooms", "close", ROOM, "--yes")


@pytest.fixture(scope="module")
def pam(browser: Chromium, full_room: str) -> Proctor:
    proctor = Proctor.opens(browser, full_room, "pam", name="Pam Proctor")
    proctor.page.get_by_label("Tiles on a page").select_option(str(PAGE))
    proctor.window.until(f"{PICTURES} === {PAGE}")
    return proctor


def sent(daemon: Daemon) -> int:
    """Return how many sources the proctor is sent; those of tiles it saw before are paused."""
    with closing(Client(daemon.socket).quality.stream(room=ROOM)) as stream:
        (pam,) = next(stream).proctors
    return pam.consumers - pam.paused_consumers


def test_thirty_tiles_have_pictures_and_the_other_candidates_cost_nothing(pam: Proctor, daemon: Daemon) -> None:
    assert pam.page.locator(".tile").count() == PAGE
    until(lambda: sent(daemon) == PAGE, lambda: f"{sent(daemon)} sources are sent for {PAGE} tiles")
    pam.page.get_by_text(f"1–{PAGE} of {COUNT}").wait_for()
    overlap = pam.page.evaluate(
        """() => {
            const boxes = [...document.querySelectorAll(".tile")].map((tile) => tile.getBoundingClientRect());
            const wall = document.querySelector(".wall").getBoundingClientRect();
            return boxes.filter((box) => box.bottom > wall.bottom + 1 || box.right > wall.right + 1).length;
        }"""
    )
    assert overlap == 0, "tiles do not fit on the wall at 1280 × 720"


def test_the_next_page_is_shown_and_the_first_is_paused(pam: Proctor, report: Report) -> None:
    begun = time.monotonic()
    pam.page.keyboard.press("n")
    pam.window.until(f"{PICTURES} === {COUNT - PAGE}")
    report(f"the next page of the wall has its pictures after {time.monotonic() - begun:.2f} s")
    pam.page.get_by_text(f"{PAGE + 1}–{COUNT} of {COUNT}").wait_for()
    pam.page.keyboard.press("p")
    pam.window.until(f"{PICTURES} === {PAGE}")


def test_a_candidate_is_found_opened_and_left_by_keyboard(pam: Proctor) -> None:
    page = pam.page
    page.keyboard.press("/")
    # One whom the first page has also when others, who are in trouble, come before them.
    page.keyboard.type("ada cas")
    pam.window.until("document.querySelectorAll('.tile').length === 1")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ada Castro").wait_for()
    pam.window.until("document.querySelector('.focus-camera video')?.videoWidth > 0")
    page.keyboard.press("Escape")
    page.locator(".focus").wait_for(state="hidden")
    page.keyboard.press("Escape")
    pam.window.until(f"document.querySelectorAll('.tile').length === {PAGE}")
    page.keyboard.press("Escape")
    first = page.evaluate("document.activeElement.closest('li')?.dataset.peer")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    third = page.evaluate("document.activeElement.closest('li')?.dataset.peer")
    assert first and third and first != third


def test_trouble_moves_to_the_front(pam: Proctor, browser: Chromium, full_room: str) -> None:
    ann = Candidate.opens(browser, full_room, "ann", name="Zoe Zeller").join()
    pam.page.get_by_text(f"1–{PAGE} of {COUNT + 1}").wait_for()
    # Her name is the last; while her pictures were late, as on a busy machine, she may have been in front.
    pam.page.locator(pam.tile("ann")).wait_for(state="detached")
    # A camera that sends nothing any more, without the page being told.
    ann.page.evaluate("document.querySelector('.card-video-camera').srcObject.getTracks()[0].stop()")
    pam.window.until(AHEAD, "ann")


def test_what_the_readme_shows(pam: Proctor, browser: Chromium, full_room: str) -> None:
    bea = Candidate.opens(browser, full_room, "seat-039", name="Bea Bauer", script=PAPER)
    bea.share_screen()
    bea.join()
    bea.page.get_by_role("button", name="Raise hand").click()
    bea.page.get_by_label("Message to your proctor").fill("Question 4 (c): which wall is meant?")
    bea.page.keyboard.press("Enter")
    pam.page.locator(".hands").get_by_role("button", name="Bea Bauer").wait_for()
    pam.page.get_by_text("which wall is meant?").wait_for()
    pam.window.shot("proctor-wall")
    pam.page.keyboard.press("h")
    pam.sees("seat-039", face.ANN.wall, where=".focus-camera video")
    pam.until_wide(".focus-screen video", 1600)
    pam.page.keyboard.press("m")
    pam.page.keyboard.type("The cell wall.")
    pam.page.keyboard.press("Enter")
    pam.page.keyboard.press("Escape")
    pam.page.keyboard.down("w")
    bea.page.get_by_text("Pam Proctor is speaking to you").wait_for()
    bea.page.get_by_text("The cell wall.").wait_for()
    pam.window.shot("proctor-focus")
    bea.window.shot("candidate-exam")
    pam.page.keyboard.up("w")
