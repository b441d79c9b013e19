"""One request to the daemon and its answer: blocking, standard library only, so that a command starts fast."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from proctor_sfu.control.api import base
from proctor_sfu.errors import AnswerError, UnreachableError

LONGEST_LINE: Final = 64 * 2**20
"""Bytes of a line of a stream: what a daemon sends for twenty thousand candidates."""
HEADERS: Final = {base.HEADER: str(base.API_VERSION), "Content-Type": "application/json"}

_T = TypeVar("_T")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("psfu", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Transport:
    """The way to the daemon at a socket. Methods raise `UnreachableError` or `AnswerError`."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        self.path = path
        self._timeout = timeout

    def one(self, cls: type[_T], data: Any) -> _T:
        """Return an answer as a type."""
        try:
            return base.decode(cls, data)
        except ValueError as error:
            raise AnswerError(500, "bad_answer", f"{self.path}: not an answer of psfu: {error}") from error

    def many(self, cls: type[_T], data: Any) -> list[_T]:
        """Return the items of an answer as a type."""
        items = data.get("items") if isinstance(data, Mapping) else None
        if not isinstance(items, list):
            raise AnswerError(500, "bad_answer", f"{self.path}: not an answer of psfu: no items")
        return [self.one(cls, item) for item in items]

    def call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the JSON the daemon answers; a query member that is None or empty is left out."""
        with self._talking(self._timeout) as connection:
            connection.request(method, _target(path, query), None if body is None else json.dumps(body), HEADERS)
            response = connection.getresponse()
            text = response.read()
        return self._read(response.status, text)

    def lines(self, path: str, *, query: Mapping[str, Any] | None = None, patience: float = 0.0) -> Iterator[bytes]:
        """Yield the lines of an answer that has no end; ``patience``: seconds that may pass between two of them.

        Ends with `UnreachableError` when the daemon goes away.
        """
        with self._talking(self._timeout + patience) as connection:
            connection.request("GET", _target(path, query), None, HEADERS)
            response = connection.getresponse()
            if response.status >= 400:
                self._read(response.status, response.read())
            while line := response.readline(LONGEST_LINE):
                if not line.endswith(b"\n"):
                    break
                if line != b"\n":  # That only says that the daemon is alive.
                    yield line
            raise UnreachableError("unreachable", f"the daemon at {self.path} ended the stream")

    @contextlib.contextmanager
    def _talking(self, timeout: float) -> Iterator[_Connection]:
        """Give a connection; what goes wrong with it is an `UnreachableError`."""
        connection = _Connection(self.path, timeout)
        try:
            yield connection
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
                "timeout", f"the daemon at {self.path} did not answer within {timeout:g} s"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError("unreachable", f"{self.path}: {error or type(error).__name__}") from error
        finally:
            connection.close()

    def parsed(self, line: bytes, read: Callable[[bytes], _T]) -> _T:
        """Return what ``read`` makes of a line of a stream."""
        try:
            return read(line)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise AnswerError(500, "bad_answer", f"{self.path}: not an answer of psfu: {error}") from error

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


def _target(path: str, query: Mapping[str, Any] | None) -> str:
    given = [
        (name, _plain(each))
        for name, value in (query or {}).items()
        for each in (value if isinstance(value, list) else [value])
        if each is not None and each != ""
    ]
    return f"{path}?{urlencode(given)}" if given else path


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def segment(name: str) -> str:
    """Return a name as one segment of a path."""
    return quote(name, safe="")
