"""Encryption at rest: split anywhere, cut anywhere, changed anywhere, and keys that others can read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.errors import KeyFileError, RefusedError, SealedError
from proctor_sfu.recording import keys
from proctor_sfu.recording.folder import KEY as KEY_FILE
from proctor_sfu.recording.sealed import HEAD, TAG, Opener, Sealer

KEY = bytes(range(32))
PIECES = [b"MJR00002 and so on", b"", b"x" * 1000, b"the end"]


def seal(pieces: list[bytes] = PIECES, name: str = "camera-0001.mjr.sealed") -> bytes:
    sealer = Sealer(KEY, b"saltsalt", "a/b/c", name)
    return b"".join(sealer.seal(piece) for piece in pieces)


def opener(key: bytes | None = KEY, recording: str = "a/b/c", name: str = "camera-0001.mjr.sealed") -> Opener:
    return Opener(key, recording, name)


WHOLE = seal()
ENDS = [HEAD]
for each in PIECES:
    ENDS.append(ENDS[-1] + 4 + len(each) + TAG)


def test_it_opens_what_it_sealed() -> None:
    one = opener()
    assert one.feed(WHOLE) == b"".join(PIECES)
    assert (one.offset, one.pending) == (len(WHOLE), 0)
    assert not any(piece and piece in WHOLE for piece in PIECES)


def test_split_anywhere_and_cut_anywhere() -> None:
    for at in range(len(WHOLE) + 1):
        one = opener()
        first = one.feed(WHOLE[:at])
        complete = sum(end <= at for end in ENDS[1:])
        assert first == b"".join(PIECES[:complete])
        assert one.offset == (ENDS[complete] if at >= HEAD else 0)
        assert one.offset + one.pending == at
        assert first + one.feed(WHOLE[at:]) == b"".join(PIECES)


def test_every_flipped_byte_is_refused_or_leaves_it_unfinished() -> None:
    for at in range(len(WHOLE)):
        changed = bytearray(WHOLE)
        changed[at] ^= 1
        one = opener()
        try:
            found = one.feed(bytes(changed))
        except SealedError:
            continue
        # A length that grew waits for what never comes.
        assert len(found) < len(b"".join(PIECES))
        assert one.pending


@pytest.mark.parametrize(
    "other",
    [opener(key=bytes(32)), opener(recording="a/x/c"), opener(name="camera-0002.mjr.sealed")],
    ids=["key", "recording", "file"],
)
def test_it_opens_nowhere_else(other: Opener) -> None:
    with pytest.raises(SealedError, match="does not open"):
        other.feed(WHOLE)


def test_pieces_in_another_order_do_not_open() -> None:
    first, second = WHOLE[ENDS[0] : ENDS[1]], WHOLE[ENDS[1] : ENDS[2]]
    with pytest.raises(SealedError):
        opener().feed(WHOLE[:HEAD] + second + first)


def test_without_a_key_it_tells_where_pieces_end() -> None:
    one = opener(key=None)
    assert one.feed(WHOLE[: ENDS[3] + 5]) == b""
    assert one.offset == ENDS[3]


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_wait(data: bytes) -> None:
    one = opener()
    with contextlib.suppress(SealedError):
        assert one.feed(data) == b""


def test_a_signing_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing.pem"
    made = keys.signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.public_pem(keys.signing_key(path)) == keys.public_pem(made)
    public = tmp_path / "signing.pub"
    public.write_bytes(keys.public_pem(made))
    assert keys.public_key(public) == keys.public_key(path)


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    keys.signing_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keys.signing_key(path)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    for read in (keys.load_signing_key, keys.master_key, keys.public_key):
        with pytest.raises(KeyFileError, match=str(path)):
            read(path)
    with pytest.raises(KeyFileError, match="no such file"):
        keys.master_key(tmp_path / "missing")


def test_a_master_key_wraps_and_another_one_does_not_unwrap(tmp_path: Path) -> None:
    path = tmp_path / "master"
    keys.new_master_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RefusedError, match="it is there already"):
        keys.new_master_key(path)
    master = keys.master_key(path)
    key = keys.new_recording_key(tmp_path, "a/b/c", master)
    assert keys.recording_key(tmp_path, "a/b/c", master) == key
    assert key not in (tmp_path / KEY_FILE).read_bytes()
    for wrong in (lambda: keys.recording_key(tmp_path, "a/b/d", master),
                  lambda: keys.recording_key(tmp_path, "a/b/c", os.urandom(32))):  # fmt: skip
        with pytest.raises(SealedError, match="another master key"):
            wrong()
    (tmp_path / KEY_FILE).write_text("{}")
    with pytest.raises(SealedError, match="not a wrapped key"):
        keys.recording_key(tmp_path, "a/b/c", master)
