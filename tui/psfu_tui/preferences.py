"""What a user prefers in every monitor: ``monitor.toml`` in the folder of psfu below ``XDG_CONFIG_HOME``.

theme = "psfu-light"
mask = true

[columns]
candidates = "hnrsqclt"

[keys]
pause = "f9"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from proctor_sfu.errors import PsfuError, SettingsError
from psfu_tui.options import TABLES

_FLAGS: Final = ("mask", "ascii", "mouse", "utc", "idle_pause")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """None: nothing is preferred."""

    theme: str | None = None
    mask: bool | None = None
    ascii: bool | None = None
    mouse: bool | None = None
    utc: bool | None = None
    idle_pause: bool | None = None
    interval: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Screen -> letters."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Id of a binding -> keys."""


def place(environ: Mapping[str, str]) -> Path:
    """Return where the file is."""
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
    return Path(base) / "psfu" / "monitor.toml"


def read(path: Path) -> Preferences:
    """Return what a file says, nothing if there is none. Raises `SettingsError` with every problem."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Preferences()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: {error}"]) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: {error}"]) from error
    problems = [f"{path}: {problem}" for problem in _problems(data)]
    if problems:
        raise SettingsError(problems)
    return Preferences(**data)


def _problems(data: Mapping[str, Any]) -> list[str]:
    found = []
    for name, value in data.items():
        match name:
            case "theme":
                wrong = "a text" if not isinstance(value, str) else None
            case "interval":
                good = isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 3600
                wrong = None if good else "seconds from 1 to 3600"
            case "columns" | "keys":
                good = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
                wrong = None if good else "a table of texts"
            case _ if name in _FLAGS:
                wrong = None if isinstance(value, bool) else "true or false"
            case _:
                found.append(f"{name}: no such key; there are theme, interval, columns, keys, {', '.join(_FLAGS)}")
                continue
        if wrong is not None:
            found.append(f"{name}: has to be {wrong}")
    if not found:
        found += _columns(data.get("columns", {}))
    return found


def _columns(columns: Mapping[str, str]) -> list[str]:
    found = []
    for screen, codes in columns.items():
        table = {str(mode): each for mode, each in TABLES.items()}.get(screen)
        if table is None:
            found.append(f"columns.{screen}: no such screen; there are {', '.join(TABLES)}")
            continue
        try:
            table.chosen(codes)
        except PsfuError as error:
            found.append(f"columns.{screen}: {error}")
    return found
