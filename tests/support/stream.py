"""A double of the daemon's stream of frames, and of nothing else: it sends what a test or bench says, when it says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Frame

NONE = b'HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n{"error":{"code":"not_found","message":"nothing here"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"


def line(frame: Frame) -> bytes:
    """Return a frame as the stream has it."""
    return msgspec.json.encode(frame) + b"\n"


@contextmanager
def streaming(path: Path, send: Callable[[Callable[[bytes], None]], None]) -> Iterator[None]:
    """Answer at ``path`` with the head of a stream of frames, and call ``send`` with what sends lines of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):  # Closed at the end, by us or by the reader.
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                if not connection.recv(65536).startswith(b"GET /v1/quality/stream"):
                    connection.sendall(NONE)
                    return
                connection.sendall(HEAD + json.dumps({"columns": rows.header(Frame)}).encode() + b"\n")
                send(connection.sendall)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
