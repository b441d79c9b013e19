"""Which gaps a ledger names, and which it should and does not: rows that a crash swallowed are written later. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from proctor_sfu.recording.contents import ROUNDING_US, SILENCE_US, Stated
from proctor_sfu.recording.ledger import Row


class Named:
    """The gaps that the rows of a ledger name, and the journals that were closed; ``cause``: what ended it last."""

    def __init__(self, rows: Sequence[Row], stated: Iterable[Stated], cause: str) -> None:
        self._ends: dict[str, list[int]] = {}
        self._whys: dict[str, str] = {}
        """Track -> what ended it last."""
        self._going: set[str] = set()
        self._cause = cause
        self._latest: dict[str, int] = {}
        for row in rows:
            self._take(row)
        for each in stated:
            if each.closed:
                self._latest[each.track] = max(each.last_us, self._latest.get(each.track, 0))

    def _take(self, row: Row) -> None:
        match row.event:
            case "gap":
                self._ends.setdefault(row.fields["track"], []).append(row.fields["to_us"])
            case "track_started":
                self._going.add(row.fields["track"])
            case "track_stopped":
                self._going.discard(row.fields["track"])
                self._whys[row.fields["track"]] = row.fields["cause"]
            case "recording_resumed":
                # It ended what was not stopped before.
                self._cause = row.fields["cause"]
                self._whys |= dict.fromkeys(self._going, self._cause)
                self._going.clear()

    def missing(
        self, track: str, begins_us: int, silences: Iterable[tuple[int, int]], last_us: int
    ) -> Iterator[dict[str, Any]]:
        """Yield the fields of rows that are missing for a track's next journal.

        ``begins_us``: its first packet, if nothing had been recorded immediately before; else 0.
        """
        since = self._latest.get(track, 0)
        if begins_us and since and not self._names(track, begins_us):
            cause = self._whys.get(track, self._cause)
            yield {"track": track, "from_us": since, "to_us": begins_us, "cause": cause}
        for begin, end in silences:
            if not self._names(track, end):
                yield {"track": track, "from_us": begin, "to_us": end, "cause": "no-packets"}
        self._latest[track] = max(since, last_us)

    def _names(self, track: str, end: int) -> bool:
        return any(abs(each - end) <= ROUNDING_US for each in self._ends.get(track, ()))


def silences(arrivals: Iterable[int], last: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of times without packets; ``last``: arrival before the first one, 0 if there is none."""
    for each in arrivals:
        if last and each - last > SILENCE_US:
            yield last, each
        last = each
