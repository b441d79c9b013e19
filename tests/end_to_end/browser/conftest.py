"""A browser for each module, a room for each test; pages that complain fail the test they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Playwright, sync_playwright

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
def launch(playwright: Playwright, origin: str) -> Iterator[Launch]:
    """Starts a browser before which somebody sits."""
    started: list[Chromium] = []

    def start(who: Face | None = None, origin: str = origin) -> Chromium:
        started.append(Chromium(playwright, origin, who))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def room(daemon: Daemon, request: pytest.FixtureRequest) -> Iterator[str]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60].strip("-")
    daemon.psfu("rooms", "create", name, "--open")
    yield name
    daemon.psfu("rooms", "close", name, "--yes")
