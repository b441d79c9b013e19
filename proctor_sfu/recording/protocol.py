"""What the daemon and its recorder tell each other: one message in one datagram of a socket pair.

A message is JSON with the name of its type; descriptors travel beside it (unix(7), SCM_RIGHTS). Both ends are psfu of
the same version, so a message that is not understood is a bug and raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias

LARGEST: Final = 65_536
"""Bytes of a message."""
TRACKS: Final = 400
"""Most tracks in one `Flow`, so that it fits."""


# The daemon to the recorder.


@dataclass(frozen=True, slots=True, kw_only=True)
class Configure:
    """The first message: how to write."""

    directory: str
    """Below which all recordings are."""
    segment_seconds: float
    """After which a journal is closed and another one begun."""
    checkpoint_seconds: float
    """After which the ledger pins down what is on the disk of a journal."""
    memory_bytes: int
    """Most that waits for the disk."""
    signing_key: str
    """Path of the key that signs manifests."""
    master_key: str | None
    """Path of the key that wraps those of recordings; None: nothing is encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Begin a recording, or go on with the one in ``folder``."""

    recording: str
    folder: str
    fields: Mapping[str, Any]
    """Of the first row, should it begin."""
    cause: str
    """Why it was interrupted, should it go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlet:
    """Receive from a socket, whose descriptor comes with this message."""

    recording: str
    inlet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseInlet:
    """Receive from it no more."""

    inlet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginTrack:
    """Write what arrives with ``ssrc`` at an inlet; answered by `TrackReady`."""

    recording: str
    track: str
    inlet: int
    kind: str
    codec: str
    ssrc: int
    payload_type: int
    clock_rate: int
    channels: int
    parameters: Mapping[str, Any]
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else the ledger is to say of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTrack:
    """Close the track's journal."""

    recording: str
    track: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """The track is silent, or is about to be, because of ``cause``."""

    recording: str
    track: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Write a row."""

    recording: str
    event: str
    fields: Mapping[str, Any]
    at: float | None = None
    """When it happened, Unix time; None: now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Close all journals of a recording; if ``final`` it is complete and gets its manifest. Answered by `Ended`."""

    recording: str
    final: bool
    fields: Mapping[str, Any]
    """Of the last row."""


# The recorder to the daemon.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """It is configured and receives."""

    public_key: str
    """Fingerprint of the key that signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A recording is on disk; ``resumed``: it was there before."""

    recording: str
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A recording cannot be written."""

    recording: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InletRefused:
    """Nothing is received at an inlet, nor of tracks that are begun there; the recording goes on without."""

    recording: str
    inlet: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the ledger of a recording has come to; said whenever that changes."""

    recording: str
    gaps: int
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackReady:
    """Packets of the track will be written from now on."""

    recording: str
    track: str
    ssrc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WantKeyFrame:
    """Ask the source for a key frame."""

    recording: str
    track: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackFlow:
    """Counters of a track since it began."""

    recording: str
    track: str
    received: int
    """Packets."""
    written: int
    """Packets handed to the disk."""
    bytes: int
    """Of journals, handed to the disk."""
    lost: int
    """Packets that never arrived, as their sequence numbers tell."""
    last: float
    """Arrival of the latest, Unix time; 0: none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Once a second: what flows. Large exams need several messages."""

    tracks: tuple[TrackFlow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Once a second: how the disk does."""

    free: int
    """Bytes."""
    size: int
    """Bytes."""
    waiting: int
    """Bytes received but not written."""
    written: int
    """Bytes written since the start."""
    busy: float
    """Part of the last second the disk was worked on, 0 to 1."""
    at_risk: float
    """Seconds since everything received was last on the disk."""
    trouble: str
    """``""``, ``disk-full``, ``disk-slow`` or ``disk-failed``."""
    reason: str
    overflowed: int
    """Packets that did not fit into memory while the disk did not take them."""
    dropped: int
    """Packets the kernel dropped since the recorder came too late for them."""
    write_errors: int
    """Attempts to write that the disk refused; each is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """All of a recording is on disk; if it was final, signed."""

    recording: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something for the daemon's log."""

    level: str
    event: str
    fields: Mapping[str, Any]


ToRecorder: TypeAlias = (
    Configure | Begin | Inlet | CloseInlet | BeginTrack | EndTrack | Explain | Note | End
)  # fmt: skip
ToDaemon: TypeAlias = (
    Ready | Begun | Failed | InletRefused | Standing | TrackReady | WantKeyFrame | Flow | Disk | Ended | Said
)  # fmt: skip

_TYPES: Final[dict[str, type[Any]]] = {
    each.__name__: each
    for each in (
        Configure, Begin, Inlet, CloseInlet, BeginTrack, EndTrack, Explain, Note, End,
        Ready, Begun, Failed, InletRefused, Standing, TrackReady, WantKeyFrame, Disk, Ended, Said,
    )
}  # fmt: skip
_FLOW: Final = "Flow"


def encode(message: ToRecorder | ToDaemon) -> bytes:
    """Return a message as bytes."""
    if isinstance(message, Flow):
        # Hundreds of tracks every second: values only.
        rows = [
            [each.recording, each.track, each.received, each.written, each.bytes, each.lost, each.last]
            for each in message.tracks
        ]
        return json.dumps([_FLOW, rows], separators=(",", ":")).encode()
    return json.dumps([type(message).__name__, asdict(message)], separators=(",", ":")).encode()


def decode(data: bytes) -> ToRecorder | ToDaemon:
    """Return the message."""
    name, members = json.loads(data)
    if name == _FLOW:
        names = TrackFlow.__slots__
        return Flow(tracks=tuple(TrackFlow(**dict(zip(names, row, strict=True))) for row in members))
    return _TYPES[name](**members)  # type: ignore[no-any-return]
