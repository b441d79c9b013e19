"""A recorder process with a daemon made of a test: messages go in, packets go in, messages and files come out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from proctor_sfu.recording import ledger_file, protocol
from proctor_sfu.recording.folder import journals
from proctor_sfu.recording.ledger import Row
from proctor_sfu.recording.protocol import (
    Begin,
    BeginTrack,
    Begun,
    Configure,
    End,
    Ended,
    EndTrack,
    Inlet,
    Ready,
    ToDaemon,
    ToRecorder,
    TrackReady,
)
from proctor_sfu.recording.reading import JournalFile
from proctor_sfu.recording.receive import open_socket

LIMIT: Final = 20.0
"""Seconds after which a test stops waiting."""
_T = TypeVar("_T")


class Source:
    """Sends RTP packets of one track, each with its number in it."""

    def __init__(self, address: tuple[str, int], ssrc: int, *, clock: int = 90_000, size: int = 600) -> None:
        self.sent: list[bytes] = []
        self.ssrc = ssrc
        self._address = address
        self._clock = clock
        self._filling = bytes(size)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, count: int = 1, *, key: bool = False) -> None:
        """Send packets of VP8, each a frame."""
        for _ in range(count):
            number = len(self.sent)
            head = b"\x80\xe0" + (number & 0xFFFF).to_bytes(2, "big") + (number * 4500 & 0xFFFFFFFF).to_bytes(4, "big")
            frame = b"\x10" + (b"\x00" if key else b"\x01") + number.to_bytes(8, "big") + self._filling
            packet = head + self.ssrc.to_bytes(4, "big") + frame
            self.sent.append(packet)
            self._socket.sendto(packet, self._address)

    def report(self, unix_us: int, timestamp: int) -> None:
        """Send a sender report."""
        ntp = ((unix_us // 1_000_000 + 2_208_988_800) << 32) | (unix_us % 1_000_000 << 32) // 1_000_000
        packet = b"\x80\xc8\x00\x06" + self.ssrc.to_bytes(4, "big") + ntp.to_bytes(8, "big")
        self._socket.sendto(packet + timestamp.to_bytes(4, "big") + bytes(8), self._address)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Deck:
    """Ends the process in `close`; ``with`` does."""

    def __init__(self, directory: Path, *, environment: Mapping[str, str] | None = None, **configured: Any) -> None:
        self.directory = directory
        self._environment = {**os.environ, **(environment or {})}
        self.messages: list[ToDaemon] = []
        self.inlets: dict[int, socket.socket] = {}
        directory.mkdir(exist_ok=True)
        self._sources: list[Source] = []
        self._configured = {
            "directory": str(directory), "segment_seconds": 600.0, "checkpoint_seconds": 10.0, "memory_bytes": 64 << 20,
            "signing_key": str(directory / "signing.pem"), "master_key": None, **configured,
        }  # fmt: skip
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.messages.clear()
        with there:
            process = subprocess.Popen(
                [sys.executable, "-m", "proctor_sfu.recording.recorder", str(there.fileno())],
                pass_fds=(there.fileno(),),
                env=self._environment,
            )
        self.control.settimeout(0.2)
        self.tell(Configure(**self._configured))
        self.process = process
        self.wait(Ready)
        return process

    def __enter__(self) -> Deck:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the daemon end, and with it the recorder."""
        self.control.close()
        try:
            assert self.process.wait(timeout=LIMIT) in (0, -signal.SIGKILL)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for each in (*self.inlets.values(), *self._sources):
                each.close()

    def freeze(self) -> None:
        """Stop the recorder where it is, until it is killed."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def kill(self) -> None:
        """Kill the recorder and start another one, as the daemon would."""
        self.process.kill()
        self.process.wait()
        self.control.close()
        self._spawn()

    # Messages.

    def tell(self, message: ToRecorder, *descriptors: int) -> None:
        """Send a message."""
        socket.send_fds(self.control, [protocol.encode(message)], list(descriptors))

    def hear(self) -> None:
        """Take a message, if there is one soon."""
        try:
            data = self.control.recv(protocol.LARGEST)
        except TimeoutError:
            assert self.process.poll() is None, f"the recorder ended with {self.process.poll()}"
            return
        assert data, f"the recorder is gone: {self.process.wait(timeout=LIMIT)}"
        self.messages.append(protocol.decode(data))  # type: ignore[arg-type]

    def wait(self, kind: type[_T], match: Callable[[_T], bool] = lambda _: True) -> _T:
        """Wait for a message, also one that came before."""
        end = time.monotonic() + LIMIT
        seen = 0
        while time.monotonic() < end:
            for message in self.messages[seen:]:
                if isinstance(message, kind) and match(message):
                    return message
            seen = len(self.messages)
            self.hear()
        raise AssertionError(f"no {kind.__name__} within {LIMIT:g} s: {self.messages[-5:]}")

    def forget(self) -> None:
        """Take what came so far and forget it."""
        self.control.settimeout(0)
        try:
            while self.control.recv(protocol.LARGEST):
                pass
        except BlockingIOError:
            self.messages.clear()
        self.control.settimeout(0.2)

    # What a daemon does.

    def begin(self, recording: str, cause: str = "daemon-died") -> Path:
        """Begin a recording and return its folder."""
        folder = self.directory / recording
        self.tell(Begin(recording=recording, folder=str(folder), fields={"by": "a test"}, cause=cause))
        self.wait(Begun, lambda each: each.recording == recording)
        return folder

    def inlet(self, recording: str, number: int = 1) -> socket.socket:
        """Make an inlet, or give the recorder the one there is."""
        if number not in self.inlets:
            self.inlets[number] = open_socket(4 << 20)
        made = self.inlets[number]
        self.tell(Inlet(recording=recording, inlet=number), made.fileno())
        return made

    def track(
        self, recording: str, track: str = "camera", *, ssrc: int = 1111, inlet: int = 1,
        source: Source | None = None, size: int = 600,
    ) -> Source:  # fmt: skip
        """Begin a track; the source sends to it."""
        self.tell(
            BeginTrack(
                recording=recording, track=track, inlet=inlet, kind="audio" if track == "microphone" else "video",
                codec="opus" if track == "microphone" else "vp8", ssrc=ssrc, payload_type=101, clock_rate=90_000,
                channels=1, parameters={},
            )
        )  # fmt: skip
        self.wait(TrackReady, lambda each: (each.recording, each.track, each.ssrc) == (recording, track, ssrc))
        if source is None:
            source = Source(self.inlets[inlet].getsockname(), ssrc, size=size)
            self._sources.append(source)
        return source

    def end_track(self, recording: str, track: str, cause: str) -> None:
        """End a track."""
        self.tell(EndTrack(recording=recording, track=track, cause=cause))

    def interrupt(self, recording: str, cause: str) -> None:
        """End a recording that goes on another time, as a daemon that stops does; nothing is waited for."""
        self.tell(End(recording=recording, final=False, fields={"cause": cause}))

    def finish(self, recording: str) -> None:
        """End a recording for good and wait until it is signed."""
        self.tell(End(recording=recording, final=True, fields={"by": "a test"}))
        self.wait(Ended, lambda each: each.recording == recording and each.final)


def packets(folder: Path, track: str, key: bytes | None = None) -> list[bytes]:
    """Return all packets of a track, as they were written."""
    recording = "/".join(folder.parts[-3:])
    return [
        packet.data
        for path in journals(folder)
        if path.name.startswith(f"{track}-")
        for packet in JournalFile(path, recording, key).packets()
    ]


def wait_for_packets(folder: Path, track: str, count: int, key: bytes | None = None) -> None:
    """Wait until the journals of a track have so many packets."""
    end = time.monotonic() + LIMIT
    while (found := len(packets(folder, track, key))) < count:
        assert time.monotonic() < end, f"{found} of {count} packets"
        time.sleep(0.02)


def rows(folder: Path, event: str | None = None) -> list[Row]:
    """Return the rows of a ledger, which must be whole."""
    found = ledger_file.read(folder)
    assert found.problem is None
    return [row for row in found.rows if event in (None, row.event)]


def wait_for_row(folder: Path, event: str, count: int = 1) -> Row:
    """Wait for a row; a file cannot be waited for, so look again and again."""
    end = time.monotonic() + LIMIT
    while len(found := rows(folder, event)) < count:
        assert time.monotonic() < end, f"no {event}: {[row.event for row in rows(folder)]}"
        time.sleep(0.02)
    return found[count - 1]


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
