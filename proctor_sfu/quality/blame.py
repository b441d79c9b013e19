"""When several candidates get worse at once: what they have in common; pure, time is an argument.

One candidate in trouble has a bad link. Ten within three seconds have a bad worker, a bad campus network or a bad
server, and the operator has to know which before the telephone rings.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

Shared: TypeAlias = Literal["worker", "proctor", "network", "path", "room", "nothing"]

WINDOW: Final = 3.0
"""Seconds within which candidates that get worse do so at once."""
LEAST: Final = 3
"""Fewer candidates are a coincidence."""
SHARE: Final = 0.5
"""Part of those who share something that has to be in trouble for it to be the cause."""
NEARLY_ALL: Final = 0.8
"""Part of those in trouble that has to share it."""
TRAITS: Final[tuple[Shared, ...]] = ("worker", "network", "path", "room")
"""In the order they are blamed when they explain equally well; where to look comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A candidate, and what it can have in common with others."""

    room: str
    id: str
    well: bool
    worker: str | None
    network: str | None
    path: str | None

    @property
    def key(self) -> str:
        """``room/id``."""
        return f"{self.room}/{self.id}"

    def trait(self, name: Shared) -> str | None:
        """Return the value of a trait."""
        match name:
            case "worker":
                return self.worker
            case "network":
                return self.network
            case "path":
                return self.path
            case "room":
                return self.room
            case _:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Several candidates got worse at once."""

    candidates: tuple[str, ...]
    room: str | None
    shared: Shared
    value: str
    others: int
    """Candidates that share it and are well."""
    summary: str


class Blame:
    """Collects candidates that get worse; three seconds after the first says what they share."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._fell: dict[str, Subject] = {}

    def feed(self, now: float, fell: Iterable[Subject], everybody: Iterable[Subject]) -> Finding | None:
        """Take those that got worse since the last call; returns a finding when a window ends with enough of them."""
        for subject in fell:
            if self._since is None:
                self._since = now
            self._fell[subject.key] = subject
        if self._since is None or now - self._since < WINDOW:
            return None
        fallen, self._since, self._fell = list(self._fell.values()), None, {}
        return None if len(fallen) < LEAST else explain(fallen, list(everybody))


def explain(fallen: Sequence[Subject], everybody: Sequence[Subject]) -> Finding:
    """Return what those in trouble have in common and the others do not.

    Where a worker and a network explain it equally well nothing tells which of them it was, so both are named.
    """
    keys = {subject.key for subject in fallen}
    found: list[tuple[float, int, Shared, str, int]] = []
    for name in TRAITS:
        value, count = _commonest(fallen, name)
        if value is None or count < NEARLY_ALL * len(fallen):
            continue
        others = sum(each.well and each.trait(name) == value and each.key not in keys for each in everybody)
        share = count / (count + others)
        if share >= SHARE:
            found.append((share, count, name, value, others))
    rooms = {subject.room for subject in fallen}
    best = max((each[:2] for each in found), default=None)
    equal = [each[2:] for each in found if each[:2] == best]
    shared, value, others = equal[0] if equal else ("nothing", "", 0)
    return Finding(
        candidates=tuple(sorted(keys)), room=rooms.pop() if len(rooms) == 1 else None, shared=shared, value=value,
        others=others, summary=_summary(len(fallen), equal),
    )  # fmt: skip


def proctor_downlink(proctor: str, watched: Sequence[str], room: str) -> Finding:
    """Return the finding that a proctor's own connection is bad while those it watches are well."""
    return Finding(
        candidates=tuple(sorted(watched)), room=room, shared="proctor", value=proctor, others=0,
        summary=f"the downlink of proctor {proctor} is bad; the {len(watched)} candidates it watches are not",
    )  # fmt: skip


def _commonest(fallen: Sequence[Subject], name: Shared) -> tuple[str | None, int]:
    counts: dict[str, int] = {}
    for subject in fallen:
        if (value := subject.trait(name)) is not None:
            counts[value] = counts.get(value, 0) + 1
    value = max(counts, key=lambda each: counts[each], default=None)
    return value, 0 if value is None else counts[value]


_NAMES: Final[Mapping[Shared, str]] = {
    "worker": "on worker {}", "network": "in network {}", "path": "with media over {}", "room": "in room {}",
}  # fmt: skip


def _summary(count: int, equal: Sequence[tuple[Shared, str, int]]) -> str:
    if not equal:
        return f"{count} candidates got worse at once and share nothing"
    others = equal[0][2]
    # Path and room are shared by many anyway: they are named alone or not at all.
    named = [each for each in equal if each[0] in ("worker", "network")] or equal[:1]
    places = " and ".join(_NAMES[shared].format(value) for shared, value, _ in named)
    several = f"{others} others there are well" if others > 1 else "1 other there is well"
    rest = f", {several}" if others else ", nobody there is well"
    return f"{count} candidates got worse at once: all {places}{rest}"


@lru_cache(maxsize=4096)
def network(address: str | None) -> str | None:
    """Return the block an address belongs to: /24 of IPv4, /48 of IPv6."""
    if address is None:
        return None
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
