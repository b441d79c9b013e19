"""ActiveSpeakerObserver: reports who speaks."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from proctor_sfu.mediasoup.rtp_observer import RtpObserver


class ActiveSpeakerObserver(RtpObserver):
    """Made by ``router.create_active_speaker_observer()``. Needs producers that send the audio level extension.

    Event, also on the observer: ``dominantspeaker`` (the `Producer`; the official host wraps it in an object). The
    first one named is any; from then on a speaker has to outdo it. Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#ActiveSpeakerObserver.
    """

    __slots__ = ()

    type: ClassVar[Literal["activespeaker"]] = "activespeaker"

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        producer = self._router.producers.get(body["producer_id"])
        if producer is not None:
            self._tell("dominantspeaker", producer)
