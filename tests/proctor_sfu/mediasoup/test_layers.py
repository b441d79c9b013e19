"""Layers and scores as they go to a client and come from one."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from proctor_sfu.mediasoup.layers import ConsumerLayers, ConsumerScore, ProducerScore, VideoOrientation

WIRE = {
    ConsumerLayers: (
        ConsumerLayers(spatial_layer=2, temporal_layer=1),
        {"spatialLayer": 2, "temporalLayer": 1},
    ),
    ConsumerScore: (
        ConsumerScore(score=10, producer_score=9, producer_scores=(9, 0)),
        {"score": 10, "producerScore": 9, "producerScores": (9, 0)},
    ),
    ProducerScore: (
        ProducerScore(encoding_idx=1, ssrc=5, score=7, rid="h"),
        {"encodingIdx": 1, "ssrc": 5, "score": 7, "rid": "h"},
    ),
    VideoOrientation: (
        VideoOrientation(camera=True, flip=False, rotation=90),
        {"camera": True, "flip": False, "rotation": 90},
    ),
}


@pytest.mark.parametrize("kind", WIRE)
def test_in_camel_case_and_back(kind: type) -> None:
    value, document = WIRE[kind]
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    assert adapter.dump_python(value, by_alias=True) == document
    assert adapter.validate_python(document) == value


def test_a_temporal_layer_may_be_left_out() -> None:
    assert TypeAdapter(ConsumerLayers).validate_python({"spatialLayer": 1}) == ConsumerLayers(spatial_layer=1)
    with pytest.raises(ValidationError):
        TypeAdapter(ConsumerLayers).validate_python({"temporalLayer": 1})


def test_they_are_values() -> None:
    assert ConsumerLayers(spatial_layer=1) == ConsumerLayers(spatial_layer=1, temporal_layer=None)
    assert len({ConsumerLayers(spatial_layer=1), ConsumerLayers(spatial_layer=1)}) == 1
