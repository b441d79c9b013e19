"""Reading a roster: CSV with ``id,name`` or ``id,name,role``, or JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

from proctor_sfu.errors import RefusedError

_COLUMNS: Final = ("id", "name", "role")
_ROLES: Final = ("candidate", "proctor", "lead", "observer")


def read(path: Path) -> list[dict[str, str]]:
    """Return the people in a file. Raises `RefusedError` ``usage`` that names file and line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RefusedError("usage", f"{path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise RefusedError("usage", f"{path}: not UTF-8 at byte {error.start}") from error
    return _json(path, text) if text.lstrip()[:1] in ("[", "{") else _csv(path, text)


def _csv(path: Path, text: str) -> list[dict[str, str]]:
    people: list[dict[str, str]] = []
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        for fields in reader:
            cells = [field.strip() for field in fields]
            if not any(cells) or (not people and cells[0].lower() == "id"):
                continue
            if len(cells) > len(_COLUMNS):
                raise RefusedError("usage", f"{path}:{reader.line_num}: {len(cells)} columns; expected id,name[,role]")
            people.append(_person(f"{path}:{reader.line_num}", dict(zip(_COLUMNS, cells, strict=False))))
    except csv.Error as error:
        raise RefusedError("usage", f"{path}:{reader.line_num}: {error}") from error
    return people


def _json(path: Path, text: str) -> list[dict[str, str]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError("usage", f"{path}: not JSON: {error}") from error
    if isinstance(content, dict):
        content = content.get("roster")
    if not isinstance(content, list):
        raise RefusedError("usage", f'{path}: expected a list of {{"id": …, "name": …}}')
    return [_person(f"{path}: entry {number}", each) for number, each in enumerate(content, start=1)]


def _person(where: str, fields: Any) -> dict[str, str]:
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise RefusedError("usage", f'{where}: expected {{"id": "…", "name": "…"}}')
    if unknown := sorted(fields.keys() - set(_COLUMNS)):
        raise RefusedError("usage", f"{where}: unknown member {unknown[0]}")
    if not fields.get("id"):
        raise RefusedError("usage", f"{where}: no id")
    role = fields.get("role") or _ROLES[0]
    if role not in _ROLES:
        raise RefusedError("usage", f"{where}: role {role!r} is none of {', '.join(_ROLES)}")
    return {"id": fields["id"], "name": fields.get("name", ""), "role": role}
