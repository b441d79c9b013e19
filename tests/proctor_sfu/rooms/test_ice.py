"""TURN credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac

from proctor_sfu.rooms.ice import IceServers, turn_credential

TURN = "turn:127.0.0.1:3478?transport=udp"


def test_a_credential_is_what_a_turn_server_computes_for_itself() -> None:
    username, credential = turn_credential("north", "ann", expires=1_700_000_000)
    assert username == "1700000000:ann"
    # openssl: printf 1700000000:ann | openssl dgst -sha1 -hmac north -binary | base64.
    assert base64.b64decode(credential) == hmac.digest(b"north", b"1700000000:ann", hashlib.sha1)


def test_nothing_is_told_without_servers() -> None:
    assert IceServers().told("ann", now=0) == []


def test_stun_has_no_credential_and_turn_the_one_of_the_first_secret() -> None:
    servers = IceServers(urls=("stun:127.0.0.1", TURN), secrets=("new", "old"), ttl=60)
    stun, turn = servers.told("ann", now=1000.9)
    assert stun == {"urls": ["stun:127.0.0.1"]}
    username, credential = turn_credential("new", "ann", expires=1060)
    assert turn == {"urls": [TURN], "username": username, "credential": credential}
