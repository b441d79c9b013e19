"""ActiveSpeakerObserver: reports who speaks."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from proctor_sfu.mediasoup.rtp_observer import RtpObserver


class ActiveSpeakerObserver(RtpObserver):
    """Made by ``router.create_active_speaker_observer()``.

    Event, also on the observer: ``dominantspeaker`` (the `Producer`).
    """

    __slots__ = ()

    type: ClassVar[Literal["activespeaker"]] = "activespeaker"

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        producer = self._router.producers.get(body["producer_id"])
        if producer is not None:
            self._tell("dominantspeaker", producer)
