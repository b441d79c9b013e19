"""The control API as an aiohttp application: routes of all nouns behind one guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import structlog
from aiohttp import web

from proctor_sfu.audit.audit import Audit
from proctor_sfu.control.api import base
from proctor_sfu.control.routes.answers import Handler, Route, caller, failure, success
from proctor_sfu.errors import MediasoupError, PsfuError, RefusedError
from proctor_sfu.text import safe_text

_log = structlog.get_logger("psfu.control")

_AUDIT: Final = web.AppKey("audit", Audit)
MAX_BODY: Final = 8_388_608
"""Bytes; a roster of a hundred thousand has fewer."""


def control_app(routes: Iterable[Route], audit: Audit) -> web.Application:
    """Return the application that answers ``routes`` below ``/v1`` and audits every change."""
    app = web.Application(middlewares=[_guard], client_max_size=MAX_BODY)
    app[_AUDIT] = audit
    for method, path, handler in routes:
        app.router.add_route(method, f"/v1{path}", _answering(handler))
    return app


def _answering(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            result = await handler(request)
        except MediasoupError as error:
            _log.warning("control_request_failed", path=safe_text(request.path, 200), reason=str(error))
            raise
        return result if isinstance(result, web.StreamResponse) else success(result)

    return answer


@web.middleware
async def _guard(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Turn every failure into an answer with a code, and note who changed something."""
    stated = request.headers.get(base.HEADER, str(base.API_VERSION))
    if stated != str(base.API_VERSION):
        return failure("api_version", f"this daemon speaks version {base.API_VERSION} of the control API")
    try:
        response = await handler(request)
    except RefusedError as error:
        return failure(error.reason, error.message)
    except PsfuError as error:
        return failure(error.code, error.message)
    except web.HTTPRequestEntityTooLarge:
        return failure("too_large", f"a request may have {MAX_BODY} bytes")
    except web.HTTPNotFound:
        return failure("not_found", f"no such path: {safe_text(request.path, 200)}")
    except web.HTTPMethodNotAllowed as error:
        return failure("method_not_allowed", f"{error.method} is not possible there")
    if request.method != "GET" and request.query.get("dry_run") != "true" and not request.path.endswith("/inspect"):
        _note(request)
    return response


def _note(request: web.Request) -> None:
    who = caller(request)
    request.app[_AUDIT].record("control", by=who, method=request.method, path=safe_text(request.path_qs, 300))
    _log.info("control_request", method=request.method, path=safe_text(request.path_qs, 300), uid=who.uid, pid=who.pid)
