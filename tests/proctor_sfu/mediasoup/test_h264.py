"""H264 profile-level-ids: what each one means, which are the same profile, and the answer to an offer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.mediasoup.h264 import Profile, ProfileLevel, answer, of, parse, same_profile
from proctor_sfu.mediasoup.rtp import Parameters

PARSED = {
    "42e01f": ProfileLevel(Profile.CONSTRAINED_BASELINE, 31),
    "42E01F": ProfileLevel(Profile.CONSTRAINED_BASELINE, 31),
    "42c02a": ProfileLevel(Profile.CONSTRAINED_BASELINE, 42),
    "4de01f": ProfileLevel(Profile.CONSTRAINED_BASELINE, 31),
    "58f01f": ProfileLevel(Profile.CONSTRAINED_BASELINE, 31),
    "42a01f": ProfileLevel(Profile.BASELINE, 31),
    "58a01f": ProfileLevel(Profile.BASELINE, 31),
    "4d401f": ProfileLevel(Profile.MAIN, 31),
    "64001f": ProfileLevel(Profile.HIGH, 31),
    "640c1f": ProfileLevel(Profile.CONSTRAINED_HIGH, 31),
    "f4001f": ProfileLevel(Profile.PREDICTIVE_HIGH_444, 31),
    "42000a": ProfileLevel(Profile.BASELINE, 10),
    "42e00b": ProfileLevel(Profile.CONSTRAINED_BASELINE, 11),
    "42f00b": ProfileLevel(Profile.CONSTRAINED_BASELINE, 0),  # Level 1b.
    "42100b": ProfileLevel(Profile.BASELINE, 0),
    "640034": ProfileLevel(Profile.HIGH, 52),
}


@pytest.mark.parametrize("text", PARSED)
def test_a_profile_level_id_says(text: str) -> None:
    assert parse(text) == PARSED[text]


@pytest.mark.parametrize(
    "text",
    ["", "42e0", "42e01f0", "gggggg", "42e01g", " 2e01f", "000000", "42e000", "42e0ff", "58601f", "64e01f", None, 42],
)
def test_anything_else_says_nothing(text: object) -> None:
    assert parse(text) is None


def test_no_name_means_constrained_baseline_3_1() -> None:
    default = ProfileLevel(Profile.CONSTRAINED_BASELINE, 31)
    assert of({}) == of({"profile-level-id": ""}) == default
    assert of({"profile-level-id": "nonsense"}) is None


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("42e01f", "42e034", True),
        ("42e01f", "4de01f", True),
        ("42e01f", None, True),
        ("42001f", None, False),
        ("42e01f", "42001f", False),
        ("64001f", "640c1f", False),
        ("nonsense", "nonsense", False),
    ],
)
def test_profiles_are_compared_without_levels(a: str, b: str | None, same: bool) -> None:
    named = {"profile-level-id": a}
    other = {} if b is None else {"profile-level-id": b}
    assert same_profile(named, other) == same_profile(other, named) == same


ANSWERS = [
    # Local, remote, asymmetry allowed by both, answer.
    ("42e01f", "42e015", False, "42e015"),
    ("42e015", "42e01f", False, "42e015"),
    ("42e015", "42e01f", True, "42e015"),
    ("42e01f", "42e015", True, "42e01f"),
    ("42e01f", "42f00b", False, "42f00b"),
    ("42f00b", "42e01f", False, "42f00b"),
    ("42e00a", "42f00b", False, "42e00a"),
    ("42f00b", "42e00a", False, "42e00a"),
    ("42e00b", "42f00b", False, "42f00b"),
    ("4de01f", "42e01f", False, "42e01f"),
    ("640c1f", "640c34", False, "640c1f"),
    (None, "42e015", False, "42e015"),
    ("42e034", None, False, "42e01f"),
    (None, None, False, None),
    (None, None, True, None),
]


@pytest.mark.parametrize(("local", "remote", "asymmetry", "expected"), ANSWERS)
@pytest.mark.parametrize("spelled", [1, "1", 1.0])
def test_an_answer(
    local: str | None, remote: str | None, asymmetry: bool, expected: str | None, spelled: str | float
) -> None:
    allowed = spelled if asymmetry else 0
    ours: Parameters = {"profile-level-id": local or "", "level-asymmetry-allowed": allowed}
    theirs: Parameters = {"profile-level-id": remote or "", "level-asymmetry-allowed": allowed}
    assert answer(ours, theirs) == expected


def test_asymmetry_takes_both() -> None:
    local = {"profile-level-id": "42e01f", "level-asymmetry-allowed": 1}
    assert answer(local, {"profile-level-id": "42e015"}) == "42e015"


NAMES = st.sampled_from(list(PARSED))


@given(NAMES, NAMES)
def test_an_answer_never_exceeds_either_side_and_keeps_the_profile(a: str, b: str) -> None:
    local, remote = {"profile-level-id": a}, {"profile-level-id": b}
    if same_profile(local, remote):
        found = answer(local, remote)
        assert found is not None
        assert found == answer(remote, local)
        assert same_profile({"profile-level-id": found}, local)
        assert parse(found) in (parse(a), parse(b))
