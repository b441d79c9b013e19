"""Every command that reads, in every format: each has the same records, and a program can read what is for programs."""

from __future__ import annotations

import csv
import io
import json

import pytest

from psfu_cli.output import Format
from support.commands import Run

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


def records(run: Run, command: str, form: str) -> tuple[str, str]:
    done = run(*command.split(), "-o", form)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def placed(run: Run, people: str) -> dict[str, str]:
    """What the words in braces stand for."""
    return {"room": people, "pid": run("workers", "list", "-q").stdout.split()[0]}


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("command", ONE)
def test_one_record(run: Run, placed: dict[str, str], command: str, form: Format) -> None:
    command = command.format(**placed)
    wanted = json.loads(records(run, command, "json")[0])
    assert isinstance(wanted, dict) and wanted
    text, _ = records(run, command, form)
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
def test_many_records(run: Run, placed: dict[str, str], command: str, form: Format) -> None:
    wanted = json.loads(records(run, command, "json")[0])
    assert isinstance(wanted, list) and wanted
    text, _ = records(run, command, form)
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
