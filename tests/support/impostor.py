"""A server on a Unix socket that answers what a test says: a daemon that is broken, hostile or silent."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

Answer: TypeAlias = Callable[[str, str], tuple[int, bytes]]
"""Takes method and path, returns status and body; a status of 0 closes the connection without an answer."""


@contextmanager
def impostor(path: Path, answer: Answer | Any) -> Iterator[Path]:
    """Answer every request at ``path``; anything but a function is the JSON of every answer."""
    reply: Answer = answer if callable(answer) else lambda method, target: (200, json.dumps(answer).encode())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Whoever still sends a body must not find the connection closed.
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = reply(self.command, self.path)
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_DELETE = do_GET

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *args: Any) -> None:
            pass

    with socketserver.UnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown()
            thread.join()


def impostor_room(room_id: str, **changed: object) -> dict[str, object]:
    """Return a room as a daemon would answer it."""
    room: dict[str, object] = {
        "id": room_id, "open": True, "state": "running", "created_at": "2026-01-01T00:00:00Z", "not_before": None,
        "expires": None, "worker": 1, "max_candidates": 1, "expected": 0, "candidates": 1, "proctors": 0,
        "producers": 0, "consumers": 0, "required": [], "record": [], "retain_days": None, "second_login": "refuse",
        "codec": "vp8", "assign": "all",
    }  # fmt: skip
    return room | changed
