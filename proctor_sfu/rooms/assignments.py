"""Which candidates each proctor and observer watches; pure, and persistent data: every change is a new value.

A list given to somebody wins. Without one the mode decides: ``all`` shows everybody, ``list`` nobody, ``groups`` the
groups of candidates dealt to a proctor. Leads see the whole room and are not asked about here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from proctor_sfu.rooms.roles import Role


class Mode(StrEnum):
    """What holds for those without a list of their own."""

    ALL = "all"
    LIST = "list"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Whether a viewer watches a candidate, and by which rule."""

    assigned: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignments:
    """Who watches whom. Keys are peer ids; ids need not be present, or known at all."""

    mode: Mode = Mode.ALL
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Viewer -> the candidates on its list."""
    group_size: int = 0
    """Candidates in a group; only in mode ``groups``."""
    seats: Mapping[str, int] = field(default_factory=dict)
    """Candidate -> number of its group, from 1."""
    dealt: Mapping[int, str] = field(default_factory=dict)
    """Group -> the proctor that watches it."""

    def covers(self, viewer: str, role: Role, candidate: str) -> Coverage:
        """Return whether ``viewer`` watches ``candidate``."""
        if (listed := self.lists.get(viewer)) is not None:
            on = candidate in listed
            return Coverage(assigned=on, reason=f"{candidate} is {'' if on else 'not '}on the list of {viewer}")
        match self.mode:
            case Mode.ALL:
                return Coverage(assigned=True, reason="the room shows all candidates to all")
            case Mode.LIST:
                return Coverage(assigned=False, reason=f"the room goes by lists, and {viewer} has none")
            case Mode.GROUPS:
                return self._by_group(viewer, role, candidate)

    def _by_group(self, viewer: str, role: Role, candidate: str) -> Coverage:
        if role is Role.OBSERVER:
            return Coverage(assigned=True, reason="groups are dealt to proctors; an observer sees all of them")
        group = self.seats.get(candidate)
        if group is None:
            return Coverage(assigned=False, reason=f"{candidate} is in no group")
        watcher = self.dealt.get(group)
        if watcher is None:
            return Coverage(assigned=False, reason=f"{candidate} is in group {group}, which nobody watches")
        return Coverage(assigned=watcher == viewer, reason=f"{candidate} is in group {group}, which {watcher} watches")

    # Changes.

    def with_mode(self, mode: Mode, *, group_size: int = 0) -> Assignments:
        """Return them with another mode; lists stay, groups begin anew."""
        return Assignments(mode=mode, lists=self.lists, group_size=group_size if mode is Mode.GROUPS else 0)

    def with_list(self, viewer: str, candidates: Iterable[str] | None) -> Assignments:
        """Return them with a list for ``viewer``, None: without one, so that the mode decides."""
        lists = {name: listed for name, listed in self.lists.items() if name != viewer}
        if candidates is not None:
            lists[viewer] = frozenset(candidates)
        return replace(self, lists=lists)

    def with_people(self, candidates: Sequence[str], proctors: Sequence[str]) -> Assignments:
        """Return them with groups for these candidates, in order, dealt to these proctors; as little moves as can.

        A candidate stays in its group, also while it is away. A group moves only if its proctor is none of
        ``proctors`` or has two groups more than another.
        """
        if self.mode is not Mode.GROUPS:
            return self
        seats = _seated(self.seats, candidates, self.group_size)
        dealt = _dealt(self.dealt, max(seats.values(), default=0), proctors)
        return self if seats == self.seats and dealt == self.dealt else replace(self, seats=seats, dealt=dealt)


def _seated(seats: Mapping[str, int], candidates: Sequence[str], size: int) -> Mapping[str, int]:
    new = [candidate for candidate in candidates if candidate not in seats]
    if not new:
        return seats
    grown = dict(seats)
    for candidate in new:
        # Groups are filled in order, and nobody gives a seat back: the count says where the next one is.
        grown[candidate] = len(grown) // size + 1
    return grown


def _dealt(before: Mapping[int, str], groups: int, proctors: Sequence[str]) -> Mapping[int, str]:
    if not proctors:
        return {}
    dealt = {group: proctor for group, proctor in before.items() if proctor in proctors and group <= groups}
    load: dict[str, list[int]] = {proctor: [] for proctor in proctors}
    for group, proctor in dealt.items():
        load[proctor].append(group)
    for group in range(1, groups + 1):
        if group not in dealt:
            load[min(proctors, key=lambda proctor: len(load[proctor]))].append(group)
    while True:
        most = max(proctors, key=lambda proctor: len(load[proctor]))
        least = min(proctors, key=lambda proctor: len(load[proctor]))
        if len(load[most]) - len(load[least]) < 2:
            break
        load[least].append(load[most].pop(load[most].index(max(load[most]))))
    return {group: proctor for proctor, groups_of in load.items() for group in sorted(groups_of)}


EVERYBODY: Final = Assignments()
"""All candidates are shown to all."""
