"""Keyboard, screen reader, small screens, dark and light; and what a join link leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from end_to_end.browser import crowd, face
from end_to_end.browser.chromium import Chromium, Window
from end_to_end.browser.conftest import Launch
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon

AXE = Path(__file__).resolve().parents[3] / "proctor_sfu" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Chromium:
    return launch(face.BOB)


def audit(window: Window, shot: str = "") -> None:
    """Let axe look at the page as it is now; raises AssertionError for every rule that is broken.

    It is left light. ``shot``: what pictures of it, one in each scheme, begin with.
    """
    if not window.page.evaluate("'axe' in globalThis"):
        # Not as a script of the page, which its policy forbids, but from outside of it.
        window.page.evaluate(f"() => {{ {AXE.read_text()} }}")
    for scheme in SCHEMES:
        window.page.emulate_media(color_scheme=scheme)
        # Only the contrast differs between light and dark.
        only = {"type": "tag", "values": TAGS} if scheme == "light" else {"type": "rule", "values": ["color-contrast"]}
        result: Any = window.page.evaluate("(runOnly) => axe.run(document, { runOnly })", only)
        broken = [
            f"{each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
            for each in result["violations"]
        ]
        assert broken == [], f"{window.name}, {scheme}: " + "\n".join(broken)
        assert result["passes"], "nothing was looked at"
        if shot:
            window.shot(f"{shot}-{scheme}")


def test_the_pages_of_a_candidate_are_accessible(browser: Chromium, room: str) -> None:
    candidate = Candidate.opens(browser, room, "bob", name="Bob Baker")
    candidate.until_ready()
    candidate.share_screen()
    audit(candidate.window, "candidate-check")
    candidate.join()
    audit(candidate.window)
    candidate.page.get_by_role("button", name="Leave the exam").click()
    candidate.page.get_by_role("dialog", name="Leave the exam?").wait_for()
    audit(candidate.window)


def test_the_pages_of_a_proctor_are_accessible(browser: Chromium, room: str, daemon: Daemon) -> None:
    proctor = Proctor.opens(browser, room, "pam", name="Pam Proctor")
    proctor.page.get_by_text("Nobody is in this room yet").wait_for()
    audit(proctor.window)
    with crowd.present(daemon.url, room, 7):
        bob = Candidate.opens(browser, room, "bob", name="Bob Baker")
        bob.share_screen()
        bob.join()
        bob.page.get_by_role("button", name="Raise hand").click()
        bob.page.get_by_label("Message to your proctor").fill("I cannot open question 4")
        bob.page.keyboard.press("Enter")
        proctor.page.locator(".hands").get_by_role("button", name="Bob Baker").wait_for()
        proctor.page.get_by_text("I cannot open question 4").wait_for()
        audit(proctor.window)
        proctor.page.keyboard.press("h")
        proctor.sees("bob", face.BOB.wall, where=".focus-camera video")
        # Held, since what presses here lets go only when the page has heard of it: while that is busy, no tap is short.
        proctor.page.keyboard.down("w")
        proctor.page.get_by_text("You speak to Bob Baker").wait_for()
        audit(proctor.window, "proctor")
        proctor.page.keyboard.up("w")
        proctor.page.keyboard.press("b")
        bookmark = proctor.page.get_by_role("dialog", name="Bookmark Bob Baker")
        bookmark.wait_for()
        audit(proctor.window)
        proctor.page.keyboard.press("Escape")
        # Chromium closes it some time after the key went down, and it has the next one until then.
        bookmark.wait_for(state="hidden")
        proctor.page.keyboard.press("?")
        proctor.page.get_by_role("dialog", name="Keyboard").wait_for()
        audit(proctor.window)


def test_a_lead_says_by_keyboard_who_watches_whom(browser: Chromium, room: str, daemon: Daemon) -> None:
    lead = Proctor.opens(browser, room, "lea", name="Lea Lead", as_role="lead")
    pam = Proctor.opens(browser, room, "pam", name="Pam Proctor")
    with crowd.present(daemon.url, room, 3):
        pam.meets("seat-001", "seat-002", "seat-003")
        lead.meets("seat-003")
        lead.page.get_by_role("button", name="Assign…").press("Enter")
        dialog = lead.page.get_by_role("dialog", name="Who watches whom")
        dialog.get_by_text("Watches everybody, as the room says").wait_for()
        assert dialog.get_by_label("Proctor or observer").locator("option").all_inner_texts() == [
            "Pam Proctor, Proctor"
        ]
        keyboard = lead.page.keyboard
        keyboard.press("Tab")
        keyboard.press("ArrowDown")
        keyboard.press("Tab")
        keyboard.type(crowd.NAMES[1])
        keyboard.press("Tab")
        keyboard.press("Enter")
        dialog.get_by_role("checkbox", checked=True).wait_for()
        audit(lead.window, "proctor-assign")
        dialog.get_by_role("button", name="Save").press("Enter")
        dialog.get_by_text("Saved: Pam Proctor watches 1 candidate.").wait_for()
        for gone in ("seat-001", "seat-003"):
            pam.page.locator(pam.tile(gone)).wait_for(state="detached")
        pam.until_moves("seat-002")
        (found,) = [each for each in daemon.psfu("rooms", "assign", room)["viewers"] if each["viewer"] == "pam"]
        assert (found["rule"], found["candidates"]) == ("list", ["seat-002"])

        dialog.get_by_label("Watches everybody, as the room says").press("Space")
        keyboard.press("Enter")
        dialog.get_by_text("Saved: Pam Proctor watches what the room says.").wait_for()
        pam.until_moves("seat-001")
        assert lead.page.get_by_role("dialog").count() == 1
        keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert pam.page.get_by_role("button", name="Assign…").count() == 0


def test_a_link_leaves_nothing_in_the_address_bar_and_survives_a_reload(browser: Chromium, room: str) -> None:
    candidate = Candidate.opens(browser, room, "bob", name="Bob Baker")
    candidate.until_ready()
    here = f"{browser.origin}/candidate/"
    assert candidate.page.url == here
    assert candidate.page.evaluate("[location.href, document.referrer, history.length]") == [here, "", 2]
    candidate.join()
    candidate.page.reload()
    candidate.join()
    assert candidate.page.get_by_text("You are Bob Baker").count() == 1
    candidate.page.get_by_role("button", name="Leave the exam").click()
    candidate.page.get_by_role("dialog").get_by_role("button", name="Leave the exam").click()
    candidate.page.get_by_role("heading", name="You have left the exam").wait_for()
    candidate.page.reload()
    candidate.page.get_by_role("heading", name="Open this page with your link").wait_for()
    assert candidate.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("page", ["candidate", "proctor"])
def test_a_link_that_lets_nobody_in_says_so(browser: Chromium, page: str) -> None:
    for link in ("#token=forged.token.here", "#room=nowhere&peer=bob"):
        window = browser.window("nobody")
        window.page.goto(f"{browser.origin}/{page}/{link}")
        window.page.get_by_role("heading", name="This link does not let you in").wait_for()
        assert "#" not in window.page.url
    window = browser.window("nobody")
    window.page.goto(f"{browser.origin}/{page}/")
    window.page.get_by_role("heading", name="Open this page with your link").wait_for()


def test_a_candidate_on_a_phone_sees_everything_without_scrolling_sideways(browser: Chromium, room: str) -> None:
    candidate = Candidate.opens(
        browser, room, "bob", name="Bob Baker", size=(390, 780), is_mobile=True, has_touch=True, device_scale_factor=3
    )
    sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    candidate.until_ready()
    assert not candidate.page.evaluate(sideways)
    candidate.window.shot("candidate-phone-check")
    candidate.join()
    assert not candidate.page.evaluate(sideways)
    small = candidate.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input")]
            .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 40)
            .map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert small == [], "too small for a finger"
    candidate.window.shot("candidate-phone-exam")


def test_everything_of_the_check_is_reached_by_keyboard_and_shows_where_it_is(browser: Chromium, room: str) -> None:
    candidate = Candidate.opens(browser, room, "bob")
    candidate.until_ready()
    reached = []
    for _ in range(12):
        candidate.page.keyboard.press("Tab")
        reached.append(
            candidate.page.evaluate(
                """() => {
                    const here = document.activeElement;
                    const outline = getComputedStyle(here).outlineStyle;
                    return [here.ariaLabel || here.textContent, outline !== "none"];
                }"""
            )
        )
    names = [name for name, _ in reached]
    for wanted in ("Choose camera", "Share your screen", "Choose microphone", "Play a test sound", "Join the exam"):
        assert wanted in names
    assert all(visible for name, visible in reached if name in ("Join the exam", "Share your screen"))
