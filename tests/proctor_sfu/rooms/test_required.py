"""Required sources: told within the promise, once, and never for a connection that is lost as a whole."""

from __future__ import annotations

from proctor_sfu.rooms.required import PATIENCE, Change, Required, Sending
from proctor_sfu.rooms.roles import Source

FINE = Sending(paused=False, silent=False)
SILENT = Sending(paused=False, silent=True)
PAUSED = Sending(paused=True, silent=False)
CAMERA, SCREEN, MICROPHONE = Source.CAMERA, Source.SCREEN, Source.MICROPHONE
BOTH = (CAMERA, SCREEN)


def test_what_was_never_sent_is_told_once_and_its_coming_too() -> None:
    watched = Required()
    assert watched.check(BOTH, {CAMERA: FINE}, connected=True, now=10.0) == []
    assert watched.check(BOTH, {CAMERA: FINE}, connected=True, now=10.0 + PATIENCE - 0.01) == []
    assert watched.check(BOTH, {CAMERA: FINE}, connected=True, now=10.0 + PATIENCE) == [Change(SCREEN, True)]
    assert watched.check(BOTH, {CAMERA: FINE}, connected=True, now=60.0) == []
    assert watched.missing == {SCREEN}
    assert watched.check(BOTH, {CAMERA: FINE, SCREEN: FINE}, connected=True, now=61.0) == [Change(SCREEN, False)]
    assert watched.missing == set()


def test_a_short_gap_is_not_worth_telling() -> None:
    watched = Required()
    for second, sending in enumerate(({CAMERA: FINE}, {}, {CAMERA: FINE}, {}, {CAMERA: FINE})):
        assert watched.check((CAMERA,), sending, connected=True, now=float(second)) == []


def test_paused_by_the_candidate_or_silent_counts_as_missing() -> None:
    for state in (PAUSED, SILENT):
        watched = Required()
        sending = {CAMERA: FINE, SCREEN: state}
        watched.check(BOTH, sending, connected=True, now=0.0)
        assert watched.check(BOTH, sending, connected=True, now=PATIENCE) == [Change(SCREEN, True)]


def test_a_lost_connection_is_not_a_lost_source() -> None:
    watched = Required()
    watched.check(BOTH, {CAMERA: FINE, SCREEN: FINE}, connected=True, now=0.0)
    for now in (1.0, 5.0, 30.0):
        assert watched.check(BOTH, {}, connected=False, now=now) == []
    assert watched.check(BOTH, {}, connected=True, now=31.0) == [], "it has its time again once it is back"
    assert watched.check(BOTH, {}, connected=True, now=33.0) == [Change(CAMERA, True), Change(SCREEN, True)]


def test_all_sources_silent_at_once_is_the_connection() -> None:
    watched = Required()
    cut = {CAMERA: SILENT, SCREEN: SILENT, MICROPHONE: SILENT}
    for now in (0.0, 3.0, 10.0):
        assert watched.check(BOTH, cut, connected=True, now=now) == []
    one = {CAMERA: SILENT, SCREEN: FINE, MICROPHONE: FINE}
    watched.check(BOTH, one, connected=True, now=11.0)
    assert watched.check(BOTH, one, connected=True, now=13.0) == [Change(CAMERA, True)]


def test_a_source_given_up_while_the_others_are_cut_is_missing_all_the_same() -> None:
    watched = Required()
    sending = {SCREEN: SILENT, MICROPHONE: SILENT}
    watched.check(BOTH, sending, connected=True, now=0.0)
    assert watched.check(BOTH, sending, connected=True, now=PATIENCE) == [Change(CAMERA, True)]


def test_what_is_not_required_is_nobodys_business() -> None:
    watched = Required()
    watched.check((), {}, connected=True, now=0.0)
    assert watched.check((), {}, connected=True, now=100.0) == []
