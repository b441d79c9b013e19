"""The control API from the other side: blocking, standard library only, so that a command starts fast."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from proctor_sfu.control import api
from proctor_sfu.errors import AnswerError, UnreachableError

TIMEOUT: Final = 10.0
"""Seconds a request may take."""

_T = TypeVar("_T")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("psfu", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Client:
    """Talks to the daemon at a socket. Methods raise `UnreachableError` or `AnswerError`."""

    def __init__(self, path: Path, *, timeout: float = TIMEOUT) -> None:
        self.path = path
        self._timeout = timeout

    def version(self) -> api.Version:
        """Return the versions of the daemon."""
        return self._one(api.Version, self._call("GET", "/v1/version"))

    def status(self) -> api.Status:
        """Return the daemon at a glance."""
        return self._one(api.Status, self._call("GET", "/v1/status"))

    def rooms(self) -> list[api.Room]:
        """Return all rooms, oldest first."""
        return self._many(api.Room, self._call("GET", "/v1/rooms"))

    def room(self, room: str) -> api.Room:
        """Return a room."""
        return self._one(api.Room, self._call("GET", f"/v1/rooms/{quote(room, safe='')}"))

    def create_room(self, room: str, *, open_to_all: bool, max_candidates: int | None = None) -> api.Room:
        """Make a room."""
        body = {"id": room, "open": open_to_all, "max_candidates": max_candidates}
        return self._one(api.Room, self._call("POST", "/v1/rooms", body=body))

    def close_room(self, room: str, *, reason: str, dry_run: bool = False) -> api.Room:
        """Close a room; returns it as it was."""
        query = {"reason": reason, "dry_run": dry_run}
        return self._one(api.Room, self._call("DELETE", f"/v1/rooms/{quote(room, safe='')}", query=query))

    def candidates(self, room: str | None = None, *, everybody: bool = False) -> list[api.Candidate]:
        """Return candidates, with ``everybody`` proctors and observers too."""
        return self._many(api.Candidate, self._call("GET", "/v1/candidates", query={"room": room, "all": everybody}))

    def candidate(self, room: str, candidate: str) -> api.Candidate:
        """Return a peer of a room."""
        return self._one(api.Candidate, self._call("GET", self._seat(room, candidate)))

    def kick(self, room: str, candidate: str, *, reason: str, dry_run: bool = False) -> api.Candidate:
        """Take a peer out of a room; returns it as it was."""
        query = {"reason": reason, "dry_run": dry_run}
        return self._one(api.Candidate, self._call("DELETE", self._seat(room, candidate), query=query))

    def workers(self) -> list[api.Worker]:
        """Return all workers."""
        return self._many(api.Worker, self._call("GET", "/v1/workers"))

    def worker(self, pid: int) -> api.Worker:
        """Return a worker."""
        return self._one(api.Worker, self._call("GET", f"/v1/workers/{pid}"))

    def scale(self, count: int, *, dry_run: bool = False) -> api.Scaled:
        """Have ``count`` workers."""
        return self._one(api.Scaled, self._call("POST", "/v1/workers/scale", body={"count": count, "dry_run": dry_run}))

    @staticmethod
    def _seat(room: str, candidate: str) -> str:
        return f"/v1/rooms/{quote(room, safe='')}/candidates/{quote(candidate, safe='')}"

    def _one(self, cls: type[_T], data: Any) -> _T:
        try:
            return api.decode(cls, data)
        except ValueError as error:
            raise AnswerError(500, "bad_answer", f"{self.path}: not an answer of psfu: {error}") from error

    def _many(self, cls: type[_T], data: Any) -> list[_T]:
        items = data.get("items") if isinstance(data, Mapping) else None
        if not isinstance(items, list):
            raise AnswerError(500, "bad_answer", f"{self.path}: not an answer of psfu: no items")
        return [self._one(cls, item) for item in items]

    def _call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        given = {name: _plain(value) for name, value in (query or {}).items() if value is not None and value != ""}
        target = f"{path}?{urlencode(given)}" if given else path
        connection = _Connection(self.path, self._timeout)
        headers = {api.HEADER: str(api.API_VERSION), "Content-Type": "application/json"}
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        except (FileNotFoundError, ConnectionRefusedError):
            raise UnreachableError(
                "unreachable", f"no daemon at {self.path} (start one: psfu serve; another place: --socket)"
            ) from None
        except PermissionError:
            raise UnreachableError(
                "denied", f"not allowed to talk to the daemon at {self.path} (be root or in the socket's group)"
            ) from None
        except TimeoutError:
            raise UnreachableError(
                "timeout", f"the daemon at {self.path} did not answer within {self._timeout:g} s"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError("unreachable", f"{self.path}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        return self._read(response.status, text)

    def _read(self, status: int, text: bytes) -> Any:
        try:
            data = json.loads(text)
        except ValueError:
            raise AnswerError(status, "bad_answer", f"{self.path}: not an answer of psfu") from None
        if status < 400:
            return data
        error = data.get("error") if isinstance(data, Mapping) else None
        if not isinstance(error, Mapping):
            raise AnswerError(status, "bad_answer", f"{self.path}: not an answer of psfu")
        raise AnswerError(status, str(error.get("code")), str(error.get("message")))


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
