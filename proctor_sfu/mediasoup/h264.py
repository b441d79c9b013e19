"""H264 profile-level-id: which profiles are the same, and the level two sides agree on (RFC 6184 section 8.1).

Own code: the one package for it on PyPI raises on values a client may well send.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from proctor_sfu.mediasoup.rtp import Parameters

_PROFILE_LEVEL_ID: Final = re.compile(r"[0-9A-Fa-f]{6}", re.ASCII)
_LEVEL_1B: Final = 0
_LEVELS: Final = frozenset((10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52))
_CONSTRAINT_SET3: Final = 0x10


class Profile(StrEnum):
    """A profile; the value is how its profile-level-id starts."""

    CONSTRAINED_BASELINE = "42e0"
    BASELINE = "4200"
    MAIN = "4d00"
    CONSTRAINED_HIGH = "640c"
    HIGH = "6400"
    PREDICTIVE_HIGH_444 = "f400"


_PATTERNS: Final = (
    (0x42, 0b0100_1111, 0b0100_0000, Profile.CONSTRAINED_BASELINE),
    (0x4D, 0b1000_1111, 0b1000_0000, Profile.CONSTRAINED_BASELINE),
    (0x58, 0b1100_1111, 0b1100_0000, Profile.CONSTRAINED_BASELINE),
    (0x42, 0b0100_1111, 0b0000_0000, Profile.BASELINE),
    (0x58, 0b1100_1111, 0b1000_0000, Profile.BASELINE),
    (0x4D, 0b1010_1111, 0b0000_0000, Profile.MAIN),
    (0x64, 0b1111_1111, 0b0000_0000, Profile.HIGH),
    (0x64, 0b1111_1111, 0b0000_1100, Profile.CONSTRAINED_HIGH),
    (0xF4, 0b1111_1111, 0b0000_0000, Profile.PREDICTIVE_HIGH_444),
)
"""profile_idc, bits of profile_iop that count, their value, profile (table 5 of the RFC)."""

_LEVEL_1B_IDS: Final = {
    Profile.CONSTRAINED_BASELINE: "42f00b",
    Profile.BASELINE: "42100b",
    Profile.MAIN: "4d100b",
}


class ProfileLevel(NamedTuple):
    """A profile and ten times the level; level 1b is 0."""

    profile: Profile
    level: int


_DEFAULT: Final = ProfileLevel(Profile.CONSTRAINED_BASELINE, 31)
"""What endpoints mean that name none, as libwebrtc has it; the RFC would say baseline level 1."""


def parse(text: object) -> ProfileLevel | None:
    """Return what a profile-level-id says, None for anything else than one."""
    if not isinstance(text, str) or not _PROFILE_LEVEL_ID.fullmatch(text):
        return None
    idc, iop, level = bytes.fromhex(text)
    if level not in _LEVELS:
        return None
    if level == 11 and iop & _CONSTRAINT_SET3:
        level = _LEVEL_1B
    for pattern_idc, mask, value, profile in _PATTERNS:
        if idc == pattern_idc and iop & mask == value:
            return ProfileLevel(profile, level)
    return None


def of(parameters: Parameters) -> ProfileLevel | None:
    """Return the profile and level of a codec's parameters; None when they name one that is none.

    An empty name counts as no name, as in the official host.
    """
    text = parameters.get("profile-level-id")
    return parse(text) if text else _DEFAULT


def same_profile(a: Parameters, b: Parameters) -> bool:
    """Return whether both parameters mean the same profile."""
    ours, theirs = of(a), of(b)
    return ours is not None and theirs is not None and ours.profile == theirs.profile


def answer(local: Parameters, remote: Parameters) -> str | None:
    """Return the profile-level-id of an answer to ``remote``; None where neither side names one.

    Call it for parameters with the `same_profile` only. The level is the lower one, or the local one where both
    sides allow asymmetry.
    """
    if not local.get("profile-level-id") and not remote.get("profile-level-id"):
        return None
    ours, theirs = of(local), of(remote)
    if ours is None or theirs is None:
        return None
    asymmetry = all(each.get("level-asymmetry-allowed") in (1, "1") for each in (local, remote))
    level = ours.level if asymmetry else min(ours.level, theirs.level, key=_rank)
    if level == _LEVEL_1B:
        return _LEVEL_1B_IDS.get(ours.profile)
    return f"{ours.profile}{level:02x}"


def _rank(level: int) -> float:
    """Level 1b lies between 1 and 1.1."""
    return 10.5 if level == _LEVEL_1B else level
