"""What is written: every format of the same records, and nothing in any of them that steers a terminal."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from psfu_cli.output import Colour, Column, Format, Writer, duration, size
from support.commands import on_terminal
from support.impostor import impostor, impostor_room
from support.serve import psfu

STEERING = "bad\x1b[2J\x1b]0;x\x07\u202e\u2066[red]\r\n\x9b31m\ud800"
LEFT = "bad[2J]0;x[red]31m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    id: str
    count: int = 1
    ok: bool = True
    missing: str | None = None
    inner: tuple[Inner, ...] = ()


COLUMNS = (
    Column(title="ID", value=lambda each: each.id, alarming=lambda each: not each.ok),
    Column(title="COUNT", value=lambda each: each.count),
    Column(title="OK", value=lambda each: each.ok),
    Column(title="MISSING", value=lambda each: each.missing),
    Column(title="INNER", value=lambda each: ", ".join(one.text for one in each.inner), wide=True),
)
RECORDS = [Record(id="one", inner=(Inner(text="x"),)), Record(id="日本", count=22, ok=False)]


def written(
    capsys: pytest.CaptureFixture[str], form: str, *records: Record, colour: str = "never", one: bool = False
) -> str:
    writer = Writer(format=Format(form), colour=Colour(colour), kind=Record)
    if one:
        writer.one(records[0], COLUMNS)
    else:
        writer.many(records, COLUMNS, empty="nothing")
    return capsys.readouterr().out


def test_a_table_is_aligned_also_where_characters_are_wide(capsys: pytest.CaptureFixture[str]) -> None:
    assert written(capsys, "table", *RECORDS).splitlines() == [
        "ID    COUNT  OK   MISSING",
        "one   1      yes  -",
        "日本  22     no   -",
    ]
    assert written(capsys, "wide", *RECORDS).splitlines()[:2] == [
        "ID    COUNT  OK   MISSING  INNER",
        "one   1      yes  -        x",
    ]


def test_one_record_is_a_line_for_each_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert written(capsys, "table", *RECORDS, one=True).splitlines()[:2] == ["id:      one", "count:   1"]


def test_programs_get_everything(capsys: pytest.CaptureFixture[str]) -> None:
    first = {"id": "one", "count": 1, "ok": True, "missing": None, "inner": [{"text": "x"}]}
    assert json.loads(written(capsys, "json", *RECORDS))[0] == first
    assert json.loads(written(capsys, "json", *RECORDS, one=True)) == first
    lines = written(capsys, "ndjson", *RECORDS).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["one", "日本"] and json.loads(lines[0]) == first
    assert json.loads(written(capsys, "ndjson", *RECORDS, one=True)) == first
    rows = list(csv.DictReader(io.StringIO(written(capsys, "csv", *RECORDS))))
    assert rows[0] == {"id": "one", "count": "1", "ok": "true", "missing": "", "inner": '[{"text": "x"}]'}
    assert written(capsys, "name", *RECORDS) == "one\n日本\n"


def test_markdown_is_a_table_whatever_the_names_are(capsys: pytest.CaptureFixture[str]) -> None:
    bad = Record(id="a|b\n**c** <i>d</i>", missing="see [x](https://example.org) `y` www.example.org \\")
    assert written(capsys, "markdown", RECORDS[0], bad).splitlines() == [
        "| ID | COUNT | OK | MISSING |",
        "| --- | --- | --- | --- |",
        "| one | 1 | yes | - |",
        r"| a\|b\*\*c\*\* \<i\>d\</i\> | 1 | yes | see \[x\](https\://example.org) \`y\` www\.example.org \\ |",
    ]
    Writer(format=Format.MARKDOWN, colour=Colour.NEVER, kind=Record).one(RECORDS[0], ())
    assert capsys.readouterr().out.splitlines()[0] == "| ID | COUNT | OK | MISSING | INNER |"


def test_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(written(capsys, "json")) == []
    assert written(capsys, "ndjson") == written(capsys, "name") == written(capsys, "table") == ""
    assert written(capsys, "csv") == "id,count,ok,missing,inner\n"
    Writer(format=Format.TABLE, colour=Colour.NEVER, kind=Record).many([], COLUMNS, empty="nothing")
    assert capsys.readouterr() == ("", "nothing\n")


def test_no_cell_becomes_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    for formula in ("=1+1", "+1", "-1", "@x"):
        (row,) = csv.DictReader(io.StringIO(written(capsys, "csv", Record(id=formula))))
        assert row["id"] == f"'{formula}"


@pytest.mark.parametrize("one", [False, True])
@pytest.mark.parametrize("form", list(Format))
def test_names_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str], form: Format, one: bool) -> None:
    bad = Record(id=STEERING, missing=STEERING, inner=(Inner(text=STEERING),))
    text = written(capsys, form, bad, one=one)
    assert all(character == "\n" or character.isprintable() for character in text), ascii(text)
    if form in (Format.JSON, Format.NDJSON):
        found = json.loads(text)
        assert (found if one or form is Format.NDJSON else found[0])["id"] == STEERING
    elif form is Format.MARKDOWN:
        assert LEFT.replace("[", "\\[").replace("]", "\\]") in text
    else:
        assert LEFT in text


def test_colours_only_where_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in written(capsys, "table", *RECORDS, colour="auto")
    shown = written(capsys, "table", *RECORDS, colour="always")
    assert "\x1b[1;31m日本\x1b[0m" in shown and "\x1b[1;31mone" not in shown
    assert "\x1b" not in written(capsys, "json", *RECORDS, colour="always")


@pytest.mark.parametrize(
    ("arguments", "added", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_colours_on_a_terminal(tmp_path: Path, arguments: list[str], added: dict[str, str], coloured: bool) -> None:
    with impostor(tmp_path / "s", {"items": [ROOM]}) as path:
        code, shown = on_terminal("rooms", "list", "--socket", str(path), *arguments, **added)
    assert code == 0
    # The room is open, which is alarming.
    assert ("\x1b[1;31mOPEN" in shown) is coloured and ("\x1b" in shown) is coloured


ROOM = impostor_room(STEERING)


@pytest.mark.parametrize("form", list(Format))
def test_a_hostile_daemon_cannot_steer_a_terminal(tmp_path: Path, form: Format) -> None:
    with impostor(tmp_path / "s", {"items": [ROOM]}) as path:
        done = psfu("rooms", "list", "-o", form, "--socket", path)
    assert done.returncode == 0 and done.stdout
    assert all(character == "\n" or character.isprintable() for character in done.stdout + done.stderr)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_nor_can_its_errors(tmp_path: Path, arguments: list[str]) -> None:
    body = json.dumps({"error": {"code": STEERING, "message": STEERING}}).encode()
    with impostor(tmp_path / "s", lambda method, target: (409, body)) as path:
        done = psfu("rooms", "list", *arguments, "--socket", path)
    assert done.returncode == 6 and done.stdout == ""
    assert all(character == "\n" or character.isprintable() for character in done.stderr)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.9, "59s"), (61, "1m01s"), (3599, "59m"), (3600, "1h00m"), (86399, "23h59m"), (90000, "1d01h")],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_sizes_as_people_say_them() -> None:
    shown = [size(count) for count in (0, 1023, 1024, 95_232, 3 * 2**20, 2**30 - 1, 2**30, 75_914_000_000)]
    assert shown == ["0 B", "1023 B", "1.0 KiB", "93.0 KiB", "3.0 MiB", "1024.0 MiB", "1.0 GiB", "70.7 GiB"]
