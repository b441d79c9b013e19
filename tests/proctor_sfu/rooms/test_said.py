"""Who reads what was written before they came."""

from __future__ import annotations

from typing import Final

import pytest

from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.said import KEPT, TOLD, Entry, Said

WATCHES: Final = {"pam": {"ann"}, "quin": {"ann", "bob"}, "olga": {"ann"}}
ENTRIES: Final = {
    "ann asks": ("message", "ann", Role.CANDIDATE, "ann"),
    "bob asks": ("message", "bob", Role.CANDIDATE, "bob"),
    "pam answers ann": ("message", "pam", Role.PROCTOR, "ann"),
    "pam to all": ("message", "pam", Role.PROCTOR, None),
    "quin to all": ("message", "quin", Role.PROCTOR, None),
    "pam notes ann": ("bookmark", "pam", Role.PROCTOR, "ann"),
}
PEOPLE: Final = {
    "ann": (Role.CANDIDATE, {"ann asks", "pam answers ann", "pam to all", "quin to all"}),
    "bob": (Role.CANDIDATE, {"bob asks", "quin to all"}),
    "pam": (Role.PROCTOR, {"ann asks", "pam answers ann", "pam to all", "quin to all", "pam notes ann"}),
    "quin": (Role.PROCTOR, set(ENTRIES)),
    "lea": (Role.LEAD, set(ENTRIES)),
    "olga": (Role.OBSERVER, {"pam notes ann"}),
    "nora": (Role.PROCTOR, {"pam to all", "quin to all"}),
}
"""Peer -> what it reads; who is not in WATCHES watches nobody, but a lead all."""


def assigned(viewer: str, role: Role, candidate: str) -> bool:
    return role is Role.LEAD or candidate in WATCHES.get(viewer, ())


def entry(name: str) -> Entry:
    method, author, role, candidate = ENTRIES[name]
    return Entry(method=method, author=author, role=role, candidate=candidate, data={"text": name})  # type: ignore[arg-type]


@pytest.mark.parametrize("peer", PEOPLE)
def test_everybody_reads_what_they_would_have_been_sent_and_nothing_else(peer: str) -> None:
    said = Said()
    for name in ENTRIES:
        said.add(entry(name))
    role, expected = PEOPLE[peer]
    found = [each.data["text"] for each in said.to(peer, role, assigned)]
    assert set(found) == expected and found == [name for name in ENTRIES if name in expected]


def test_an_observer_of_the_same_name_is_somebody_else() -> None:
    assert not entry("pam answers ann").for_peer("pam", Role.OBSERVER, assigned)


def test_the_newest_are_kept_and_the_newest_of_them_are_told() -> None:
    said = Said()
    for number in range(KEPT + 10):
        said.add(Entry(method="message", author="ann", role=Role.CANDIDATE, candidate="ann", data={"number": number}))
    numbers = [each.data["number"] for each in said.to("lea", Role.LEAD, assigned)]
    assert numbers == list(range(KEPT + 10 - TOLD, KEPT + 10))
