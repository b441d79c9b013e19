"""The privacy mask: people and addresses under other names, for a screen that others see or a file they get.

An alias stays the same as long as the program runs and tells nothing: it is made with a key that nobody keeps.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from proctor_sfu.control.api.events import Event
from proctor_sfu.control.api.quality import Candidate, Frame, Incident, Proctor
from proctor_sfu.control.api.sentences import FREE

_SIZE: Final = 4
_PERHAPS_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/\d{1,3})?")


class Mask:
    """Gives aliases; ``key`` is random."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def person(self, peer: str) -> str:
        """Return the alias of a peer id."""
        return f"P-{self._digest(peer)}"

    def address(self, address: str) -> str:
        """Return the alias of an address."""
        return f"A-{self._digest(address)}"

    def candidate(self, candidate: Candidate) -> Candidate:
        """Return a candidate under its alias."""
        return replace(
            candidate,
            id=self.person(candidate.id),
            name=self.person(candidate.id),
            address=None if candidate.address is None else self.address(candidate.address),
            watchers=tuple([self.person(each) for each in candidate.watchers]),
        )

    def proctor(self, proctor: Proctor) -> Proctor:
        """Return a proctor under its alias."""
        return replace(
            proctor,
            id=self.person(proctor.id),
            name=self.person(proctor.id),
            address=None if proctor.address is None else self.address(proctor.address),
        )

    def incident(self, incident: Incident) -> Incident:
        """Return an incident that names nobody and no address."""
        members = [each.rpartition("/") for each in incident.candidates]
        hide = self.text([(peer, peer) for _, _, peer in members])
        value = self.person(incident.value.rpartition("/")[2]) if incident.shared == "proctor" else incident.value
        return replace(
            incident,
            candidates=tuple([f"{room}{slash}{self.person(peer)}" for room, slash, peer in members]),
            value=self.address(value) if incident.shared == "network" else value,
            summary=hide(
                incident.summary.replace(incident.value, value) if value != incident.value else incident.summary
            ),
        )

    def frame(self, frame: Frame) -> Frame:
        """Return a frame in which nobody has a name."""
        return replace(
            frame,
            candidates=tuple([self.candidate(each) for each in frame.candidates]),
            proctors=tuple([self.proctor(each) for each in frame.proctors]),
            incidents=tuple([self.incident(each) for each in frame.incidents]),
        )

    def details(self, details: Mapping[str, Any], people: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return the members of an event without names, addresses, and what somebody typed."""
        hide = self.text(people)
        return {
            name: "(hidden)" if name in FREE and value else _each(value, hide) for name, value in details.items()
        }  # fmt: skip

    def event(self, event: Event) -> Event:
        """Return an event without names, addresses, and what somebody typed."""
        details = event.details
        named = [str(each).rpartition("/")[2] for each in details.get("candidates") or ()]
        named += [details["by"]] if isinstance(details.get("by"), str) else []
        named += [str(details.get("value"))] if details.get("shared") == "proctor" else []
        people = [(each, each) for each in named]
        if event.peer is not None:
            people += [(word, event.peer) for word in (event.peer, str(details.get("name") or ""))]
        peer = None if event.peer is None else self.person(event.peer)
        return dataclasses.replace(event, peer=peer, details=self.details(details, people))

    def text(self, people: Iterable[tuple[str, str]]) -> Callable[[str], str]:
        """Return what hides people (word that names one, its id) and addresses in a text."""
        names = {word: self.person(peer) for word, peer in people if word}
        words = sorted(names, key=len, reverse=True)
        pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words)) if words else None

        def hide(text: str) -> str:
            if pattern is not None:
                text = pattern.sub(lambda found: names[found[0]], text)
            return _PERHAPS_ADDRESS.sub(self._hidden_address, text)

        return hide

    def _hidden_address(self, found: re.Match[str]) -> str:
        text = found[0].rstrip(".:")
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return found[0]
        return self.address(text) + found[0][len(text) :]

    def _digest(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=_SIZE).hexdigest()[:5]


def _each(value: Any, hide: Callable[[str], str]) -> Any:
    """Return a value of JSON with each of its texts hidden."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list | tuple):
        return [_each(each, hide) for each in value]
    if isinstance(value, Mapping):
        return {name: _each(each, hide) for name, each in value.items()}
    return value
