"""Where this host differs from the official one on purpose, each with its reason and a case that shows it.

A deviation edits the records (JSON objects) of one of the two documents before they are compared. A test proves that
each is still needed: without it, its case is not equal.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """``edit`` makes a record of ``side`` look as if the deviation were not there; ``rare``: in its case only."""

    reason: str
    case: str
    rare: bool = False
    side: Literal["ours", "theirs"] = "theirs"
    edit: Callable[[Record], None]


def _addresses(record: Record) -> None:
    if "localAddress" in record:
        record.pop("localIp", None)
    if "foundation" in record:
        record.pop("ip", None)


def _sctp(record: Record) -> None:
    if "perStreamSendQueueLimit" in record:
        for name in ("OS", "MIS", "maxMessageSize"):
            record.pop(name, None)


def _streams(record: Record) -> None:
    if "rtpStream" in record:
        record["rtpStreams"] = [record.pop("rtpStream")]


def _layers(record: Record) -> None:
    if "supportedCodecPayloadTypes" in record and record["type"] in ("simple", "pipe"):
        for name in [name for name in record if name.endswith(("SpatialLayer", "TemporalLayer"))]:
            del record[name]


def _discarded(record: Record) -> None:
    if record.get("type") in ("inbound-rtp", "outbound-rtp"):
        record.setdefault("rtxPacketsDiscarded", 0)


def _dtx(record: Record) -> None:
    for encoding in record.get("encodings", ()):
        if "mappedSsrc" not in encoding:
            encoding.setdefault("dtx", False)


def _rid(record: Record) -> None:
    if "mappedSsrc" in record or "useInBandFec" in record:
        for name in ("rid", "rrid"):
            record[name] = record.get(name) or None


def _no_streams(record: Record) -> None:
    if "rtpMapping" in record:
        record.setdefault("rtpStreams", [])


def _level_1b(record: Record) -> None:
    if record.get("profile-level-id") == "42e01f":
        record["profile-level-id"] = "42f00b"


def _score(record: Record) -> None:
    if record.get("$is") == "Consumer" and record["type"] == "pipe" and not record["score"]["producerScores"]:
        record["score"]["producerScores"] = [0] * len(record["rtpParameters"]["encodings"])


def _unknown_trace(record: Record) -> None:
    if record.get("traceEventTypes") == ["probation", "bwe"]:
        record["traceEventTypes"] = ["bwe"]


def _twice(record: Record) -> None:
    if "later" in record:
        kept: list[Any] = []
        for event in record["later"]:
            kept.append(event)
            if event[1] == "observer trace" and kept[-2:] == kept[-4:-2]:
                del kept[-2:]
        record["later"] = kept


def _unhandled(record: Record) -> None:
    if any(event == "routerclose" for _, event, _ in record.get("atOnce", ())):
        record["atOnce"] = [each for each in record["atOnce"] if each[1] != "observer webrtctransportunhandled"]


DEVIATIONS: dict[str, Deviation] = {
    "no deprecated address": Deviation(
        reason="localIp and an ICE candidate's ip are deprecated aliases of localAddress and address",
        case="transport: plain",
        edit=_addresses,
    ),
    "no deprecated SCTP parameters": Deviation(
        reason="OS, MIS and maxMessageSize are deprecated and constant",
        case="transport: plain with SCTP",
        edit=_sctp,
    ),
    "one name for the streams of a consumer": Deviation(
        reason="rtpStream of most consumers and rtpStreams of a pipe are the same list in the worker",
        case="consumer: audio",
        edit=_streams,
    ),
    "layers in the dump of every consumer": Deviation(
        reason="the worker reports them for every type; -1 says that there are none",
        case="consumer: audio",
        side="ours",
        edit=_layers,
    ),
    "a zero is a number": Deviation(
        reason="rtxPacketsDiscarded of 0 is left out there; the worker has counted and found none",
        case="consumer: audio",
        edit=_discarded,
    ),
    "defaults are written out": Deviation(
        reason="dtx of a consumer's encoding is left out there, which means false",
        case="consumer: audio",
        edit=_dtx,
    ),
    "no RID is no text": Deviation(
        reason="a stream without RID has an empty one in two of the official host's dumps and none in the others",
        case="producer: VP8",
        edit=_rid,
    ),
    "no streams is an empty list": Deviation(
        reason="a producer that got no packet has no list of streams there",
        case="producer: VP8",
        edit=_no_streams,
    ),
    "level 1b is below 1.1": Deviation(
        reason="h264-profile-level-id 2.3.3 takes 3.1 for less than 1b: an answer above the offer (RFC 6184, 8.2.2)",
        case="producer: H264 level 3.1 against 1b, no asymmetry",
        rare=True,
        edit=_level_1b,
    ),
    "a pipe's consumer has the score the worker says": Deviation(
        reason="the official host overlooks the score in the answer and shows a default",
        case="pipe: audio",
        edit=_score,
    ),
    "a trace event is emitted once": Deviation(
        reason="the official host emits each of a consumer twice",
        case="media: trace events of a consumer",
        edit=_twice,
    ),
    "a server hears of every transport that closes": Deviation(
        reason="the official host does not tell it, and keeps the transport, when a router closes",
        case="server: the router of its transport closes",
        side="ours",
        edit=_unhandled,
    ),
    "an unknown trace event of a transport is ignored": Deviation(
        reason="the official host means to ignore it too, but sends 0 for it, which is probation",
        case="transport: trace events: names nobody knows",
        rare=True,
        edit=_unknown_trace,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherError:
    """The name of the error each host ends a step with, None for none; what follows is not compared."""

    ours: str | None = "TypeError"
    theirs: str | None = None
    reason: str


_EARLY = "the host refuses before the worker has to, so that nothing half made has to be undone"
_WIDTH = "it does not fit its field in the worker, where the official host sends what is left of it"
_SIZE = "what comes from outside has a limit here"

OTHER_ERRORS: dict[str, OtherError] = {
    "router: refused: more codecs than payload types": OtherError(
        ours="UnsupportedError", theirs="Error", reason="it is well formed but not possible: what the class is for"
    ),
    "producer: refused: an SSRC twice": OtherError(theirs="Error", reason=_EARLY),
    "producer: refused: a scalability mode that is none": OtherError(
        reason="W3C webrtc-svc lists the modes there are; the official host counts layers of anything that looks alike"
    ),
    "producer: refused: two encodings, one RID": OtherError(reason="RFC 8851: a RID names one stream of a source"),
    "pipe: refused: an address that is none, then a good one": OtherError(
        ours=None, theirs="TypeError", reason="the official host remembers the failed pair and never tries again"
    ),
    "limit: payload type 128": OtherError(reason="RFC 3550: seven bits"),
    "limit: payload type 256 + 96": OtherError(reason=_WIDTH),
    "limit: payload type -1": OtherError(reason=_WIDTH),
    "limit: payload type 96.5": OtherError(reason=_WIDTH),
    "limit: clock rate 2^32 + 90000": OtherError(theirs="UnsupportedError", reason=_WIDTH),
    "limit: a preferred payload type of 256": OtherError(reason=_WIDTH),
    "limit: a parameter beyond 32 bits": OtherError(reason=_WIDTH),
    "limit: SSRC 0": OtherError(reason="the official host takes 0 for absent in one place and for an SSRC in others"),
    "limit: SSRC 2^32 + 1": OtherError(reason=_WIDTH),
    "limit: SSRC -1": OtherError(reason=_WIDTH),
    "limit: header extension id 257": OtherError(reason=_WIDTH),
    "limit: a header extension id twice": OtherError(reason="RFC 8285: an id has one meaning"),
    "limit: a negative bitrate": OtherError(reason=_WIDTH),
    "limit: a text of 2000 characters": OtherError(reason=_SIZE),
    "limit: half a surrogate pair": OtherError(reason="it is no text, and cannot be written as UTF-8"),
    "limit: an empty MID of a consumer": OtherError(reason="the official host takes it for no MID"),
    "limit: a MID of nine characters": OtherError(reason="the worker has room for eight in the header extension"),
    "limit: a receiver's payload type of 256 + 100": OtherError(reason=_WIDTH),
    "limit: layer 256": OtherError(reason=_WIDTH),
    "limit: layer 0.5": OtherError(reason=_WIDTH),
    "limit: a server and addresses": OtherError(reason="only one of them can be meant"),
    "limit: a protocol that is none": OtherError(reason="the official host takes all but udp for tcp"),
    "limit: a fingerprint that is too short": OtherError(reason="no certificate can ever match it"),
    "limit: a fingerprint that is no hash": OtherError(reason="no certificate can ever match it"),
    "limit: connecting to port 65536 + 5006": OtherError(reason=_WIDTH),
    "limit: stream id 65536": OtherError(reason=_WIDTH),
    "limit: a life time of 65536": OtherError(reason=_WIDTH),
    "limit: retransmissions of -1": OtherError(reason=_WIDTH),
    "limit: subchannel 65536": OtherError(reason=_WIDTH),
    "limit: subchannel -1 later on": OtherError(reason=_WIDTH),
    "limit: an observer's interval of 65536": OtherError(reason=_WIDTH),
    "limit: an observer of 65536 entries": OtherError(reason=_WIDTH),
    "limit: a message size of 2^32": OtherError(reason=_WIDTH),
    "limit: a key frame delay of -1": OtherError(reason=_WIDTH),
}
"""Cases in which one host refuses what the other does not, or with another error."""


def adjusted(case: str, ours: Record, theirs: Record, keep: str | None = None) -> tuple[Record, Record]:
    """Return copies of both documents of a case without the deviations, but the one named ``keep``."""
    documents = {"ours": copy.deepcopy(ours), "theirs": copy.deepcopy(theirs)}
    for name, deviation in DEVIATIONS.items():
        if name != keep and (deviation.case == case or not deviation.rare):
            for record in _records(documents[deviation.side]):
                deviation.edit(record)
    return documents["ours"], documents["theirs"]


def _records(value: Any) -> Iterator[Record]:
    if isinstance(value, dict):
        yield value
        for item in list(value.values()):
            yield from _records(item)
    elif isinstance(value, list):
        for item in value:
            yield from _records(item)
