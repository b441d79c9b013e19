"""What the other tests of pages rely on: a page that complains, of whatever, fails its test."""

from __future__ import annotations

import pytest

from end_to_end.browser.chromium import Chromium, Window, until

COMPLAINTS = {
    "an error": "console.error('told as an error')",
    "a warning": "console.warn('told as a warning')",
    "an exception": "setTimeout(() => { throw new Error('nobody caught it'); })",
    "a rejection": "void Promise.reject(new Error('nobody awaited it'))",
    "a refusal": "void fetch('/nothing-is-here')",
}


def test_a_page_that_complains_fails_its_test(browser: Chromium, room: str) -> None:
    window = browser.open("candidate", room, "ann")
    window.page.get_by_role("button", name="Join the exam").wait_for()
    browser.check()
    for what, script in COMPLAINTS.items():
        before = window.unexpected()
        window.page.evaluate(f"() => {{ {script} }}")
        told(window, before, what)
    with pytest.raises(AssertionError, match=r"(?s)told as an error.*as a warning.*caught.*awaited.*404"):
        browser.check()
    with pytest.raises(AssertionError, match="told as an error"):
        browser.close_windows()
    assert browser.windows == []


def told(window: Window, before: list[str], what: str) -> None:
    """Wait until the page complained once more; Playwright passes that on while the page is asked something."""
    until(lambda: window.page.evaluate("true") and window.unexpected() != before, lambda: f"{what} was missed")
