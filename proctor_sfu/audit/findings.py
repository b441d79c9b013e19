"""What is wrong with the lines of an audit that is read: records that are missing, and lines that are none. No I/O."""

from __future__ import annotations

from typing import Any, Final

from proctor_sfu.audit.entry import parse

MOST: Final = 100
"""Times at which records are missing that are told apart."""


class Findings:
    """Takes the lines of all files, oldest first."""

    def __init__(self) -> None:
        self.missing: list[tuple[int, int]] = []
        """First and last number of records that are not there, in between of others; the first `MOST`."""
        self.unreadable = 0
        """Lines that are no records: what a power cut left of one, or what somebody else wrote."""
        self._last: int | None = None

    def take(self, line: bytes) -> dict[str, Any] | None:
        """Return the record of a line, None for one that has none."""
        record = parse(line)
        if record is None:
            if not line.endswith(b"\n"):
                return None  # It is being written.
            self.unreadable += 1
            # Behind the hole that is left where a file was cut short while it was written.
            record = parse(line.lstrip(b"\0"))
        if record is not None:
            self._count(int(record["number"]))
        return record

    def _count(self, number: int) -> None:
        # A file that is met twice, or was put back, has numbers that were there before.
        if self._last is not None and number > self._last + 1 and len(self.missing) < MOST:
            self.missing.append((self._last + 1, number - 1))
        self._last = number if self._last is None else max(self._last, number)
