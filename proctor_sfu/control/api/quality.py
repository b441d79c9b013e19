"""Live quality: one frame of everything a monitor shows, made by the daemon once a second.

Every number may be None: not known, which is never zero. Bitrates are bits per second, losses percent, round trips
and jitter milliseconds, sizes bytes, spans seconds, times RFC 3339 in UTC. What a number was made of is in `ORIGIN`,
or beside it where that differs from client to client (``loss_from``, ``rtt_from``, ``available_from``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec.structs import replace

from proctor_sfu.control.api.rows import Row

Level: TypeAlias = Literal["ok", "warn", "bad", "none"]
"""Debounced verdict; ``none``: there is nothing to judge (not connected yet, paused, left)."""

State: TypeAlias = Literal["expected", "joining", "live", "degraded", "reconnecting", "lost", "left"]
"""Of a candidate, proctor or observer. ``degraded``: connected, but a source or the link is bad."""

Path: TypeAlias = Literal["udp", "tcp", "relay"]
"""How media travels; ``relay`` when it comes from a TURN server psfu knows of."""


class Layer(Row, frozen=True):
    """One encoding of a simulcast source, smallest picture first."""

    rid: str | None
    bitrate: float | None
    loss: float | None
    score: int | None
    """0 to 10, the worker's own."""


class Source(Row, frozen=True):
    """What a candidate publishes: camera, screen or microphone; of several layers, all of them together."""

    source: str
    producer: str
    """Id."""
    kind: Literal["audio", "video"]
    codec: str
    """MIME type."""
    paused: bool
    level: Level
    reasons: tuple[str, ...]
    """Codes, worst first; see `REASONS`."""
    health: int | None
    """0 to 100."""
    bitrate: float | None
    """Media without retransmissions, over the last 2 s."""
    packets: float | None
    """Packets per second."""
    loss: float | None
    """Lost for good, percent of what was sent, over the last 10 s."""
    loss_from: Literal["packets", "rtx"] | None
    """``rtx``: repairs come in a stream of their own and are taken off; ``packets``: they come in the same stream."""
    repaired: float | None
    """Lost but sent again in time, percent of what was sent, over the last 10 s."""
    rtt_ms: float | None
    rtt_from: Literal["xr"] | None
    """``xr``: the client answers RTCP extended reports, as browsers do."""
    jitter_ms: float | None
    fps: float | None
    """Pictures per second of the largest layer, measured in turn; at most a minute old."""
    gap_s: float | None
    """Seconds without media in the last 5 minutes, pauses not counted."""
    silent_s: float | None
    """Seconds since its last packet."""
    layer: str | None
    """Largest layer that arrives, ``spatial.temporal``."""
    layers: tuple[Layer, ...]
    """More than one only for simulcast."""
    score: int | None
    """0 to 10, the worker's own, of the best layer: 9 and 10 are good, 7 is 8 % loss already."""


class Candidate(Row, frozen=True):
    """A candidate; what concerns several sources is that of the worst."""

    id: str
    room: str
    name: str
    state: State
    state_s: float | None
    """Seconds in this state."""
    level: Level
    reasons: tuple[str, ...]
    health: int | None
    worker: int | None
    """Process id."""
    address: str | None
    """Where its media comes from, without the port; of signaling until media flows."""
    path: Path | None
    ice: str | None
    """State of ICE as the worker tells it."""
    dtls: str | None
    bitrate: float | None
    """All it sends, with retransmissions and probes."""
    loss: float | None
    repaired: float | None
    rtt_ms: float | None
    jitter_ms: float | None
    gap_s: float | None
    available_bitrate: float | None
    """What its uplink can carry."""
    available_from: Literal["client", "remb"] | None
    """``client``: as its own congestion control says; ``remb``: as the worker told it."""
    connected_at: str | None
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    """Sources it has to publish and does not."""
    watchers: tuple[str, ...]
    """Ids of the proctors and observers that receive any of its sources now."""
    recording: Literal["on", "off", "error"] | None


class Proctor(Row, frozen=True):
    """A proctor or observer, and its downlink."""

    id: str
    room: str
    name: str
    role: str
    state: State
    state_s: float
    level: Level
    reasons: tuple[str, ...]
    worker: int | None
    address: str | None
    path: Path | None
    bitrate: float | None
    """All it is sent, with retransmissions and probes."""
    loss: float | None
    """Percent of the packets sent to it that never arrived, over the last 10 s, of up to eight of its streams."""
    rtt_ms: float | None
    rtt_from: Literal["rr"] | None
    """``rr``: its receiver reports, which every client sends."""
    available_bitrate: float | None
    available_from: Literal["twcc", "remb"] | None
    consumers: int
    paused_consumers: int
    lowered_consumers: int
    """Get a smaller layer than there is, or none."""


class Worker(Row, frozen=True):
    """A mediasoup-worker process."""

    pid: int
    state: Literal["running", "draining"]
    level: Level
    reasons: tuple[str, ...]
    cpu: float | None
    """Percent of one core."""
    memory: int | None
    """Resident size."""
    packets_in: float | None
    """Per second, of all producers."""
    packets_out: float | None
    """Per second, of all consumers; of proctors with more than eight, as far as the bytes sent to them tell."""
    bitrate_in: float | None
    bitrate_out: float | None
    answer_ms: float | None
    """Time it took to answer the requests of this sample."""
    rooms: int
    routers: int
    transports: int
    producers: int
    consumers: int
    port: int
    started_at: str


