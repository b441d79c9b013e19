"""What is built for others: nothing is missing from it, nothing is too much, and it works where nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest

from proctor_sfu import __version__
from proctor_sfu.mediasoup.install import WorkerBinary
from support import built
from support.built import ROOT, tracked
from support.serve import LIMIT, Serve, environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OF_THE_CHECKOUT = ("etc/debian-packages", "etc/hatch_build.py", "etc/screenshots/")


@pytest.fixture(scope="module")
def dist() -> Path:
    """A folder with a source archive and the wheel made from that."""
    return built.dist()


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return dist / f"psfu-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def prefix(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel. Its dependencies are those of this one, which has no psfu itself but a link."""
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=120)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", "--no-deps", "--no-index", wheel], check=True, timeout=120)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    # Links in a folder that is named by a link are not followed, so the checkout stays out of reach.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def psfu(prefix: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [prefix / "bin" / "psfu", *arguments], capture_output=True, text=True, timeout=LIMIT, cwd="/", env=environment()
    )


def test_the_wheel_has_the_packages_with_their_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    packages = {path.removeprefix("cli/") for path in tracked("proctor_sfu", "cli") if path.endswith(".py")}
    overlay = tracked("proctor_sfu/mediasoup/overlay")
    assert packages <= names and overlay <= names and len(overlay) > 10
    assert {"proctor_sfu/web/static/candidate.html", "proctor_sfu/web/static/proctor.html"} <= names


def test_the_wheel_has_nothing_else(wheel: Path) -> None:
    roots = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    packages = {Path(each).name for each in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert roots == packages | {f"psfu-{__version__}.dist-info", f"psfu-{__version__}.data"}
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.endswith((".ts", ".mjs")) or "node_modules" in name or "/tests/" in name]


def shared() -> dict[str, str]:
    """Return what is shared, by path in the checkout, and where it has to be below the prefix."""
    pages = [path for path in tracked("man") if path.endswith((".1", ".5", ".7"))]
    examples = [path for path in tracked("etc") if not path.startswith(OF_THE_CHECKOUT)]
    others = {path: f"share/psfu/{path.removeprefix('etc/')}" for path in examples}
    return {
        **{path: f"share/man/man{path[-1]}/{Path(path).name}" for path in pages},
        **others,
        "etc/psfu.service": "lib/systemd/system/psfu.service",
        "etc/psfu.sysusers": "lib/sysusers.d/psfu.conf",
        "etc/60-psfu.conf": "lib/sysctl.d/60-psfu.conf",
        "etc/completion/psfu.bash": "share/bash-completion/completions/psfu",
        "etc/completion/_psfu": "share/zsh/site-functions/_psfu",
        "etc/completion/psfu.fish": "share/fish/vendor_completions.d/psfu.fish",
    }


def test_manual_and_examples_come_along(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".data/" in name}
    assert names == {f"psfu-{__version__}.data/data/{target}" for target in shared().values()}
    assert {"etc/psfu.toml", "man/psfu.1", "man/psfu.toml.5"} < set(shared())


def test_the_source_archive_builds_the_same(dist: Path) -> None:
    with tarfile.open(dist / f"psfu-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked("proctor_sfu", "cli", "etc", "man", "tests") - {"tests/.gitignore"} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith("build/")]


def test_the_installed_command_works(prefix: Path, tmp_path: Path) -> None:
    done = psfu(prefix, "--help")
    assert (done.returncode, done.stderr) == (0, "") and "rooms" in done.stdout
    assert psfu(prefix, "--version").stdout == f"psfu {__version__}\n"
    assert psfu(prefix, "config", "check").returncode == 0
    where = subprocess.run(
        [prefix / "bin" / "python", "-c", "import psfu_cli as c, proctor_sfu as p; print(c.__file__, p.__file__)"],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert all(each.startswith(str(prefix)) for each in where.stdout.split())


def test_what_is_shared_lies_below_the_prefix(prefix: Path) -> None:
    for source, target in shared().items():
        assert (prefix / target).read_text() == (ROOT / source).read_text()
    assert (prefix / "share/man/man1/psfu.1").is_file() and (prefix / "lib/systemd/system/psfu.service").is_file()


def test_the_installed_daemon_serves(prefix: Path, worker_binary: WorkerBinary, tmp_path: Path) -> None:
    daemon = Serve(tmp_path, program=prefix / "bin" / "psfu")
    try:
        daemon.start()
        done = psfu(prefix, "status", "--json", "--socket", str(daemon.socket))
        url: str = json.loads(done.stdout)["signaling"]["url"]
        with urllib.request.urlopen(
            url.replace("ws://", "http://").replace("/ws", "/candidate/"), timeout=LIMIT
        ) as page:
            assert page.status == 200 and b"<html" in page.read()
        daemon.running.terminate()
        assert daemon.running.wait(LIMIT) == 0
    finally:
        daemon.end()
