"""What has to outlive the daemon, in SQLite: rooms, rosters, assignments, revoked tokens.

Every method returns when its change is on the disk (``synchronous=FULL``), so what is acknowledged after it survives a
crash and a power cut. One thread does all of it, in order; the daemon's loop never waits for the disk.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from proctor_sfu.errors import StateError
from proctor_sfu.rooms.assignments import Assignments
from proctor_sfu.rooms.profile import Expected, Profile
from proctor_sfu.rooms.revoked import Revocation

_T = TypeVar("_T")

NAME: Final = "psfu.db"
VERSION: Final = 1
"""Of the schema, in ``PRAGMA user_version``."""
_APPLICATION: Final = 0x50534655
"""``PSFU``: tells our file from any other SQLite database."""

_SCHEMA: Final = """
CREATE TABLE rooms (
    id TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    profile TEXT NOT NULL,
    assignments TEXT NOT NULL
) STRICT;
CREATE TABLE roster (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (room, id)
) STRICT;
CREATE TABLE revoked (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    room TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (kind, value, room)
) STRICT;
"""

_PROFILE: Final = TypeAdapter(Profile)
_ASSIGNMENTS: Final = TypeAdapter(Assignments)
_EXPECTED: Final = TypeAdapter(Expected)
_REVOCATION: Final = TypeAdapter(Revocation)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRoom:
    """A room as it was before the daemon ended."""

    profile: Profile
    roster: tuple[Expected, ...]
    assignments: Assignments


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Everything that was kept."""

    rooms: tuple[SavedRoom, ...]
    """Oldest first."""
    revoked: tuple[Revocation, ...]


class Store:
    """The database in a folder. All methods but `close` raise `StateError`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database: sqlite3.Connection | None = None

    async def open(self) -> Saved:
        """Open or make it; returns what it holds."""
        return await self._run(self._open)

    async def close(self) -> None:
        """Close it after what is under way."""
        if self._database is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
            self._database = None
        self._thread.shutdown()

    async def add_room(self, profile: Profile, roster: Iterable[Expected], assignments: Assignments) -> None:
        """Keep a new room."""

        def add(database: sqlite3.Connection) -> None:
            database.execute(
                "INSERT INTO rooms VALUES (?, ?, ?, ?)",
                (profile.id, profile.created_at, _text(_PROFILE, profile), _text(_ASSIGNMENTS, assignments)),
            )
            _insert_roster(database, profile.id, roster)

        await self._change(add)

    async def remove_room(self, room: str) -> None:
        """Forget a room and what belongs to it."""
        await self._change(lambda database: database.execute("DELETE FROM rooms WHERE id = ?", (room,)))

    async def set_profile(self, profile: Profile) -> None:
        """Replace the profile of a room."""
        values = (_text(_PROFILE, profile), profile.id)
        await self._change(lambda database: database.execute("UPDATE rooms SET profile = ? WHERE id = ?", values))

    async def set_roster(self, room: str, roster: Iterable[Expected]) -> None:
        """Replace the roster of a room."""

        def replace(database: sqlite3.Connection) -> None:
            database.execute("DELETE FROM roster WHERE room = ?", (room,))
            _insert_roster(database, room, roster)

        await self._change(replace)

    async def set_assignments(self, room: str, assignments: Assignments) -> None:
        """Replace the assignments of a room."""
        values = (_text(_ASSIGNMENTS, assignments), room)
        await self._change(
            lambda database: database.execute("UPDATE rooms SET assignments = ? WHERE id = ?", values)
        )  # fmt: skip

    async def revoke(self, revocation: Revocation) -> None:
        """Keep a revocation."""
        values = (revocation.kind, revocation.value, revocation.room or "", revocation.at)
        await self._change(lambda database: database.execute("REPLACE INTO revoked VALUES (?, ?, ?, ?)", values))

    # In the thread.

    async def _run(self, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise StateError(f"{self.path}: {error}") from error

    async def _change(self, change: Callable[[sqlite3.Connection], Any]) -> None:
        def work() -> None:
            assert self._database is not None
            with self._database:
                change(self._database)

        await self._run(work)

    def _open(self) -> Saved:
        try:
            self._database = _connect(self.path)
            return _load(self._database)
        except (OSError, sqlite3.OperationalError) as error:
            raise StateError(f"{self.path}: {getattr(error, 'strerror', None) or error}") from error
        except sqlite3.DatabaseError as error:
            raise StateError(
                f"{self.path}: {error}; restore it from a backup, or move it away to begin without rooms"
            ) from error
        except (ValidationError, ValueError, KeyError) as error:
            raise StateError(
                f"{self.path}: holds what psfu did not write ({type(error).__name__}); restore it from a backup, or"
                " move it away to begin without rooms"
            ) from error


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600, exist_ok=True)
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    (application,), (version,) = (
        database.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    if application not in (0, _APPLICATION) or (application == 0 and _tables(database)):
        raise StateError(f"{path}: no database of psfu")
    if version > VERSION:
        raise StateError(
            f"{path}: written by a newer psfu (schema {version}; this one knows {VERSION}); use that one, or restore a"
            " backup of before"
        )
    with closing(database.execute("PRAGMA quick_check(1)")) as found:
        if (problem := found.fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(f"damaged: {problem.splitlines()[0]}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA foreign_keys = ON")
    if version == 0:
        database.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        )


def _tables(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _load(database: sqlite3.Connection) -> Saved:
    rosters: dict[str, list[Expected]] = {}
    for room, *fields in database.execute("SELECT room, id, name, role FROM roster ORDER BY room, position"):
        expected = _EXPECTED.validate_python(dict(zip(("id", "name", "role"), fields, strict=True)))
        rosters.setdefault(room, []).append(expected)
    rooms = [
        SavedRoom(
            profile=_PROFILE.validate_json(profile),
            roster=tuple(rosters.get(room, ())),
            assignments=_ASSIGNMENTS.validate_json(assignments),
        )
        for room, profile, assignments in database.execute(
            "SELECT id, profile, assignments FROM rooms ORDER BY created_at, id"
        )
    ]
    revoked = [
        _REVOCATION.validate_python({"kind": kind, "value": value, "room": room or None, "at": at})
        for kind, value, room, at in database.execute("SELECT kind, value, room, at FROM revoked ORDER BY at")
    ]
    return Saved(rooms=tuple(rooms), revoked=tuple(revoked))


def _insert_roster(database: sqlite3.Connection, room: str, roster: Iterable[Expected]) -> None:
    database.executemany(
        "INSERT INTO roster VALUES (?, ?, ?, ?, ?)",
        [(room, position, each.id, each.name, each.role) for position, each in enumerate(roster)],
    )


def _text(adapter: TypeAdapter[Any], value: object) -> str:
    # By way of Python's json, since sets have to come out in one order.
    return json.dumps(adapter.dump_python(value, mode="json"), sort_keys=True, separators=(",", ":"))
