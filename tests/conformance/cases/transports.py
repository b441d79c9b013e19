"""Transports of all four kinds and the WebRtcServer: how they are made, connected, limited and closed."""

from __future__ import annotations

from conformance.cases.ingredients import (
    OPUS,
    PLAIN_VP8,
    TCP,
    UDP,
    VP8,
    Document,
    consume,
    direct,
    pipe,
    plain,
    produce,
    router,
    webrtc,
)
from conformance.script import Case, Step, ask, make

PAIR = "{:02X}".format
SHA_256 = {"algorithm": "sha-256", "value": ":".join(PAIR(number) for number in range(32))}
SHA_1 = {"algorithm": "sha-1", "value": ":".join(PAIR(number) for number in range(20))}
SHA_512 = {"algorithm": "sha-512", "value": ":".join(PAIR(number) for number in range(64))}
SRTP = {"cryptoSuite": "AES_CM_128_HMAC_SHA1_80", "keyBase64": "ZnQ3eWJraDg0d3ZoYzM5cXN1Y2pnaHU5NWxrZTVv"}
SRTP_GCM = {
    "cryptoSuite": "AEAD_AES_256_GCM",
    "keyBase64": "YTdjcDBvY2JoMGY5YXNlNDc0eDJsdGgwaWRvNnJsamRrdG16aWVpZHphdHo=",
}
SIZES: Document = {
    "enableSctp": True, "maxSendMessageSize": 100_000, "maxReceiveMessageSize": 50_000, "sctpSendBufferSize": 300_000,
    "sctpPerStreamSendQueueLimit": 200_000, "sctpMaxReceiverWindowBufferSize": 1_000_000,
    "sctpDefaultStreamBufferedAmountLowThreshold": 77,
}  # fmt: skip
BEHIND_NAT = {"ip": "127.0.0.1", "announcedAddress": "exam.example.org"}


def look(step: Step) -> Case:
    """Make a transport and look at it."""
    name = step.save
    assert name is not None
    return (router(VP8, OPUS), step, ask(f"{name}.dump"), ask(f"{name}.getStats"), ask("router.dump"))


def connecting(step: Step, *connects: Document) -> Case:
    """Make a transport, connect it with each of these options, and look at it after each."""
    name = step.save
    assert name is not None
    steps = [each for options in connects for each in (ask(f"{name}.connect", **options), ask(f"{name}.dump"))]
    return (router(VP8, OPUS), step, *steps, ask(f"{name}.getStats"))


def refused(step: Step) -> Case:
    return (router(VP8), step, ask("router.dump"))


def hands(*fingerprints: Document, **role: str) -> Document:
    """Options of ``connect()`` of a WebRTC transport."""
    return {"dtlsParameters": {"fingerprints": list(fingerprints)} | role}


THERE = {"ip": "127.0.0.1", "port": 5006}
BOTH = [UDP, TCP]
NO_COMEDIA = plain("transport", comedia=False)
SRTP_PLAIN = plain("transport", comedia=False, enableSrtp=True)
SRTP_PIPE = pipe("transport", enableSrtp=True)
TWO_PORTS = plain("transport", comedia=False, rtcpMux=False)

