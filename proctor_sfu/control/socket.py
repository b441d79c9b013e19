"""The Unix socket the control API listens on: who else may be there, who may connect, who did."""

from __future__ import annotations

import os
import socket
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from proctor_sfu.errors import AddressInUseError, SocketError

MODE: Final = 0o660
"""Owner and group may talk to the daemon."""
_CREDENTIALS: Final = struct.Struct("3i")


def listen(path: Path) -> socket.socket:
    """Return a listening socket at ``path``; one that a dead daemon left is replaced.

    Raises `AddressInUseError` if somebody answers there, `SocketError` if it cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _check_folder(path.parent)
        _clear(path)
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
    except OSError as error:
        reason = error.strerror or str(error)
        raise SocketError(f"control socket {path}: {reason} (choose another: --socket or control.socket)") from error
    return server


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which somebody else could put a socket of their own in our place."""
    found = folder.stat()
    shared = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if found.st_uid not in (0, os.getuid()) or shared:
        raise SocketError(f"control socket: {folder} belongs to somebody else or is writable for all: not used")


def _clear(path: Path) -> None:
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_socket():
        raise SocketError(f"control socket {path}: something that is no socket is there; remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise AddressInUseError(f"another daemon answers at {path} (psfu status --socket {path})")


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
