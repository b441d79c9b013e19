"""Settings of the daemon: every key of ``psfu.toml``, every default, in this one place.

``settings_file`` reads and writes the file; ``settings_keys`` tells it, man psfu.toml(5) and messages what there is.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

LAST_PORT: Final = 65535
Port = Annotated[int, Field(ge=0, le=LAST_PORT)]


class _Section(BaseModel):
    # Strict, since a port written "4443" or true in a file is a mistake to tell of, not to guess at.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Tls(_Section):
    """HTTPS for signaling and pages. Without a certificate they are plain HTTP: for a reverse proxy that has one, since
    browsers give cameras only to pages that came by HTTPS or from the machine itself."""

    certificate: Path | None = Field(
        None,
        description="Certificate with its chain, PEM; needs key. psfu reload reads it again.",
        examples=["/etc/psfu/tls/fullchain.pem"],
    )
    key: Path | None = Field(None, description="Its private key, PEM.", examples=["/etc/psfu/tls/privkey.pem"])
    self_signed: bool = Field(
        False, description="Without a certificate, make one that browsers warn of; psfu serve --dev sets it."
    )

    @model_validator(mode="after")
    def _both(self) -> Tls:
        if (self.certificate is None) != (self.key is None):
            missing = "certificate" if self.certificate is None else "key"
            raise ValueError(f"{missing}: needed as well: a certificate and its key go together")
        return self


class Signaling(_Section):
    """The WebSocket clients join through, and the pages for browsers."""

    host: str = Field("127.0.0.1", description="Address the signaling WebSocket listens on.")
    port: Port = Field(4443, description="Its TCP port; 0 takes a free one.")
    max_message_bytes: int = Field(262_144, ge=1024, le=8_388_608, description="Largest message a client may send.")
    authenticate_seconds: float = Field(10.0, gt=0, le=300, description="Time a new connection has to authenticate.")
    grace_seconds: float = Field(
        30.0, ge=0, le=3600, description="How long a peer whose connection is lost keeps its seat and its media."
    )
    ping_seconds: float = Field(20.0, gt=0, le=600, description="Interval of WebSocket pings to each client.")
    messages_per_second: float = Field(50.0, gt=0, description="Messages a client may send in the long run.")
    messages_burst: int = Field(200, ge=1, description="Messages a client may send at once.")
    connections_per_address: int = Field(
        1000, ge=0, description="Connections from one address at a time, a whole school behind one NAT; 0: no limit."
    )
    public_url: str | None = Field(
        None, description="Where browsers reach this server, for join links; unset: the address it listens on.",
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$", examples=["https://exams.example.org"],
    )  # fmt: skip
    tls: Tls = Field(default_factory=Tls)


class Workers(_Section):
    """The mediasoup-worker processes."""

    count: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = Field(
        "auto", description="Number of workers; auto: one for each core."
    )
    log_level: Literal["debug", "warn", "error", "none"] = Field("error", description="What the workers log.")
    binary: Path | None = Field(
        None, description="A mediasoup-worker to use instead of the installed one.",
        examples=["/usr/local/bin/mediasoup-worker"],
    )  # fmt: skip

    @property
    def number(self) -> int:
        """Workers to start."""
        return len(os.sched_getaffinity(0)) if self.count == "auto" else self.count


class Rtc(_Section):
    """Where media arrives."""

    listen_ip: str = Field("127.0.0.1", description="Address the workers listen on; 0.0.0.0 for all.")
    announced_address: str | None = Field(
        None, description="Address or name clients are told instead, as behind a NAT; needed with 0.0.0.0.",
        examples=["203.0.113.7"],
    )  # fmt: skip
    listen_ip6: str | None = Field(
        None, description="IPv6 address the workers listen on as well, on the same ports; :: for all.", examples=["::"],
    )  # fmt: skip
    announced_address6: str | None = Field(
        None, description="As announced_address, for listen_ip6; needed with ::.", examples=["2001:db8::7"],
    )  # fmt: skip
    port: Port = Field(
        0, description="UDP and TCP port of the first worker, each further one takes the next; 0: free ones."
    )
    protocols: tuple[Literal["udp", "tcp"], ...] = Field(
        ("udp", "tcp"), min_length=1, description="What media is taken over; clients prefer UDP."
    )
    buffer_bytes: int = Field(
        4_194_304, ge=0, le=268_435_456,
        description="Send and receive buffer a worker asks for, bytes; the kernel gives at most net.core.wmem_max and"
        " net.core.rmem_max. 0: the system's default.",
    )  # fmt: skip
    initial_outgoing_bitrate: int = Field(
        1_000_000, ge=30_000, description="First guess of what a proctor can receive, bits per second."
    )
    key_frame_milliseconds: int = Field(
        200, ge=0, le=10_000, description="Least time between two key frame requests to a source, milliseconds."
    )

    @property
    def addresses(self) -> tuple[tuple[str, str | None], ...]:
        """What to listen on and what to announce instead, each."""
        first = (self.listen_ip, self.announced_address)
        return (first,) if self.listen_ip6 is None else (first, (self.listen_ip6, self.announced_address6))

    @field_validator("listen_ip6")
    @classmethod
    def _is_address6(cls, value: str | None) -> str | None:
        try:
            return value if value is None else str(ipaddress.IPv6Address(value))
        except ValueError:
            raise ValueError("expected an IPv6 address, such as ::1 or ::") from None

    @field_validator("listen_ip")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise ValueError("expected an IPv4 or IPv6 address, such as 127.0.0.1 or 0.0.0.0") from None
        return value

    @model_validator(mode="after")
    def _can_be_reached(self) -> Rtc:
        for number, (ip, announced) in zip(("", "6"), self.addresses, strict=False):
            if ipaddress.ip_address(ip).is_unspecified and announced is None:
                raise ValueError(
                    f"announced_address{number}: needed when listen_ip{number} is {ip}:"
                    " an address that clients can reach"
                )
        if self.listen_ip6 is None and self.announced_address6 is not None:
            raise ValueError("announced_address6: without listen_ip6 nobody is there; set that too")
        if self.listen_ip6 is not None and ":" in self.listen_ip:
            raise ValueError("listen_ip6: listen_ip is an IPv6 address already; leave this one out")
        return self


class Bitrates(_Section):
    """Most a candidate may send as each source, bits per second."""

    camera: int = Field(1_000_000, ge=50_000, le=50_000_000, description="Camera, all simulcast layers together.")
    screen: int = Field(1_600_000, ge=50_000, le=50_000_000, description="Screen.")
    microphone: int = Field(64_000, ge=6_000, le=510_000, description="Microphone, and the voice of a proctor.")


class Turn(_Section):
    """TURN and STUN servers clients are told of, with credentials of the REST kind (coturn: use-auth-secret)."""

    urls: tuple[str, ...] = Field(
        (), description="Their URLs.", examples=[["turn:turn.example.org:3478?transport=udp"]]
    )
    secret_file: Path | None = Field(
        None,
        description="File with the shared secret; when it is rotated, the new one comes first and old ones may follow,"
        " a line each.",
        examples=["/etc/psfu/credentials/turn"],
    )
    ttl_seconds: float = Field(
        14_400.0, ge=60, le=86_400, description="How long a credential is good; longer than an exam."
    )

    @field_validator("urls")
    @classmethod
    def _are_ice_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not url.startswith(("stun:", "stuns:", "turn:", "turns:")):
                raise ValueError(f"expected URLs that begin with stun:, stuns:, turn: or turns:, not {url!r}")
        return value

    @model_validator(mode="after")
    def _has_a_secret(self) -> Turn:
        if any(url.startswith("turn") for url in self.urls) and self.secret_file is None:
            raise ValueError("secret_file: needed for the TURN servers of urls: a file with their shared secret")
        return self


class Control(_Section):
    """The socket `psfu` commands talk to."""

    socket: Path | None = Field(
        None, description="Path of the Unix socket; unset: see psfu(1), FILES.", examples=["/run/psfu/control.sock"]
    )


class State(_Section):
    """What outlives the daemon: rooms, keys, the audit."""

    directory: Path | None = Field(
        None, description="Where it is kept, for one daemon alone; unset: see psfu(1), FILES.",
        examples=["/var/lib/psfu"],
    )  # fmt: skip


class Tokens(_Section):
    """Join tokens: who made those that are good here, besides the daemon itself."""

    audience: str = Field("psfu", min_length=1, description="What their claim aud has to be, or to contain.")
    ttl_seconds: float = Field(
        28_800.0, ge=1, le=31_536_000, description="How long those made here are good unless it is said."
    )
    leeway_seconds: float = Field(
        30.0, ge=0, le=600, description="Difference between the clocks of two servers that is forgiven."
    )
    public_keys: tuple[Path, ...] = Field(
        (), description="Files with the public keys (PEM) of others who make tokens: RSA, EC P-256 or Ed25519.",
        examples=[["/etc/psfu/lms.pem"]],
    )  # fmt: skip
    jwks: Path | None = Field(
        None, description="File with a JSON Web Key Set of public keys; read again when it changes.",
        examples=["/etc/psfu/lms.jwks.json"],
    )  # fmt: skip


class Audit(_Section):
    """The record of who did what, in ``audit`` below the state directory."""

    max_bytes: int = Field(
        67_108_864, ge=65_536, description="Size at which a file is put aside and a new one begun, bytes."
    )
    keep: int = Field(16, ge=1, le=1000, description="Files put aside that are kept; older ones are deleted.")
    sync_seconds: float = Field(
        1.0, ge=0, le=60, description="Most that a power cut may cost: records reach the disk this often; 0: at once."
    )


class Rooms(_Section):
    """Defaults of rooms."""

    max_candidates: int = Field(1000, ge=1, le=100_000, description="Candidates a room takes unless it says otherwise.")
    second_login: Literal["refuse", "takeover"] = Field(
        "refuse", description="What happens when somebody logs in as a peer that is connected, unless the room says."
    )
    codec: Literal["vp8", "vp9", "h264"] = Field(
        "vp8", description="What pictures are encoded as, by all who can, unless the room says otherwise."
    )


class Quality(_Section):
    """What counts as bad, from which number on it is a warning and from which on it is bad, and who is shown."""

    loss_warn: float = Field(2.0, ge=0, le=100, description="Video lost for good, percent over 10 s: warning.")
    loss_bad: float = Field(6.0, ge=0, le=100, description="Video lost for good, percent over 10 s: bad.")
    audio_loss_warn: float = Field(3.5, ge=0, le=100, description="Audio lost for good, percent over 10 s: warning.")
    audio_loss_bad: float = Field(10.0, ge=0, le=100, description="Audio lost for good, percent over 10 s: bad.")
    rtt_warn_ms: float = Field(200.0, ge=0, description="Round trip, milliseconds: warning.")
    rtt_bad_ms: float = Field(400.0, ge=0, description="Round trip, milliseconds: bad.")
    jitter_warn_ms: float = Field(30.0, ge=0, description="Jitter, milliseconds: warning.")
    jitter_bad_ms: float = Field(50.0, ge=0, description="Jitter, milliseconds: bad.")
    bitrate_warn: float = Field(
        0.5, ge=0, le=1, description="Part of its usual bitrate a camera sends less than: warning."
    )
    bitrate_bad: float = Field(0.2, ge=0, le=1, description="Part of its usual bitrate a camera sends less than: bad.")
    fps_warn: float = Field(
        0.6, ge=0, le=1, description="Part of its usual pictures a camera sends less than: warning."
    )
    fps_bad: float = Field(0.3, ge=0, le=1, description="Part of its usual pictures a camera sends less than: bad.")
    gap_warn_seconds: float = Field(3.0, ge=1, description="Time without any media of a source: warning.")
    gap_bad_seconds: float = Field(10.0, ge=1, description="Time without any media of a source: bad.")
    transport_seconds: float = Field(
        7.0, ge=1, description="Time without any packet at all after which a media connection counts as interrupted."
    )
    frozen_seconds: float = Field(
        10.0, ge=1, description="Time in which all pictures of a camera are alike and it is suspected to be frozen."
    )
    frozen_percent: float = Field(
        4.0, ge=0, le=100, description="How much the sizes of a camera's pictures may differ and be alike, percent."
    )
    silence_packet_bytes: float = Field(
        50.0, ge=0, description="Mean size of a microphone's packets, with header, up to which it is silent."
    )
    lost_seconds: float = Field(
        3600.0, ge=0, le=604_800,
        description="Time a lost candidate stays in the list, unless it is on the roster of its room.",
    )  # fmt: skip
    cpu_warn: float = Field(80.0, ge=0, description="Processor time of a worker, percent of a core: warning.")
    cpu_bad: float = Field(95.0, ge=0, description="Processor time of a worker, percent of a core: bad.")


class History(_Section):
    """The flight recorder: every second of every candidate, in ``history.psfurec`` below the state directory."""

    enabled: bool = Field(True, description="Whether it is kept.")
    hours: float = Field(24.0, gt=0, le=8760, description="Age at which it is deleted.")
    max_bytes: int = Field(536_870_912, ge=1_048_576, description="Size at which the oldest of it is deleted, bytes.")


class Recording(_Section):
    """How recordings are kept, and for how long. What is recorded is said of each room."""

    directory: Path | None = Field(
        None, description="Where they lie; unset: recordings below the state directory.",
        examples=["/srv/psfu/recordings"],
    )  # fmt: skip
    segment_seconds: float = Field(
        600.0, ge=10, le=86_400, description="Time after which a journal is closed, hashed and followed by another."
    )
    checkpoint_seconds: float = Field(
        10.0, ge=1, le=600, description="Time after which the ledger pins down what a growing journal has so far."
    )
    memory_bytes: int = Field(
        268_435_456, ge=1_048_576, description="Most that waits in memory while the disk does not take it, bytes."
    )
    reserve_bytes: int = Field(
        1_073_741_824, ge=0, description="Free space below which no new recording begins, bytes; running ones go on."
    )
    reserve_hours: float = Field(
        1.0, ge=0, le=1000, description="Hours the disk must suffice for at the rate counted on, or none begins."
    )
    retain_days: int = Field(
        0, ge=0, le=36_500, description="Days after which a recording is deleted; 0: never, unless its room says so."
    )
    resume_seconds: float = Field(
        3600.0, ge=0, le=604_800,
        description="Time in which a recording goes on after an interruption; then it is finished and signed.",
    )  # fmt: skip
    stall_seconds: float = Field(
        3.0, ge=1, le=60, description="Time without packets after which a recording counts as stalled."
    )
    signing_key: Path | None = Field(
        None, description="Ed25519 key that signs manifests; unset: recording-key.pem in the state directory.",
        examples=["/etc/psfu/recording-key.pem"],
    )  # fmt: skip
    master_key: Path | None = Field(
        None, description="Encrypt new recordings with keys that this one wraps; see psfu-recordings(1).",
        examples=["/etc/psfu/recording-master.key"],
    )  # fmt: skip
    upload_command: list[str] = Field(
        [], description="Program and arguments run for each finished recording, repeated until it succeeds.",
        examples=[["/usr/local/bin/upload-recording"]],
    )  # fmt: skip


class Metrics(_Section):
    """``/metrics``, ``/healthz`` and ``/readyz`` over TCP; the control socket has them in any case."""

    host: str = Field(
        "127.0.0.1", description="Address to listen on; whoever reaches it can read, so not a public one."
    )
    port: Port | None = Field(None, description="TCP port; 0 takes a free one, unset: none.", examples=[9464])


class Webhooks(_Section):
    """Other servers that are told what happens: each event as a signed POST, tried again until it is taken."""

    urls: tuple[str, ...] = Field((), description="Where to.", examples=[["https://lms.example.org/psfu"]])
    secret_file: Path | None = Field(
        None,
        description="File with the secret events are signed with; when it is rotated, the new one comes first and old"
        " ones may follow, a line each.",
        examples=["/etc/psfu/credentials/webhooks"],
    )
    events: tuple[str, ...] = Field(
        (), description="Kinds of events that are told; none: all of them.", examples=[["peer_left", "incident_found"]]
    )
    give_up_seconds: float = Field(
        3600.0, ge=0, le=86_400, description="Time after which an event that a server does not take is given up."
    )

    @field_validator("urls")
    @classmethod
    def _are_http_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", url):
                raise ValueError(f"expected URLs that begin with https:// or http://, not {url!r}")
        return value

    @model_validator(mode="after")
    def _has_a_secret(self) -> Webhooks:
        if self.urls and self.secret_file is None:
            raise ValueError("secret_file: needed for urls: a file with the secret that events are signed with")
        return self


class Log(_Section):
    """The daemon's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else JSON.")


class Settings(_Section):
    """All settings."""

    signaling: Signaling = Field(default_factory=Signaling)
    workers: Workers = Field(default_factory=Workers)
    rtc: Rtc = Field(default_factory=Rtc)
    bitrates: Bitrates = Field(default_factory=Bitrates)
    turn: Turn = Field(default_factory=Turn)
    control: Control = Field(default_factory=Control)
    tokens: Tokens = Field(default_factory=Tokens)
    state: State = Field(default_factory=State)
    audit: Audit = Field(default_factory=Audit)
    rooms: Rooms = Field(default_factory=Rooms)
    quality: Quality = Field(default_factory=Quality)
    history: History = Field(default_factory=History)
    recording: Recording = Field(default_factory=Recording)
    metrics: Metrics = Field(default_factory=Metrics)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    log: Log = Field(default_factory=Log)

    @model_validator(mode="after")
    def _ports_suffice(self) -> Settings:
        last = self.rtc.port + self.workers.number - 1
        if self.rtc.port and last > LAST_PORT:
            raise ValueError(
                f"rtc.port: {self.workers.number} workers need ports up to {last}; the last is {LAST_PORT}"
            )
        return self
