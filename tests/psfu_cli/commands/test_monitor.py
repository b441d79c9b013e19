"""``psfu monitor`` without a screen, at a real daemon with people in a room."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from psfu_cli.exits import Exit
from support.commands import NAME, ROOM, SHOWN_NAME, Run, on_terminal, result
from support.history import written
from support.recorded import ID, finished
from support.serve import LIMIT, PSFU, QUIET, Serve, environment, psfu
from support.started import started

STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture(autouse=True, scope="module")
def room(people: str, daemon: Serve) -> None:
    """People are in a room, and in the numbers of the daemon."""
    end = time.monotonic() + LIMIT
    while len(psfu("monitor", "--once", "-o", "name", "--room", people, "--socket", daemon.socket).stdout.split()) < 2:
        assert time.monotonic() < end, "the daemon does not see them"


def test_elsewhere_than_on_a_terminal_it_writes_one_table(run: Run) -> None:
    done = run("monitor", "--room", ROOM)
    assert done.returncode == 0
    head, *rows = done.stdout.splitlines()
    assert head.split()[:4] == ["LEVEL", "CANDIDATE", "ROOM", "STATE"]
    assert len(rows) == 2
    assert any(SHOWN_NAME in row for row in rows)
    assert done.stderr == "no terminal to draw on: one table (--once says so, --mode stream goes on)\n"


@pytest.mark.parametrize(
    ("form", "screen"),
    [*itertools.product(["table", "json", "csv"], ["candidates", "rooms", "workers", "proctors", "events", "tree"]),
     *itertools.product(["wide", "ndjson", "markdown", "name"], ["candidates"]), ("markdown", "tree")],
)  # fmt: skip
def test_nothing_that_steers_a_terminal_is_written_and_a_mask_hides_everybody(run: Run, form: str, screen: str) -> None:
    for mask in ("--no-mask", "--mask"):
        done = run("monitor", "--once", "-s", screen, "-o", form, "--color", "never", mask)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout
        assert not STEERS.search(done.stdout)
        assert NAME not in done.stdout
    assert not re.search(r"ukausk|\bana\b|\bbob\b|\beve\b|127\.0\.0\.1", done.stdout)


def test_json_has_everything_and_when_it_was_so(run: Run) -> None:
    found = result(run("monitor", "--json", "--room", ROOM))
    assert {each["id"] for each in found} == {"ana", "bob"}
    assert all(each["at"] and each["state"] and isinstance(each["sources"], list) for each in found)


def test_a_filter_an_order_and_a_limit(run: Run) -> None:
    names = ["monitor", "--once", "-o", "name", "--room", ROOM]
    assert run(*names, "--sort", "id:desc").stdout.split() == [f"{ROOM}/bob", f"{ROOM}/ana"]
    assert run(*names, "--sort", "id", "--limit", "1").stdout.split() == [f"{ROOM}/ana"]
    assert run(*names, "--filter", "id=bob").stdout.split() == [f"{ROOM}/bob"]
    nobody = run(*names, "--filter", "loss>99")
    assert (nobody.returncode, nobody.stdout) == (0, "")
    table = run("monitor", "--once", "--filter", "loss>99")
    assert (table.stdout, table.stderr) == ("", "no candidates\n")


def test_csv_has_the_chosen_columns_in_base_units(run: Run) -> None:
    done = run("monitor", "--once", "-o", "csv", "--columns", "ihc", "--sort", "id", "--room", ROOM)
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["at", "id", "level", "camera"]
    assert [row[1] for row in rows[1:]] == ["ana", "bob"]
    assert {row[3] for row in rows[1:]} == {""}, "what is not known is empty, not zero"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--filter", "los>3"], "bad_filter", "'loss'?"),
        (["--columns", "hZ"], "bad_columns", "no column 'Z'"),
        (["--sort", "wat"], "bad_sort", "cannot be sorted by 'wat'"),
        (["--mode", "tui"], "usage", "needs a terminal"),
        (["--interval", "0.1"], "usage", "--interval"),
        (["--limit", "0"], "usage", "--limit"),
        (["--record", "seen.psfurec"], "usage", "--record keeps what the screens show live"),
        (["--record", "seen.psfurec", "--demo", "--once"], "usage", "psfu report --save"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run: Run, arguments: list[str], code: str, told: str) -> None:
    done = run("monitor", *arguments, "--json")
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    error = json.loads(done.stderr)["error"]
    assert error["code"] == code
    assert told in error["message"]


def test_what_no_frame_has_is_asked_for(run: Run) -> None:
    happened = result(
        run("monitor", "--once", "-s", "events", "--json", "--room", ROOM, "--filter", "kind:peer_entered")
    )
    assert {each["peer"] for each in happened} >= {"ana", "bob"}
    assert [each["number"] for each in happened] == sorted((each["number"] for each in happened), reverse=True)
    nothing = run("monitor", "--once", "-s", "recordings", "--room", ROOM)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "no recordings\n")
    tree = result(run("monitor", "--once", "-s", "tree", "--json", "--room", ROOM))
    assert {each["kind"] for each in tree} >= {"worker", "room", "candidate"}
    assert [each["depth"] for each in tree][:2] == [0, 1]
    head, worker, room, *people = run("monitor", "--once", "-s", "tree", "--room", ROOM).stdout.splitlines()
    place = head.index("WORKER,")
    assert [each[place:].split("  ")[0] for each in (worker, room)] == [f"worker {worker.split()[2]}", ""]
    assert room[place:].startswith(f"  {ROOM}") and all(each[place:].startswith("    ") for each in people)


def test_recordings_are_written_with_what_is_known_of_them(tmp_path: Path) -> None:
    folder, second = tmp_path / "recordings", "exam-102/bob/20260101T100000Z"
    finished(folder)
    finished(folder, second)
    made = Serve(tmp_path)
    try:
        made.start(f'{QUIET}[recording]\ndirectory = "{folder}"\n')
        recordings = ("monitor", "--once", "-s", "recordings", "--utc", "--socket", made.socket)
        head, *rows = psfu(*recordings).stdout.splitlines()
        assert head.split()[:4] == ["LEVEL", "CANDIDATE", "ROOM", "STATE"]
        assert [row.split()[1:4] for row in rows] == [["ann", "exam-101", "finished"], ["bob", "exam-102", "finished"]]
        (found,) = result(psfu(*recordings, "--json", "--room", "exam-101"))
        assert (found["id"], found["state"], found["candidate"]) == (ID, "finished", "ann")
        masked = psfu(*recordings, "-o", "csv", "--mask", "--filter", "room:exam-102").stdout
        (row,) = csv.DictReader(io.StringIO(masked))
        assert row["room"] == "exam-102" and "bob" not in masked
        assert psfu(*recordings, "-o", "name", "--sort", "room:desc", "--limit", "1").stdout == f"{second}\n"
    finally:
        made.running.terminate()
        made.running.wait(LIMIT)
        made.end()


def test_workers_have_all_their_columns(run: Run) -> None:
    head, *rows = run("monitor", "--once", "-s", "workers").stdout.splitlines()
    assert {"TRANS", "PROD", "CONS"} < {*head.split()} and rows


def test_a_room_there_is_not_and_a_daemon_there_is_not(run: Run, tmp_path: Path) -> None:
    assert run("monitor", "--once", "--room", "nowhere").returncode == Exit.NOT_FOUND
    for arguments in (["--once"], ["--mode", "stream"]):
        done = psfu("monitor", *arguments, "--socket", tmp_path / "none")
        assert (done.returncode, done.stdout) == (Exit.UNREACHABLE, "")
        assert done.stderr.startswith("error: no daemon at ")


def test_a_stream_goes_on_for_as_long_as_it_is_told(run: Run) -> None:
    done = run("monitor", "--mode", "stream", "--count", "2", "--room", ROOM, "--utc")
    times = re.findall(r"(?m)^\d\d:\d\d:\d\d$", done.stdout)
    assert len(times) == 2  # Of a frame that was late and the next one they may be the same, without fractions.
    assert done.stdout.count("LEVEL") == 2
    lines = [
        json.loads(each)
        for each in run("monitor", "-m", "stream", "-n", "2", "-o", "json", "--room", ROOM).stdout.splitlines()
    ]
    assert len(lines) == 4
    assert len({each["at"] for each in lines}) == 2
    rows = run("monitor", "-m", "stream", "-n", "2", "-o", "csv", "--room", ROOM).stdout.splitlines()
    assert [row.startswith("at,") for row in rows] == [True, False, False, False, False]


def test_changes_are_told_in_sentences(daemon: Serve, run: Run) -> None:
    name = "exam-sentences"
    with listening(daemon, "--mode", "lines", "--utc", "--filter", f"room={name}") as told:
        assert told.stderr is not None and told.stdout is not None
        assert "live" in told.stderr.readline()
        assert re.match(r"\d+ candidates in \d+ rooms: ", told.stderr.readline())
        assert run("rooms", "create", name).returncode == 0
        assert re.fullmatch(rf"\d\d:\d\d:\d\d {name} room created\n", told.stdout.readline())
        assert run("rooms", "close", name, "--yes").returncode == 0
        assert told.stdout.readline().endswith(f"{name} room closed\n")
        told.send_signal(signal.SIGINT)
        assert told.wait(LIMIT) == Exit.INTERRUPTED
        assert "Traceback" not in told.stderr.read()


def test_changes_are_told_as_json(daemon: Serve, run: Run) -> None:
    name = "exam-json"
    with listening(daemon, "--mode", "lines", "--json", "--count", "1", "--filter", f"room={name}") as told:
        assert told.stderr is not None and told.stdout is not None
        assert "live" in told.stderr.readline()
        told.stderr.readline()
        assert run("rooms", "create", name).returncode == 0
        change = json.loads(told.stdout.readline())
        assert (change["kind"], change["room"], change["text"]) == ("room_created", name, "room created")
        assert told.wait(LIMIT) == 0
    assert run("rooms", "close", name, "--yes").returncode == 0


def listening(daemon: Serve, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PSFU, "monitor", *arguments, "--socket", daemon.socket], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip


def test_a_reader_that_goes_away_ends_it_quietly(daemon: Serve) -> None:
    reading, writing = os.pipe()
    with started(
        [PSFU, "monitor", "-m", "stream", "-o", "ndjson", "--socket", daemon.socket], stdout=writing,
        stderr=subprocess.PIPE, env=environment(), text=True,
    ) as streaming:  # fmt: skip
        os.close(writing)
        assert os.read(reading, 10)
        os.close(reading)
        assert streaming.wait(LIMIT) == Exit.READER_GONE
        assert streaming.stderr is not None and streaming.stderr.read() == ""


def test_on_a_terminal_other_formats_are_still_written_and_not_drawn(daemon: Serve) -> None:
    code, shown = on_terminal("monitor", "--once", "--room", ROOM, "--color", "never", PSFU_SOCKET=str(daemon.socket))
    assert (code, "\x1b" in shown) == (0, False)
    assert SHOWN_NAME in shown
    code, shown = on_terminal("monitor", "-o", "ndjson", PSFU_SOCKET=str(daemon.socket))
    assert (code, shown.count('"at"')) == (0, shown.count("\n"))


def test_preferences_that_cannot_be_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "psfu").mkdir()
    (tmp_path / "psfu" / "monitor.toml").write_text("wat = 1\n")
    done = run("monitor", "--once", XDG_CONFIG_HOME=str(tmp_path))
    assert done.returncode == Exit.CONFIGURATION
    assert "monitor.toml: wat: no such key" in done.stderr
    (tmp_path / "psfu" / "monitor.toml").write_text("mask = true\n[columns]\ncandidates = 'nh'\n")
    done = run("monitor", "--once", "--room", ROOM, XDG_CONFIG_HOME=str(tmp_path))
    assert done.stdout.split()[:2] == ["CANDIDATE", "LEVEL"]
    assert SHOWN_NAME not in done.stdout
    done = run("monitor", "--once", "--room", ROOM, "--no-mask", XDG_CONFIG_HOME=str(tmp_path))
    assert SHOWN_NAME in done.stdout


def test_keys_are_listed_with_their_ids(run: Run) -> None:
    keys = {each["id"]: each["keys"] for each in result(run("monitor", "--list-keys", "--json"))}
    assert keys["pause"] == "p,space"
    assert len(keys) > 50


def test_ascii_is_ascii(run: Run) -> None:
    done = run("monitor", "--once", "--ascii", "--room", ROOM)
    assert done.stdout.isascii()
    assert "Zukauskiene ????" in done.stdout


def test_other_commands_do_not_wait_for_the_screens() -> None:
    code = "import sys; import psfu_cli.app; print([m for m in ('textual', 'rich', 'psfu_tui') if m in sys.modules])"
    done = subprocess.run([PSFU.with_name("python"), "-c", code], capture_output=True, text=True, timeout=LIMIT)
    assert "textual" not in done.stdout and "psfu_tui" not in done.stdout
    code = "import sys; import psfu_tui.plain, psfu_tui.feeds, psfu_tui.preferences; print('textual' in sys.modules)"
    done = subprocess.run([PSFU.with_name("python"), "-c", code], capture_output=True, text=True, timeout=LIMIT)
    assert done.stdout == "False\n", done.stderr


# What was.


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("history") / "exam.psfurec", 60, bad_at=30)


def test_a_moment_of_a_history_needs_no_daemon(archive: Path) -> None:
    found = result(psfu("monitor", "--replay", archive, "--once", "--json", "--at", "2026-11-23T13:00:10Z"))
    assert {each["at"] for each in found} == {"2026-11-23T13:00:10.000Z"}
    assert len(found) == 3
    last = result(psfu("monitor", "--replay", archive, "--json", "--room", "exam-102"))
    assert [(each["room"], each["at"]) for each in last] == [("exam-102", "2026-11-23T13:01:00.000Z")]


def test_a_stream_of_a_history_is_written_as_fast_as_it_is_read(archive: Path) -> None:
    done = psfu("monitor", "--replay", archive, "-m", "stream", "-i", "10", "-o", "csv", "--columns", "i")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert [row[0][11:19] for row in rows[1::3]] == [f"13:00:{second:02}" for second in range(1, 60, 10)]


def test_the_sentences_of_a_history(archive: Path) -> None:
    done = psfu("monitor", "--replay", archive, "--mode", "lines", "--utc")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "3 candidates in 2 rooms: 3 ok, 0 to watch, 0 bad\n"


@pytest.mark.parametrize(
    "arguments", [["--once", "-s", "events"], ["-m", "stream", "-n", "2"], ["--once", "-s", "workers"]]
)
def test_every_time_of_day_is_of_this_machine_or_with_utc_of_utc(archive: Path, arguments: list[str]) -> None:
    def shown(zone: str, *more: str) -> str:
        done = psfu("monitor", "--replay", archive, *arguments, *more, TZ=zone)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert shown("EET-2", "--utc") == shown("UTC0") != shown("EET-2")


def test_an_event_that_is_damaged_stands_among_the_others(archive: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.psfurec"
    shutil.copy(archive, damaged)
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE events SET data = '[]' WHERE number = 1")
    told = result(psfu("monitor", "--replay", damaged, "--once", "--json", "-s", "events"))
    assert [each["text"] for each in told] == [
        "lost (was live)",
        "the event of this time is damaged and cannot be read: no object",
    ]


def test_the_last_minutes_of_the_daemon(run: Run) -> None:
    found = result(run("monitor", "--last", "1m", "--once", "--json", "--room", ROOM))
    assert {each["id"] for each in found} == {"ana", "bob"}
    happened = result(run("monitor", "--last", "1m", "--once", "--json", "-s", "events"))
    assert all(each["text"] for each in happened)


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["--at", "14:00"], "usage", Exit.USAGE),
        (["--replay", "{archive}", "--at", "noon"], "bad_time", Exit.USAGE),
        (["--replay", "{archive}", "--speed", "1000"], "usage", Exit.USAGE),
        (["--replay", "/nonexistent/x.psfurec"], "archive_unusable", Exit.FAILED),
        (["--replay", "{archive}", "-s", "recordings"], "usage", Exit.USAGE),
        (["--replay", "/etc/passwd"], "archive_unusable", Exit.FAILED),
    ],
)
def test_a_past_there_is_not_is_refused(archive: Path, arguments: list[str], code: str, status: Exit) -> None:
    done = psfu("monitor", "--once", "--json", *[each.format(archive=archive) for each in arguments])
    assert (done.returncode, done.stdout) == (status, "")
    assert json.loads(done.stderr)["error"]["code"] == code
