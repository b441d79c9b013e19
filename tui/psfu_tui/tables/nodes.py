"""Columns of the tree: workers, the rooms on them, the people in these, what they publish."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from proctor_sfu.control.api.quality import Candidate, Frame, Level, Proctor, Room, Source, Worker
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.tables.candidates import LEVELS, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A line of the tree."""

    key: Key
    depth: int
    kind: str
    label: str
    level: Level
    state: str
    bitrate: float | None
    loss: float | None
    why: str
    blamed: bool = False
    """Whether ``why`` says what is wrong."""
    opened: bool | None = None
    """None: there is nothing below it."""


def key(node: Node) -> Key:
    """Return what tells nodes apart."""
    return node.key


def nodes(
    frame: Frame,
    toggled: Collection[Key],
    *,
    candidate: Callable[[Candidate], Candidate],
    proctor: Callable[[Proctor], Proctor],
) -> Iterator[Node]:
    """Yield the lines from top to bottom; workers and rooms are open, people are closed, unless ``toggled``.

    ``candidate`` and ``proctor`` return people as they may be shown.
    """
    for worker in [*frame.workers, None]:
        rooms = [each for each in frame.rooms if each.worker == (worker.pid if worker is not None else None)]
        if worker is None and not rooms:
            continue
        top = _worker(worker, bool(rooms), toggled)
        yield top
        for room in rooms if top.opened else ():
            yield from _room(frame, room, top.key, toggled, candidate, proctor)


def unfolded(frame: Frame) -> Iterator[Node]:
    """Return all lines, as whoever cannot open one wants them."""
    closed = {each.key for each in _as_they_are(frame, ()) if each.opened is False}
    return _as_they_are(frame, closed)


def _as_they_are(frame: Frame, toggled: Collection[Key]) -> Iterator[Node]:
    return nodes(frame, toggled, candidate=lambda each: each, proctor=lambda each: each)


def _worker(worker: Worker | None, full: bool, toggled: Collection[Key]) -> Node:
    own = ("worker", "none" if worker is None else str(worker.pid))
    if worker is None:
        return Node(key=own, depth=0, kind="worker", label="without a worker", level="bad", state="moving",
                    bitrate=None, loss=None, why="", opened=own not in toggled)  # fmt: skip
    return Node(
        key=own, depth=0, kind="worker", label=f"worker {worker.pid}", level=worker.level, state=worker.state,
        bitrate=worker.bitrate_in, loss=None, why=", ".join(worker.reasons), blamed=True,
        opened=own not in toggled if full else None,
    )  # fmt: skip


def _room(
    frame: Frame,
    room: Room,
    above: Key,
    toggled: Collection[Key],
    shown_candidate: Callable[[Candidate], Candidate],
    shown_proctor: Callable[[Proctor], Proctor],
) -> Iterator[Node]:
    people = [each for each in frame.candidates if each.room == room.id]
    staff = [each for each in frame.proctors if each.room == room.id]
    own = (*above, room.id)
    node = Node(
        key=own, depth=1, kind="room", label=room.id, level=room.level, state=room.state, bitrate=room.bitrate_in,
        loss=room.loss_p95, why=_count(room), opened=own not in toggled,
    )  # fmt: skip
    yield node
    if not node.opened:
        return
    for proctor in staff:
        seen = shown_proctor(proctor)
        yield Node(
            key=(*own, proctor.id), depth=2, kind=proctor.role, label=seen.name or seen.id, level=proctor.level,
            state=proctor.state, bitrate=proctor.bitrate, loss=proctor.loss,
            why=f"receives {proctor.consumers}" if not proctor.reasons else ", ".join(proctor.reasons),
            blamed=bool(proctor.reasons),
        )  # fmt: skip
    for person in people:
        seen_as = shown_candidate(person)
        below = (*own, person.id)
        opened = below in toggled if person.sources else None
        yield Node(
            key=below, depth=2, kind="candidate", label=seen_as.name or seen_as.id, level=person.level,
            state=person.state, bitrate=person.bitrate, loss=person.loss, why=why(person) or "", opened=opened,
            blamed=True,
        )  # fmt: skip
        for source in person.sources if opened else ():
            yield _source(source, below)


def _source(source: Source, above: Key) -> Node:
    return Node(
        key=(*above, source.source), depth=3, kind="source", label=source.source, level=source.level,
        state="paused" if source.paused else "live", bitrate=source.bitrate, loss=source.loss,
        why=", ".join(source.reasons) or source.codec, blamed=bool(source.reasons),
    )  # fmt: skip


def _count(room: Room) -> str:
    trouble = [f"{room.bad} bad"] * bool(room.bad) + [f"{room.warn} to watch"] * bool(room.warn)
    return ", ".join([f"{room.live} of {room.candidates} live", *trouble])


def _label(node: Node) -> str:
    sign = "▼" if node.opened else "▶" if node.opened is not None else " "
    return f"{'  ' * node.depth}{sign} {node.label}"


NODES: Final[Table[Node]] = Table(
    noun="nodes",
    usual="hnkscle",
    first="hnsclke",
    pinned=2,
    sort="label",
    key=key,
    words=("label", "kind", "state", "why"),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=lambda each: each.level,
            show=lambda value: LEVEL.get(value, "?"), level=lambda each: each.level,
            order=lambda each: WORST.get(each.level, 3), help="verdict",
        ),
        Column(code="n", name="label", title="worker, room, peer, source", width=30, kind="text", grows=20,
               value=_label, show=same, help="what it is"),
        Column(code="k", name="kind", title="kind", width=9, kind="text", value=lambda each: each.kind, show=same,
               help="worker, room, candidate, proctor, observer or source"),
        Column(code="s", name="state", title="state", width=12, kind="text", value=lambda each: each.state,
               show=same, help="state"),
        Column(code="c", name="bitrate", title="kb/s", width=9, kind="rate", value=lambda each: each.bitrate,
               unit=1000, show=figures.kilobits, help="what comes in; of a proctor what goes out"),
        Column(code="l", name="loss", title="loss %", width=6, value=lambda each: each.loss, show=figures.tenths,
               help="lost for good"),
        Column(code="e", name="why", title="why", width=16, kind="text", grows=60, value=lambda each: each.why,
               show=lambda value: value, help="what is wrong, or else what there is",
               level=lambda each: each.level if each.blamed else "ok"),
    ),
)  # fmt: skip
