"""The control socket: who may connect, what it replaces and what it leaves alone."""

from __future__ import annotations

import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from proctor_sfu.control.socket import ControlSocket, listen, peer_process
from proctor_sfu.errors import AddressInUseError, SocketError


def test_owner_and_group_may_connect(tmp_path: Path) -> None:
    made = listen(tmp_path / "new" / "control.sock")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o660
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o750
    made.remove()
    assert not made.path.exists()


def test_one_that_a_dead_daemon_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    listen(path).server.close()
    assert path.is_socket()
    listen(path).remove()


def test_one_that_answers_is_left_alone(tmp_path: Path) -> None:
    made = listen(tmp_path / "control.sock")
    with pytest.raises(AddressInUseError, match="another daemon answers there"):
        listen(made.path)
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(made.path))
    made.remove()


@pytest.mark.parametrize("kind", ["file", "dangling link", "folder"])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "control.sock"
    match kind:
        case "file":
            path.write_text("precious")
        case "dangling link":
            path.symlink_to(tmp_path / "elsewhere")
        case _:
            path.mkdir()
    before = path.lstat()
    with pytest.raises(SocketError, match="something that is no socket is there"):
        listen(path)
    assert path.lstat() == before


def test_the_socket_of_a_later_daemon_is_not_removed(tmp_path: Path) -> None:
    first = listen(tmp_path / "control.sock")
    first.server.close()
    second = listen(first.path)
    first.remove()
    assert second.path.is_socket()
    second.remove()
    first.remove()
    second.remove()


def test_a_copy_of_the_socket_does_not_keep_its_place(tmp_path: Path) -> None:
    made = listen(tmp_path / "control.sock")
    with made.server.dup():
        made.remove()
        assert not made.path.exists()


def test_of_many_that_start_at_once_one_gets_the_place(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    listen(path).server.close()

    def attempt(_: int) -> ControlSocket | None:
        try:
            return listen(path)
        except AddressInUseError:
            return None

    with ThreadPoolExecutor(8) as threads:
        made = [each for each in threads.map(attempt, range(8)) if each is not None]
    assert len(made) == 1
    made[0].remove()


def test_the_kernel_tells_who_is_at_the_other_end(tmp_path: Path) -> None:
    made = listen(tmp_path / "control.sock")
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(made.path))
        accepted, _ = made.server.accept()
        with accepted:
            who = peer_process(accepted)
    assert who is not None and (who.pid, who.uid, who.gid) == (os.getpid(), os.getuid(), os.getgid())
    assert peer_process(None) is None
    made.remove()
