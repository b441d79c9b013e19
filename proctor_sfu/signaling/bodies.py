"""The data of each request, validated: what arrives in camelCase becomes typed values in snake_case."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from proctor_sfu.errors import RefusedError
from proctor_sfu.mediasoup.dtls import DtlsParameters
from proctor_sfu.mediasoup.rtp import MediaKind, RtpCapabilities, RtpParameters, camel
from proctor_sfu.rooms.roles import Role, Source

_Body = TypeVar("_Body", bound="Body")

Id = Annotated[str, Field(min_length=1, max_length=64)]
_adapters: dict[type[Any], TypeAdapter[Any]] = {}
Pixels = Annotated[int, Field(ge=0, le=16_384)]
Text = Annotated[str, Field(max_length=10_000)]
Layer = Annotated[int, Field(ge=0, le=255, strict=True)]


class Body(BaseModel):
    """Base of all; unknown members are ignored, since clients of other versions send more."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=camel, validate_by_name=False)

    @classmethod
    def of(cls: type[_Body], data: Mapping[str, Any]) -> _Body:
        """Return the body in ``data``; raises `RefusedError` ``bad_data`` that names every wrong member."""
        try:
            # As JSON again, since only there strict means what we want: a list is a tuple, a text is no number.
            return cls.model_validate_json(json.dumps(data), strict=True)
        except ValidationError as error:
            problems = [f"{_path(each['loc'])}: {each['msg'].lower()}" for each in error.errors(include_input=False)]
            more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
            raise RefusedError("bad_data", f"{'; '.join(problems[:5])}{more}") from None
        except RecursionError:
            raise RefusedError("bad_data", "nested too deep") from None


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:40] for part in location[:8]) or "data"


def wire(value: Any) -> Any:
    """Return types of the host as JSON-ready values in camelCase, absent ones left out."""
    if isinstance(value, tuple | list):
        return [wire(each) for each in value]
    # A type's own adapter: one for Any would not know the names its fields have on the wire.
    kind = type(value)
    if (adapter := _adapters.get(kind)) is None:
        adapter = _adapters[kind] = TypeAdapter(kind)
    return adapter.dump_python(value, mode="json", by_alias=True, exclude_none=True)


class Nothing(Body):
    """No members."""


class Authenticate(Body):
    """Who wants in where; ``resume_key``: back into the seat of a lost connection."""

    token: str | None = None
    resume_key: Annotated[str, Field(max_length=100)] | None = None
    room_id: Id | None = None
    peer_id: Id | None = None
    role: Role | None = None
    display_name: Annotated[str, Field(max_length=10_000)] = ""


class CreateTransport(Body):
    """A transport to send or to receive with."""

    direction: Literal["send", "recv"]
    force_tcp: bool = False


class ConnectTransport(Body):
    """The client's end of DTLS."""

    transport_id: Id
    dtls_parameters: DtlsParameters


class OfTransport(Body):
    """One of the peer's transports."""

    transport_id: Id


class Join(Body):
    """The client's device is loaded."""

    display_name: Annotated[str, Field(max_length=10_000)] | None = None
    rtp_capabilities: RtpCapabilities | None = None
    auto_consume: bool = True


class AppData(Body):
    """What psfu reads of a producer's application data. ``width``: of the largest layer, pixels."""

    source: Source | None = None
    width: Annotated[int, Field(ge=16, le=16_384)] | None = None


class Produce(Body):
    """A new producer."""

    transport_id: Id
    kind: MediaKind
    rtp_parameters: RtpParameters
    app_data: AppData = AppData()


class UplinkReport(Body):
    """What a client's congestion control believes to get through, bits per second, and whether that holds it back."""

    available: Annotated[int, Field(ge=0, le=10_000_000_000)]
    limited: bool


class OfProducer(Body):
    """One of the peer's producers."""

    producer_id: Id


class Consume(Body):
    """A producer the client wants to see."""

    producer_id: Id
    paused: bool = True


class Tile(Body):
    """A source a proctor shows, and how large, in device pixels."""

    peer_id: Id
    source: Source
    width: Pixels
    height: Pixels
    focus: bool = False


class Watch(Body):
    """All tiles that are visible now."""

    views: Annotated[tuple[Tile, ...], Field(max_length=1000)]


class Whisper(Body):
    """Whom to speak to."""

    peer_id: Id | None = None


class Announce(Body):
    """Whether to speak to all."""

    on: bool


class Message(Body):
    """A short text; without ``peer_id`` to all, or from a candidate to its proctors."""

    peer_id: Id | None = None
    text: Text


class RaiseHand(Body):
    """Whether the hand is up."""

    raised: bool


class Bookmark(Body):
    """An incident."""

    peer_id: Id
    note: Text = ""


class Assign(Body):
    """Whom a proctor or observer watches; null: what the room's mode says."""

    proctor_id: Id
    peer_ids: Annotated[tuple[Id, ...], Field(max_length=10_000)] | None


class Kick(Body):
    """Whom to send away."""

    peer_id: Id
    reason: Text = ""


class PausePeer(Body):
    """What a candidate is to send no more, or again."""

    peer_id: Id
    source: Source
    paused: bool


class OfConsumer(Body):
    """One of the peer's consumers."""

    consumer_id: Id


class PreferredLayers(OfConsumer):
    """The highest layers to send."""

    spatial_layer: Layer
    temporal_layer: Layer | None = None


class Priority(OfConsumer):
    """Who gets bandwidth first."""

    priority: Annotated[int, Field(ge=1, le=255, strict=True)]
