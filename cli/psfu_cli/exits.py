"""Exit codes and what goes to standard error; see psfu(1), EXIT STATUS."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

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
    INTERRUPTED = 130


_BY_STATUS: Final[Mapping[int, Exit]] = {
    400: Exit.USAGE, 403: Exit.DENIED, 404: Exit.NOT_FOUND, 409: Exit.CONFLICT, 413: Exit.USAGE,
}  # fmt: skip
_BY_REASON: Final[Mapping[str, Exit]] = {
    "unreachable": Exit.UNREACHABLE, "denied": Exit.DENIED, "timeout": Exit.TIMEOUT,
    "usage": Exit.USAGE, "not_found": Exit.NOT_FOUND, "conflict": Exit.CONFLICT,
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


def report(error: PsfuError, *, as_json: bool) -> Exit:
    """Write an error to standard error; returns the exit code."""
    code = getattr(error, "reason", None) or error.code
    if as_json:
        print(json.dumps({"error": {"code": code, "message": str(error)}}), file=sys.stderr)
    else:
        for line in str(error).splitlines() or [code]:
            print(f"error: {line}", file=sys.stderr)
    return exit_code(error)


def hint(text: str) -> None:
    """Write a line that helps to standard error."""
    print(text, file=sys.stderr)
