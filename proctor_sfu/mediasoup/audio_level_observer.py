"""AudioLevelObserver: reports the loudest producers at an interval."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.rtp_observer import RtpObserver


class Volume(NamedTuple):
    """Average volume of a producer in the last interval, in dBov from -127 (silence) to 0 (RFC 6464)."""

    producer: Producer
    volume: int


class AudioLevelObserver(RtpObserver):
    """Made by ``router.create_audio_level_observer()``. Needs producers that send the audio level extension.

    Events, also on the observer: ``volumes`` (list of `Volume`, loudest first), ``silence`` (once, when all became
    quiet). Source: https://mediasoup.org/documentation/v3/mediasoup/api/#AudioLevelObserver.
    """

    __slots__ = ()

    type: ClassVar[Literal["audiolevel"]] = "audiolevel"

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        if event == "AUDIOLEVELOBSERVER_SILENCE":
            self._tell("silence")
            return
        producers = self._router.producers
        volumes = [
            Volume(producers[each["producer_id"]], each["volume"])
            for each in body["volumes"]
            if each["producer_id"] in producers
        ]
        if volumes:
            self._tell("volumes", volumes)