MADE: dict[str, Step] = {
    "WebRTC": webrtc("transport"),
    "WebRTC over UDP and TCP": webrtc("transport", listenInfos=BOTH, enableTcp=True),
    "WebRTC over UDP and TCP, TCP preferred": webrtc("transport", listenInfos=BOTH, enableTcp=True, preferTcp=True),
    "WebRTC over UDP and TCP, UDP preferred": webrtc("transport", listenInfos=BOTH, enableTcp=True, preferUdp=True),
    "WebRTC over TCP only": webrtc("transport", listenInfos=[TCP], enableUdp=False, enableTcp=True),
    "WebRTC behind a NAT": webrtc("transport", listenInfos=[UDP | BEHIND_NAT]),
    "WebRTC behind a NAT, both addresses": webrtc(
        "transport", listenInfos=[UDP | BEHIND_NAT | {"exposeInternalIp": True}]
    ),
    "WebRTC with SCTP": webrtc("transport", enableSctp=True),
    "WebRTC with SCTP of other sizes": webrtc("transport", **SIZES),
    "WebRTC with a first bitrate": webrtc("transport", initialAvailableOutgoingBitrate=1_000_000),
    "WebRTC without consent checks": webrtc("transport", iceConsentTimeout=0),
    "WebRTC with application data": webrtc("transport", appData={"peer": "alice", "tiles": [1, 2]}),
    "WebRTC on a port range": webrtc("transport", listenInfos=[UDP | {"portRange": {"min": 40100, "max": 40200}}]),
    "WebRTC with socket flags": webrtc("transport", listenInfos=[UDP | {"flags": {"udpReusePort": False}}]),
    "WebRTC with buffers": webrtc(
        "transport", listenInfos=[UDP | {"sendBufferSize": 50_000, "recvBufferSize": 60_000}]
    ),
    "plain": NO_COMEDIA,
    "plain with comedia": plain("transport"),
    "plain with a port for RTCP": TWO_PORTS,
    "plain with an address for RTCP": plain("transport", comedia=False, rtcpListenInfo=UDP),
    "plain behind a NAT": plain("transport", listenInfo=UDP | BEHIND_NAT),
    "plain with SCTP": plain("transport", enableSctp=True),
    "plain with SCTP of other sizes": plain("transport", **SIZES),
    "plain with SRTP": plain("transport", enableSrtp=True),
    "plain with SRTP, AES-256-GCM": plain("transport", enableSrtp=True, srtpCryptoSuite="AEAD_AES_256_GCM"),
    "plain with SRTP, AES-128-GCM": plain("transport", enableSrtp=True, srtpCryptoSuite="AEAD_AES_128_GCM"),
    "plain with SRTP, short tag": plain("transport", enableSrtp=True, srtpCryptoSuite="AES_CM_128_HMAC_SHA1_32"),
    "pipe": pipe("transport"),
    "pipe with RTX and SRTP": pipe("transport", enableRtx=True, enableSrtp=True),
    "pipe with SCTP": pipe("transport", enableSctp=True),
    "pipe with SCTP of other sizes": pipe("transport", **SIZES),
    "direct": direct("transport"),
    "direct with other sizes": direct("transport", maxSendMessageSize=1000, maxReceiveMessageSize=2000),
}

REFUSED: dict[str, Step] = {
    "WebRTC without an address": make("transport", "router.createWebRtcTransport"),
    "WebRTC with an empty list of addresses": webrtc("transport", listenInfos=[]),
    "WebRTC on an address that is none": webrtc("transport", listenInfos=[UDP | {"ip": "123"}]),
    "WebRTC on an address of another machine": webrtc("transport", listenInfos=[UDP | {"ip": "203.0.113.1"}]),
    "WebRTC with neither UDP nor TCP": webrtc("transport", enableUdp=False, enableTcp=False),
    "WebRTC on a port range that is none": webrtc(
        "transport", listenInfos=[UDP | {"portRange": {"min": 40200, "max": 40100}}]
    ),
    "plain without an address": make("transport", "router.createPlainTransport"),
    "plain on an address that is none": plain("transport", listenInfo=UDP | {"ip": "not an address"}),
    "plain over TCP": plain("transport", listenInfo=TCP),
    "plain with a crypto suite that is none": plain("transport", enableSrtp=True, srtpCryptoSuite="ROT13"),
    "pipe without an address": make("transport", "router.createPipeTransport"),
    "pipe on an address that is none": pipe("transport", listenInfo=UDP | {"ip": "x"}),
    "pipe over TCP": pipe("transport", listenInfo=TCP),
}

