"""Marks of a growing file, and the one byte that was changed."""

from __future__ import annotations

import hashlib
import random
import zlib

import pytest

from proctor_sfu.recording.digest import Digest, changed_byte

BEFORE = b"the beginning of a journal" * 7
BLOCK = bytes(random.Random(1).randbytes(600))


def test_a_mark_is_hash_and_crc_of_all_before_it() -> None:
    digest = Digest()
    for piece in (BEFORE, bytearray(BLOCK), memoryview(b"tail")):
        digest.update(piece)
    whole = BEFORE + BLOCK + b"tail"
    mark = digest.mark()
    assert mark.size == len(whole)
    assert (mark.sha256, mark.crc32) == (hashlib.sha256(whole).hexdigest(), zlib.crc32(whole))


def test_a_copy_goes_its_own_way() -> None:
    digest = Digest()
    digest.update(BEFORE)
    copy, mark = digest.copy(), digest.mark()
    copy.update(BLOCK)
    assert digest.mark() == mark
    assert copy.mark() != mark


@pytest.mark.parametrize("before", [b"", BEFORE], ids=["at the beginning", "later"])
def test_every_changed_byte_is_named(before: bytes) -> None:
    start = Digest()
    start.update(before)
    end = start.copy()
    end.update(BLOCK)
    mark = end.mark()
    for offset in range(len(BLOCK)):
        changed = bytearray(BLOCK)
        changed[offset] ^= 1 + offset % 255
        assert changed_byte(start, bytes(changed), mark) == offset


def test_more_than_one_changed_byte_has_no_name() -> None:
    start = Digest()
    end = start.copy()
    end.update(BLOCK)
    changed = bytearray(BLOCK)
    changed[3] ^= 1
    changed[400] ^= 1
    assert changed_byte(start, bytes(changed), end.mark()) is None
    assert changed_byte(start, BLOCK[:-1], end.mark()) is None
    assert changed_byte(start, BLOCK, end.mark()) is None
