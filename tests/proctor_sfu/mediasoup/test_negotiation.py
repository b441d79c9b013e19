"""A consumer's request from a plan is byte for byte the one encoded in full, whatever was stamped before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.mediasoup import ortc
from proctor_sfu.mediasoup.check import check_rtp_parameters
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.layers import ConsumerLayers
from proctor_sfu.mediasoup.negotiation import ConsumePlan
from proctor_sfu.mediasoup.protocol import MESSAGE, codecs
from proctor_sfu.mediasoup.rtp import RtpCapabilities, RtpEncodingParameters, RtpEncodingRtx
from support.host import OPUS, VP8, audio, video

ROUTER = ortc.router_rtp_capabilities([VP8, OPUS])
TRANSPORT, CONSUMER = "1" * 36, "2" * 36


def plan(kind: str, capabilities: RtpCapabilities = ROUTER) -> ConsumePlan:
    params, mapping = ortc.producer_mapping(check_rtp_parameters(video() if kind == "video" else audio()), ROUTER)
    consumable = ortc.consumable_parameters(kind, params, ROUTER, mapping)  # type: ignore[arg-type]
    found = ortc.consumer_parameters(consumable, capabilities, pipe=False, enable_rtx=kind == "video")
    return ConsumePlan(found, capabilities)


def test_parameters_follow_from_mid_and_ssrc() -> None:
    found = plan("video").parameters_for("v7", 12345)
    assert found.mid == "v7"
    assert found.encodings == (RtpEncodingParameters(ssrc=12345, rtx=RtpEncodingRtx(ssrc=12346)),)
    assert plan("audio").parameters_for("0", 12345).encodings == (RtpEncodingParameters(ssrc=12345),)


@pytest.fixture(scope="module")
def encode(worker_binary: WorkerBinary) -> Any:
    codec = codecs(worker_binary.schema).full

    def made(number: int, transport_id: str, body: dict[str, Any]) -> bytes:
        content = {
            "id": number, "method": "TRANSPORT_CONSUME", "handler_id": transport_id,
            "body": ("Transport_ConsumeRequest", body),
        }  # fmt: skip
        return codec.encode(MESSAGE, {"data": ("Request", content)})

    return made


def static() -> dict[str, Any]:
    return {
        "producer_id": "3" * 36, "kind": "video", "type": "simple",
        "consumable_rtp_encodings": (RtpEncodingParameters(ssrc=5),),
    }  # fmt: skip


LAYERS = st.none() | st.builds(
    lambda spatial, temporal: ConsumerLayers(spatial_layer=spatial, temporal_layer=temporal),
    st.integers(0, 3), st.none() | st.integers(0, 3),
)  # fmt: skip
CONSUMERS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(1, 2**32 - 1), "ssrc": st.integers(100_000_000, 999_999_999),
            "mid": st.text("0123456789abc", min_size=1, max_size=8), "paused": st.booleans(),
            "ignore_dtx": st.booleans(), "preferred_layers": LAYERS,
        }
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["video", "audio"])
@given(consumers=CONSUMERS)
def test_a_stamped_request_is_the_full_one(encode: Any, kind: str, consumers: list[dict[str, Any]]) -> None:
    planned = plan(kind)
    for each in consumers:
        stamped = planned.request(encode, transport_id=TRANSPORT, consumer_id=CONSUMER, static=static, **each)
        number, ssrc, mid = each.pop("number"), each.pop("ssrc"), each.pop("mid")
        body = static() | each | {"consumer_id": CONSUMER, "rtp_parameters": planned.parameters_for(mid, ssrc)}
        assert stamped == encode(number, TRANSPORT, body)


def test_a_plan_keeps_its_capabilities_alive() -> None:
    own = replace(ROUTER)
    assert plan("video", own).capabilities is own
