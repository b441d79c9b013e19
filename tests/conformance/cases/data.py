"""Data producers and consumers: over SCTP and direct, reliability, subchannels, messages."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import direct, pipe, plain, router, webrtc
from conformance.script import Case, Step, ask, hexed, make


def source(save: str, on: str, **options: Any) -> Step:
    return make(save, f"{on}.produceData", **options)


def sink(save: str, on: str, of: str, **options: Any) -> Step:
    return make(save, f"{on}.consumeData", dataProducerId=f"${of}.id", **options)


def stream(**parameters: Any) -> dict[str, Any]:
    return {"sctpStreamParameters": {"streamId": 12} | parameters}


PRODUCED: dict[str, dict[str, Any]] = {
    "ordered and reliable": stream(),
    "said to be ordered": stream(ordered=True),
    "unordered": stream(ordered=False),
    "a limited life time": stream(maxPacketLifeTime=5000),
    "limited retransmissions": stream(maxRetransmits=3),
    "unordered, a limited life time": stream(ordered=False, maxPacketLifeTime=5000),
    "a life time of zero": stream(maxPacketLifeTime=0),
    "label and protocol": stream() | {"label": "chat", "protocol": "psfu"},
    "paused": stream() | {"paused": True},
    "own id and application data": stream() | {"id": "data-1", "appData": {"x": 1}},
    "the last stream": stream(streamId=65534),
}
REFUSED: dict[str, dict[str, Any]] = {
    "no stream": {},
    "no stream id": {"sctpStreamParameters": {}},
    "a stream id that is no number": stream(streamId="12"),
    "life time and retransmissions": stream(maxPacketLifeTime=5000, maxRetransmits=3),
    "ordered, with a life time": stream(ordered=True, maxPacketLifeTime=5000),
    "ordered, with retransmissions": stream(ordered=True, maxRetransmits=3),
    "a life time that is no number": stream(maxPacketLifeTime="long"),
    "retransmissions that are no number": stream(maxRetransmits="few"),
}
CONSUMED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as the producer": (stream(maxRetransmits=3), {}),
    "ordered in place of limited": (stream(maxRetransmits=3), {"ordered": True}),
    "ordered, limits are ignored": (stream(), {"ordered": True, "maxPacketLifeTime": 9}),
    "unordered": (stream(), {"ordered": False}),
    "a limited life time": (stream(), {"maxPacketLifeTime": 4000}),
    "limited retransmissions": (stream(), {"maxRetransmits": 2}),
    "paused": (stream(), {"paused": True}),
    "subchannels": (stream(), {"subchannels": [1, 2, 65535, 2]}),
    "application data": (stream(), {"appData": {"y": 2}}),
}
BOTH: Case = (router(), webrtc("sender", enableSctp=True), webrtc("receiver", enableSctp=True))
DIRECT: Case = (router(), direct("here"), direct("there"), source("chat", "here", label="l", protocol="p"))

CASES: dict[str, Case] = {
    **{
        f"data: produced: {name}": (
            *BOTH, source("chat", "sender", **options), ask("chat.dump"), ask("chat.getStats"), ask("sender.dump"),
            ask("router.dump"),
        )
        for name, options in PRODUCED.items()
    },
    **{
        f"data: refused: {name}": (*BOTH, source("chat", "sender", **options), ask("sender.dump"))
        for name, options in REFUSED.items()
    },
    **{
        f"data: consumed: {name}": (
            *BOTH, source("chat", "sender", **produced), sink("reader", "receiver", "chat", **consumed),
            ask("reader.dump"), ask("reader.getStats"), ask("receiver.dump"), ask("router.dump"),
        )
        for name, (produced, consumed) in CONSUMED.items()
    },
    "data: on plain and pipe transports": (
        router(), plain("one", enableSctp=True), pipe("two", enableSctp=True), source("chat", "one", **stream()),
        source("more", "two", **stream()), sink("reader", "two", "chat"), sink("other", "one", "more"),
        ask("reader.dump"), ask("other.dump"), ask("one.dump"), ask("two.dump"),
    ),
    "data: a transport without SCTP": (
        router(), webrtc("sender"), webrtc("receiver", enableSctp=True), source("chat", "sender", **stream()),
        source("other", "receiver", **stream()), sink("reader", "sender", "other"), ask("sender.dump"),
    ),
    "data: from direct to SCTP and back": (
        router(), direct("here"), webrtc("there", enableSctp=True), source("out", "here"),
        source("in", "there", **stream()), sink("reader", "there", "out"),
        sink("listener", "here", "in", ordered=False, maxRetransmits=1),
        ask("reader.dump"), ask("listener.dump"), ask("here.dump"), ask("there.dump"),
    ),
    "data: stream ids count up and are used again": (
        *BOTH, source("chat", "sender", **stream()), sink("first", "receiver", "chat"),
        sink("second", "receiver", "chat"), ask("first.close"), sink("third", "receiver", "chat"), ask("receiver.dump"),
    ),
    "data: a stream id or an id twice": (
        *BOTH, source("chat", "sender", **stream(), id="a"), source("again", "sender", **stream(), id="b"),
        source("same", "sender", **stream(streamId=13), id="a"), ask("sender.dump"),
    ),
    "data: an unknown data producer": (
        *BOTH, make("reader", "receiver.consumeData", dataProducerId="nobody"),
        make("other", "receiver.consumeData", dataProducerId=""),
    ),
    "data: pause, resume and close": (
        *BOTH, source("chat", "sender", **stream()), sink("reader", "receiver", "chat"), ask("chat.pause"),
        ask("chat.pause"), ask("reader.dump"), ask("reader.pause"), ask("chat.resume"), ask("chat.dump"),
        ask("reader.resume"), ask("reader.resume"), ask("chat.close"), ask("chat.close"), ask("reader.dump"),
        ask("chat.dump"), ask("sender.dump"), ask("receiver.dump"),
    ),
    "data: transports close": (
        *BOTH, source("chat", "sender", **stream()), sink("reader", "receiver", "chat"), sink("self", "sender", "chat"),
        ask("receiver.close"), ask("sender.close"), ask("router.dump"),
    ),
    "data: the router closes": (
        *BOTH, source("chat", "sender", **stream()), sink("reader", "receiver", "chat"), ask("router.close"),
    ),
    "data: subchannels change": (
        *BOTH, source("chat", "sender", **stream()), sink("reader", "receiver", "chat", subchannels=[7]),
        ask("reader.setSubchannels", [3, 4]), ask("reader.dump"), ask("reader.addSubchannel", 9),
        ask("reader.addSubchannel", 9), ask("reader.removeSubchannel", 3), ask("reader.removeSubchannel", 77),
        ask("reader.dump"), ask("reader.setSubchannels", []), ask("reader.dump"),
    ),
    "data: buffered amount": (
        *BOTH, source("chat", "sender", **stream()), sink("reader", "receiver", "chat"),
        ask("reader.getBufferedAmount"), ask("reader.setBufferedAmountLowThreshold", 5000), ask("reader.dump"),
    ),
    "data: sending before SCTP is connected": (
        *BOTH, source("chat", "sender", **stream()), sink("reader", "receiver", "chat"), ask("reader.send", "hello"),
        ask("reader.send", hexed(b"\x01\x02")), ask("reader.send", 5), ask("reader.getBufferedAmount"),
    ),
    "data: messages of every type": (
        *DIRECT, sink("reader", "there", "chat"), ask("chat.send", "hello"), ask("chat.send", ""),
        ask("chat.send", hexed(b"\x00\xff")), ask("chat.send", hexed(b"")), ask("chat.send", "grüße 😀"),
        ask("chat.send", "partial", 54), ask("chat.send", hexed(b"partial"), 52), ask("chat.send", "dropped", 56),
        ask("chat.send", hexed(b"dropped"), 57), ask("chat.send", 5), ask("reader.getStats"), ask("chat.getStats"),
    ),
    "data: messages of subchannels": (
        *DIRECT, sink("all", "there", "chat"), sink("one", "there", "chat", subchannels=[1]),
        sink("two", "there", "chat", subchannels=[2, 3]), ask("chat.send", "to all"),
        ask("chat.send", "to one", None, [1]), ask("chat.send", "to two", None, [2]),
        ask("chat.send", "to both", None, [1, 3]), ask("chat.send", "to those in 2 who are in 3", None, [2], 3),
        ask("chat.send", "to nobody in 1", None, [1], 3), ask("chat.send", "ignored by 1", None, [1, 2], None, 1),
        ask("one.getStats"), ask("two.getStats"), ask("all.getStats"),
    ),
    "data: messages while paused": (
        *DIRECT, sink("reader", "there", "chat"), ask("reader.pause"), ask("chat.send", "lost"), ask("reader.resume"),
        ask("chat.pause"), ask("chat.send", "lost too"), ask("chat.resume"), ask("chat.send", "heard"),
        ask("chat.getStats"), ask("reader.getStats"),
    ),
    "data: a direct consumer sends nothing": (
        *DIRECT, sink("reader", "there", "chat"), ask("reader.send", "hello"), ask("reader.getBufferedAmount"),
        ask("reader.setBufferedAmountLowThreshold", 5),
    ),
    "data: a message that is too big": (
        router(), direct("here", maxReceiveMessageSize=100), direct("there", maxSendMessageSize=50),
        source("chat", "here"), sink("reader", "there", "chat"), ask("chat.send", "x" * 50),
        ask("chat.send", "x" * 51), ask("chat.send", "x" * 101), ask("chat.getStats"), ask("reader.getStats"),
    ),
    "data: a stream on a direct transport is ignored": (
        router(), direct("here"), source("chat", "here", **stream(ordered=False)), ask("chat.dump"),
    ),
}  # fmt: skip
