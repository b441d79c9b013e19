"""Debian's Chromium with fake devices, driven by Playwright; whatever a page complains of fails the test."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

from end_to_end.browser import face
from end_to_end.browser.face import Face

SHOTS: Final = Path(__file__).resolve().parents[3] / "build" / "screenshots"
LIMIT: Final = 60.0
"""Seconds after which a test stops waiting: nothing is judged by it, and a machine may be three times slower."""
_FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio", "--no-first-run",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # Media has to find its way over loopback, where no name of mDNS is resolved. Of the address bar, which nobody sees,
    # every window would bring two pages of its own, a quarter of what all of it computes.
    "--disable-features=WebRtcHideLocalIpsWithMdns,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
    # Several pages share a window that nobody looks at.
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows", "--disable-background-networking", "--disable-component-update",
)  # fmt: skip

Role = Literal["candidate", "proctor"]


class Chromium:
    """One browser; every page is a person of its own, with a context of its own."""

    def __init__(self, playwright: Playwright, origin: str, sits_before_it: Face | None = None) -> None:
        """``origin``: of the daemon's pages, as ``http://127.0.0.1:4443``."""
        self.origin = origin
        devices = [] if sits_before_it is None else _files(sits_before_it)
        self._browser: Browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True, args=[*_FLAGS, *devices]
        )
        self.windows: list[Window] = []

    def window(self, name: str, *, size: tuple[int, int] = (1280, 720), **options: Any) -> Window:
        """Open an empty page; ``options`` as of Playwright's ``new_context``."""
        context = self._browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(LIMIT * 1000)
        self.windows.append(Window(context, name))
        return self.windows[-1]

    def open(
        self, role: Role, room: str, peer: str, *, name: str = "", as_role: str = "", script: str = "", **options: Any
    ) -> Window:
        """Open a page with the link of somebody in an open room. ``script`` runs before the page's own."""
        window = self.window(f"{role} {peer}", **options)
        if script:
            window.page.add_init_script(script)
        person = {"room": room, "peer": peer, "role": as_role or role, "name": name or peer}
        window.page.goto(f"{self.origin}/{role}/#{urlencode(person)}")
        return window

    def follow(self, link: str) -> Window:
        """Open a link."""
        window = self.window(link.partition("#")[0])
        window.page.goto(link)
        return window

    def check(self) -> None:
        """Raise AssertionError if a page that is open complained."""
        complaints = [each for window in self.windows for each in window.unexpected()]
        assert complaints == [], "\n".join(complaints)

    def close_windows(self) -> None:
        """Close all pages; raises AssertionError if one complained."""
        try:
            # What a page said last comes with the answer to its closing.
            for window in self.windows:
                window.close()
            self.check()
        finally:
            self.windows = []

    def close(self) -> None:
        """End the browser; raises AssertionError if a page that was open complained."""
        try:
            self.close_windows()
        finally:
            self._browser.close()


class Window:
    """A page and what it complained of."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.name = name
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self._expected: list[str] = []
        self._context = context
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{name}: {error}"))
        # A page that would rather stay asks; nobody here means to close it by mistake.
        self.page.on("dialog", lambda dialog: dialog.accept())

    def expects(self, pattern: str) -> None:
        """Let complaints of this kind pass: the test provokes them."""
        self._expected.append(pattern)

    def until(self, expression: str, argument: Any = None, *, limit: float = LIMIT) -> Any:
        """Wait until a JavaScript expression is true and return it.

        Playwright's own way of waiting evaluates text in the page, which the policy of the pages forbids.
        """
        return until(lambda: self.page.evaluate(expression, argument), lambda: self._describe(expression), limit=limit)

    def shot(self, name: str) -> Path:
        """Keep a picture of the page in ``build/screenshots``."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path

    def close(self) -> None:
        """Close the page."""
        self._context.close()

    def unexpected(self) -> list[str]:
        """Return what the page complained of that no test provoked."""
        return [each for each in self.complaints if not any(re.search(pattern, each) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.name}: {message.type}: {message.text} {message.location.get('url', '')}")

    def _describe(self, expression: str) -> str:
        text = self.page.evaluate("document.body.innerText")
        return (
            f"{self.name}: {expression} did not come true; complaints {self.complaints}; the page says: {text[:1500]}"
        )


def until(check: Callable[[], Any], describe: Callable[[], str], *, limit: float = LIMIT) -> Any:
    """Wait until ``check`` returns something true and return it; raises AssertionError after ``limit`` seconds."""
    end = time.monotonic() + limit
    while not (found := check()):
        if time.monotonic() > end:
            raise AssertionError(describe())
        time.sleep(0.05)
    return found


def _files(who: Face) -> list[str]:
    return [
        f"--use-file-for-fake-video-capture={face.camera(who)}",
        f"--use-file-for-fake-audio-capture={face.microphone(who)}",
    ]
