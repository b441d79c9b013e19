"""A disk for tests that need one which refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.disks import ThinDisk


@pytest.fixture
def thin_disk(tmp_path: Path) -> Iterator[ThinDisk]:
    """A disk that promises more than there is, as a thin one does: what it cannot keep fails when it is synced."""
    if os.getuid() != 0:
        pytest.skip("only root can make a disk")
    disk = ThinDisk(tmp_path / "backing", tmp_path / "disk")
    try:
        yield disk
    finally:
        disk.remove()
