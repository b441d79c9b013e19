"""psfu report: from a file with no daemon, and from the history of one that runs."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.control.api.plain import plain
from proctor_sfu.quality.archive import Archive
from support.commands import Run, result
from support.exams import written


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "exam.psfurec")


@pytest.fixture
def report(run: Run, file: Path) -> Run:
    """Runs it without a daemon."""
    return lambda *arguments, **more: run(
        "report", *arguments, "--file", file, **({"PSFU_SOCKET": "/nowhere/control.sock"} | more)
    )


def test_everybody_in_a_table(report: Run) -> None:
    done = report("exam-1")
    assert (done.returncode, done.stderr) == (0, "")
    head, ana, bob = done.stdout.splitlines()
    assert head.split() == ["CANDIDATE", "NAME", "LIVE", "DEGRADED", "AWAY", "GAP", "INTERRUPTIONS", "LOSS%", "HEALTH"]
    assert ana.split()[-7:] == ["42s", "10s", "8s", "11s", "1", "0.5", "0"]
    assert bob.split()[0] == "bob"


@pytest.mark.parametrize("form", ["table", "wide", "json", "ndjson", "csv", "name"])
def test_every_format_is_clean(report: Run, form: str) -> None:
    done = report("exam-1", "-o", form)
    assert done.returncode == 0
    assert all(character == "\n" or character.isprintable() for character in done.stdout)
    if form == "json":
        found = json.loads(done.stdout)
        assert [each["what"] for each in found[0]["states"]] == ["live", "degraded", "live", "reconnecting", "live"]
    if form == "csv":
        rows = list(csv.DictReader(done.stdout.splitlines()))
        assert [(row["id"], row["curves"]) for row in rows] == [("ana", "[]"), ("bob", "[]")]


def test_a_page_is_written(report: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = report("exam-1", "bob", "--html", page)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"wrote {page}\n")
    text = page.read_text()
    assert text.startswith("<!doctype html>") and text.endswith("</html>\n")
    assert 'id="c-bob"' in text and 'id="c-ana"' not in text
    again = report("exam-1", "bob", "--html", page)
    assert (again.returncode, again.stderr) == (6, f"error: {page}: it is there already (--force replaces it)\n")
    both = report("exam-1", "bob", "--html", page, "--force", "--json")
    assert [each["id"] for each in json.loads(both.stdout)] == ["bob"]


def test_a_room_is_saved_to_a_file_of_its_own(report: Run, run: Run, file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "exam-2.psfurec"
    done = report("exam-2", "--save", saved)
    assert (done.returncode, done.stdout) == (0, "")
    with Archive(file) as whole, Archive(saved) as part:
        assert (part.count, part.begin, part.end, part.node) == (60, whole.begin, whole.end, "exam-server")
        assert {each.id for one in part.frames() for each in one.frame.candidates} == {"cid"}
    assert [each.name for each in tmp_path.iterdir() if "exam-2" in each.name] == ["exam-2.psfurec"]
    again = report("exam-2", "--save", saved)
    assert (again.returncode, again.stderr) == (6, f"error: {saved}: it is there already (--force replaces it)\n")
    assert report("exam-2", "--save", saved, "--force").returncode == 0
    assert result(run("report", "exam-2", "--file", saved, "--json"))[0]["id"] == "cid"


def test_a_file_for_those_who_may_not_know_names_nobody(report: Run, run: Run, file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "masked.psfurec"
    assert report("exam-1", "--save", saved, "--mask").returncode == 0
    with Archive(file) as whole, Archive(saved) as part:
        people = {word for each in whole.frames() for one in each.frame.candidates for word in (one.id, one.name)}
        told = json.dumps([dataclasses.asdict(each) for each in part.events()])
        told += "".join(json.dumps(plain(each.frame)) for each in part.frames())
        before = [(each.at, each.kind, sorted(each.details)) for each in whole.events(room="exam-1")]
        assert [(each.at, each.kind, sorted(each.details)) for each in part.events()] == before
    assert "ana" in people
    assert [each for each in people if f'"{each}"' in told] == []
    found = result(run("report", "exam-1", "--file", saved, "--json"))
    assert len(found) == 2 and all(each["id"].startswith("P-") and each["happened"] is not None for each in found)
    assert report("exam-1", "--mask").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("nowhere",), 4, 'nothing is known of room "nowhere"'),
        (("exam-1", "nobody"), 4, 'nothing is known of "nobody" in room "exam-1"'),
        (("exam-1", "--html", "/nowhere/page.html"), 1, "/nowhere/page.html: no such file or directory"),
    ],
)
def test_what_cannot_be_done_is_told(report: Run, arguments: tuple[str, ...], code: int, text: str) -> None:
    done = report(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1 and text in done.stderr


def test_a_file_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "foreign").write_text("hello " * 1000)
    for name in ("foreign", "missing"):
        done = run("report", "exam-1", "--file", tmp_path / name)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert str(tmp_path / name) in done.stderr


def test_a_hole_is_warned_of(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "hole.psfurec", missing=range(10, 25))
    done = run("report", "exam-1", "--file", path)
    assert done.returncode == 0 and "the history tells nothing from" in done.stderr


def test_the_history_of_the_daemon(run: Run, people: str) -> None:
    found: list[Any] = []
    # They came one after the other, perhaps with a second of the history in between.
    while not {"ana", "bob"} <= {each["id"] for each in found}:
        done = run("report", people, "--json")
        assert done.returncode in (0, 4), done.stderr
        found = json.loads(done.stdout) if done.returncode == 0 else []
    # Others may have been in the room before.
    assert [each["id"] for each in found][:2] == ["ana", "bob"]
    assert found[0]["live_s"] == 0 and found[0]["loss_mean"] is None
