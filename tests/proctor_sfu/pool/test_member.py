"""A worker of the pool: the sockets it opens are as the settings say."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.worker import WorkerSettings
from proctor_sfu.pool.member import Member
from proctor_sfu.settings import Rtc

PIDFD_GETFD = 438
"""Of pidfd_getfd(2), the same on every machine."""


def udp_sockets(pid: int) -> Iterator[socket.socket]:
    """Yield copies of a process's UDP sockets."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    try:
        for each in os.listdir(f"/proc/{pid}/fd"):
            if not os.readlink(f"/proc/{pid}/fd/{each}").startswith("socket:"):
                continue
            copy = libc.syscall(PIDFD_GETFD, process, int(each), 0)
            assert copy >= 0, os.strerror(ctypes.get_errno())
            with socket.socket(fileno=copy) as found:
                if found.type == socket.SOCK_DGRAM and found.family == socket.AF_INET:
                    yield found
    finally:
        os.close(process)


def limit(name: str) -> int:
    return int(Path(f"/proc/sys/net/core/{name}").read_text())


@pytest.mark.parametrize("asked", [0, 65_536, 268_435_456])
async def test_buffers_are_as_large_as_asked_for_and_allowed(worker_binary: WorkerBinary, asked: int) -> None:
    settings = WorkerSettings(path=worker_binary.path, schema=worker_binary.schema)
    member = await Member.start(0, settings, Rtc(buffer_bytes=asked))
    try:
        (found,) = [
            (each.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))
            for each in udp_sockets(member.worker.pid)
        ]
    finally:
        member.worker.close()
        await member.worker.wait_closed()
    # The kernel doubles what is asked for, to have room for its own books; see socket(7).
    expected = [2 * min(asked, limit(f"{way}mem_max")) or limit(f"{way}mem_default") for way in ("w", "r")]
    assert list(found) == expected
