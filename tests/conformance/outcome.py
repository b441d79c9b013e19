"""Makes what came of a case comparable between two runs of it, and compares.

Only what is random is replaced: ids, SSRCs, sequence numbers, ports, ICE and SRTP credentials, CNAMEs, process ids, and
what the worker reads from its clock. What can be told apart stays apart: each random value gets a name when it is first
seen, so that a wrong one in the right place is a difference. Lists that the worker keeps in hash tables, whose order
follows from random ids, are sorted. JSON does not tell "absent" from "null", so neither does this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RANDOM_CNAME = re.compile(r"[0-9a-f]{8}")
RANDOM_SSRCS = range(100_000_000, 1_000_000_100)
RANDOM_PORTS = range(10_000, 60_000)
NEIGHBOURS = 4
"""SSRCs of further encodings, and of RTX, follow the first one."""

SSRC_KEYS = {"ssrc", "mappedSsrc", "rtxSsrc", "key"}
PORT_KEYS = {"port", "localPort", "remotePort"}
CREDENTIAL_KEYS = {"usernameFragment", "localIceUsernameFragment", "password", "keyBase64"}
CLOCK_KEYS = {
    "pid", "timestamp", "jitter", "bitrate", "recvBitrate", "sendBitrate", "rtpRecvBitrate", "rtpSendBitrate",
    "rtxRecvBitrate", "rtxSendBitrate", "probationSendBitrate", "wideSequenceNumber",
}  # fmt: skip
"""What depends on when the worker did it; the last numbers all packets of a transport, the timed ones too."""
CLOCK_EXTENSIONS = {4, 5}
"""Send time and transport-wide number, as the router numbers header extensions."""
UNORDERED_KEYS = {
    "channelNotificationHandlers", "channelRequestHandlers", "consumerIds", "dataConsumerIds", "dataProducerIds",
    "localIceUsernameFragments", "mapConsumerIdProducerId", "mapDataConsumerIdDataProducerId",
    "mapDataProducerIdDataConsumerIds", "mapProducerIdConsumerIds", "mapProducerIdObserverIds", "mapRtxSsrcConsumerId",
    "mapSsrcConsumerId", "midTable", "producerIds", "ridTable", "routerIds", "rtpObserverIds", "ssrcTable",
    "streamIdTable", "subchannels", "supportedCodecPayloadTypes", "transportIds", "values", "webRtcServerIds",
    "webRtcTransportIds",
}  # fmt: skip


class Namer:
    """Gives names to the random values of one run."""

    def __init__(self, names: dict[str, str]) -> None:
        self.entities = dict(names)
        self.credentials: dict[str, str] = {}
        self.ssrcs: list[int] = []
        self.sequences: dict[str, int] = {}

    def value(self, key: str, value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, str):
            return self.text(key, value)
        if isinstance(value, int | float):
            return self.number(key, value)
        if isinstance(value, list):
            items = [self.value(key, item) for item in value]
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if key in UNORDERED_KEYS else items
        if "$entity" in value:
            return self.entity(value["$entity"])
        if "$hex" in value:
            return self.packet(bytes.fromhex(value["$hex"]))
        if "sequenceNumber" in value and value.get("ssrc", 0) in RANDOM_SSRCS:
            value = value | {"sequenceNumber": self.sequence(self.ssrc(value["ssrc"]), value["sequenceNumber"])}
        return {name: self.value(name, value[name]) for name in sorted(value) if value[name] is not None}

    def entity(self, identity: str) -> str:
        return f"<{self.entities.setdefault(identity, f'entity {len(self.entities)}')}>"

    def text(self, key: str, text: str) -> str:
        if UUID.fullmatch(text):
            return self.entity(text)
        if key in CREDENTIAL_KEYS or (key == "cname" and RANDOM_CNAME.fullmatch(text)):
            known = self.credentials.setdefault(text, f"<{key} {len(self.credentials)}, {len(text)} characters>")
            return known
        return text

    def number(self, key: str, number: float) -> Any:
        if key in CLOCK_KEYS or key.startswith("ru_"):
            return f"<{key}>"
        if isinstance(number, int) and key in PORT_KEYS and number in RANDOM_PORTS:
            return "<port>"
        if isinstance(number, int) and key in SSRC_KEYS and number in RANDOM_SSRCS:
            return self.ssrc(number)
        return number

    def ssrc(self, ssrc: int) -> str:
        for index, base in enumerate(self.ssrcs):
            if abs(ssrc - base) < NEIGHBOURS:
                return f"<ssrc {index}{ssrc - base:+d}>"
        self.ssrcs.append(ssrc)
        return f"<ssrc {len(self.ssrcs) - 1}+0>"

    def sequence(self, stream: str, number: int) -> str:
        """Count from the first packet of a stream: the worker begins anywhere."""
        return f"<{(number - self.sequences.setdefault(stream, number)) % 65536}>"

    def packet(self, data: bytes) -> Any:
        """Take an RTP packet with a random SSRC apart (RFC 3550, RFC 8285 one-byte form)."""
        if len(data) < 12 or data[0] >> 6 != 2 or int.from_bytes(data[8:12]) not in RANDOM_SSRCS:
            return data.hex()
        ssrc = self.ssrc(int.from_bytes(data[8:12]))
        size = 4 * int.from_bytes(data[14:16]) if data[0] & 0x10 else -4
        return {
            "first": data[:2].hex(),
            "sequence": self.sequence(ssrc, int.from_bytes(data[2:4])),
            "timestamp": int.from_bytes(data[4:8]),
            "ssrc": ssrc,
            "extensions": dict(_extensions(data[16 : 16 + size])),
            "payload": data[16 + size :].hex(),
        }


def _extensions(block: bytes) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(block):
        number, size = block[at] >> 4, (block[at] & 15) + 1
        if block[at] == 0:
            at += 1
            continue
        value = block[at + 1 : at + 1 + size]
        yield number, f"<{size} bytes>" if number in CLOCK_EXTENSIONS else value.hex()
        at += 1 + size


def settled(document: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a case with everything random replaced by its name.

    Events that a call emits before it returns have an order. Of the others only those of one entity have: whether a
    notification of the worker comes before the answer that follows it depends on how the bytes arrive.
    """
    namer = Namer(document["names"])
    outcomes = [namer.value("", outcome | {"later": _by_entity(outcome["later"])}) for outcome in document["outcomes"]]
    return {"outcomes": outcomes, "end": namer.value("", document["end"])}


def _by_entity(events: list[list[Any]]) -> dict[str, list[list[Any]]]:
    grouped: dict[str, list[list[Any]]] = {}
    for name, *event in events:
        grouped.setdefault(name, []).append(event)
    return grouped


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Return one line for each field that is not equal."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{path}.{key}: only ours: {ours[key]!r}" for key in ours if key not in theirs]
        found += [f"{path}.{key}: only theirs: {theirs[key]!r}" for key in theirs if key not in ours]
        for key in ours:
            if key in theirs:
                found += differences(ours[key], theirs[key], f"{path}.{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        found = [] if len(ours) == len(theirs) else [f"{path}: {ours!r} ≠ {theirs!r}"]
        for index, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            found += differences(one, other, f"{path}[{index}]")
        return found
    same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
    return [] if same else [f"{path}: {ours!r} ≠ {theirs!r}"]
