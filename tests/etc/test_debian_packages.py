"""The set-up's step for Debian packages: nothing to do, no right to do it, and what is run with the right."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "etc" / "debian-packages"
MISSING = "psfu-no-such-package"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def run(*packages: str, before: list[str] | None = None, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the script, by way of standard input since somebody else may not reach the checkout."""
    given = os.environ | ({} if path is None else {"PATH": path})
    command = [*(before or []), "/bin/sh", "-s", *packages]
    return subprocess.run(
        command, input=SCRIPT.read_text(), capture_output=True, text=True, env=given, cwd="/", timeout=60
    )


def tools(tmp_path: Path, **written: str) -> str:
    """Return a PATH of a few real tools and some written here."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "env", "grep", "dpkg-query"):
        (folder / name).symlink_to(shutil.which(name) or "/nonexistent")
    for name, text in written.items():
        (folder / name.replace("_", "-")).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name.replace("_", "-")).chmod(0o755)
    return str(folder)


def test_what_is_there_is_not_installed_again(tmp_path: Path) -> None:
    # A package by dpkg, a program that is no package: neither needs apt-get or rights.
    done = run("dpkg", "sh", path=tools(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_where_there_is_no_apt_one_line_tells_what_is_missing(tmp_path: Path) -> None:
    done = run("dpkg", MISSING, "other-one", path=tools(tmp_path))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        f"error: this is no Debian, so install what these packages hold by hand: {MISSING} other-one\n"
    )


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="not on Debian")
def test_without_root_and_sudo_one_line_tells_what_is_missing(tmp_path: Path) -> None:
    if os.getuid() == 0:
        done = run("dpkg", MISSING, before=NOBODY)
    else:
        done = run("dpkg", MISSING, path=tools(tmp_path, id="echo 1000", apt_get="exit 1"))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        f"error: Debian packages are missing and neither root nor sudo is at hand: apt-get install {MISSING}\n"
    )


@pytest.mark.parametrize("user", ["root", "sudo"])
def test_with_the_right_packages_are_installed_by_name(tmp_path: Path, user: str) -> None:
    log = tmp_path / "log"
    path = tools(
        tmp_path,
        id="echo 0" if user == "root" else "echo 1000",
        sudo='shift; [ "$1" = true ] || { echo "as root: $*" >>' + f'{log}; exec "$@"; }}',
        apt_get=f'echo "apt-get $*" >>{log}; echo noise',
    )
    done = run("dpkg", MISSING, "other-one", path=path)
    assert done.returncode == 0 and done.stderr == f"installing Debian packages: {MISSING} other-one\n"
    lines = [line for line in log.read_text().splitlines() if line.startswith("apt-get")]
    assert [line.split()[4:] for line in lines] == [
        ["update"], ["install", "-y", "--no-install-recommends", MISSING, "other-one"],
    ]  # fmt: skip
    assert log.read_text().count("as root: ") == (2 if user == "sudo" else 0)


def test_a_failed_install_is_a_failure(tmp_path: Path) -> None:
    path = tools(tmp_path, id="echo 0", apt_get='case "$*" in *install*) echo "no such package" >&2; exit 100;; esac')
    done = run(MISSING, path=path)
    assert done.returncode == 100 and "no such package" in done.stderr
