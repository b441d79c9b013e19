"""The database: what was acknowledged is there after a crash; what is damaged, foreign or newer is one clear error."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from proctor_sfu.errors import StateError
from proctor_sfu.rooms.assignments import EVERYBODY, Mode
from proctor_sfu.rooms.codecs import VideoCodec
from proctor_sfu.rooms.profile import Expected, Profile, SecondLogin
from proctor_sfu.rooms.revoked import Revocation
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.store import NAME, VERSION, Saved, SavedRoom, Store

EXAM = Profile(
    id="exam", open=False, created_at=1.5, max_candidates=30, not_before=10.0, expires=20.0,
    required=(Source.CAMERA, Source.SCREEN), second_login=SecondLogin.TAKEOVER, record=(Source.SCREEN,),
    record_by={"kind": "process", "uid": 0}, retain_days=30, codec=VideoCodec.VP9,
)  # fmt: skip
OTHER = Profile(id="other", open=True, created_at=0.5, max_candidates=1)
ROSTER = (Expected(id="zoe", name="Zoë"), Expected(id="ana", name="Ana"), Expected(id="tom", name="T", role=Role.LEAD))
GROUPS = EVERYBODY.with_mode(Mode.GROUPS, group_size=2).with_people(["zoe", "ana", "bob"], ["tom"]).with_list("q", "a")
GONE = Revocation(kind="token", value="t1", room=None, at=5.0)
OUT = Revocation(kind="subject", value="ana", room="exam", at=6.0)


async def reopened(folder: Path) -> Saved:
    store = Store(folder)
    try:
        return await store.open()
    finally:
        await store.close()


async def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert await store.open() == Saved(rooms=(), revoked=())
    await store.add_room(EXAM, ROSTER, EVERYBODY)
    await store.add_room(OTHER, (), EVERYBODY)
    await store.set_assignments("exam", GROUPS)
    for revocation in (OUT, GONE, OUT):
        await store.revoke(revocation)
    await store.close()
    assert await reopened(tmp_path) == Saved(
        rooms=(
            SavedRoom(profile=OTHER, roster=(), assignments=EVERYBODY),
            SavedRoom(profile=EXAM, roster=ROSTER, assignments=GROUPS),
        ),
        revoked=(GONE, OUT),
    )
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


async def test_changes_replace_and_removal_removes_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    await store.add_room(EXAM, ROSTER, GROUPS)
    await store.set_roster("exam", ROSTER[:1])
    await store.set_profile(replace(EXAM, record=()))
    with pytest.raises(StateError, match="UNIQUE"):
        await store.add_room(EXAM, ROSTER, GROUPS)
    await store.close()
    (room,) = (await reopened(tmp_path)).rooms
    assert room.roster == ROSTER[:1] and room.profile == replace(EXAM, record=())
    store = Store(tmp_path)
    await store.open()
    await store.remove_room("exam")
    await store.close()
    with closing(sqlite3.connect(tmp_path / NAME)) as database, database:
        assert database.execute("SELECT count(*) FROM roster").fetchone() == (0,)
    database.close()
    assert (await reopened(tmp_path)).rooms == ()


async def test_what_was_acknowledged_survives_a_killed_process(tmp_path: Path) -> None:
    """The process ends at once behind the acknowledgement, with the database open and its log not checkpointed."""
    program = textwrap.dedent(
        """
        import asyncio, os, sys
        from pathlib import Path
        from proctor_sfu.rooms.assignments import EVERYBODY
        from proctor_sfu.rooms.profile import Profile
        from proctor_sfu.rooms.store import Store

        async def main():
            store = Store(Path(sys.argv[1]))
            await store.open()
            for number in range(20):
                profile = Profile(id=f"room-{number}", open=True, created_at=float(number), max_candidates=9)
                await store.add_room(profile, (), EVERYBODY)
            os.kill(os.getpid(), 9)

        asyncio.run(main())
        """
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=60)
    assert done.returncode == -9
    assert [room.profile.id for room in (await reopened(tmp_path)).rooms] == [f"room-{n}" for n in range(20)]


async def failure(folder: Path) -> str:
    with pytest.raises(StateError) as failed:
        await reopened(folder)
    assert "\n" not in str(failed.value)
    return str(failed.value)


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    await reopened(tmp_path)
    with closing(sqlite3.connect(tmp_path / NAME)) as database, database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    before = (tmp_path / NAME).read_bytes()
    assert "newer psfu" in await failure(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


async def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as database, database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
    database.close()
    assert "no database of psfu" in await failure(tmp_path)


@pytest.mark.parametrize("damage", ["text", "truncated", "middle"])
async def test_a_damaged_database_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    await store.open()
    for number in range(50):
        await store.add_room(Profile(id=f"r{number}", open=True, created_at=0.0, max_candidates=1), ROSTER, GROUPS)
    await store.close()
    path = tmp_path / NAME
    content = path.read_bytes()
    if damage == "text":
        path.write_bytes(b"this is no database\n" * 400)
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        # The page headers behind the first two.
        path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    assert "restore it from a backup" in await failure(tmp_path)


async def test_content_nobody_wrote_is_one_clear_error(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    await store.add_room(EXAM, ROSTER, GROUPS)
    await store.close()
    with closing(sqlite3.connect(tmp_path / NAME)) as database, database:
        database.execute("""UPDATE rooms SET profile = '{"id": 7}'""")
    database.close()
    assert "holds what psfu did not write" in await failure(tmp_path)


async def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    assert "no such file or directory" in (await failure(tmp_path / "none")).lower()


async def test_a_change_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    await store.add_room(EXAM, (), EVERYBODY)
    blocker = sqlite3.connect(tmp_path / NAME)
    assert store._database is not None
    store._database.execute("PRAGMA max_page_count = 1")
    big = tuple(Expected(id=f"c{number}", name="x" * 80) for number in range(2000))
    with pytest.raises(StateError, match="full"):
        await store.set_roster("exam", big)
    blocker.close()
    await store.close()
    assert (await reopened(tmp_path)).rooms[0].roster == (), "all or nothing"
