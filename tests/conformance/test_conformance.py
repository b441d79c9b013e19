"""The same calls through the official Node host and through this one: equal answers, events, dumps and errors."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cases import CASES
from conformance.deviations import DEVIATIONS, OTHER_ERRORS, adjusted
from conformance.host import Host, Run, plain
from conformance.node import NodeHost
from conformance.outcome import differences, settled
from proctor_sfu.mediasoup import capabilities
from proctor_sfu.mediasoup.install import VERSION
from proctor_sfu.mediasoup.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def both(case: str, host: Host, worker: Worker, node: NodeHost) -> tuple[dict[str, Any], dict[str, Any]]:
    """Carry out a case on both hosts."""
    return await Run(host, worker).run(CASES[case]), node.run(CASES[case])


@pytest.mark.parametrize("case", [name for name in CASES if name not in OTHER_ERRORS])
async def test_both_hosts_agree(case: str, host: Host, worker: Worker, node: NodeHost) -> None:
    ours, theirs = adjusted(case, *await both(case, host, worker, node))
    assert differences(settled(ours), settled(theirs)) == []


@pytest.mark.parametrize("case", OTHER_ERRORS)
async def test_both_hosts_agree_up_to_an_error(case: str, host: Host, worker: Worker, node: NodeHost) -> None:
    expected = OTHER_ERRORS[case]
    ours, theirs = adjusted(case, *await both(case, host, worker, node))
    errors = [[outcome.get("error") for outcome in each["outcomes"]] for each in (ours, theirs)]
    at = next(index for index, names in enumerate(zip(*errors, strict=True)) if names[0] != names[1])
    assert (errors[0][at], errors[1][at]) == (expected.ours, expected.theirs)
    one, other = (settled(each | {"outcomes": each["outcomes"][:at], "end": {}}) for each in (ours, theirs))
    assert differences(one, other) == []


@pytest.mark.parametrize("name", DEVIATIONS)
async def test_a_deviation_is_needed(name: str, host: Host, worker: Worker, node: NodeHost) -> None:
    case = DEVIATIONS[name].case
    ours, theirs = adjusted(case, *await both(case, host, worker, node), keep=name)
    assert differences(settled(ours), settled(theirs))


async def test_both_hosts_are_of_one_version_and_support_the_same(node: NodeHost) -> None:
    assert node.version == VERSION
    assert differences(without_nulls(plain(capabilities.SUPPORTED)), without_nulls(node.supported)) == []


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
