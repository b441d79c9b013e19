"""psfu stats at a real daemon with people in a room."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from proctor_sfu.control.api.quality import Candidate
from proctor_sfu.control.client import Client
from psfu_cli.commands import stats
from psfu_cli.output import Colour, Format, Writer
from support.commands import SHOWN_NAME, Run, result
from support.frames import candidate, source
from support.serve import Serve


@pytest.fixture
def measured(daemon: Serve, people: str) -> str:
    """A room of which a frame tells."""
    with closing(Client(daemon.socket).quality.stream(room=people)) as frames:
        for frame in frames:
            if {"ana", "bob"} <= {each.id for each in frame.candidates}:
                break
    return people


def test_candidates_and_what_is_known_of_them(run: Run, measured: str) -> None:
    everybody = result(run("stats", "--room", measured, "--json"))
    # Those whom other tests made leave are shown for a while.
    found = [each for each in everybody if each["id"] in ("ana", "bob")]
    assert [each["id"] for each in found] == ["ana", "bob"]
    # They are guests without media: nothing is known, and nothing is zero.
    assert {(each["state"], each["bitrate"], each["loss"], each["rtt_ms"]) for each in found} == {
        ("joining", None, None, None)
    }
    head, *rows = run("candidates", "stats", "-r", measured).stdout.splitlines()
    assert head.split() == [
        "CANDIDATE", "ROOM", "STATE", "HEALTH", "CAM", "SCREEN", "MIC", "LOSS%", "RTT", "JITTER", "GAP", "PATH", "WHY",
    ]  # fmt: skip
    assert rows[0].split() == ["ana", measured, "joining", *"-" * 10]
    assert result(run("candidate", "stats", "bob", "--json"))[0]["id"] == "bob"


def test_who_is_not_there_is_told(run: Run, measured: str) -> None:
    done = run("stats", "nobody", "--room", measured)
    assert (done.returncode, done.stdout) == (4, "")
    assert 'nobody called "nobody"' in done.stderr
    assert run("stats", "--room", "nowhere").returncode == 4


def test_no_problems(run: Run, measured: str) -> None:
    done = run("stats", "--problems", "-r", measured)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "nobody is in trouble\n")


@pytest.mark.parametrize("form", ["table", "wide", "json", "ndjson", "csv", "name"])
@pytest.mark.parametrize("more", [(), ("--sources",)])
def test_every_format(run: Run, measured: str, form: str, more: tuple[str, ...]) -> None:
    done = run("stats", *more, "-r", measured, "-o", form)
    assert done.returncode == 0
    assert all(character == "\n" or character.isprintable() for character in done.stdout)
    if form == "wide" and not more:
        assert SHOWN_NAME in done.stdout


# What the table makes of numbers.


def shown(columns: Any, kind: type, records: list[Any], capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    writer = Writer(format=Format.TABLE, colour=Colour.NEVER, kind=kind)
    writer.many(records, columns, empty="")
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_numbers_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    sick = candidate(1, health=12, level="bad", reasons=("loss", "rtt"), loss=7.234, rtt_ms=512.4, state="degraded")
    _, row = shown(stats.COLUMNS, Candidate, [sick], capsys)
    assert row == [
        "cand-001",
        "exam-1",
        "degraded",
        "12",
        "388k",
        "-",
        "388k",
        "7.2",
        "512",
        "3.0",
        "0.0",
        "udp",
        "loss,rtt",
    ]
    rows = list(stats.source_rows(candidate(1, sources=(source(paused=True, bitrate=12_500_000.0, rtt_ms=None),))))
    _, row = shown(stats.SOURCES, stats.SourceRow, rows, capsys)
    assert row == [
        "cand-001",
        "exam-1",
        "camera",
        "(paused)",
        "98",
        "12.5M",
        "0.2",
        "0.1",
        "-",
        "3.0",
        "15.0",
        "0.0",
        "-",
    ]
    assert json.dumps(rows[0].reasons) == "[]"
