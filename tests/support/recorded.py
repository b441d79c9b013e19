"""Recordings made by hand, exactly as the recorder writes them, small enough to change every byte of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.recording.digest import Digest
from proctor_sfu.recording.journal import Header, encode_packet
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.seal import finish

ID: Final = "exam-101/ann/20260101T090000Z"
KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
START_US: Final = 1_767_258_000_000_000
"""2026-01-01T09:00:00Z."""


def rtp(number: int, ssrc: int = 1111, size: int = 40) -> bytes:
    """Return a packet with its number in it."""
    head = b"\x80\xe0" + (number & 0xFFFF).to_bytes(2, "big") + (number * 3000 & 0xFFFFFFFF).to_bytes(4, "big")
    return head + ssrc.to_bytes(4, "big") + b"\x10\x00" + number.to_bytes(8, "big") + bytes(size)


class Tape:
    """A recording that is being written."""

    def __init__(self, directory: Path, recording: str = ID) -> None:
        self.id = recording
        self.folder = directory / recording
        self.folder.mkdir(parents=True)
        self.ledger = LedgerFile.open(self.folder, create=True)
        self._at = START_US / 1e6
        self.row("recording_begun", recording=recording, room="exam-101", candidate="ann", retain_days=0)

    def row(self, event: str, **fields: object) -> None:
        """Write a row."""
        self._at += 1
        self.ledger.append(event, self._at, fields)

    def journal(
        self, track: str = "camera", segment: int = 1, *, packets: Sequence[bytes] = (), start_us: int = START_US,
        checkpoints: Sequence[int] = (), closed: bool = True, codec: str = "vp8", arrivals: Sequence[int] | None = None,
        clock: tuple[int, int] | None = None, ssrc: int = 1111,
    ) -> Path:  # fmt: skip
        """Write a journal, 10 ms between packets unless ``arrivals`` (microseconds since it began) are given.

        ``checkpoints``: after how many packets.
        """
        path = self.folder / f"{track}-{segment:04}.mjr"
        sound = codec == "opus"
        header = Header(
            kind="audio" if sound else "video", codec=codec, started_us=start_us, recording=self.id, track=track,
            segment=segment, ssrc=ssrc, payload_type=101, clock_rate=48_000 if sound else 90_000,
            channels=2 if sound else 1,
        )  # fmt: skip
        times = arrivals if arrivals is not None else [10_000 * number for number in range(len(packets))]
        digest = Digest()
        self.row("segment_opened", track=track, file=path.name, ssrc=1111, codec="vp8")
        with path.open("wb") as file:

            def write(piece: bytes) -> None:
                file.write(piece)
                digest.update(piece)

            def state(count: int) -> dict[str, object]:
                mark = digest.mark()
                fields: dict[str, object] = {
                    "track": track, "file": path.name, "bytes": mark.size, "packets": count, "sha256": mark.sha256,
                    "crc32": mark.crc32, "first_us": start_us,
                    "last_us": start_us + (times[count - 1] if count else 0),
                }  # fmt: skip
                return fields if clock is None else fields | {"clock": list(clock)}

            write(header.encode())
            for number, packet in enumerate(packets):
                if number in checkpoints:
                    self.row("checkpoint", **state(number))
                write(encode_packet(times[number] // 1000, packet))
            if closed:
                self.row("segment_closed", **state(len(packets)))
        return path

    def stop(self) -> Path:
        """Leave it as a crash would."""
        self.ledger.close()
        return self.folder

    def finish(self, key: Ed25519PrivateKey = KEY) -> Path:
        """Finish and sign it."""
        self.ledger.close()
        finish(self.folder, self.id, {"reason": "a test"}, key)
        return self.folder


def finished(directory: Path, recording: str = ID) -> Path:
    """Return a finished recording of two tracks, one of them in two journals with a gap between."""
    tape = Tape(directory, recording)
    tape.journal("camera", 1, packets=[rtp(n) for n in range(12)], checkpoints=[5])
    tape.row("gap", track="camera", from_us=START_US + 110_000, to_us=START_US + 9_000_000, cause="worker-died")
    tape.journal("camera", 2, packets=[rtp(n) for n in range(5)], start_us=START_US + 9_000_000)
    tape.journal("microphone", 1, packets=[rtp(n, size=10) for n in range(5)])
    return tape.finish()


def crashed(directory: Path, recording: str = ID) -> Path:
    """Return a recording whose only journal was not closed: six of nine packets are pinned down."""
    tape = Tape(directory, recording)
    tape.journal("camera", 1, packets=[rtp(n) for n in range(9)], checkpoints=[3, 6], closed=False)
    return tape.stop()
