"""What the server sends: answers, notifications and requests, as types with the names they have on the wire.

They are for readers, for the JSON Schema and for the test that holds every message of the end-to-end tests against it;
handlers build plain dictionaries. Members may be added; a client ignores what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired

from typing_extensions import TypedDict

from proctor_sfu.mediasoup.dtls import DtlsParameters
from proctor_sfu.mediasoup.ice import IceCandidate, IceParameters
from proctor_sfu.mediasoup.rtp import MediaKind, RtpParameters, RtpType
from proctor_sfu.rooms.assignments import Mode
from proctor_sfu.rooms.presence import Light, State
from proctor_sfu.rooms.roles import Role, Source

# Parts.


class IceServer(TypedDict):
    """An ``RTCIceServer``."""

    urls: list[str]
    username: NotRequired[str]
    credential: NotRequired[str]


class PublishedSource(TypedDict):
    """What a peer publishes."""

    source: Source
    producerId: str
    kind: MediaKind
    paused: bool


class PeerShape(TypedDict):
    """A peer, as those who may see it are told."""

    id: str
    displayName: str
    role: Role
    state: State
    light: Light
    reasons: list[str]
    handRaised: bool
    handRaisedAt: float | None
    sources: list[PublishedSource]


class StandingTransport(TypedDict):
    """A transport that outlived the connection."""

    id: str
    direction: Literal["send", "recv"]


class StandingProducer(TypedDict):
    """A producer that outlived the connection."""

    id: str
    source: Source
    paused: bool


class StandingConsumer(TypedDict):
    """A consumer that outlived the connection."""

    id: str
    producerId: str
    peerId: str
    source: Source
    paused: bool


class ConsumerData(TypedDict):
    """Application data of a consumer."""

    source: Source
    peerId: str


class ProducerData(TypedDict):
    """Application data of a producer."""

    source: Source


class StreamScore(TypedDict):
    """Quality of one stream of a producer, 0 to 10."""

    ssrc: int
    rid: str | None
    score: int


class ConsumerScoreData(TypedDict):
    """Quality of a consumer, 0 to 10 each."""

    score: int
    producerScore: int
    producerScores: list[int]


class Talk(TypedDict):
    """A proctor speaks to one, alone or to all, or no more."""

    peerId: str
    displayName: str
    to: Literal["you", "all"]
    on: bool


Message = TypedDict(
    "Message",
    {
        "id": str, "from": str, "displayName": str, "role": Role, "to": str | None, "text": str, "at": float,
    },
)  # fmt: skip
Message.__doc__ = "Somebody wrote. ``to``: a candidate, null: all, or one's proctors."


class Bookmark(TypedDict):
    """A proctor noted an incident."""

    id: str
    peerId: str
    by: str
    note: str
    at: float


# Answers.


class Empty(TypedDict):
    """Nothing to say but yes."""


class Welcome(TypedDict):
    """Who one is in the room; with ``resumed`` also what is left of before."""

    roomId: str
    peerId: str
    role: Role
    displayName: str
    sources: list[Source]
    required: list[Source]
    resumed: bool
    resumeKey: str
    graceSeconds: float
    iceServers: list[IceServer]
    bitrates: dict[Source, int]
    held: list[Source]
    joined: NotRequired[bool]
    transports: NotRequired[list[StandingTransport]]
    producers: NotRequired[list[StandingProducer]]
    consumers: NotRequired[list[StandingConsumer]]
    peers: NotRequired[list[PeerShape]]
    messages: NotRequired[list[Message]]
    bookmarks: NotRequired[list[Bookmark]]
    talks: NotRequired[list[Talk]]


class Transport(TypedDict):
    """What a client makes its end of the transport from."""

    id: str
    iceParameters: IceParameters
    iceCandidates: list[IceCandidate]
    dtlsParameters: DtlsParameters
    sctpParameters: NotRequired[dict[str, Any]]
    iceServers: list[IceServer]


class FreshIce(TypedDict):
    """New ICE credentials."""

    usernameFragment: str
    password: str
    iceLite: bool
    iceServers: list[IceServer]


class Joined(TypedDict):
    """Everybody one may see, what was written before that one may read, oldest first, and who speaks to one now."""

    peers: list[PeerShape]
    messages: list[Message]
    bookmarks: list[Bookmark]
    talks: list[Talk]


class ProducerMade(TypedDict):
    """A new producer."""

    id: str


class UplinkPlan(TypedDict):
    """How much to send as each source, bits per second; 0: nothing for now."""

    sources: dict[Source, int]


class ConsumerShape(TypedDict):
    """What a client receives a consumer with."""

    peerId: str
    producerId: str
    id: str
    kind: MediaKind
    rtpParameters: RtpParameters
    type: RtpType
    appData: ConsumerData
    producerPaused: bool
    producerScores: list[int]


class MessageSent(TypedDict):
    """A message on its way; ``at``: Unix time in seconds, ``readers``: how many got it."""

    id: str
    at: float
    readers: int


class BookmarkMade(TypedDict):
    """A bookmark; ``at``: Unix time in seconds."""

    id: str
    at: float


class AssignedViewer(TypedDict):
    """A proctor or observer; ``peerIds``: the candidates on its list, null: the mode of the room decides."""

    peerId: str
    displayName: str
    role: Role
    present: bool
    peerIds: list[str] | None


class AssignmentsShape(TypedDict):
    """Who watches whom; ``mode`` holds for those without a list."""

    mode: Mode
    groupSize: int | None
    viewers: list[AssignedViewer]


Stats = list[dict[str, Any]]
"""Entries of statistics as mediasoup has them."""

# Notifications.


class PeerClosed(TypedDict):
    """Somebody is gone; ``reason``: left, lost, kicked, …"""

    peerId: str
    reason: str


class PeerState(TypedDict):
    """How somebody is now."""

    peerId: str
    state: State
    light: Light
    reasons: list[str]


class NewProducer(TypedDict):
    """A source can be consumed; for clients that joined with ``autoConsume: false``."""

    peerId: str
    producerId: str
    kind: MediaKind
    appData: ProducerData


class ProducerClosed(TypedDict):
    """A source is no more."""

    peerId: str
    producerId: str
    source: Source


class ProducerScore(TypedDict):
    """How well one's own producer arrives."""

    producerId: str
    score: list[StreamScore]


