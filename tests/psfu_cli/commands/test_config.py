"""psfu config: a file that is written can be used, and one that cannot be used is never written over by accident."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from proctor_sfu.settings import Settings
from proctor_sfu.settings_file import load, template
from proctor_sfu.settings_keys import keys
from support.commands import result
from support.serve import LIMIT, PSFU, environment, psfu


def test_every_setting_is_shown_with_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text("[rtc]\nport = 4000\n")
    found = result(psfu("config", "show", "--config", file, "--json", PSFU_LOG__LEVEL="debug"))
    assert [each["key"] for each in found] == list(keys())
    by_key = {each["key"]: each for each in found}
    assert (by_key["rtc.port"]["value"], by_key["rtc.port"]["origin"]) == (4000, "file")
    assert (by_key["log.level"]["value"], by_key["log.level"]["origin"]) == ("debug", "environment")
    assert (by_key["workers.count"]["value"], by_key["workers.count"]["origin"]) == ("auto", "default")
    table = psfu("config", "show", "--config", file).stdout.splitlines()
    assert table[0].split() == ["KEY", "VALUE", "ORIGIN"]
    assert ["rtc.port", "4000", "file"] in [line.split() for line in table]
    assert "DESCRIPTION" in psfu("config", "show", "-o", "wide").stdout
    assert psfu("config", "show", "-o", "name").stdout.splitlines() == list(keys())


def test_what_is_shown_as_toml_is_a_file_of_the_same_settings(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('[rtc]\nlisten_ip = "0.0.0.0"\nannounced_address = "203.0.113.7"\n[workers]\ncount = 3\n')
    second.write_text(psfu("config", "show", "--toml", "--config", first).stdout)
    assert load(second).settings == load(first).settings != Settings()
    assert psfu("config", "check", "--config", second).returncode == 0


def test_the_file_is_named_by_option_or_environment(tmp_path: Path) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text("")
    for done in (
        psfu("config", "check", "-c", file, "--json"),
        psfu("config", "check", "--json", PSFU_CONFIG=str(file)),
    ):
        assert result(done) == {"file": str(file), "ok": True}
    assert f"file: {file}" in psfu("config", "check", "-c", file).stdout


def test_a_new_file_has_every_key_and_is_good(tmp_path: Path) -> None:
    file = tmp_path / "new" / "psfu.toml"
    done = psfu("config", "init", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file}\n", "")
    assert file.read_text() == template()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert psfu("config", "check", "--config", file).returncode == 0
    assert os.listdir(file.parent) == ["psfu.toml"]


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path: Path) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text("[rtc]\n")
    done = psfu("config", "init", file, "--json")
    assert (done.returncode, done.stdout) == (6, "")
    assert json.loads(done.stderr)["error"] == {"code": "conflict", "message": f"{file} exists (--force replaces it)"}
    assert file.read_text() == "[rtc]\n" and os.listdir(tmp_path) == ["psfu.toml"]
    assert result(psfu("config", "init", file, "--force", "--json")) == [{"file": str(file)}]
    assert file.read_text() == template()


def test_no_place_for_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = psfu("config", "init", tmp_path / "file" / "psfu.toml")
    assert (done.returncode, done.stdout) == (1, "") and "not a directory" in done.stderr
    done = psfu("config", "init", tmp_path / "a" / "b" / "psfu.toml")
    assert done.returncode == 1 and "no such file or directory" in done.stderr
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    command = [str(PSFU), "config", "init", str(folder / "psfu.toml")]
    if os.getuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override", *command]
    refused = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=LIMIT)
    assert refused.returncode == 5 and "permission denied" in refused.stderr


@pytest.mark.parametrize("command", [("check",), ("show",), ("show", "--toml"), ("show", "--json")])
def test_a_bad_file_is_told_and_nothing_shown(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text("[rtc]\nprot = 1\n")
    done = psfu("config", *command, "--config", file)
    assert (done.returncode, done.stdout) == (78, "") and "rtc.prot: no such key" in done.stderr
