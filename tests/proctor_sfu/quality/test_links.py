"""The transport under a peer: whether it stands, and what is wrong with it if it does not."""

from __future__ import annotations

import pytest

from proctor_sfu.quality.links import TransportTrack
from support import watched


@pytest.mark.parametrize(
    ("dtls", "ice", "media", "failure"),
    [
        ("connected", "completed", "connected", "silence"),
        ("connected", "disconnected", "failed", "ice"),
        ("connecting", "connected", "connecting", "ice"),
        ("failed", "connected", "failed", "dtls"),
        ("closed", "disconnected", "failed", "dtls"),
    ],
)
def test_what_is_wrong_with_it(dtls: str, ice: str, media: str, failure: str) -> None:
    transport = watched.transport(1, "192.0.2.1")
    transport.dtls_state, transport.ice_state = dtls, ice
    track = TransportTrack(0.0, ())
    track.look(0.0, transport)
    assert (track.media, track.failure) == (media, failure)


def test_a_peer_without_one() -> None:
    track = TransportTrack(0.0, ())
    assert (track.media, track.failure, track.path, track.address) == ("none", "ice", None, None)