CONNECTED: dict[str, tuple[Step, tuple[Document, ...]]] = {
    "WebRTC as the client": (webrtc("transport"), (hands(SHA_256, role="server"),)),
    "WebRTC as the server": (webrtc("transport"), (hands(SHA_256, SHA_1, role="client"),)),
    "WebRTC, the role left open": (webrtc("transport"), (hands(SHA_512, role="auto"),)),
    "WebRTC, no role given": (webrtc("transport"), (hands(SHA_256),)),
    "WebRTC twice": (webrtc("transport"), (hands(SHA_256), hands(SHA_256))),
    "WebRTC without fingerprints": (webrtc("transport"), (hands(),)),
    "WebRTC with a role that is none": (webrtc("transport"), (hands(SHA_256, role="chief"),)),
    "WebRTC with a hash that is none": (webrtc("transport"), (hands(SHA_256 | {"algorithm": "md5"}),)),
    "WebRTC without parameters": (webrtc("transport"), ({},)),
    "plain": (NO_COMEDIA, (THERE,)),
    "plain, RTCP on another port": (TWO_PORTS, (THERE | {"rtcpPort": 5007},)),
    "plain, the port for RTCP left out": (TWO_PORTS, (THERE,)),
    "plain, a port for RTCP without use": (NO_COMEDIA, (THERE | {"rtcpPort": 5007},)),
    "plain without address": (NO_COMEDIA, ({}, {"port": 5006}, {"ip": "127.0.0.1"})),
    "plain, an address that is none": (NO_COMEDIA, (THERE | {"ip": "x"},)),
    "plain twice": (NO_COMEDIA, (THERE, THERE | {"port": 5008})),
    "plain with comedia and an address": (plain("transport"), (THERE,)),
    "plain with SRTP": (SRTP_PLAIN, (THERE | {"srtpParameters": SRTP},)),
    "plain with SRTP of another suite": (SRTP_PLAIN, (THERE | {"srtpParameters": SRTP_GCM},)),
    "plain with SRTP and comedia": (plain("transport", enableSrtp=True), ({"srtpParameters": SRTP},)),
    "plain with SRTP without a key": (SRTP_PLAIN, (THERE,)),
    "plain with a key and no SRTP": (NO_COMEDIA, (THERE | {"srtpParameters": SRTP},)),
    "plain with a suite that is none": (SRTP_PLAIN, (THERE | {"srtpParameters": SRTP | {"cryptoSuite": "ROT13"}},)),
    "plain with a key that is too short": (SRTP_PLAIN, (THERE | {"srtpParameters": SRTP | {"keyBase64": "AAAA"}},)),
    "pipe": (pipe("transport"), (THERE,)),
    "pipe twice": (pipe("transport"), (THERE, THERE)),
    "pipe without address": (pipe("transport"), ({}, {"ip": "127.0.0.1"}, {"port": 5006})),
    "pipe with SRTP": (SRTP_PIPE, (THERE | {"srtpParameters": SRTP_GCM},)),
    "pipe with SRTP without a key": (SRTP_PIPE, (THERE,)),
    "pipe with a key and no SRTP": (pipe("transport"), (THERE | {"srtpParameters": SRTP},)),
    "direct": (direct("transport"), ({},)),
}

LIMITS: Case = (
    ask("transport.setMaxIncomingBitrate", 500_000),
    ask("transport.setMaxOutgoingBitrate", 800_000),
    ask("transport.setMinOutgoingBitrate", 300_000),
    ask("transport.getStats"),
    ask("transport.setMaxOutgoingBitrate", 200_000),
    ask("transport.setMinOutgoingBitrate", 900_000),
    ask("transport.setMaxOutgoingBitrate", 1000),
    ask("transport.setMaxIncomingBitrate", 0),
    ask("transport.setMinOutgoingBitrate", 0),
    ask("transport.setMaxOutgoingBitrate", 0),
    ask("transport.getStats"),
)
TRACING: Case = (
    ask("transport.enableTraceEvent", ["probation", "bwe"]), ask("transport.dump"),
    ask("transport.enableTraceEvent", ["bwe"]), ask("transport.dump"), ask("transport.enableTraceEvent"),
    ask("transport.dump"), ask("transport.enableTraceEvent", "bwe"), ask("transport.enableTraceEvent", [1]),
)  # fmt: skip
KINDS: dict[str, Step] = {
    "WebRTC": webrtc("transport"),
    "plain": plain("transport"),
    "pipe": pipe("transport"),
    "direct": direct("transport"),
}
SERVER = make("server", "worker.createWebRtcServer", listenInfos=[UDP, TCP])
ON_SERVER = make("transport", "router.createWebRtcTransport", webRtcServer="$server")
INSIDE: Case = (
    produce("camera", "transport", "video", PLAIN_VP8), consume("picture", "transport", "camera"),
    make("chat", "transport.produceData", sctpStreamParameters={"streamId": 3}),
)  # fmt: skip