class ConsumerClosed(TypedDict):
    """A consumer is no more; ``reason``: producer_closed, not_for_you, not_shown."""

    consumerId: str
    reason: str


class OfConsumer(TypedDict):
    """Its producer was paused or resumed."""

    consumerId: str


class ConsumerScore(TypedDict):
    """How well a consumer arrives."""

    consumerId: str
    score: ConsumerScoreData


class ConsumerLayersChanged(TypedDict):
    """Which layers are sent now; null: none."""

    consumerId: str
    spatialLayer: int | None
    temporalLayer: int | None


class HandRaised(TypedDict):
    """A candidate asks for attention, or no more."""

    peerId: str
    raised: bool


class SourceHeld(TypedDict):
    """A lead paused one's own source, or lets it go on."""

    source: Source
    held: bool


class WorkerDied(TypedDict):
    """The room moved to another worker: begin again as after `authenticate`."""

    roomId: str


class Ended(TypedDict):
    """The connection ends, and why."""

    reason: str


class Error(TypedDict):
    """Something was sent that cannot be answered, since it has no readable id."""

    errorCode: int
    errorReason: str
    code: str


NOTIFICATIONS: Final[Mapping[str, Any]] = {
    "newPeer": PeerShape, "peerClosed": PeerClosed, "peerState": PeerState, "newProducer": NewProducer,
    "producerClosed": ProducerClosed, "producerScore": ProducerScore, "consumerClosed": ConsumerClosed,
    "consumerPaused": OfConsumer, "consumerResumed": OfConsumer, "consumerScore": ConsumerScore,
    "consumerLayersChanged": ConsumerLayersChanged, "talk": Talk, "message": Message, "handRaised": HandRaised,
    "bookmark": Bookmark, "sourceHeld": SourceHeld, "workerDied": WorkerDied, "kicked": Ended, "roomClosed": Ended,
    "replaced": Ended, "error": Error,
}  # fmt: skip
"""Method -> its data."""

REQUESTS: Final[Mapping[str, tuple[Any, Any]]] = {"newConsumer": (ConsumerShape, Empty)}
"""Method of what the server asks a client -> its data, the answer's data."""
