"""The privacy mask of the screens: that of frames, and of what else they show."""

from __future__ import annotations

import dataclasses

from proctor_sfu.control.api import masking
from proctor_sfu.control.api.recordings import Recording
from psfu_tui.happenings import Happening


class Mask(masking.Mask):
    """Gives aliases to whatever a screen has."""

    def happening(self, happening: Happening) -> Happening:
        """Return what happened without names, addresses, and what somebody typed."""
        hide = self.text([(each, each) for each in happening.people])
        peer = None if happening.peer is None else self.person(happening.peer)
        note = "(hidden)" if happening.note else ""
        people = tuple(map(self.person, happening.people))
        return dataclasses.replace(happening, peer=peer, text=hide(happening.text), note=note, people=people)

    def recording(self, recording: Recording) -> Recording:
        """Return a recording that does not tell of whom it is."""
        alias = self.person(recording.candidate)
        return dataclasses.replace(
            recording,
            candidate=alias,
            id=recording.id.replace(f"/{recording.candidate}/", f"/{alias}/"),
            folder=recording.folder.replace(f"/{recording.candidate}/", f"/{alias}/"),
        )
