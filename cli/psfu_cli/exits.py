"""Exit codes and what goes to standard error; see psfu(1), EXIT STATUS."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

import typer

from proctor_sfu.errors import (
    AddressInUseError,
    AnswerError,
    InstallError,
    PsfuError,
    RefusedError,
    SettingsError,
    SocketError,
    StateError,
    UnreachableError,
    WorkerBuildError,
)
from proctor_sfu.text import safe_text

_LINE: Final = 4000
"""Characters of a message that are shown."""


class Exit(IntEnum):
    """What a command ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_FOUND = 4
    DENIED = 5
    CONFLICT = 6
    TIMEOUT = 7
    CONFIGURATION = 78
    HUNG_UP = 129
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


_SIGNALS: Final[Mapping[int, Exit]] = {signal.SIGHUP: Exit.HUNG_UP, signal.SIGTERM: Exit.TERMINATED}
_BY_STATUS: Final[Mapping[int, Exit]] = {
    400: Exit.USAGE, 403: Exit.DENIED, 404: Exit.NOT_FOUND, 409: Exit.CONFLICT, 413: Exit.USAGE,
    422: Exit.CONFIGURATION,
}  # fmt: skip
_BY_REASON: Final[Mapping[str, Exit]] = {
    "unreachable": Exit.UNREACHABLE, "denied": Exit.DENIED, "timeout": Exit.TIMEOUT,
    "usage": Exit.USAGE, "not_found": Exit.NOT_FOUND, "conflict": Exit.CONFLICT, "busy": Exit.CONFLICT,
    "held": Exit.CONFLICT,
    "bad_filter": Exit.USAGE, "bad_columns": Exit.USAGE, "bad_sort": Exit.USAGE, "bad_theme": Exit.USAGE,
    "bad_time": Exit.USAGE,
}  # fmt: skip


def exit_code(error: PsfuError) -> Exit:
    """Return what a command that failed with ``error`` ends with."""
    match error:
        case AnswerError():
            return _BY_STATUS.get(error.status, Exit.FAILED)
        case UnreachableError() | RefusedError():
            return _BY_REASON.get(error.reason, Exit.FAILED)
        case WorkerBuildError():
            return Exit.FAILED
        case SettingsError() | InstallError() | SocketError() | StateError():
            return Exit.CONFIGURATION
        case AddressInUseError():
            return Exit.CONFLICT
        case _:
            return Exit.FAILED


@contextmanager
def tidily() -> Iterator[None]:
    """End by SIGTERM and SIGHUP as by Ctrl-C: what is under way takes away what it left behind."""

    def end(number: int, frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # A second one would interrupt that.
        raise SystemExit(_SIGNALS[number])

    # What is ignored, as under nohup, stays so.
    before = {each: old for each in _SIGNALS if (old := signal.getsignal(each)) is not signal.SIG_IGN}
    for each in before:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


def report(error: PsfuError, *, as_json: bool) -> Exit:
    """Write an error to standard error; returns the exit code."""
    _write(getattr(error, "reason", None) or error.code, str(error), as_json=as_json)
    return exit_code(error)


def report_usage(error: typer.TyperException, arguments: Sequence[str]) -> Exit:
    """Write what is wrong with a command line to standard error; returns the exit code."""
    message = error.format_message().replace("Value error, ", "")
    where = getattr(error, "ctx", None)
    if where is not None and message == where.get_help():
        print(message, file=sys.stderr)  # A noun without a verb is answered with help.
    elif wants_json(arguments):
        _write("usage", message, as_json=True)
    else:
        _write("usage", message, as_json=False)
        if where is not None:
            hint(f"{where.command_path} -h tells more")
    return Exit.USAGE


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a command line, even one that was not understood, asks for JSON."""
    return bool(re.search(r"(?:^| )(?:--json|(?:-o|--output)[ =]?(?:nd)?json)(?: |$)", " ".join(arguments)))


def _write(code: str, message: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": {"code": code, "message": message}}), file=sys.stderr)
        return
    for line in message.splitlines() or [code]:
        print(f"error: {safe_text(line, _LINE)}", file=sys.stderr)


def hint(text: str) -> None:
    """Write a line that helps to standard error."""
    print(safe_text(text, _LINE), file=sys.stderr)
