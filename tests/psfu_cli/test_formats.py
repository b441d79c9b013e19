"""Every command that reads, in every format: each has the same records, and a program can read what is for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from psfu_cli.output import Format
from support.serve import Serve, psfu

ONE = (
    "rooms get {room}",
    "candidates get ana",
    "workers get {pid}",
    "status",
    "version",
    "config check",
    "mediasoup show",
)
MANY = ("rooms list", "candidates list", "workers list", "config show")


Records: TypeAlias = Callable[[str, str], str]


@pytest.fixture(scope="module")
def records(daemon: Serve, people: str) -> Records:
    """What a command says of the daemon in a format."""
    place = {"PSFU_SOCKET": str(daemon.socket)}
    (pid,) = psfu("workers", "list", "-q", **place).stdout.split()

    def records(command: str, form: str) -> str:
        done = psfu(*command.format(room=people, pid=pid).split(), "-o", form, **place)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    return records


@pytest.fixture(scope="module")
def every(records: Records) -> dict[str, Any]:
    """The records every format has to have: each command's JSON, asked for once."""
    return {command: json.loads(records(command, "json")) for command in (*ONE, *MANY)}


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("command", ONE)
def test_one_record(records: Records, every: dict[str, Any], command: str, form: Format) -> None:
    wanted = every[command]
    assert isinstance(wanted, dict) and wanted
    text = records(command, form)
    match form:
        case Format.JSON:
            assert json.loads(text).keys() == wanted.keys()
        case Format.NDJSON:
            (line,) = text.splitlines()
            assert json.loads(line).keys() == wanted.keys()
        case Format.CSV:
            (row,) = csv.DictReader(io.StringIO(text))
            assert list(row) == list(wanted)
        case Format.NAME:
            assert len(text.splitlines()) == 1
        case Format.MARKDOWN:
            assert len(text.splitlines()) == 3 and all(line[:2] == "| " for line in text.splitlines())
        case _:
            assert all(": " in line for line in text.splitlines())


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("command", MANY)
def test_many_records(records: Records, every: dict[str, Any], command: str, form: Format) -> None:
    wanted = every[command]
    assert isinstance(wanted, list) and wanted
    text = records(command, form)
    lines = text.splitlines()
    match form:
        case Format.JSON:
            assert [each.keys() for each in json.loads(text)] == [each.keys() for each in wanted]
        case Format.NDJSON:
            assert [json.loads(line).keys() for line in lines] == [each.keys() for each in wanted]
        case Format.CSV:
            rows = list(csv.DictReader(io.StringIO(text)))
            assert len(rows) == len(wanted) and list(rows[0]) == list(wanted[0])
        case Format.NAME:
            assert len(lines) == len(wanted) == len(set(lines))
        case Format.MARKDOWN:
            assert len(lines) == len(wanted) + 2 and all(line[:2] == "| " for line in lines)
        case _:
            assert len(lines) == len(wanted) + 1 and lines[0] == lines[0].upper()
