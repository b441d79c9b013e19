"""psfu tokens and psfu keys at a real daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from proctor_sfu.control.client import Client
from support.commands import Run, result
from support.serve import Serve


@pytest.fixture
def room(daemon: Serve, request: pytest.FixtureRequest) -> Iterator[str]:
    name = "".join(each if each.isalnum() else "-" for each in request.node.name)[:60].strip("-")
    control = Client(daemon.socket)
    control.rooms.create(name, open_to_all=False)
    yield name
    control.rooms.close(name, reason="")


def test_a_token_is_printed_alone_and_says_what_was_asked(run: Run, room: str) -> None:
    done = run("rooms", "token", room, "--role", "candidate", "--sub", "ana", "--name", "Ana", "--sources", "camera",
               "--ttl", "90m")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["room"], claims["sub"], claims["role"], claims["name"]) == (room, "ana", "candidate", "Ana")
    assert claims["sources"] == ["camera"] and claims["aud"] == "psfu"
    assert abs(claims["exp"] - claims["iat"] - 5400) <= 1


@pytest.mark.parametrize(
    ("role", "page"),
    [("candidate", "candidate"), ("proctor", "proctor"), ("lead", "proctor"), ("observer", "proctor")],
)
def test_a_link_carries_the_token_behind_the_hash(run: Run, room: str, url: str, role: str, page: str) -> None:
    link = run("rooms", "token", room, "--role", role, "--sub", "p", "--link").stdout.strip()
    base, _, token = link.partition("#token=")
    assert base == f"{url.replace('ws', 'http', 1).removesuffix('/ws')}/{page}/"
    assert jwt.decode(token, options={"verify_signature": False})["role"] == role


def test_inspect_reads_standard_input_or_a_file_and_never_the_command_line(run: Run, room: str, tmp_path: Path) -> None:
    token = run("rooms", "token", room, "--role", "lead", "--sub", "uma").stdout
    good = run("tokens", "inspect", given=token)
    assert (good.returncode, good.stderr) == (0, "")
    assert "role:       lead" in good.stdout
    file = tmp_path / "token"
    file.write_text(token)
    found = result(run("tokens", "inspect", file, "--json"))
    assert found["good"] is True and found["claims"]["subject"] == "uma"
    bad = run("tokens", "inspect", "--json", given=token.strip()[:-5] + "AAAAA")
    assert bad.returncode == 5 and json.loads(bad.stdout)["code"] == "token_bad_signature"
    assert json.loads(bad.stdout)["claims"] is None
    assert run("tokens", "inspect", tmp_path / "none").returncode == 2


def test_a_room_that_is_not_there(run: Run) -> None:
    assert run("rooms", "token", "nowhere", "--role", "lead", "--sub", "p").returncode == 4
    done = run("tokens", "create", "--room", "nowhere", "--role", "lead", "--sub", "p")
    assert done.returncode == 0 and done.stderr == "note: there is no room nowhere yet (psfu rooms create nowhere)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--role", "king", "--sub", "p"], "role: input should be 'candidate', 'proctor', 'lead' or 'observer'"),
        (["--role", "proctor", "--sub", "p", "--sources", "camera"], "a proctor never publishes camera"),
        (["--role", "lead", "--sub", "no good"], "the subject must be 1 to 64 letters"),
        (["--role", "lead", "--sub", "p", "--ttl", "long"], "a length such as"),
        (["--role", "lead"], "--sub"),
    ],
)
def test_nothing_is_made_of_nonsense(run: Run, room: str, arguments: list[str], said: str) -> None:
    done = run("rooms", "token", room, *arguments)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr


def test_tokens_are_taken_back(run: Run, room: str) -> None:
    token = run("rooms", "token", room, "--role", "candidate", "--sub", "ana").stdout
    jti = result(run("tokens", "inspect", "--json", given=token))["claims"]["id"]
    done = run("tokens", "revoke", jti, "--yes")
    assert (done.returncode, done.stdout) == (0, f"{jti}\n")
    assert json.loads(run("tokens", "inspect", "--json", given=token).stdout)["code"] == "token_revoked"
    assert run("tokens", "revoke", "--sub", "bob", "--room", room, "--yes").returncode == 0
    listed = result(run("tokens", "list", "--json"))
    assert {(each["kind"], each["value"], each["room"]) for each in listed} >= {
        ("token", jti, None), ("subject", "bob", room),
    }  # fmt: skip
    assert run("tokens", "revoke", "--yes").returncode == 2
    assert run("tokens", "revoke", jti, "--sub", "bob", "--yes").returncode == 2
    assert run("tokens", "revoke", "--sub", "bob").returncode == 2, "nothing without --yes where nobody can be asked"


def test_keys_are_rotated(run: Run, room: str) -> None:
    before = next(key for key in result(run("keys", "list", "--json")) if key["signs"])
    old = run("rooms", "token", room, "--role", "lead", "--sub", "p").stdout
    kid = run("keys", "rotate").stdout.strip()
    new = run("rooms", "token", room, "--role", "lead", "--sub", "p").stdout
    assert jwt.get_unverified_header(new.strip())["kid"] == kid != before["id"]
    assert run("tokens", "inspect", given=old).returncode == 0
    assert run("keys", "retire", kid, "--yes").returncode == 6
    assert run("keys", "retire", before["id"], "--yes").returncode == 0
    assert json.loads(run("tokens", "inspect", "--json", given=old).stdout)["code"] == "token_unknown_key"
    assert run("tokens", "inspect", given=new).returncode == 0
    assert run("keys", "retire", "none", "--yes").returncode == 4
