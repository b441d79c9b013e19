"""Debian's Firefox with fake devices, driven over WebDriver BiDi, since Playwright drives only a Firefox of its own.

https://w3c.github.io/webdriver-bidi/

What a page writes to its console as an error fails the test, as with Chromium.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from end_to_end.browser.chromium import LIMIT, until
from proctor_sfu.aio import spawn
from support.started import started

_PREFERENCES: Final[Mapping[str, bool | int | str]] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    # So many pictures a second of its fake camera are enough to be watched.
    "media.navigator.video.default_fps": 10,
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    # It has nobody to call, and nothing to update from.
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "dom.min_background_timeout_value": 10,
    "widget.windows.window_occlusion_tracking.enabled": False,
}
_ANSWER: Final = 30.0
"""Seconds a command may take."""


class Firefox:
    """One browser with one connection; every page is a tab."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.windows: list[Tab] = []

    def open(self, url: str, *, size: tuple[int, int] = (1280, 720)) -> Tab:
        """Open a page in a window of its own."""
        context = self._connection.ask("browsingContext.create", type="window")["context"]
        self._connection.ask(
            "browsingContext.setViewport", context=context, viewport={"width": size[0], "height": size[1]}
        )
        tab = Tab(self._connection, context, url.partition("#")[0])
        self._connection.ask("browsingContext.navigate", context=context, url=url, wait="complete")
        self.windows.append(tab)
        return tab

    def complaints(self) -> list[str]:
        """Return what pages wrote to their consoles as errors."""
        found = [event["params"] for event in self._connection.events if event["method"] == "log.entryAdded"]
        return [f"{each.get('text')} {each.get('stackTrace')}" for each in found if each["level"] == "error"]


class Tab:
    """A page."""

    def __init__(self, connection: Connection, context: str, name: str) -> None:
        self._connection = connection
        self._context = context
        self._name = name

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function in the page, as a click of somebody would, and return what it returns."""
        body = f"async () => JSON.stringify((await ({function})(...{json.dumps(arguments)})) ?? null)"
        answer = self._connection.ask(
            "script.callFunction", functionDeclaration=body, target={"context": self._context}, awaitPromise=True,
            userActivation=True,
        )  # fmt: skip
        assert answer["type"] == "success", f"{self._name}: {answer['exceptionDetails']['text']}"
        return json.loads(answer["result"]["value"])

    def until(self, function: str, *arguments: Any, limit: float = LIMIT) -> Any:
        """Wait until a function returns something true and return it."""
        return until(
            lambda: self.evaluate(function, *arguments),
            lambda: f"{self._name}: {function} did not come true; {self.evaluate('() => document.body.innerText')}",
            limit=limit,
        )

    def press(self, text: str) -> None:
        """Press the button that says ``text``, once it can be pressed."""
        self.until(
            """(text) => {
                const found = [...document.querySelectorAll("button")]
                    .find((each) => each.textContent.includes(text) && !each.disabled && each.offsetParent);
                found?.click();
                return found !== undefined;
            }""",
            text,
        )


class Connection:
    """Commands and events over one WebSocket, which a thread of its own serves: Playwright has the loop of this one."""

    def __init__(self, url: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._url = url
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bidi", daemon=True)

    def __enter__(self) -> Connection:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(_ANSWER)
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_ANSWER)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ANSWER)
        self._loop.close()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        answer = asyncio.run_coroutine_threadsafe(self._ask(method, parameters), self._loop).result(_ANSWER)
        assert answer["type"] == "success", f"{method}: {answer.get('error')}: {answer.get('message')}"
        result: dict[str, Any] = answer["result"]
        return result

    async def _ask(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        number = next(self._ids)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await future

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(self._url, max_msg_size=0)
        self._reader = spawn(self._read(), name="bidi")

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if told.get("id") is None:
                self.events.append(told)
            else:
                self._pending.pop(told["id"]).set_result(told)

    async def _close(self) -> None:
        await self._socket.close()
        await self._reader
        await self._session.close()


@contextmanager
def running(folder: Path) -> Iterator[Firefox]:
    """A Firefox with a profile of its own in ``folder``."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (folder / "user.js").write_text("\n".join(lines) + "\n")
    command = [
        "firefox-esr",
        "--headless",
        "--no-remote",
        "--profile",
        folder,
        "--remote-debugging-port",
        "0",
        "about:blank",
    ]
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        heard = []
        for line in process.stderr:
            heard.append(line)
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                break
        else:
            raise AssertionError(f"Firefox did not start: {''.join(heard)[-2000:]}")
        # Nobody reads on, so that what it writes must have somewhere to go.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        with Connection(f"{found[1]}/session") as connection:
            yield Firefox(connection)
