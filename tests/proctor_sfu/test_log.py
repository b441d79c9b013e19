"""The log: what a line looks like where it goes, that its names are stable, and what never gets into it."""

from __future__ import annotations

import ast
import io
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from proctor_sfu import log
from proctor_sfu.settings import Log

ROOT = Path(__file__).parents[2]
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl"
STEERING = "bad\x1b[2J\x1b]0;x\x07\u202e"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Logging is global: leave it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def write(level: str, event: str, /, stream: io.StringIO | None = None, form: str = "auto", **particulars: Any) -> str:
    """Log one event as the daemon does; returns what was written."""
    stream = stream or io.StringIO()
    settings = Log(level="debug", format=form)  # type: ignore[arg-type]
    log.configure(settings)
    logging.getLogger().handlers[:] = [log.make_handler(settings, stream, {})]
    getattr(structlog.get_logger("psfu.test"), level)(event, **particulars)
    return stream.getvalue()


def test_without_a_terminal_a_line_is_json() -> None:
    line = write("warning", "room_moved", room="exam-101", worker=17)
    assert line.endswith("\n") and line.count("\n") == 1
    found = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", found.pop("timestamp"))
    assert found == {
        "event": "room_moved", "room": "exam-101", "worker": 17, "level": "warning", "logger": "psfu.test",
    }  # fmt: skip


def test_on_a_terminal_a_line_is_for_people() -> None:
    line = write("info", "ready", Terminal(), workers=2)
    assert "ready" in line and "\x1b[" in line and not line.startswith("{")


def test_the_format_can_be_forced() -> None:
    assert json.loads(write("info", "ready", Terminal(), "json"))["event"] == "ready"
    plain = write("info", "ready", io.StringIO(), "console")
    assert "ready" in plain and not plain.startswith("{") and "\x1b" not in plain


def test_prose_of_libraries_is_an_event_of_its_own() -> None:
    stream = io.StringIO()
    logging.getLogger().handlers[:] = [log.make_handler(Log(), stream, {})]
    logging.getLogger("psfu.mediasoup.worker").error("worker %d: %s", 7, "out of\nmemory")
    found = json.loads(stream.getvalue())
    assert (found["event"], found["message"]) == ("message", "worker 7: out of\nmemory")
    assert (found["level"], found["logger"]) == ("error", "psfu.mediasoup.worker")


@pytest.mark.parametrize(("level", "mark"), [("debug", 7), ("info", 6), ("warning", 4), ("error", 3), ("critical", 2)])
def test_journald_gets_the_priority(level: str, mark: int, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        found = os.fstat(stream.fileno())
        for stated in (f"{found.st_dev}:{found.st_ino}", f"{found.st_dev}:{found.st_ino + 1}"):
            handler = log.make_handler(Log(), stream, {"JOURNAL_STREAM": stated})
            handler.emit(logging.LogRecord("psfu", getattr(logging, level.upper()), "", 0, "text", None, None))
        stream.seek(0)
        marked, foreign = stream.read().splitlines()
    assert marked.startswith(f"<{mark}>{{") and json.loads(marked[3:])["message"] == "text"
    # A stream that journald does not read has no use for it.
    assert foreign.startswith("{")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_token_never_gets_out(form: str) -> None:
    try:
        raise ValueError(f"no good: {TOKEN}")
    except ValueError:
        stream = io.StringIO()
        written = write("exception", "request_failed", stream, form, path=f"/v1/rooms?reason={TOKEN}", token="s3cret",
                        header="Bearer abc.def", nested={"authorization": [f"bearer {TOKEN}"]})  # fmt: skip
    assert TOKEN not in written and TOKEN.split(".")[1] not in written
    assert "s3cret" not in written and "abc.def" not in written
    assert "request_failed" in written and "ValueError: no good: [token]" in written


@pytest.mark.parametrize("form", ["json", "console"])
def test_text_from_outside_cannot_steer_a_terminal(form: str) -> None:
    try:
        raise ValueError(STEERING)
    except ValueError:
        written = write("exception", "request_failed", io.StringIO(), form, name=STEERING, names=[STEERING])
    assert "\x1b" not in written and "\x07" not in written and "\u202e" not in written
    assert "bad" in written


def test_names_of_events_are_stable_words() -> None:
    """A name is written out where it is used and is one word; particulars stand beside it, never in it."""
    loggers = {"_log": {"debug", "info", "warning", "error", "critical", "exception"}}
    found = []
    for path in sorted((ROOT / "proctor_sfu").rglob("*.py")):
        text = path.read_text()
        if "structlog.get_logger" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.attr in loggers.get(node.func.value.id, ()):
                assert len(node.args) == 1, f"{path.name}:{node.lineno}: particulars are keywords"
                name = node.args[0]
                assert isinstance(name, ast.Constant) and re.fullmatch("[a-z]+(_[a-z]+)*", str(name.value)), (
                    f"{path.name}:{node.lineno}: {ast.unparse(name)} is no name of an event"
                )
                found.append(name.value)
    assert {"ready", "stopped", "worker_died", "open_room"} <= set(found)
