"""Where state is kept, and that two daemons never share it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proctor_sfu import state
from proctor_sfu.errors import StateError


def test_where_it_is() -> None:
    every = {"STATE_DIRECTORY": "/var/lib/one:/var/lib/two", "XDG_STATE_HOME": "/home/ana/state"}
    assert state.place(Path("/srv/psfu"), every) == Path("/srv/psfu")
    assert state.place(None, every) == Path("/var/lib/one")
    assert state.place(None, {"XDG_STATE_HOME": "/home/ana/state"}) == Path("/home/ana/state/psfu")
    expected = Path("/var/lib/psfu") if os.getuid() == 0 else Path.home() / ".local/state/psfu"
    assert state.place(None, {}) == expected


def test_it_is_private_and_used_by_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "psfu"
    with state.held(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(StateError, match="another daemon uses it"), state.held(folder):
            pass
    with state.held(folder):
        pass


def test_one_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reason = "file/psfu: not a directory"
    with pytest.raises(StateError, match=reason), state.held(tmp_path / "file" / "psfu"):
        pass
