"""Both ends of the socket pair between daemon and recorder: one message, with its descriptors, or nothing."""

from __future__ import annotations

import array
import socket
from collections.abc import Sequence
from typing import Final

from proctor_sfu.recording import protocol
from proctor_sfu.recording.protocol import ToDaemon, ToRecorder

_DESCRIPTORS: Final = 4
"""Most that come with one message."""


def send(end: socket.socket, data: bytes, descriptors: Sequence[int] = ()) -> bool:
    """Send an encoded message; returns whether the socket took it. Raises `OSError` if the other end is gone."""
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    try:
        end.sendmsg([data], control, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except BlockingIOError:
        return False
    return True


def receive(end: socket.socket) -> tuple[ToRecorder | ToDaemon, list[int]] | None:
    """Return the next message and its descriptors, None if there is none now. Raises `EOFError` at the end."""
    flags = socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
    try:
        data, control, _, _ = end.recvmsg(protocol.LARGEST, socket.CMSG_LEN(4 * _DESCRIPTORS), flags)
    except BlockingIOError:
        return None
    except ConnectionResetError:
        # The other end is gone and had left things unread, which Linux tells once, before what it said last.
        return receive(end)
    except OSError as error:
        raise EOFError from error
    if not data:
        raise EOFError
    descriptors = array.array("i")
    for _, kind, content in control:
        if kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return protocol.decode(data), descriptors.tolist()
