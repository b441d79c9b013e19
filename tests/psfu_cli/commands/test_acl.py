"""psfu acl, rosters and assignments at a real daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor_sfu.control.client import Client
from proctor_sfu.rooms.policy import Action
from support.commands import Run, result
from support.serve import Serve, psfu

ROSTER = {"ana": "candidate", "bob": "candidate", "tom": "proctor", "quin": "proctor", "uma": "lead"}


@pytest.fixture
def room(daemon: Serve, request: pytest.FixtureRequest) -> Iterator[str]:
    name = "".join(each if each.isalnum() else "-" for each in request.node.name)[:60].strip("-")
    control = Client(daemon.socket)
    roster = [{"id": peer, "name": peer.title(), "role": role} for peer, role in ROSTER.items()]
    control.rooms.create(name, open_to_all=False, roster=roster)
    yield name
    control.rooms.close(name, reason="")


def test_a_roster_is_shown_and_replaced(run: Run, room: str, tmp_path: Path) -> None:
    assert [(each["id"], each["state"]) for each in result(run("rooms", "roster", room, "--json"))] == [
        (each, "expected") for each in ROSTER
    ]
    assert result(run("rooms", "get", room, "--json"))["expected"] == 2
    file = tmp_path / "other.json"
    file.write_text('[{"id": "eve", "name": "Eve\\u001b[2J"}]')
    (eve,) = result(run("rooms", "roster", room, "--set", file, "--json"))
    assert (eve["id"], eve["name"]) == ("eve", "Eve[2J")
    file.write_text('[{"id": "eve"}, {"id": "eve"}]')
    twice = run("rooms", "roster", room, "--set", file)
    assert twice.returncode == 2 and "eve is on the roster twice" in twice.stderr


def explain(run: Run, *arguments: str) -> tuple[int, str]:
    done = run("acl", "explain", *arguments)
    return done.returncode, done.stdout


def test_who_may_see_whom_follows_the_assignments(run: Run, room: str) -> None:
    code, said = explain(run, room, "tom", "ana")
    assert code == 0 and said.splitlines() == [
        "yes: tom may see ana",
        "  tom is on the roster as proctor, and not in the room",
        "  ana is on the roster as candidate, and not in the room",
        "  the room shows all candidates to all",
        "  a proctor may consume: a candidate assigned to it",
    ]
    assert run("rooms", "assign", room, "--groups", "1").returncode == 0
    assert "ana is in group 1, which tom watches" in explain(run, room, "tom", "ana")[1]
    code, said = explain(run, room, "tom", "bob")
    assert code == 5 and said.startswith("no: tom may not see bob\n") and "group 2, which quin watches" in said
    assert explain(run, room, "uma", "bob")[0] == 0
    assert run("rooms", "assign", room, "tom", "bob").returncode == 0
    assert "bob is on the list of tom" in explain(run, room, "tom", "bob")[1]
    assert run("rooms", "assign", room, "tom", "--nobody").returncode == 0
    assert explain(run, room, "tom", "bob")[0] == 5
    assert run("rooms", "assign", room, "tom", "--reset").returncode == 0
    assert run("rooms", "assign", room, "--lists").returncode == 0
    shown = result(run("rooms", "assign", room, "--json"))
    assert (shown["mode"], shown["unwatched"]) == ("list", ["ana", "bob"])
    assert run("rooms", "assign", room, "--all").returncode == 0


def test_candidates_see_nobody_and_strangers_are_asked_for_their_role(run: Run, room: str) -> None:
    assert explain(run, room, "ana", "bob")[0] == 5
    assert explain(run, room, "ana", "ana")[0] == 5
    code, said = explain(run, room, "eve", "ana")
    assert code == 5 and "without a role nobody may see anything" in said
    assert explain(run, room, "eve", "ana", "--role", "observer")[0] == 0
    assert explain(run, room, "eve", "ana", "--role", "king")[0] == 2
    assert explain(run, "nowhere", "tom", "ana")[0] == 4
    found = run("acl", "explain", room, "ana", "bob", "--json")
    assert found.returncode == 5 and '"allowed": false' in found.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--all", "--lists"], ["tom"], ["--nobody"], ["--reset"], ["tom", "ana", "--all"], ["tom", "ana", "--reset"],
        ["ana", "bob"], ["uma", "bob"], ["--groups", "0"], ["tom", "no good"],
    ],
)  # fmt: skip
def test_assignments_that_make_no_sense(run: Run, room: str, arguments: list[str]) -> None:
    done = run("rooms", "assign", room, *arguments)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr


def test_the_table_needs_no_daemon(tmp_path: Path) -> None:
    rows = result(psfu("acl", "table", "--json", "--socket", tmp_path / "none"))
    assert [row["action"] for row in rows] == list(Action)
    consume = next(row for row in rows if row["action"] == "consume")
    assert consume == {
        "action": "consume", "candidate": "", "proctor": "assigned", "lead": "assigned unassigned",
        "observer": "assigned",
    }  # fmt: skip
