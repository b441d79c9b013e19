"""Join links with tokens in a room that is not open: what they let in, what they leave behind, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium, Window
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon

ROOM = "chemistry-7"


@pytest.fixture(autouse=True)
def closed_room(daemon: Daemon) -> Iterator[None]:
    daemon.psfu("rooms", "create", ROOM, "--require", "camera,screen", "--second-login", "takeover")
    yield
    daemon.psfu("rooms", "close", ROOM, "--yes")


def link(daemon: Daemon, role: str, sub: str, *more: str) -> str:
    """Return a link as psfu makes it, to the page at its place of today."""
    made = daemon.psfu("rooms", "token", ROOM, "--role", role, "--sub", sub, *more)
    return str((made[0] if isinstance(made, list) else made)["link"])


def test_a_link_lets_its_bearer_in_as_who_it_names_and_is_nowhere_to_be_found(
    daemon: Daemon, browser: Chromium
) -> None:
    address = link(daemon, "candidate", "ann", "--name", "Ann Able")
    token = address.partition("#token=")[2]
    assert token.count(".") == 2
    ann = Candidate.at(browser, address)
    ann.page.get_by_text("You are Ann Able").wait_for()
    assert ann.page.url == address.partition("#")[0]
    ann.until_source("camera", "on")
    # What the room requires has to be there before anybody can join.
    ann.page.get_by_text("Still needed: screen.").wait_for()
    assert ann.page.get_by_role("button", name="Join the exam").is_disabled()
    ann.share_screen()
    ann.join()
    olga = Proctor.at(browser, link(daemon, "observer", "olga"))
    olga.sees("ann", face.ANN.wall)
    olga.focus("ann")
    for button in ("Announce", "Whisper", "Message", "Bookmark"):
        assert olga.page.get_by_role("button", name=button).count() == 0, "an observer only watches"
    assert token not in daemon.log.read_text()


def test_a_second_window_takes_the_place_and_the_first_says_so(daemon: Daemon, browser: Chromium) -> None:
    address = link(daemon, "candidate", "ann")
    first = Candidate.at(browser, address)
    first.share_screen()
    first.join()
    second = Candidate.at(browser, address)
    second.page.get_by_role("heading", name="Check your devices").wait_for()
    first.page.get_by_role("heading", name="This exam was opened somewhere else").wait_for()
    assert "ended" not in second.page.content()


def test_forged_and_changed_tokens_let_nobody_in(daemon: Daemon, browser: Chromium) -> None:
    page, _, token = link(daemon, "candidate", "ann").partition("#token=")
    head, body, signature = token.split(".")
    for forged in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}.", "a.b.c"):
        window: Window = browser.window("forger")
        window.page.goto(f"{page}#token={forged}")
        window.page.get_by_role("heading", name="This link does not let you in").wait_for()


def test_a_lead_pauses_a_source_and_takes_a_candidate_out(daemon: Daemon, browser: Chromium) -> None:
    ann = Candidate.at(browser, link(daemon, "candidate", "ann", "--name", "Ann Able"))
    ann.share_screen()
    ann.join()
    pam = Proctor.at(browser, link(daemon, "lead", "pam", "--name", "Pam Proctor"))
    pam.page.get_by_text("Lead proctor Pam Proctor").wait_for()
    pam.sees("ann", face.ANN.wall)
    pam.focus("ann")
    pam.page.get_by_role("button", name="Pause camera").click()
    ann.page.get_by_text("Paused by your proctor").wait_for()
    pam.page.locator(pam.tile("ann")).get_by_text("Paused").wait_for()
    pam.page.get_by_role("button", name="Let camera go on").click()
    ann.page.get_by_text("Paused by your proctor").wait_for(state="detached")
    pam.until_moves("ann")
    pam.page.get_by_role("button", name="Take out…").click()
    pam.page.get_by_label("Reason, which the candidate reads").fill("Wrong room")
    pam.page.get_by_role("button", name="Take out", exact=True).click()
    ann.page.get_by_role("heading", name="You were taken out of this exam").wait_for()
    ann.page.get_by_text("Reason: Wrong room").wait_for()
    quin = Proctor.at(browser, link(daemon, "proctor", "quin"))
    quin.page.get_by_text("Proctor quin").wait_for()
    assert quin.page.get_by_role("button", name="Take out…", include_hidden=True).count() == 0
