"""How fast this machine is at what targets of processor time were set by, so that they mean the same on another.

The targets in cores come from a machine on which a plain loop of Python, with nothing of a recorder but ``epoll``,
``recv_into``, a file for each track and ``fdatasync`` every second, took `REFERENCE` for each of 45,000 packets a
second of 450 tracks. The loop here is as plain. What it takes tells how many cores of this machine one of that is.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

REFERENCE: Final = 4.4
"""Microseconds a packet. It was 22 % of a core there, 4.9 a packet, for a loop outside functions, of which this one
takes 0.91, the median of five turns of both on one machine."""
TRACKS: Final = 450
RATE: Final = 45_000
"""Packets a second of all tracks."""
STEP: Final = 0.001
SECONDS: Final = 4.0
SIZE: Final = 900
ROUNDS: Final = 3
_MARK: Final = struct.Struct(">4sIH")


def slowness() -> float:
    """Return how many times as long as that machine this one takes; the median of some rounds."""
    return median(plain_loop() for _ in range(ROUNDS)) / REFERENCE


def plain_loop() -> float:
    """Return the microseconds of processor time the loop takes for a packet, when none is lost."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        poll = stack.enter_context(select.epoll())
        tracks = {}
        for number in range(TRACKS):
            made = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            made.bind(("127.0.0.1", 0))
            made.setblocking(False)
            poll.register(made, select.EPOLLIN)
            tracks[made.fileno()] = made, stack.enter_context((folder / f"{number}").open("wb", buffering=1 << 16))
        ports = [str(made.getsockname()[1]) for made, _ in tracks.values()]
        sender = stack.enter_context(
            subprocess.Popen([sys.executable, __file__, *ports], stdout=subprocess.PIPE, text=True)
        )
        buffer = bytearray(2048)
        view = memoryview(buffer)
        assert sender.stdout is not None
        sender.stdout.readline()  # It begins.
        received, begun, spent = 0, time.monotonic(), time.process_time()
        synced = begun
        while (now := time.monotonic()) < begun + SECONDS + 0.5:
            elapsed = int(1000 * (now - begun))
            for descriptor, _ in poll.poll(0.02):
                made, file = tracks[descriptor]
                try:
                    while True:
                        length = made.recv_into(buffer)
                        file.write(_MARK.pack(b"MEET", elapsed, length))
                        file.write(view[:length])
                        received += 1
                except BlockingIOError:
                    pass  # That was all.
            if now - synced > 1:
                synced = now
                for _, file in tracks.values():
                    file.flush()
                    os.fdatasync(file.fileno())
        spent = time.process_time() - spent
        sent = int(sender.stdout.readline())
        assert received == sent, f"the plain loop got {received} of {sent} packets"
        return 1e6 * spent / received


def _send(ports: list[int]) -> None:
    """Send to the tracks in turn, one packet after the other, and say how many that were."""
    packet, sent = bytes(SIZE), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        print(flush=True)
        begun = time.monotonic()
        while (elapsed := time.monotonic() - begun) < SECONDS:
            while sent < RATE * elapsed:
                made.sendto(packet, ("127.0.0.1", ports[sent % len(ports)]))
                sent += 1
            time.sleep(STEP)
    print(sent)


if __name__ == "__main__":
    _send([int(each) for each in sys.argv[1:]])
