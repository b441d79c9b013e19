"""Layers and scores of producers and consumers.

Source: https://mediasoup.org/documentation/v3/mediasoup/api/#ConsumerLayers and what follows there.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_sfu.mediasoup.rtp import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerLayers(Wire):
    """A spatial layer, 0 being the smallest picture, and optionally a temporal one, 0 being the lowest frame rate."""

    spatial_layer: int
    temporal_layer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerScore(Wire):
    """Transmission quality from 0 (nothing arrives) to 10; smoothed and optimistic, 7 already means about 8 % loss."""

    score: int
    """Of the consumer's own stream."""
    producer_score: int
    """Of the producer's stream that is being forwarded."""
    producer_scores: tuple[int, ...]
    """Of every encoding of the producer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerScore(Wire):
    """Score of one encoding of a producer."""

    encoding_idx: int
    ssrc: int
    score: int
    rid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOrientation(Wire):
    """Orientation a sender announces (3GPP TS 26.114): ``rotation`` clockwise in degrees."""

    camera: bool
    flip: bool
    rotation: int
