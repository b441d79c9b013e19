"""What the control API carries: its requests and answers as types.

HTTP/JSON below ``/v1`` on a Unix socket. Times are RFC 3339 in UTC, rates bits per second, sizes bytes. Answers only
ever gain members; a reader ignores what it does not know.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

API_VERSION: Final = 1
HEADER: Final = "Psfu-Api"
"""Carries the version; an unlike one is refused with ``api_version``."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Versions of the daemon."""

    version: str
    api: int
    mediasoup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCount:
    """Workers that run, and how many there should be."""

    running: int
    target: int
    restarts: int
    """Workers replaced because they died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where signaling clients connect."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon at a glance."""

    version: str
    pid: int
    started_at: str
    uptime_s: float
    ready: bool
    workers: WorkerCount
    rooms: int
    open_rooms: int
    candidates: int
    proctors: int
    signaling: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room."""

    id: str
    open: bool
    """Anybody who reaches the server can join without a token."""
    state: Literal["running", "moving"]
    """``moving``: its worker died and another one is being prepared."""
    created_at: str
    worker: int | None
    """Process id of its worker."""
    max_candidates: int
    candidates: int
    proctors: int
    """Proctors and observers."""
    producers: int
    consumers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a candidate publishes."""

    source: str
    producer: str
    codec: str
    """MIME type."""
    paused: bool
    score: int | None
    """Smallest of its streams, 0 to 10; null until the worker told one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A peer of a room: a candidate, or with ``?all=true`` a proctor or observer."""

    id: str
    room: str
    name: str
    role: str
    state: Literal["joining", "live"]
    """``live``: it joined and its media connection stands."""
    connected_at: str
    address: str
    transport: str | None
    """``udp`` or ``tcp`` once media flows."""
    sources: tuple[Source, ...]
    consumers: int
    """Consumers of what it publishes, or for a proctor of what it watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A mediasoup-worker process."""

    pid: int
    state: Literal["running", "draining"]
    """``draining``: takes no new rooms and stops when its last room closes."""
    port: int
    """UDP and TCP port of its media."""
    started_at: str
    rooms: tuple[str, ...]
    transports: int
    producers: int
    consumers: int
    cpu_s: float
    """Processor time used so far, seconds."""
    rss_bytes: int
    """Largest resident size so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """What scaling did or, in a dry run, would do; numbers of workers and process ids."""

    before: int
    after: int
    started: tuple[int, ...]
    stopped: tuple[int, ...]
    kept_busy: tuple[int, ...]
    """Have rooms: they stop when their last room closes."""
    dry_run: bool


def decode(cls: type[_T], data: Any) -> _T:
    """Return JSON as one of the types above; unknown members are ignored. Raises `ValueError` for anything else."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{cls.__name__}: no object")
    hints = typing.get_type_hints(cls)
    try:
        return cls(**{each.name: _value(hints[each.name], data[each.name]) for each in dataclasses.fields(cls)})  # type: ignore[arg-type]
    except KeyError as error:
        raise ValueError(f"{cls.__name__}: no member {error}") from None


def _value(hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return decode(typing.cast(type[Any], hint), value)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], each) for each in value)
    if origin is Literal:
        return str(value)  # A later daemon may know more values.
    if origin is types.UnionType:
        return None if value is None else _value(arguments[0], value)
    if hint is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is no {hint.__name__}")
    return value
