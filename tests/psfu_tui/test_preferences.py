from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor_sfu.errors import RefusedError, SettingsError
from psfu_tui import preferences, start
from psfu_tui.options import Options, sort_of, view
from psfu_tui.ordering import Sort
from psfu_tui.tables.candidates import CANDIDATES
from support.watching import Script

GOOD = """\
theme = "psfu-light"
mask = true
idle_pause = true
interval = 2
[columns]
candidates = "hnl"
[keys]
pause = "f9"
"""


def test_no_file_prefers_nothing(tmp_path: Path) -> None:
    assert preferences.read(tmp_path / "monitor.toml") == preferences.Preferences()


def test_a_file_says_what_is_preferred(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(GOOD)
    found = preferences.read(path)
    assert (found.theme, found.mask, found.interval, found.mouse) == ("psfu-light", True, 2, None)
    assert found.idle_pause
    assert (found.columns, found.keys) == ({"candidates": "hnl"}, {"pause": "f9"})


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "theme = 3\nmask = 1\nwat = 1",
            ["theme: has to be a text", "mask: has to be true or false", "wat: no such key"],
        ),
        ("interval = 0.5", ["interval: has to be seconds from 1 to 3600"]),
        ("interval = true", ["interval: has to be seconds from 1 to 3600"]),
        ("columns = 'hn'", ["columns: has to be a table of texts"]),
        ("[keys]\npause = 3", ["keys: has to be a table of texts"]),
        (
            "[columns]\nwat = 'h'\ncandidates = 'hZ'",
            ["columns.wat: no such screen", "columns.candidates: no column 'Z'"],
        ),
        ("theme = ", ["Invalid value"]),
        ("\x00", ["monitor.toml"]),
    ],
)
def test_every_problem_is_told_with_its_file(tmp_path: Path, text: str, problems: list[str]) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        preferences.read(path)
    assert len(error.value.problems) == len(problems)
    for told, expected in zip(error.value.problems, problems, strict=True):
        assert told.startswith(str(path))
        assert expected in told


def test_a_file_that_is_no_text_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError):
        preferences.read(path)
    with pytest.raises(SettingsError):
        preferences.read(tmp_path)


def test_the_file_is_where_the_system_says() -> None:
    assert preferences.place({"XDG_CONFIG_HOME": "/a"}) == Path("/a/psfu/monitor.toml")
    assert preferences.place({"HOME": "/home/ana"}) == Path("/home/ana/.config/psfu/monitor.toml")


def test_how_a_table_is_to_be_seen_is_checked_before_anything_is_shown() -> None:
    seen = view(CANDIDATES, filter_text="loss>3", sort="rtt:asc", columns="hn")
    assert (seen.filter, seen.sort, seen.columns) == ("loss>3", Sort(column="rtt"), "hn")
    for wrong in ({"filter_text": "los>3"}, {"sort": "wat"}, {"sort": "loss:up"}, {"columns": "?"}):
        with pytest.raises(RefusedError):
            view(CANDIDATES, **wrong)


def test_a_column_is_sorted_as_its_numbers_are_meant() -> None:
    assert sort_of(CANDIDATES, "loss") == Sort(column="loss", descending=True)
    assert sort_of(CANDIDATES, "loss:asc") == Sort(column="loss", descending=False)
    assert sort_of(CANDIDATES, "name:desc") == Sort(column="name", descending=True)


def test_keys_and_themes_there_are_not_are_refused_before_the_screen_is_taken() -> None:
    with pytest.raises(SettingsError, match=r"keys\.wat: no such binding"):
        start.run(Script(), Options(keys={"wat": "x"}), None)
    with pytest.raises(RefusedError, match=r"no theme 'wat'; there are .*psfu-dark"):
        start.run(Script(), Options(theme="wat"), None)


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LANG": "C.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, True),
    ],
)
def test_a_terminal_gets_the_signs_its_locale_has(environ: dict[str, str], ascii_only: bool) -> None:
    assert start.only_ascii(environ) is ascii_only


@pytest.mark.parametrize(
    ("given", "ascii_only"), [({"LANG": "C"}, "True"), ({}, "True"), ({"LANG": "C.UTF-8"}, "False")]
)
def test_the_locale_that_was_given_decides_and_not_what_python_makes_of_it(
    given: dict[str, str], ascii_only: str
) -> None:
    program = "from psfu_tui import start; print(start.only_ascii(start.given()))"
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm"} | given
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ascii_only


def test_every_binding_has_an_id_of_its_own_and_says_what_it_does() -> None:
    found = list(start.bindings())
    ids = {each.id for each in found}
    assert len({(each.id, each.action, each.description) for each in found}) == len(ids) > 50
    assert all(each.description for each in found)
