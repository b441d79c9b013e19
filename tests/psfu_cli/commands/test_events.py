"""psfu events at a real daemon: what happened is shown and what happens is followed."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from datetime import datetime

import pytest

from support.commands import NAME, Run, result
from support.guests import Guests
from support.serve import PSFU, Serve, environment
from support.started import started


def test_what_happened_in_a_room(run: Run, people: str) -> None:
    found = result(run("events", "--room", people, "--json"))
    kinds = [each["kind"] for each in found]
    assert kinds[0] == "room_created" and kinds.count("peer_entered") >= 3
    assert {each["room"] for each in found} == {people}
    assert [each["number"] for each in found] == sorted(each["number"] for each in found)
    assert all(datetime.fromisoformat(each["at"]).tzinfo for each in found)
    [ana] = result(run("events", "--room", people, "--peer", "ana", "--kind", "peer_entered", "--json"))
    assert (ana["peer"], ana["details"]["role"]) == ("ana", "candidate")
    assert len(result(run("events", "-n", "2", "--json"))) == 2
    assert result(run("events", "-n", "0", "--json")) == []


def test_only_what_is_recent(run: Run, people: str) -> None:
    assert people
    assert result(run("events", "--since", "1h", "--json"))
    quiet = run("events", "--since", "0s")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "nothing happened\n")
    bad = run("events", "--since", "yesterday")
    assert bad.returncode == 2 and "a time like" in bad.stderr


@pytest.mark.parametrize("more", [[], ["--follow"]])
def test_a_kind_that_is_none_is_not_waited_for(run: Run, more: list[str]) -> None:
    done = run("events", "--kind", "peer-left", *more)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr == "error: no such kind of event: 'peer-left'; did you mean peer_left?\n"


def test_who_did_it_is_shown_in_words(run: Run, elsewhere: str) -> None:
    assert run("rooms", "create", f"{elsewhere[:40]}-2").returncode == 0
    assert run("rooms", "close", f"{elsewhere[:40]}-2", "--yes").returncode == 0
    shown = run("events", "--kind", "room_closed", "-n", "1").stdout.splitlines()[1]
    assert "by=kind:process,uid:" in shown and "{" not in shown


@pytest.mark.parametrize("form", ["table", "wide", "json", "ndjson", "csv", "name"])
def test_a_name_with_escape_sequences_is_shown_clean(run: Run, people: str, form: str) -> None:
    done = run("events", "--room", people, "-o", form)
    assert done.returncode == 0 and done.stdout
    assert all(character == "\n" or character.isprintable() for character in done.stdout)
    assert NAME not in done.stdout
    if form == "csv":
        rows = list(csv.DictReader(done.stdout.splitlines()))
        assert rows[0]["kind"] == "room_created" and json.loads(rows[0]["details"]) == {}


def test_what_happens_is_followed(daemon: Serve, elsewhere: str, guests: Guests, url: str) -> None:
    of = ["--room", elsewhere, "--kind", "peer_entered"]
    command = [PSFU, "events", "--follow", *of, "--json", "--socket", daemon.socket]
    guests.join(url, elsewhere, "early")
    with started(command, stdout=subprocess.PIPE, text=True, env=environment()) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["peer"] == "early"
        guests.join(url, elsewhere, "late", name="\x1b[2Jlate")
        line = following.stdout.readline()
        told = json.loads(line)
        assert (told["kind"], told["peer"], told["details"]["name"]) == ("peer_entered", "late", "[2Jlate")
        assert "\x1b" not in line
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130


def test_following_has_no_csv(run: Run) -> None:
    done = run("events", "--follow", "-o", "csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: -o csv has an end, --follow has none; use -o ndjson\n"


def test_nobody_is_named_under_the_mask(run: Run, people: str) -> None:
    shown = result(run("events", "--room", people, "--kind", "peer_entered", "--json"))
    done = run("events", "--room", people, "--kind", "peer_entered", "--mask", "--json")
    hidden = result(done)
    assert [each["number"] for each in hidden] == [each["number"] for each in shown]
    assert all(each["peer"] == each["details"]["name"] and each["peer"].startswith("P-") for each in hidden)
    words = {each["peer"] for each in shown}
    words |= {each["details"][name] for each in shown for name in ("name", "address")}
    assert not any(f'"{word}"' in done.stdout for word in words)


def test_what_is_followed_is_masked_too(daemon: Serve, elsewhere: str, guests: Guests, url: str) -> None:
    guests.join(url, elsewhere, "masked")
    of = ["--room", elsewhere, "--kind", "peer_entered", "--peer", "late-and-masked"]
    command = [PSFU, "events", "--follow", *of, "--mask", "--json", "--socket", daemon.socket]
    with started(command, stdout=subprocess.PIPE, text=True, env=environment()) as following:
        guests.join(url, elsewhere, "late-and-masked")
        assert following.stdout is not None
        told = json.loads(following.stdout.readline())
        assert told["peer"].startswith("P-") and told["details"]["name"] == told["peer"]
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130
