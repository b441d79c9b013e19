"""A browser for each module, a room for each test; pages that complain fail the test they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Playwright, sync_playwright

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium
from end_to_end.browser.face import Face
from end_to_end.daemon import Daemon

Launch = Callable[..., Chromium]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def origin(daemon: Daemon) -> str:
    """Where the daemon serves its pages."""
    return f"http://{urlsplit(daemon.url).netloc}"


@pytest.fixture(scope="module")
def launched(playwright: Playwright) -> Iterator[list[Chromium]]:
    """The browsers of a module, which end before Playwright does."""
    browsers: list[Chromium] = []
    with ExitStack() as closing:
        yield browsers
        for each in browsers:
            closing.callback(each.close)


@pytest.fixture(scope="module")
def launch(playwright: Playwright, origin: str, launched: list[Chromium]) -> Launch:
    """Starts a browser before which somebody sits."""

    def start(who: Face | None = None, origin: str = origin) -> Chromium:
        launched.append(Chromium(playwright, origin, who))
        return launched[-1]

    return start


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Chromium:
    """The one browser most modules need; Ann sits before it."""
    return launch(face.ANN)


@pytest.fixture(autouse=True)
def no_complaints(launched: list[Chromium]) -> Iterator[None]:
    """Close the pages of a test; it fails if one complained."""
    yield
    with ExitStack() as closing:
        for each in launched:
            closing.callback(each.close_windows)


@pytest.fixture
def room(daemon: Daemon, request: pytest.FixtureRequest) -> Iterator[str]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60].strip("-")
    daemon.psfu("rooms", "create", name, "--open")
    yield name
    daemon.psfu("rooms", "close", name, "--yes")
