"""TCP ports for servers that are started anew where they were.

Nobody may be given such a port while nobody listens there: not by the kernel, which gives those of
``net.ipv4.ip_local_port_range`` to whoever asks for any, and not by a worker, which takes any from 10,000 on. Browsers
refuse some ports below, and none of these.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from typing import Final

_FIRST: Final = 7_000
_COUNT: Final = 3_000
# Processes of tests that run side by side have ids close together; none needs so many ports.
_numbers = itertools.count(20 * os.getpid())


def free_port() -> int:
    """Return one on loopback that is free and stays so; each is returned once."""
    for number in itertools.islice(_numbers, _COUNT):
        port = _FIRST + number % _COUNT
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