CASES: dict[str, Case] = {
    **{f"transport: {name}": look(step) for name, step in MADE.items()},
    **{f"transport: refused: {name}": refused(step) for name, step in REFUSED.items()},
    **{f"transport: connect: {name}": connecting(step, *connects) for name, (step, connects) in CONNECTED.items()},
    **{f"transport: limits of a {name} transport": (router(), step, *LIMITS) for name, step in KINDS.items()},
    **{f"transport: trace events of a {name} transport": (router(), step, *TRACING) for name, step in KINDS.items()},
    **{
        f"transport: closing a {name} transport": (
            router(VP8, OPUS), step, *INSIDE[:2], ask("transport.close"), ask("transport.close"),
            ask("transport.dump"), ask("router.dump"), ask("worker.dump"),
        )
        for name, step in KINDS.items() if name != "pipe"
    },
    "transport: trace events: names nobody knows": (
        router(), webrtc("transport"), ask("transport.enableTraceEvent", ["bwe", "smell"]), ask("transport.dump"),
    ),
    "transport: closing a pipe transport": (
        router(VP8), pipe("transport"), produce("camera", "transport", "video", PLAIN_VP8), ask("transport.close"),
        ask("router.dump"),
    ),
    "transport: the router closes with all kinds in it": (
        router(VP8, OPUS), webrtc("one", enableSctp=True), plain("two", enableSctp=True),
        pipe("three", enableSctp=True), direct("four"), produce("camera", "one", "video", PLAIN_VP8),
        consume("picture", "two", "camera"), ask("router.close"), ask("one.dump"),
    ),
    "transport: ICE restart": (
        router(), webrtc("transport"), ask("transport.restartIce"), ask("transport.dump"), ask("transport.restartIce"),
        ask("transport.dump"),
    ),
    "server: two sockets, nothing on it": (SERVER, ask("server.dump"), ask("worker.dump")),
    "server: behind a NAT": (
        make("server", "worker.createWebRtcServer", listenInfos=[UDP | BEHIND_NAT]), router(), ON_SERVER,
        ask("transport.dump"), ask("server.dump"),
    ),
    "server: no sockets": (make("server", "worker.createWebRtcServer", listenInfos=[]), ask("worker.dump")),
    "server: an address that is none": (
        make("server", "worker.createWebRtcServer", listenInfos=[UDP | {"ip": "x"}]), ask("worker.dump"),
    ),
    "server: a port twice": (
        make("server", "worker.createWebRtcServer", listenInfos=[UDP | {"port": 9123}, UDP | {"port": 9123}]),
        ask("worker.dump"),
    ),
    "server: transports come and go": (
        SERVER, router(VP8), ON_SERVER,
        make("second", "router.createWebRtcTransport", webRtcServer="$server", enableTcp=False),
        make("third", "router.createWebRtcTransport", webRtcServer="$server", enableUdp=False),
        ask("transport.dump"), ask("server.dump"), ask("second.close"), ask("server.dump"), ask("transport.restartIce"),
        ask("server.dump"), ask("router.dump"),
    ),
    "server: closes with a transport and all that is in it": (
        SERVER, router(VP8), make("transport", "router.createWebRtcTransport", webRtcServer="$server", enableSctp=True),
        *INSIDE, ask("server.close"), ask("server.close"), ask("transport.dump"), ask("server.dump"),
        ask("router.dump"),
    ),
    "server: a transport closes with all that is in it": (
        SERVER, router(VP8), make("transport", "router.createWebRtcTransport", webRtcServer="$server", enableSctp=True),
        *INSIDE, ask("transport.close"), ask("server.dump"), ask("server.close"),
    ),
    "server: the router of its transport closes": (
        SERVER, router(VP8), ON_SERVER, ask("router.close"), ask("server.dump"),
    ),
    "server: transports of two routers": (
        SERVER, router(VP8), router(OPUS, save="other"), ON_SERVER,
        make("second", "other.createWebRtcTransport", webRtcServer="$server"), ask("server.dump"),
        ask("router.close"), ask("server.dump"),
    ),
}  # fmt: skip
