"""States from facts, all of them."""

from __future__ import annotations

import itertools
import typing

from proctor_sfu.rooms.presence import Facts, Light, State, state_of

LIGHTS: tuple[Light, ...] = typing.get_args(Light)


def test_every_combination_of_facts_has_the_state_it_should() -> None:
    for away, joined, once, connected, light in itertools.product(*[(False, True)] * 4, LIGHTS):
        facts = Facts(away=away, joined=joined, connected_once=once, connected=connected, light=light)
        state = state_of(facts)
        if away:
            assert state is State.RECONNECTING
        elif not joined:
            assert state is State.JOINING
        elif connected:
            assert state is (State.DEGRADED if light in ("amber", "red") else State.LIVE)
        else:
            assert state is (State.RECONNECTING if once else State.JOINING)
