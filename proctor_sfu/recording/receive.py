"""Receives many datagrams with one system call, each with the time the kernel got it.

``recvmmsg(2)`` by way of ctypes: at 45,000 packets a second of 450 tracks it costs 3 µs a packet, journal included,
against 6 µs of ``recv_into`` packet by packet; and a time of the kernel's is right even if we come late.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterable, Iterator
from typing import Final

from proctor_sfu.recording.mmsg import Message, Vector

SLOT: Final = 2048
"""Bytes for a datagram; longer ones are cut, and a journal takes 1500 at most."""
SLOTS: Final = 64
"""Datagrams in one call."""
SO_TIMESTAMPNS: Final = 35
SO_RCVBUFFORCE: Final = 33
SO_MEMINFO: Final = 55
_MEMINFO_WORDS: Final = 9
_DROPS: Final = 8
"""Index of the datagrams dropped for want of memory; see ``linux/sock_diag.h``."""
_CONTROL: Final = 32
"""Bytes of a control message with a ``struct timespec``: header, seconds, nanoseconds."""
_MESSAGE: Final = ctypes.sizeof(Message)


class Batch:
    """Room for `SLOTS` datagrams; `receive` fills it, the rest looks at what is in it until the next `receive`."""

    def __init__(self) -> None:
        data, control = bytearray(SLOT * SLOTS), bytearray(_CONTROL * SLOTS)
        first = ctypes.addressof(ctypes.c_char.from_buffer(data))
        first_control = ctypes.addressof(ctypes.c_char.from_buffer(control))
        self._vectors = (Vector * SLOTS)(*(Vector(first + slot * SLOT, SLOT) for slot in range(SLOTS)))
        self._messages = (Message * SLOTS)()
        for slot, message in enumerate(self._messages):
            message.header.vectors = ctypes.pointer(self._vectors[slot])
            message.header.vector_count = 1
            message.header.control = first_control + slot * _CONTROL
            message.header.control_length = _CONTROL
        # The kernel overwrites some members of those it uses, so they are all put back before the next call.
        self._fresh = bytes(self._messages)
        self._used = 0
        self._at = ctypes.addressof(self._messages)
        self._call = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
        self.data = memoryview(data)
        """Datagram n stands at n × `SLOT`."""
        self._words = self.data.cast("I")
        self._lengths = memoryview(self._messages).cast("B").cast("I")
        self._times = memoryview(control).cast("q")

    def receive(self, descriptor: int) -> int:
        """Take what waits in a socket; returns how many. Raises `OSError` if the socket is broken."""
        ctypes.memmove(self._at, self._fresh, self._used * _MESSAGE)
        count = int(self._call(descriptor, self._at, SLOTS, socket.MSG_DONTWAIT, None))
        self._used = max(0, count)
        if count < 0:
            number = ctypes.get_errno()
            if number in (11, 4, 111):  # EAGAIN, EINTR; ECONNREFUSED: the worker that sent is gone.
                return 0
            raise OSError(number, os.strerror(number))
        return count

    def packets(self, count: int) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield length, first word, third word (of RTP the SSRC), and seconds and nanoseconds of Unix time.

        Words are 32 bits in the order of this machine, as they lie in memory.
        """
        step, length_step, time_step = SLOT // 4, _MESSAGE // 4, _CONTROL // 8
        columns: tuple[Iterable[int], ...] = (
            self._lengths[Message.length.offset // 4 :: length_step][:count].tolist(),
            self._words[::step][:count].tolist(),
            self._words[2::step][:count].tolist(),
            self._times[2::time_step][:count].tolist(),
            self._times[3::time_step][:count].tolist(),
        )
        return zip(*columns, strict=True)


def open_socket(buffer: int) -> socket.socket:
    """Return a socket on a free port of 127.0.0.1 that notes arrivals and can hold ``buffer`` bytes if it may."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        try:
            made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer)
        except PermissionError:
            # Without the right to, net.core.rmem_max bounds it; 60-psfu.conf raises that.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.bind(("127.0.0.1", 0))
    except BaseException:
        made.close()
        raise
    return made


def dropped(made: socket.socket) -> int:
    """Return how many datagrams the kernel dropped because the socket was full, since it was made."""
    raw = made.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * _MEMINFO_WORDS)
    return int.from_bytes(raw[4 * _DROPS :][:4], "little")
