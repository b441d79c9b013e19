"""The framing of protoo: text in, messages out, and back; no I/O.

``{"request": true, "id", "method", "data"}``, ``{"response": true, "id", "ok", …}``, ``{"notification": true, …}``.
Source: https://protoo.versatica.com/.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

MAX_ID: Final = 2**53 - 1

STATUS: Final[Mapping[str, int]] = {
    "bad_json": 400, "bad_message": 400, "unknown_method": 404, "bad_data": 400, "not_authenticated": 401,
    "already_authenticated": 409, "not_joined": 409, "already_joined": 409, "duplicate_request_id": 409,
    "message_too_big": 413, "too_many_messages": 429, "forbidden": 403,
    "room_not_found": 404, "room_full": 409, "peer_exists": 409, "transport_not_found": 404,
    "producer_not_found": 404, "consumer_not_found": 404, "not_found": 404, "invalid_argument": 400,
    "unsupported": 415, "source_exists": 409, "worker_closed": 503, "no_worker": 503,
    "token_required": 401, "token_malformed": 401, "token_bad_signature": 401, "token_unknown_key": 401,
    "token_wrong_algorithm": 401, "token_wrong_audience": 401, "token_expired": 401, "token_not_yet_valid": 401,
    "token_revoked": 401, "token_wrong_room": 403, "token_conflict": 403,
    "room_not_open_yet": 403, "room_expired": 410, "source_held": 409,
    "peer_not_found": 404, "voice_missing": 409, "worker_request_failed": 400, "internal": 500,
}  # fmt: skip
"""Stable code -> the number protoo calls ``errorCode``, chosen after HTTP's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The client asks."""

    id: int
    method: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The client answers a request of ours."""

    id: int
    ok: bool
    data: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The client tells; nothing is answered."""

    method: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """Not a message. ``id`` is that of the request it was meant to be, if that much can be read."""

    code: str
    reason: str
    id: int | None = None


Message: TypeAlias = Request | Response | Notification | Bad


def parse(text: str) -> Message:
    """Return what ``text`` is; never raises."""
    try:
        content = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Bad(code="bad_json", reason="not JSON")
    if not isinstance(content, dict):
        return Bad(code="bad_message", reason="a message is an object")
    number = content.get("id")
    known = number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MAX_ID else None
    data = content.get("data", {})
    if data is None:
        data = {}
    if content.get("response") is True:
        return _response(content, known, data if isinstance(data, dict) else {})
    method = content.get("method")
    if not isinstance(method, str) or not 0 < len(method) <= 64:
        return Bad(code="bad_message", reason="method must be a text of 1 to 64 characters", id=known)
    if not isinstance(data, dict):
        return Bad(code="bad_message", reason="data must be an object", id=known)
    if content.get("notification") is True:
        return Notification(method=method, data=data)
    if content.get("request") is not True:
        return Bad(code="bad_message", reason="neither request, response nor notification", id=known)
    if known is None:
        return Bad(code="bad_message", reason=f"id must be an integer from 0 to {MAX_ID}")
    return Request(id=known, method=method, data=data)


def _response(content: dict[str, Any], known: int | None, data: dict[str, Any]) -> Message:
    if known is None:
        return Bad(code="bad_message", reason=f"id must be an integer from 0 to {MAX_ID}")
    return Response(id=known, ok=content.get("ok") is True, data=data, reason=str(content.get("errorReason", ""))[:200])


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def request(number: int, method: str, data: Mapping[str, Any]) -> str:
    """Return the text of a request."""
    return json.dumps({"request": True, "id": number, "method": method, "data": data}, separators=(",", ":"))


def answer(number: int, data: Any) -> str:
    """Return the text of a response that accepts."""
    return json.dumps({"response": True, "id": number, "ok": True, "data": data}, separators=(",", ":"))


def refusal(number: int | None, code: str, reason: str) -> str:
    """Return the text of a response that refuses; without a readable id it is a notification ``error``.

    ``errorReason`` begins with the stable code, since protoo-client hands only number and text on.
    """
    error = {"errorCode": STATUS.get(code, 500), "errorReason": f"{code}: {reason}", "code": code}
    if number is None:
        return notification("error", error)
    return json.dumps({"response": True, "id": number, "ok": False, **error}, separators=(",", ":"))


def notification(method: str, data: Mapping[str, Any]) -> str:
    """Return the text of a notification."""
    return json.dumps({"notification": True, "method": method, "data": data}, separators=(",", ":"))
