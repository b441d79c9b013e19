"""psfu candidates at a real daemon with people in a room."""

from __future__ import annotations

import json

import pytest

from support.commands import SHOWN_NAME, Run, result
from support.guests import Guests


def test_candidates_are_listed_and_with_all_everybody(run: Run, people: str) -> None:
    found = result(run("candidates", "list", "--room", people, "--json"))
    assert [(each["id"], each["role"], each["room"]) for each in found] == [
        ("ana", "candidate", people), ("bob", "candidate", people),
    ]  # fmt: skip
    everybody = result(run("candidates", "list", "--room", people, "--all", "--json"))
    assert [each["id"] for each in everybody] == ["ana", "bob", "eve"]
    head, *rows = run("candidates", "list", "-r", people).stdout.splitlines()
    assert head.split() == ["CANDIDATE", "ROOM", "NAME", "STATE", "SOURCES", "TRANSPORT", "AGE"]
    assert [row.split()[0] for row in rows] == ["ana", "bob"]
    assert "ADDRESS" in run("candidates", "list", "-o", "wide").stdout


@pytest.mark.parametrize("form", ["table", "wide", "json", "ndjson", "csv", "name"])
@pytest.mark.parametrize("verb", [("list",), ("get", "ana")])
def test_a_name_with_escape_sequences_is_shown_clean(run: Run, people: str, form: str, verb: tuple[str, ...]) -> None:
    done = run("candidates", *verb, "--room", people, "-o", form)
    assert done.returncode == 0
    assert all(character == "\n" or character.isprintable() for character in done.stdout)
    if form in ("json", "ndjson"):
        assert json.dumps(SHOWN_NAME) in done.stdout
    elif form != "name":
        assert SHOWN_NAME in done.stdout


def test_one_is_found_without_the_room(run: Run, people: str) -> None:
    found = result(run("candidates", "get", "eve", "--json"))
    assert (found["id"], found["role"], found["room"]) == ("eve", "proctor", people)
    assert "role:" in run("candidates", "get", "eve").stdout


def test_somebody_is_kicked(run: Run, elsewhere: str, guests: Guests, url: str) -> None:
    guest = guests.join(url, elsewhere, "mallory")
    tried = run("candidates", "kick", "mallory", "--dry-run")
    assert (tried.returncode, tried.stdout, tried.stderr) == (0, "mallory\n", "dry run: nobody was kicked\n")
    assert run("candidates", "get", "mallory").returncode == 0
    kicked = run("candidates", "kick", "mallory", "--yes", "--reason", "cheating")
    assert (kicked.returncode, kicked.stdout, kicked.stderr) == (0, "mallory\n", "")
    assert guests.close_code(guest) not in (None, 1000)
    assert run("candidates", "get", "mallory").returncode == 4


def test_a_kick_is_told_to_programs(run: Run, elsewhere: str, guests: Guests, url: str) -> None:
    guests.join(url, elsewhere, "trent")
    assert result(run("candidates", "kick", "trent", "--room", elsewhere, "--yes", "--json"))["id"] == "trent"
