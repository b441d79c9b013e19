"""Where the control socket is: the order of psfu(1), FILES."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from proctor_sfu.control import place


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment of folders of the test's own; /run/psfu is one of them."""
    monkeypatch.setattr(place, "SYSTEM", tmp_path / "run" / "psfu")
    return {"RUNTIME_DIRECTORY": str(tmp_path / "service"), "XDG_RUNTIME_DIR": str(tmp_path / "user")}


def bind(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(str(folder / place.NAME))


def test_the_order(folders: dict[str, str], tmp_path: Path) -> None:
    last = Path(f"/tmp/psfu-{os.getuid()}")
    assert place.places(folders) == [tmp_path / "service", tmp_path / "run/psfu", tmp_path / "user/psfu", last]
    assert place.places({}) == [tmp_path / "run/psfu", last]
    several = {"RUNTIME_DIRECTORY": "/run/one:/run/two"}
    assert place.places(several) == [Path("/run/one"), Path("/run/two"), tmp_path / "run/psfu", last]


def test_a_daemon_listens_in_the_first_that_is_there_or_can_be_made(folders: dict[str, str], tmp_path: Path) -> None:
    # Its parents are not there, so the system's folder cannot be made; the service's can.
    assert place.to_listen(folders) == tmp_path / "service" / place.NAME
    del folders["RUNTIME_DIRECTORY"]
    (tmp_path / "user").mkdir()
    assert place.to_listen(folders) == tmp_path / "user" / "psfu" / place.NAME
    (tmp_path / "run").mkdir()
    assert place.to_listen(folders) == tmp_path / "run" / "psfu" / place.NAME


def test_a_command_dials_the_first_socket_in_the_same_order(folders: dict[str, str], tmp_path: Path) -> None:
    assert place.to_dial(folders) == place.to_listen(folders)
    for folder in (tmp_path / "user" / "psfu", tmp_path / "run" / "psfu", tmp_path / "service"):
        bind(folder)
        assert place.to_dial(folders) == folder / place.NAME
