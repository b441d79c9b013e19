"""The past: what ledger and journals say of a recording from before this process, when it is gone on with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import contents, mending
from proctor_sfu.recording.gaps import Named
from proctor_sfu.recording.ledger import Row, timestamp
from proctor_sfu.recording.mending import Last


class Past:
    """Reads the journals that were not closed. ``before``: names of those that were there, ``cause``: what ended it.

    Raises `FolderError` ``tampered`` for rows that psfu did not write.
    """

    def __init__(
        self, folder: Path, recording: str, key: bytes | None, rows: Sequence[Row], *,
        before: Collection[str], cause: str, unreadable: Callable[[str, OSError], None],
    ) -> None:  # fmt: skip
        try:
            stated = contents.journals(rows)
        except ValueError as error:
            raise FolderError("tampered", f"{folder}: {error}") from None
        self.left = [each for each in mending.unclosed(folder, stated) if each.file in before]
        """Journals that were not closed."""
        self.named = Named(rows, stated.values(), cause)
        self._holds = [row for row in rows if row.event in contents.HOLDS]
        self._lasts: dict[str, tuple[Last, str]] = {}
        whys = {row.fields["track"]: row.fields["cause"] for row in rows if row.event == "track_stopped"}
        stopped = mending.stopped(rows)
        for each in stated.values():
            last = Last(at_us=each.last_us, ssrc=0, sequence=-1)
            self._remember(each.track, last, whys.get(each.track, cause))
        for each in self.left:
            try:
                last = mending.last_packet(folder, recording, each, key)
            except OSError as error:
                unreadable(each.file, error)
            else:
                self._remember(each.track, last, stopped.get(each.track, cause))
        for row in rows:
            if row.event == "gap":
                # What a disk refused to the end is named already, up to here.
                last = Last(at_us=row.fields["to_us"], ssrc=0, sequence=-1)
                track = row.fields["track"]
                self._remember(track, last, stopped.get(track, cause), beyond=True)

    def _remember(self, track: str, last: Last, cause: str, *, beyond: bool = False) -> None:
        if track not in self._lasts or last.at_us >= self._lasts[track][0].at_us + beyond * contents.ROUNDING_US:
            self._lasts[track] = last, cause

    def last(self, track: str) -> tuple[Last | None, str]:
        """Return the last packet of a track, None if it never had any, and why it ended."""
        return self._lasts.get(track, (None, ""))

    def has(self, event: str, at: float, fields: Mapping[str, Any]) -> bool:
        """Whether a hold, or the end of one, is in the ledger already."""
        return any((row.event, timestamp(row.at), row.fields) == (event, timestamp(at), fields) for row in self._holds)
