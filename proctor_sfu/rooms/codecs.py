"""Codecs of a room's router."""

from __future__ import annotations

from typing import Final

from proctor_sfu.mediasoup.rtp import RtpCodecCapability

ROOM_CODECS: Final = (
    RtpCodecCapability(
        mime_type="audio/opus", clock_rate=48000, channels=2, parameters={"useinbandfec": 1, "usedtx": 1}
    ),
    RtpCodecCapability(mime_type="video/VP8", clock_rate=90000),
    RtpCodecCapability(
        mime_type="video/H264",
        clock_rate=90000,
        # Constrained baseline: what every browser and aiortc can encode and decode.
        parameters={"packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1},
    ),
    RtpCodecCapability(mime_type="video/VP9", clock_rate=90000, parameters={"profile-id": 0}),
)
"""Opus with FEC and DTX; VP8, H264 and VP9, in the order of preference of most clients."""
