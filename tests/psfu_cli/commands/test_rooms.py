"""psfu rooms at a real daemon."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator

import pytest

from proctor_sfu.control.client import Client
from proctor_sfu.errors import AnswerError
from support.commands import Run, result
from support.guests import Guests
from support.serve import Serve


@pytest.fixture
def room(daemon: Serve, request: pytest.FixtureRequest) -> Iterator[str]:
    """A room of the test's own; whether it still is there at the end is up to the test."""
    name = "".join(each if each.isalnum() else "-" for each in request.node.name)[:60].strip("-")
    control = Client(daemon.socket)
    control.rooms.create(name, open_to_all=True)
    yield name
    with contextlib.suppress(AnswerError):
        control.rooms.close(name, reason="")


def test_a_room_is_made_shown_and_closed(run: Run) -> None:
    made = run("rooms", "create", "made-here", "--open", "--max-candidates", "7")
    assert (made.returncode, made.stdout) == (0, "made-here\n")
    assert "warning: OPEN rooms let everybody join" in made.stderr
    found = result(run("rooms", "get", "made-here", "--json"))
    assert (found["id"], found["open"], found["state"], found["max_candidates"]) == ("made-here", True, "running", 7)
    closed = run("rooms", "close", "made-here", "--yes")
    assert (closed.returncode, closed.stdout, closed.stderr) == (0, "made-here\n", "")
    assert run("rooms", "get", "made-here").returncode == 4


def test_a_room_has_the_codec_it_was_made_with(run: Run, room: str) -> None:
    assert result(run("rooms", "get", room, "--json"))["codec"] == "vp8"
    assert run("rooms", "create", "in-vp9", "--codec", "vp9").returncode == 0
    assert result(run("rooms", "get", "in-vp9", "--json"))["codec"] == "vp9"
    refused = run("rooms", "create", "in-mpeg", "--codec", "mpeg2")
    assert refused.returncode == 2 and refused.stderr.startswith("error: codec: ")
    assert run("rooms", "close", "in-vp9", "--yes").returncode == 0


def test_the_table_says_loudly_that_a_room_is_open(run: Run, room: str) -> None:
    done = run("rooms", "list")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["ROOM", "STATE", "ACCESS", "CANDIDATES", "PROCTORS", "RECORD", "WORKER", "AGE"]
    (row,) = (row for row in rows if row.startswith(f"{room} "))
    assert "OPEN (no token)" in row and "0/1000" in row
    assert "warning: OPEN rooms" in done.stderr
    assert "PRODUCERS" in run("rooms", "list", "-o", "wide").stdout


def test_every_format_has_the_same_rooms(run: Run, room: str) -> None:
    names = [each["id"] for each in result(run("rooms", "list", "--json"))]
    assert room in names
    lines = run("rooms", "list", "-o", "ndjson").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == names
    assert [row["id"] for row in csv.DictReader(io.StringIO(run("rooms", "list", "-o", "csv").stdout))] == names
    assert run("rooms", "list", "-o", "name").stdout.splitlines() == names
    assert [row.split()[0] for row in run("rooms", "list").stdout.splitlines()[1:]] == names


@pytest.mark.parametrize("verb", ["create", "close"])
@pytest.mark.parametrize("form", ["table", "wide", "json", "ndjson", "csv", "name"])
def test_a_change_is_told_in_every_format(run: Run, verb: str, form: str) -> None:
    name = f"{verb}-{form}"
    done = run("rooms", "create", name, "--open", "-o", form if verb == "create" else "table")
    if verb == "close":
        done = run("rooms", "close", name, "--yes", "-o", form)
    assert done.returncode == 0
    match form:
        case "json":
            found = json.loads(done.stdout)
            assert (found if verb == "create" else found[0])["id"] == name
        case "ndjson":
            assert json.loads(done.stdout)["id"] == name
        case "csv":
            assert [row["id"] for row in csv.DictReader(io.StringIO(done.stdout))] == [name]
        case "wide":
            assert done.stdout.splitlines()[1].startswith(f"{name} ")
        case _:
            assert done.stdout == f"{name}\n"
    if verb == "create":
        run("rooms", "close", name, "--yes")


def test_closing_tells_people_and_frees_the_name(run: Run, room: str, guests: Guests, url: str) -> None:
    guest = guests.join(url, room, "ana")
    tried = run("rooms", "close", room, "--dry-run")
    assert (tried.returncode, tried.stdout) == (0, f"{room}\n")
    assert tried.stderr == "dry run: nothing was closed\n"
    assert result(run("rooms", "get", room, "--json"))["candidates"] == 1
    assert run("rooms", "close", room, "--yes", "--reason", "over").returncode == 0
    assert guests.close_code(guest) is not None and guests.close_code(guest) != 1000
    assert run("rooms", "create", room, "--open").returncode == 0


def test_of_several_rooms_none_is_closed_if_one_is_not_there(run: Run, room: str) -> None:
    assert run("rooms", "close", room, "none", "--yes").returncode == 4
    assert run("rooms", "get", room).returncode == 0
    assert run("rooms", "create", "second", "--open").returncode == 0
    done = run("rooms", "close", room, "second", "--yes", "--json")
    assert [each["id"] for each in result(done)] == [room, "second"]


def test_no_rooms_is_said_on_standard_error(run: Run) -> None:
    """Only when there are none: the daemon is shared."""
    if run("rooms", "list", "-q").stdout == "":
        done = run("rooms", "list")
        assert (done.stdout, done.stderr) == ("", "no rooms (psfu rooms create ROOM)\n")
