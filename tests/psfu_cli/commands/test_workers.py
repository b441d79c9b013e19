"""psfu workers at a real daemon."""

from __future__ import annotations

import csv
import io
import os

from support.commands import Run, result
from support.serve import Serve


def test_workers_are_listed_and_shown(run: Run, daemon: Serve, people: str) -> None:
    found = result(run("workers", "list", "--json"))
    assert sorted(each["pid"] for each in found) == sorted(daemon.workers())
    pid = found[0]["pid"]
    one = result(run("workers", "get", pid, "--json"))
    assert (one["pid"], one["state"]) == (pid, "running") and people in one["rooms"] and one["rss_bytes"] > 2**20
    assert "memory:" in run("workers", "get", pid).stdout
    head = run("workers", "list").stdout.splitlines()[0].split()
    assert head == ["PID", "STATE", "PORT", "ROOMS", "TRANSPORTS", "CPU", "MEMORY", "AGE"]
    (row, *_) = csv.DictReader(io.StringIO(run("workers", "list", "-o", "csv").stdout))
    assert row["pid"] == str(pid) and people in row["rooms"]
    assert run("workers", "list", "-q").stdout.splitlines() == [str(each["pid"]) for each in found]


def test_workers_come_at_once_and_idle_ones_go(run: Run, daemon: Serve, people: str) -> None:
    tried = result(run("workers", "scale", "2", "--dry-run", "--json"))
    assert (tried["before"], tried["after"], tried["dry_run"]) == (1, 2, True)
    assert len(daemon.workers()) == 1
    done = run("workers", "scale", "2", "--dry-run")
    assert done.stderr == "dry run: nothing was changed\n" and "after:" in done.stdout
    up = result(run("workers", "scale", "2", "--json"))
    assert up["after"] == 2 and up["started"][0] in daemon.workers()
    down = result(run("workers", "scale", "1", "--json"))
    # The busy one stays, since people are in its room.
    assert (down["before"], down["after"], down["stopped"], down["kept_busy"]) == (2, 1, up["started"], [])
    assert not os.path.exists(f"/proc/{up['started'][0]}")
    assert run("rooms", "get", people).returncode == 0
