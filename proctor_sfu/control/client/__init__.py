"""The control API from the other side, one file for each noun: ``Client(path).rooms.list()``."""

from __future__ import annotations

from pathlib import Path

from proctor_sfu.control.client.audit import Audit
from proctor_sfu.control.client.candidates import Candidates
from proctor_sfu.control.client.daemon import Daemon
from proctor_sfu.control.client.events import Events
from proctor_sfu.control.client.quality import Quality
from proctor_sfu.control.client.recordings import Recordings
from proctor_sfu.control.client.rooms import Rooms
from proctor_sfu.control.client.tokens import Tokens
from proctor_sfu.control.client.transport import TIMEOUT, Transport
from proctor_sfu.control.client.workers import Workers


class Client:
    """Talks to the daemon at a socket. Every method raises `UnreachableError` or `AnswerError`."""

    def __init__(self, path: Path, *, timeout: float = TIMEOUT) -> None:
        transport = Transport(path, timeout=timeout)
        self.daemon = Daemon(transport)
        self.rooms = Rooms(transport)
        self.audit = Audit(transport)
        self.candidates = Candidates(transport)
        self.tokens = Tokens(transport)
        self.workers = Workers(transport)
        self.recordings = Recordings(transport)
        self.quality = Quality(transport)
        self.events = Events(transport)
