"""The socket between daemon and recorder: what was said last is heard."""

from __future__ import annotations

import socket

import pytest

from proctor_sfu.recording import pipe, protocol
from proctor_sfu.recording.protocol import End, Ready


def test_what_one_end_said_last_is_heard_though_it_left_things_unread() -> None:
    daemon, recorder = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    said = End(recording="exam-101/ann/20260101T090000Z", final=False, fields={"cause": "daemon-stopped"})
    with recorder:
        with daemon:
            assert pipe.send(recorder, protocol.encode(Ready(public_key="")))
            assert pipe.send(daemon, protocol.encode(said))
        assert pipe.receive(recorder) == (said, [])
        with pytest.raises(EOFError):
            pipe.receive(recorder)
