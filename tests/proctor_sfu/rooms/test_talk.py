"""Whom a proctor speaks to."""

from __future__ import annotations

from proctor_sfu.rooms.talk import ALL, Talk


def test_nobody_hears_a_voice_that_is_not_addressed() -> None:
    assert not Talk().hears("ann", "pam")


def test_a_whisper_is_heard_by_one() -> None:
    talk = Talk()
    assert talk.address("pam", "ann") is None
    assert [peer for peer in ("ann", "bob", "quin") if talk.hears(peer, "pam")] == ["ann"]
    assert not talk.hears("ann", "quin")


def test_a_voice_goes_to_one_or_to_all_at_a_time() -> None:
    talk = Talk()
    talk.address("pam", "ann")
    assert talk.address("pam", ALL) == "ann"
    assert talk.hears("ann", "pam") and talk.hears("bob", "pam")
    assert talk.address("pam", "bob") is ALL
    assert not talk.hears("ann", "pam") and talk.hears("bob", "pam")
    assert talk.address("pam", None) == "bob"
    assert not talk.hears("bob", "pam")


def test_who_is_gone_neither_speaks_nor_is_whispered_to() -> None:
    talk = Talk()
    talk.address("pam", "ann")
    talk.address("quin", ALL)
    talk.forget("ann")
    assert talk.addressee("pam") is None
    assert talk.addressee("quin") is ALL
    talk.forget("quin")
    assert not talk.hears("ann", "quin")
