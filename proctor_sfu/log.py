"""The daemon's log: one structured line for each event, on standard error, whoever writes it.

An event has a stable name in ``event`` and its particulars beside it; what libraries log in prose is the event
``message``. Lines are JSON but for a terminal, with the priority journald reads in front when it listens. No token and
no control character ever gets out.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO, TypeAlias

import structlog

from proctor_sfu.settings import Log
from proctor_sfu.text import safe_text

_Event: TypeAlias = MutableMapping[str, Any]

_PRIORITIES: Final = {"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6, "DEBUG": 7}
"""Level -> priority of sd-daemon(3)."""
_SECRET_KEYS: Final = frozenset({"token", "authorization", "password", "secret", "credential"})
_SECRETS: Final = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*|(?<=bearer )[^\s\"']+", re.ASCII | re.IGNORECASE)
"""A JSON Web Token, or whatever else stands behind the word Bearer."""
_LONGEST: Final = 4000
"""Characters of a value that a terminal is shown."""


_BEFORE: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure(settings: Log) -> None:
    """Send what structlog and the standard library log to standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level, *_BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )  # fmt: skip
    root = logging.getLogger()
    root.handlers[:] = [make_handler(settings, sys.stderr, os.environ)]
    root.setLevel(settings.level.upper())
    # Below warning, libraries tell what only their own developers need.
    for name in ("asyncio", "aiohttp"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def make_handler(settings: Log, stream: TextIO, environment: Mapping[str, str]) -> logging.Handler:
    """Return what writes lines to ``stream`` in the format that suits it."""
    terminal = stream.isatty()
    console = settings.format == "console" or (settings.format == "auto" and terminal)
    render: list[Any] = [structlog.processors.JSONRenderer()]
    if console:
        colours = terminal and not environment.get("NO_COLOR")
        plain = structlog.dev.plain_traceback
        render = [_printable, structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
    handler = logging.StreamHandler(stream)
    before: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_secrets]
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=[_name_prose, *_BEFORE],
            processors=[*before, structlog.processors.format_exc_info, _in_order, *render],
            prioritized=_goes_to_journal(stream, environment),
        )
    )
    return handler


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Has the last look at what leaves, since a token may be part of any text."""

    def __init__(self, *, prioritized: bool, **options: Any) -> None:
        super().__init__(**options)
        self._prioritized = prioritized

    def format(self, record: logging.LogRecord) -> str:
        text = _SECRETS.sub("[token]", super().format(record))
        if not self._prioritized:
            return text
        mark = f"<{_PRIORITIES.get(record.levelname, 6)}>"
        return "\n".join(mark + line for line in text.split("\n"))


def _goes_to_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether ``stream`` is the one journald reads, as it states in JOURNAL_STREAM; see systemd.exec(5)."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _name_prose(logger: Any, method: str, event: _Event) -> _Event:
    return {"event": "message", "message": event.pop("event"), **event}


def _without_secrets(logger: Any, method: str, event: _Event) -> _Event:
    for key in _SECRET_KEYS & event.keys():
        event[key] = "[removed]"
    return event


def _in_order(logger: Any, method: str, event: _Event) -> _Event:
    first = ("timestamp", "level", "event", "message")
    return {name: event[name] for name in first if name in event} | {**event}


def _printable(logger: Any, method: str, event: _Event) -> _Event:
    """Take what steers a terminal out of every value."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = "\n".join(safe_text(line, _LONGEST) for line in value.split("\n"))
    return event
