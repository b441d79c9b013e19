"""Serves the candidate's and the proctor's page.

A join link carries its token in the fragment, which browsers send to nobody; nothing here reads a query or a cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from aiohttp import web

from proctor_sfu.web.bundle import Bundle, File

_log = structlog.get_logger("psfu.web")

NOT_BUILT: Final = "The pages are not part of this installation. From a source tree, build them with: make web\n"

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

_EVERYWHERE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "psfu",
}

_FEATURES: Final = (
    "accelerometer", "camera", "clipboard-read", "display-capture", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "candidate": frozenset({"camera", "display-capture", "microphone", "screen-wake-lock"}),
    "proctor": frozenset({"microphone", "screen-wake-lock"}),
}

_FOR_EVER: Final = "public, max-age=31536000, immutable"


class Pages:
    """The routes ``/candidate/``, ``/proctor/`` and ``/assets/``."""

    def __init__(self, bundle: Bundle | None) -> None:
        self._bundle = bundle
        if bundle is None:
            _log.warning("pages_missing", message=NOT_BUILT.strip())

    def mount(self, app: web.Application) -> None:
        """Add the routes to an application."""
        for page in _NEEDED:
            # Browsers carry the fragment of a link over to where they are redirected.
            app.router.add_get(f"/{page}", _to_folder)
            app.router.add_get(f"/{page}/", self._page)
        app.router.add_get("/assets/{name}", self._asset)

    async def _page(self, request: web.Request) -> web.Response:
        if self._bundle is None:
            return web.Response(status=503, text=NOT_BUILT, headers=_EVERYWHERE)
        page = request.path.strip("/")
        headers = {"Cache-Control": "no-cache", "Permissions-Policy": permissions(page)}
        return _answer(request, self._bundle.pages[page], headers)

    async def _asset(self, request: web.Request) -> web.Response:
        file = self._bundle.assets.get(request.match_info["name"]) if self._bundle is not None else None
        if file is None:
            return web.Response(status=404, text="No such file.\n", headers=_EVERYWHERE)
        return _answer(request, file, {"Cache-Control": _FOR_EVER})


def permissions(page: str) -> str:
    """Return the Permissions-Policy of a page: what it needs for itself, all else for nobody."""
    return ", ".join(f"{feature}=({'self' if feature in _NEEDED[page] else ''})" for feature in _FEATURES)


async def _to_folder(request: web.Request) -> web.Response:
    return web.Response(status=308, headers={**_EVERYWHERE, "Location": f"{request.path}/"})


def _answer(request: web.Request, file: File, headers: Mapping[str, str]) -> web.Response:
    headers = {**_EVERYWHERE, **headers, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    body = file.body
    if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, content_type=file.content_type, charset="utf-8", headers=headers)
