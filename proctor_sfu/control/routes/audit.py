"""The audit: the latest records, and those to come."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web

from proctor_sfu.audit.audit import Audit
from proctor_sfu.audit.entry import Wanted
from proctor_sfu.audit.findings import Findings
from proctor_sfu.control.api.audit import Entry, Listed
from proctor_sfu.control.routes.answers import Route, number
from proctor_sfu.control.routes.streams import Streams

MOST: Final = 100_000
"""Records in one answer."""
USUAL: Final = 10_000
_MEMBERS: Final = ("number", "at", "action", "outcome", "room", "by", "target")


class AuditRoutes:
    """Read and follow. Reading is no change, and so is not audited itself."""

    def __init__(self, audit: Audit, streams: Streams) -> None:
        self._audit = audit
        self._streams = streams

    def table(self) -> list[Route]:
        """Return the routes."""
        return [("GET", "/audit", self._list), ("GET", "/audit/stream", self._stream)]

    async def _list(self, request: web.Request) -> web.Response:
        limit = int(number(request, "limit", USUAL, least=0, most=MOST))
        last = self._audit.last
        latest: deque[dict[str, Any]] = deque(maxlen=limit)
        findings = Findings()
        async for record in self._audit.read(_wanted(request), last=last, findings=findings):
            latest.append(record)
        answer = Listed(
            items=tuple(map(_entry, latest)), last=last, missing=tuple(findings.missing), unreadable=findings.unreadable
        )
        return web.json_response(asdict(answer))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        after = int(number(request, "after", self._audit.last, least=0))
        return await self._streams.answer(request, self._lines(after, _wanted(request)))

    async def _lines(self, after: int, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        async for record in self._audit.follow(after, wanted):
            yield json.dumps(asdict(_entry(record))).encode() + b"\n"


def _entry(record: Mapping[str, Any]) -> Entry:
    members: dict[str, Any] = {name: record.get(name) for name in _MEMBERS}
    return Entry(**members, details={name: value for name, value in record.items() if name not in _MEMBERS})


def _wanted(request: web.Request) -> Wanted:
    since = number(request, "since", 0.0, least=0)
    return Wanted(
        since=since or None, room=request.query.get("room") or None, peer=request.query.get("peer") or None
    )  # fmt: skip
