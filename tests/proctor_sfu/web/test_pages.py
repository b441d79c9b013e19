"""The pages as they are served: headers, caching, compression, and an installation that has none."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from proctor_sfu.web import bundle
from proctor_sfu.web.bundle import Bundle
from proctor_sfu.web.pages import Pages, permissions


@pytest.fixture(scope="module")
def built() -> Bundle:
    found = bundle.load()
    assert found is not None, "run make web"
    return found


@pytest.fixture
async def client(built: Bundle) -> AsyncIterator[ClientSession]:
    async for each in serving(built):
        yield each


async def serving(served: Bundle | None) -> AsyncIterator[ClientSession]:
    app = web.Application()
    Pages(served).mount(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with ClientSession(f"http://{host}:{port}", auto_decompress=False) as session:
        yield session
    await runner.cleanup()


@pytest.mark.parametrize("path", ["/candidate/", "/proctor/", "/assets/none.js", "/candidate"])
async def test_headers_of_every_answer(client: ClientSession, path: str) -> None:
    answer = await client.get(path, allow_redirects=False)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "aiohttp" not in answer.headers["Server"].lower()


async def test_a_page_names_assets_that_are_there_and_nothing_from_elsewhere(client: ClientSession) -> None:
    for page in ("candidate", "proctor"):
        answer = await client.get(f"/{page}/")
        text = await answer.text()
        assert answer.content_type == "text/html" and answer.headers["Cache-Control"] == "no-cache"
        named = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert len(named) == 3 and all(each.startswith("/assets/") for each in named)
        for each in named:
            asset = await client.get(each)
            assert asset.status == 200 and "immutable" in asset.headers["Cache-Control"]
        assert "<script>" not in text and "style=" not in text and "{{" not in text


async def test_a_page_is_sent_again_only_when_it_changed(client: ClientSession) -> None:
    first = await client.get("/candidate/")
    again = await client.get("/candidate/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304 and await again.read() == b""
    other = await client.get("/candidate/", headers={"If-None-Match": '"other"'})
    assert other.status == 200


async def test_scripts_are_sent_packed_to_who_can_unpack(client: ClientSession, built: Bundle) -> None:
    name = next(name for name in built.assets if name.startswith("candidate-") and name.endswith(".js"))
    packed = await client.get(f"/assets/{name}", headers={"Accept-Encoding": "gzip"})
    plain = await client.get(f"/assets/{name}", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    body = await plain.read()
    assert gzip.decompress(await packed.read()) == body == built.assets[name].body


async def test_a_link_without_its_slash_is_led_on(client: ClientSession) -> None:
    answer = await client.get("/proctor", allow_redirects=False)
    assert answer.status == 308 and answer.headers["Location"] == "/proctor/"


@pytest.mark.parametrize("path", ["/assets/", "/assets/../candidate.html", "/assets/%2e%2e%2fpages.py", "/other/"])
async def test_nothing_else_is_served(client: ClientSession, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_an_installation_without_pages_says_so() -> None:
    async for session in serving(None):
        answer = await session.get("/candidate/")
        assert answer.status == 503 and "make web" in await answer.text()


def test_each_page_gets_what_it_needs() -> None:
    def features(page: str) -> list[str]:
        return re.findall(r"([\w-]+)=\(self\)", permissions(page))

    assert features("candidate") == ["camera", "display-capture", "microphone", "screen-wake-lock"]
    assert features("proctor") == ["microphone", "screen-wake-lock"]


def test_the_licences_of_what_is_bundled_are_shipped(built: Bundle) -> None:
    text = built.assets["licences.txt"].body.decode()
    for package in ("mediasoup-client 3.24.1", "protoo-client 4.0.8", "valibot 1.5.0"):
        assert package in text
