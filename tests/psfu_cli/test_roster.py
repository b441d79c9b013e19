"""Rosters as people have them: spreadsheets, lists, JSON, and everything that is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor_sfu.errors import RefusedError
from psfu_cli import roster

ANA = {"id": "ana", "name": "Ana Álvarez", "role": "candidate"}
TOM = {"id": "tom", "name": "Tom", "role": "proctor"}


def read(tmp_path: Path, content: str | bytes) -> list[dict[str, str]]:
    path = tmp_path / "roster"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return roster.read(path)


@pytest.mark.parametrize(
    "content",
    [
        "ana,Ana Álvarez\ntom,Tom,proctor\n",
        "id,name,role\r\nana,Ana Álvarez,\r\ntom,Tom,proctor\r\n",
        '\ufeffID,Name\nana, Ana Álvarez \n\n"tom","Tom",proctor',
        '[{"id": "ana", "name": "Ana Álvarez"}, {"id": "tom", "name": "Tom", "role": "proctor"}]',
        ' {"roster": [{"id": "ana", "name": "Ana Álvarez"}, {"id": "tom", "name": "Tom", "role": "proctor"}]}',
    ],
)
def test_the_same_people_in_every_form(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == [ANA, TOM]


def test_a_name_may_have_commas_and_may_be_missing(tmp_path: Path) -> None:
    assert read(tmp_path, '"ana","Álvarez, Ana"\nbob\n') == [
        {"id": "ana", "name": "Álvarez, Ana", "role": "candidate"},
        {"id": "bob", "name": "", "role": "candidate"},
    ]
    assert read(tmp_path, "") == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("ana,Ana\nbob,Bob,candidate,7\n", r"roster:2: 4 columns"),
        ("ana,Ana\n,Nobody\n", r"roster:2: no id"),
        ("ana,Ana,king\n", r"roster:1: role 'king' is none of"),
        ('ana,"Ana\n', r"roster:1: unexpected end of data"),
        (b"ana,\xff\n", "not UTF-8 at byte 4"),
        ("[{", "not JSON"),
        ("[7]", "entry 1: expected"),
        ('[{"id": 7}]', "entry 1: expected"),
        ('[{"id": "a", "colour": "b"}]', "entry 1: unknown member colour"),
        ('{"people": []}', "expected a list"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason) as refused:
        read(tmp_path, content)
    assert refused.value.reason == "usage"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="none: no such file"):
        roster.read(tmp_path / "none")