class Room(Row, frozen=True):
    """A room at a glance."""

    id: str
    state: Literal["running", "moving"]
    open: bool
    worker: int | None
    created_at: str
    level: Level
    """Of its worst candidate."""
    candidates: int
    """Those who are or were there."""
    live: int
    """Candidates whose media flows, well or badly."""
    expected: int | None
    """Candidates of the roster; None without one."""
    proctors: int
    warn: int
    """Candidates of this level."""
    bad: int
    bitrate_in: float | None
    bitrate_out: float | None
    health: int | None
    """Of its worst candidate."""
    loss_p95: float | None
    """Of its candidates."""
    rtt_p95_ms: float | None
    recordings: int | None


class Incident(Row, frozen=True):
    """Several candidates got worse within 3 s: what they have in common."""

    id: int
    at: str
    room: str | None
    """The room of all of them, None if there are several."""
    candidates: tuple[str, ...]
    """``room/id``."""
    shared: Literal["worker", "proctor", "network", "path", "room", "nothing"]
    """``network``: the same block of addresses; ``proctor``: they are well, and those who see them badly share one."""
    value: str
    """Which worker, block, path or proctor."""
    others: int
    """Candidates that share the same and are well; few of them make the verdict sure."""
    summary: str
    """One line for people."""


class Daemon(Row, frozen=True):
    """The daemon and everything in it."""

    version: str
    pid: int
    node: str
    """Host name."""
    uptime_s: float
    ready: bool
    cpu: float | None
    """Percent of one core, without the workers."""
    memory: int | None
    loop_lag_ms: float | None
    """How late the event loop ran a timer, the worst of this second."""
    sample_ms: float | None
    """Time from the first question of this sample to its last answer."""
    full: bool
    """Whether all was asked; False: nobody looks, so only what events and history need."""
    rooms: int
    candidates: int
    live: int
    proctors: int
    workers: int
    workers_target: int
    restarts: int
    ok: int
    """Candidates of this level."""
    warn: int
    bad: int
    bitrate_in: float | None
    bitrate_out: float | None
    recordings: int | None


class Frame(Row, frozen=True):
    """Everything at one moment. ``seq`` grows by one a second; a reader that was slow misses some."""

    seq: int
    at: str
    daemon: Daemon
    workers: tuple[Worker, ...]
    rooms: tuple[Room, ...]
    candidates: tuple[Candidate, ...]
    proctors: tuple[Proctor, ...]
    incidents: tuple[Incident, ...]
    """Of the last 60 s, newest last."""


def only_room(frame: Frame, room: str) -> Frame:
    """Return a frame with what belongs to a room."""
    return replace(
        frame,
        rooms=tuple(each for each in frame.rooms if each.id == room),
        candidates=tuple(each for each in frame.candidates if each.room == room),
        proctors=tuple(each for each in frame.proctors if each.room == room),
        incidents=tuple(each for each in frame.incidents if each.room in (room, None)),
    )


REASONS: Final[Mapping[str, str]] = {
    "disconnected": "no connection to the server",
    "transport": "media connection lost",
    "no_media": "nothing arrives although nothing is paused",
    "gap": "media stopped for a while",
    "loss": "packets are lost for good",
    "rtt": "the way to the server and back is long",
    "jitter": "packets arrive unevenly",
    "bitrate": "far less than it used to send",
    "fps": "far fewer pictures than it used to send",
    "score": "the worker rates the stream badly",
    "frozen": "the picture does not seem to move",
    "silence": "the microphone seems to be mute",
    "source_missing": "a required source is not published",
    "downlink": "the proctor's own connection loses packets",
    "cpu": "the worker has no processor time left",
    "slow": "the worker answers late",
}
"""Code -> what it means, for people."""

ORIGIN: Final[Mapping[str, str]] = {
    "source.bitrate": "bytes the worker received of the stream, difference of counters",
    "source.packets": "packets the worker received of the stream, difference of counters",
    "source.loss": "holes in the sequence numbers the worker saw, less what a retransmission stream filled (loss_from"
    " rtx), or as they are when repairs come in the same stream (loss_from packets)",
    "source.repaired": "packets the worker asked for again and got",
    "source.rtt_ms": "RTCP XR: the worker's report and the client's answer; none when the client answers none",
    "source.jitter_ms": "interarrival jitter of RFC 3550 as the worker computes it",
    "source.fps": "distinct RTP timestamps seen while the worker traced its packets for a moment",
    "source.gap_s": "seconds in which the packet counter stood still",
    "source.score": "the worker's own score, of loss only",
    "candidate.bitrate": "bytes of the transport",
    "candidate.available_bitrate": "the client's own estimate (available_from client), or REMB of the worker (remb)",
    "proctor.bitrate": "bytes of the transport",
    "proctor.loss": "the client's receiver reports, less what was lost before it reached the worker",
    "proctor.rtt_ms": "the client's receiver reports",
    "proctor.available_bitrate": "bandwidth estimate of the worker; none with clients that only send REMB",
    "worker.cpu": "getrusage of the worker, difference",
    "worker.memory": "procfs",
    "worker.packets_out": "packets of up to eight streams of each proctor, difference of counters; of one with more,"
    " times the share these have in the bytes of its transport",
}
"""Number -> what it is made of, for people."""
