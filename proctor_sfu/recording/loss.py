"""What never arrived of a track, counted from the sequence number of its latest packet now and then. Pure."""

from __future__ import annotations


class Loss:
    """Counts what never arrived, from the sequence number of the latest packet now and then."""

    def __init__(self) -> None:
        self.lost = 0
        self._newest = 0
        self._expected = 0
        self._before = 0
        self._asked = 0

    def begin(self, sequence: int) -> None:
        """Take the first packet."""
        self._newest = (sequence - 1) & 0xFFFF

    def count(self, first_word: int, received: int) -> bool:
        """Take the latest packet and the number received so far.

        Returns whether something is missing for good, as it was missing the last time already.
        """
        if received == 0:
            return False
        sequence = int.from_bytes(first_word.to_bytes(4, "little")[2:], "big")
        step = (sequence - self._newest) & 0xFFFF
        if step < 0x8000:
            self._expected += step
            self._newest = sequence
        self.lost = max(0, self._expected - received)
        missing = min(self.lost, self._before)
        self._before = self.lost
        asked, self._asked = self._asked, max(self._asked, missing)
        return missing > asked
