"""How every route reads what is asked and writes what is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from proctor_sfu.audit.entry import By
from proctor_sfu.control.api.plain import plain
from proctor_sfu.control.socket import peer_process
from proctor_sfu.errors import RefusedError
from proctor_sfu.text import safe_text

STATUS: Final[Mapping[str, int]] = {
    "bad_data": 400, "api_version": 400, "forbidden": 403, "not_found": 404, "room_not_found": 404,
    "candidate_not_found": 404, "worker_not_found": 404, "method_not_allowed": 405, "conflict": 409,
    "busy": 409, "held": 409, "tampered": 409,
    "room_full": 409, "too_large": 413, "address_in_use": 409, "no_worker": 503, "worker_closed": 503, "not_ready": 503,
    "key_not_found": 404, "state_unusable": 507, "bad_settings": 422,
}  # fmt: skip
"""Stable code -> HTTP status; what is not listed is 500."""

Handler: TypeAlias = Callable[[web.Request], Awaitable[Any]]
"""Returns a dataclass of `control.api`, a list of them, or a whole response."""
Route: TypeAlias = tuple[str, str, Handler]
"""Method, path below ``/v1``, handler."""
_Model = TypeVar("_Model", bound=BaseModel)


class Body(BaseModel):
    """Base of what is posted: every member known, nothing converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def success(result: Any, status: int = 200) -> web.Response:
    """Answer with a dataclass or a row, or with a list of them as ``items``."""
    if isinstance(result, list):
        data: Any = {"items": [plain(each) for each in result]}
    else:
        data = plain(result)
    return web.json_response(data, status=status)


def failure(code: str, message: str) -> web.Response:
    """Answer with a stable code and one line for people."""
    error = {"error": {"code": code, "message": safe_text(message, 2000)}}
    return web.json_response(error, status=STATUS.get(code, 500))


async def read(request: web.Request, model: type[_Model]) -> _Model:
    """Return what was posted; raises `RefusedError` ``bad_data`` that names every wrong member."""
    try:
        return model.model_validate(json.loads(await request.text()))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg'].lower()}" for each in error.errors()[:5]
        ]
        raise RefusedError("bad_data", "; ".join(problems)) from None
    except (ValueError, RecursionError) as error:
        raise RefusedError("bad_data", f"the body is no JSON: {error}") from None


def flag(request: web.Request, name: str) -> bool:
    """Return a member of the query that is ``true`` or ``false``, absent: false."""
    value = request.query.get(name, "false")
    if value not in ("true", "false"):
        raise RefusedError("bad_data", f"{name} must be true or false")
    return value == "true"


def number(request: web.Request, name: str, default: float, *, least: float, most: float = 1e15) -> float:
    """Return a member of the query that is a number within bounds."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        bounds = f"from {least:g} to {most:g}" if most < 1e15 else f"from {least:g}"
        raise RefusedError("bad_data", f"{name} must be a number {bounds}")
    return value


def caller(request: web.Request) -> By:
    """Return who is at the other end of the control socket."""
    transport = request.transport
    who = peer_process(transport.get_extra_info("socket") if transport is not None else None)
    # -1 is no user: the connection is gone.
    return By(uid=-1) if who is None else By(uid=who.uid, pid=who.pid)


def reason(request: web.Request) -> str:
    """Return the operator's reason, told to those concerned."""
    return safe_text(request.query.get("reason", ""), 100) or "by the operator"
