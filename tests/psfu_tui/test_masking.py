from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from proctor_sfu.control.api.plain import plain
from proctor_sfu.control.api.quality import Incident
from psfu_tui.masking import Mask
from psfu_tui.tables.recordings import RECORDINGS
from support import frames
from support.watching import KEY, happening

from .test_columns import RECORDING

MASK = Mask(KEY)
INCIDENT = Incident(
    id=1, at="2026-11-23T13:00:00Z", room="exam-1", candidates=("exam-1/ana.k", "exam-1/bob"), shared="network",
    value="192.0.2.0/24", others=0, summary="2 candidates got worse at once: all in network 192.0.2.0/24",
)  # fmt: skip


def secrets_of(text: str) -> list[str]:
    return re.findall(r"ana|Ana|bob|Bob|zoe|Zoe|192\.0\.2|2001:db8", text)


def test_nobody_and_no_address_is_left_in_a_frame() -> None:
    frame = replace(
        frames.frame(),
        candidates=(frames.candidate(id="ana.k", name="Ana Kovač", address="192.0.2.7", watchers=("zoe",)),
                    frames.candidate(id="bob", name="Bob", address="2001:db8::7", watchers=())),
        proctors=(frames.proctor(id="zoe", name="Zoe", address="192.0.2.9"),), incidents=(INCIDENT,),
    )  # fmt: skip
    assert len(secrets_of(repr(plain(frame)))) > 10
    assert secrets_of(repr(plain(MASK.frame(frame)))) == []


def test_an_alias_stays_and_tells_apart() -> None:
    assert MASK.person("ana") == MASK.person("ana") != MASK.person("bob")
    assert MASK.person("ana") != Mask(b"another key").person("ana")
    assert MASK.candidate(frames.candidate(id="ana", watchers=("zoe",))).watchers == (MASK.person("zoe"),)


def test_what_is_not_known_stays_unknown() -> None:
    assert MASK.candidate(frames.candidate(address=None)).address is None


def test_events_name_nobody() -> None:
    told = happening("zoe noted, from 192.0.2.7", peer="ana", note="Bob helps", people=("zoe",))
    masked = MASK.happening(told)
    assert secrets_of(f"{masked.text} {masked.peer} {masked.note}") == []
    assert masked.note == "(hidden)"
    assert MASK.happening(happening(peer=None)).peer is None


def test_a_proctor_that_is_to_blame_has_no_name_either() -> None:
    blamed = replace(INCIDENT, shared="proctor", value="zoe", summary="the downlink of proctor zoe is bad")
    assert secrets_of(repr(MASK.incident(blamed))) == []


def test_a_recording_does_not_tell_of_whom_it_is() -> None:
    masked = MASK.recording(RECORDING)
    assert "cand-001" not in repr(masked)
    assert RECORDINGS.key(masked) != RECORDINGS.key(RECORDING)


def test_parts_of_words_are_no_names() -> None:
    hide = MASK.text([("ana", "ana"), ("", "x")])
    assert hide("banana") == "banana"
    assert hide("ana, ana") == f"{MASK.person('ana')}, {MASK.person('ana')}"


@pytest.mark.parametrize("text", ["at 13:02:40", "loss 6.2 %", "(was 0.4): bad.", "1.2.3"])
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    assert MASK.text([])(text) == text


@pytest.mark.parametrize(
    "text",
    ["from 192.0.2.7.", "network 192.0.2.0/24,", "(2001:db8::7)", "2001:db8:1::/48", "::ffff:192.0.2.7", "fe80::1"],
)
def test_addresses_of_every_form_are_hidden(text: str) -> None:
    assert not re.search(r"192\.0|2001|fe80", MASK.text([])(text))


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_any_text_and_any_names_can_be_masked(text: str, names: list[str]) -> None:
    assert isinstance(MASK.text([(name, name) for name in names])(text), str)
