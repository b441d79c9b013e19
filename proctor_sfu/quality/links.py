"""The transport under a peer over time: is anything coming, how much, from where."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from proctor_sfu.mediasoup.stats import WebRtcTransportStats
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.quality.health import Media
from proctor_sfu.quality.rates import STALE, Gauge


class TransportTrack:
    """Follows the transport of a peer, and the next one when it is replaced. `look` and `feed` once a second."""

    def __init__(self, now: float, relays: Collection[str]) -> None:
        self.received: float | None = None
        """Bits per second."""
        self.sent: float | None = None
        self.can_receive: float | None = None
        """What the way to the server can carry, bits per second, as the server tells the client."""
        self.can_send: float | None = None
        """What the way to the client can carry, bits per second, as the worker estimates."""
        self.silent_s: float | None = None
        """Seconds since the last byte of anything."""
        self._relays = relays
        self._transport: WebRtcTransport | None = None
        self._bytes = Gauge(), Gauge()
        self._total: int | None = None
        self._heard = now
        self._asked = now

    def look(self, now: float, transport: WebRtcTransport | None) -> None:
        """Follow ``transport`` from now on; None: the peer has none."""
        if transport is not self._transport:
            self._transport = transport
            self._bytes = Gauge(), Gauge()
            self._total, self._heard, self._asked = None, now, now
            self._forget()

    def feed(self, now: float, stats: WebRtcTransportStats | None) -> None:
        """Take what the worker told; None: it was not asked or did not answer."""
        if stats is None:
            if now - self._asked > STALE / 1000:
                self._forget()
            return
        self._asked = now
        at = stats.timestamp / 1000
        inwards, outwards = self._bytes
        self.received = _bits(inwards.feed(at, stats.bytes_received))
        self.sent = _bits(outwards.feed(at, stats.bytes_sent))
        self.can_receive = stats.available_incoming_bitrate or None
        self.can_send = stats.available_outgoing_bitrate or None
        if stats.bytes_received != self._total:
            self._total, self._heard = stats.bytes_received, now
        # Samples are a second apart, but for a millisecond: without rounding, seven of them are now and then eight.
        self.silent_s = round(now - self._heard, 1)

    def _forget(self) -> None:
        self.received = self.sent = self.can_receive = self.can_send = self.silent_s = None

    @property
    def media(self) -> Media:
        """Whether the media connection stands."""
        transport = self._transport
        if transport is None or transport.closed:
            return "none"
        if transport.dtls_state in ("failed", "closed") or transport.ice_state in ("disconnected", "closed"):
            return "failed"
        stands = transport.dtls_state == "connected" and transport.ice_state in ("connected", "completed")
        return "connected" if stands else "connecting"

    @property
    def failure(self) -> Literal["dtls", "ice", "silence"]:
        """What is wrong with a media connection that does not stand; ``silence``: it only looks as if it did."""
        transport = self._transport
        if transport is not None and transport.dtls_state in ("failed", "closed"):
            return "dtls"
        return "silence" if self.media == "connected" else "ice"

    @property
    def ice(self) -> str | None:
        """State of ICE."""
        return None if self._transport is None else self._transport.ice_state

    @property
    def dtls(self) -> str | None:
        """State of DTLS."""
        return None if self._transport is None else self._transport.dtls_state

    @property
    def address(self) -> str | None:
        """Where its packets come from."""
        selected = None if self._transport is None else self._transport.ice_selected_tuple
        return None if selected is None else selected.remote_ip

    @property
    def path(self) -> Literal["udp", "tcp", "relay"] | None:
        """How its packets come; a relay is one the settings name."""
        selected = None if self._transport is None else self._transport.ice_selected_tuple
        if selected is None:
            return None
        return "relay" if selected.remote_ip in self._relays else selected.protocol


def _bits(octets: float | None) -> float | None:
    return None if octets is None else octets * 8
