"""The Unix socket the control API listens on: who else may be there, who may connect, who did."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from proctor_sfu.errors import AddressInUseError, SocketError

MODE: Final = 0o660
"""Owner and group may talk to the daemon."""
_CREDENTIALS: Final = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class ControlSocket:
    """A listening socket at a path."""

    path: Path
    server: socket.socket

    def remove(self) -> None:
        """Close it and take it away, unless a later daemon has put its own in its place."""
        with contextlib.suppress(OSError):  # It may be closed already.
            # The event loop may have a copy, which would go on taking connections.
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        with _alone(self.path.parent), contextlib.suppress(AddressInUseError, SocketError):
            _clear(self.path)


def listen(path: Path) -> ControlSocket:
    """Return a listening socket at ``path``; one that a dead daemon left is replaced.

    Raises `AddressInUseError` if somebody answers there, `SocketError` if it cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _check_folder(path.parent)
        with _alone(path.parent):
            _clear(path)
            return ControlSocket(path, _bind(path))
    except FileExistsError as error:
        raise SocketError(f"{path}: {path.parent} is no folder; choose another place, also by --socket") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise SocketError(f"{path}: {reason.lower()}; choose another place, also by --socket") from error


def _bind(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        before = os.umask(0o777 & ~MODE)
        try:
            server.bind(str(path))
        finally:
            os.umask(before)
        server.listen(128)
    except BaseException:
        server.close()
        raise
    return server


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let daemons that start or stop at the same moment look at the folder one after the other."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which somebody else could put a socket of their own in our place."""
    found = folder.stat()
    shared = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if found.st_uid not in (0, os.getuid()) or shared:
        raise SocketError(f"{folder}: belongs to somebody else or is writable for all; choose another folder")


def _clear(path: Path) -> None:
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_socket():
        raise SocketError(f"{path}: something that is no socket is there; remove it or choose another place")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise AddressInUseError(f"{path}: another daemon answers there (psfu status --socket {path})")


@dataclass(frozen=True, slots=True)
class PeerProcess:
    """Who is at the other end, as the kernel knows it."""

    pid: int
    uid: int
    gid: int


def peer_process(connection: Any) -> PeerProcess | None:
    """Return who connected to a Unix socket (``SO_PEERCRED``, unix(7)), None if the connection is gone."""
    if connection is None:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return PeerProcess(*_CREDENTIALS.unpack(raw))
