"""The comparison itself: any change of any field of what a real case gives is seen, except where a rule says so."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

from conformance.cases import CASES
from conformance.cases.ingredients import PLAIN_VP8, VP8, plain, produce, router
from conformance.host import Host, Run
from conformance.outcome import CLOCK_KEYS, PORT_KEYS, RANDOM_PORTS, differences, settled
from conformance.script import ask, hexed
from proctor_sfu.mediasoup.worker import Worker
from support.packets import KEY_FRAME, rtp

in_module = pytest.mark.asyncio(loop_scope="module")

Path: TypeAlias = tuple[str | int, ...]
RICH = (
    "consumer: simulcast, layers preferred", "consumer: its producer pauses and resumes",
    "data: consumed: as the producer",
    "server: transports come and go", "transport: plain with SRTP", "observer: audio level: a life",
    "media: trace events of a consumer", "pipe: data", "worker: settings, usage and dump",
)  # fmt: skip
"""Cases that together have every kind of field."""


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path, value
    else:
        for key, item in items:
            yield from leaves(item, (*path, key))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every key of every record and every index of every list."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "x" if value is None else value + "x"


def compared(document: dict[str, Any]) -> dict[str, Any]:
    """The part of a document that is compared."""
    return {key: value for key, value in document.items() if key != "names"}


def replaced_by_rule(path: Path, value: Any) -> bool:
    """Whether a rule says that this value may be another one."""
    key = next((each for each in reversed(path) if isinstance(each, str)), "")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (key in CLOCK_KEYS or key.startswith("ru_") or (key in PORT_KEYS and value in RANDOM_PORTS))


@pytest.mark.parametrize("case", RICH)
@in_module
async def test_a_changed_value_is_seen(case: str, host: Host, worker: Worker) -> None:
    document = await Run(host, worker).run(CASES[case])
    reference = settled(document)
    unseen = []
    for path, value in leaves(compared(document)):
        if path[-1] == "$hex":
            continue  # See the test of every byte of a packet.
        holder = at(document, path[:-1])
        holder[path[-1]] = changed(value)
        if settled(document) == reference and not replaced_by_rule(path, value):
            unseen.append((path, value))
        holder[path[-1]] = value
    assert unseen == []


@pytest.mark.parametrize("case", RICH)
@in_module
async def test_a_missing_and_an_additional_field_are_seen(case: str, host: Host, worker: Worker) -> None:
    document = await Run(host, worker).run(CASES[case])
    reference = settled(document)
    unseen = []
    for path in list(places(compared(document))):
        if len(path) == 1 or path[-1] == "later":
            continue  # The outcomes, and the events, are removed one by one.
        holder, value = at(document, path[:-1]), at(document, path)
        was = copy.copy(holder)
        del holder[path[-1]]
        if value is not None and settled(document) == reference:
            unseen.append(path)
        if isinstance(holder, list):
            holder[:] = was
        else:
            holder |= was
        if isinstance(value, dict) and not value.keys() & {"$entity", "$hex"}:
            value["unheard of"] = 1
            if settled(document) == reference:
                unseen.append((*path, "+"))
            del value["unheard of"]
    assert settled(document) == reference
    assert unseen == []


@in_module
async def test_the_order_of_a_cascade_is_seen(host: Host, worker: Worker) -> None:
    document = await Run(host, worker).run(CASES["consumer: the router closes"])
    at_once = document["outcomes"][5]["atOnce"]
    assert len(at_once) > 5
    for index in range(len(at_once) - 1):
        other = copy.deepcopy(document)
        events = other["outcomes"][5]["atOnce"]
        events[index], events[index + 1] = events[index + 1], events[index]
        assert differences(settled(other), settled(document))


def made_up(identity: str, **result: Any) -> dict[str, Any]:
    return {"names": {identity: "camera"}, "end": {}, "outcomes": [{"later": [], "result": {"id": identity, **result}}]}


def test_every_byte_of_a_packet_counts_but_those_of_the_clock() -> None:
    extensions = {1: b"0", 4: b"\xaa\xbb\xcc", 5: b"\xdd\xee", 8: b"\x11"}
    first, second = (rtp(101, number, 3000, 500_000_000, KEY_FRAME, extensions=extensions) for number in (7, 8))
    block = first[16 : 16 + 4 * int.from_bytes(first[14:16])]
    clock = {16 + block.index(data) + offset for data in (extensions[4], extensions[5]) for offset in range(len(data))}
    mark = {12, 13}  # Of the one-byte form; only what is in it is looked at.
    unseen = set()
    for index in range(len(first)):
        other = first[:index] + bytes([first[index] ^ 1]) + first[index + 1 :]
        one, two = (made_up("x", packets=[hexed(packet), hexed(second)]) for packet in (first, other))
        if not differences(settled(one), settled(two)):
            unseen.add(index)
    assert unseen == clock | mark


@in_module
async def test_a_random_value_in_a_wrong_place_is_seen(host: Host, worker: Worker) -> None:
    two = {**PLAIN_VP8, "encodings": [{"ssrc": 1}, {"ssrc": 2}]}
    case = (router(VP8), plain("sender"), produce("camera", "sender", "video", two), ask("camera.dump"))
    document = await Run(host, worker).run(case)
    other = copy.deepcopy(document)
    mapped = other["outcomes"][3]["result"]["rtpMapping"]["encodings"]
    first, second = mapped[0]["mappedSsrc"], mapped[1]["mappedSsrc"]
    assert second == first + 1
    mapped[0]["mappedSsrc"], mapped[1]["mappedSsrc"] = second, first
    assert len(differences(settled(other), settled(document))) == 2


def test_two_runs_of_different_random_values_are_equal() -> None:
    one = made_up("11111111-1111-4111-8111-111111111111", ssrc=100_000_007, port=10_001, cname="0123abcd")
    two = made_up("22222222-2222-4222-8222-222222222222", ssrc=900_000_007, port=59_999, cname="dcba3210")
    assert differences(settled(one), settled(two)) == []
    two["names"] = {}
    assert differences(settled(one), settled(two)) == [".outcomes[0].result.id: '<camera>' ≠ '<entity 0>'"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (1, 2), (1, 1.5), (True, 1), ("1", 1), ([], None), ([1], [1, 2]), ([1, 2], [2, 1]), ({"a": 1}, {}),
        ({}, {"a": 1}), ({}, []),
    ],
)  # fmt: skip
def test_what_is_not_equal_is_different(ours: Any, theirs: Any) -> None:
    assert differences(ours, theirs)
    assert not differences(ours, copy.deepcopy(ours))
