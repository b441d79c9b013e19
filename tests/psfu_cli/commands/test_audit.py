"""psfu audit at a real daemon: who did what, as it happens, and who may not be mistaken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from support.commands import Run, result
from support.guests import Guests
from support.serve import PSFU, Serve, environment, psfu
from support.started import started


def test_what_is_done_through_the_socket_is_told_with_user_and_process(run: Run) -> None:
    run("rooms", "create", "audited", "--max-candidates", "3")
    token = run("rooms", "token", "audited", "--role", "candidate", "--sub", "ana").stdout.strip()
    run("tokens", "revoke", "--sub", "ana", "--room", "audited", "--yes")
    run("rooms", "close", "audited", "--yes", "--reason", "over")
    found = result(run("audit", "--room", "audited", "--json"))
    actions = [each["action"] for each in found]
    assert actions == ["room_created", "token_minted", "tokens_revoked", "room_closed"]
    for each in found:
        assert each["by"]["kind"] == "process" and each["by"]["uid"] == os.getuid() and each["by"]["pid"] > 1
    assert found[1]["target"] == "ana" and found[3]["details"]["reason"] == "over"
    everything = run("audit", "--json").stdout
    assert not [part for part in token.split(".")[1:] if part in everything], "no token is in it"
    changes = [each["details"] for each in result(run("audit", "--json")) if each["action"] == "control"]
    assert {"method": "POST", "path": "/v1/rooms"} in changes
    run("tokens", "inspect", given=token)
    assert not [each for each in changes if each["path"].endswith("/inspect")], "looking changes nothing"


def test_filters_and_formats(run: Run, people: str) -> None:
    of_ana = result(run("audit", "--room", people, "--peer", "ana", "--json"))
    assert of_ana and all(each["by"].get("peer") == "ana" or each["target"] == "ana" for each in of_ana)
    numbers = [each["number"] for each in result(run("audit", "--json"))]
    assert numbers == sorted(numbers)
    assert [each["number"] for each in result(run("audit", "-n", "2", "--json"))] == numbers[-2:]
    assert result(run("audit", "--since", "+1h", "--json")) == []
    table = run("audit", "--room", people)
    assert table.stdout.splitlines()[0].split()[:4] == ["TIME", "BY", "ACTION", "TARGET"]
    assert "\x1b" not in table.stdout and "\u202e" not in table.stdout
    assert run("audit", "-f", "-o", "csv").returncode == 2


def test_it_is_followed_as_it_happens(daemon: Serve, elsewhere: str, guests: Guests, url: str) -> None:
    command = [PSFU, "audit", "-f", "--room", elsewhere, "--json", "--socket", daemon.socket]
    with started(command, stdout=subprocess.PIPE, text=True, env=environment()) as following:
        assert following.stdout is not None
        made = json.loads(following.stdout.readline())
        guests.join(url, elsewhere, "zora")
        told = json.loads(following.stdout.readline())
        assert (made["action"], told["action"], told["by"]["peer"]) == ("room_created", "enter", "zora")
        assert told["number"] > made["number"]
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130


def test_what_somebody_cut_out_and_wrote_in_is_told(tmp_path: Path) -> None:
    made = Serve(tmp_path)
    try:
        made.start()
        for name in ("exam-1", "exam-2"):
            psfu("rooms", "create", name, "--socket", made.socket)
        before = psfu("audit", "--json", "--socket", made.socket)
        assert before.stderr == ""
        [file] = tmp_path.rglob("audit.jsonl")
        lines: list[str] = []
        while len(lines) < len(result(before)):
            # A file cannot be waited for.
            lines = file.read_text().splitlines(keepends=True)
        first, _, third, *_ = lines
        file.write_text(first + "no record\n" + third)
        psfu("rooms", "create", "exam-3", "--socket", made.socket)
        made.wait_logged('"event": "audit_changed"')
        done = psfu("audit", "--json", "--socket", made.socket)
        number = json.loads(first)["number"] + 1
        assert done.stderr.splitlines()[0] == f"warning: record {number} is missing"
        assert "warning: 1 line of the audit's files is no record: what a power cut" in done.stderr
        [told] = [each for each in json.loads(done.stdout) if each["action"] == "audit_changed"]
        assert told["by"] == {"kind": "daemon"} and told["details"] == {"how": "truncated"}
        assert [each["room"] for each in json.loads(done.stdout) if each["action"] == "room_created"][-1] == "exam-3"
    finally:
        made.end()
