"""How a monitor begins: what was asked for on the command line, checked before anything is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from proctor_sfu.errors import RefusedError
from psfu_tui.columns import Table
from psfu_tui.filters import parse
from psfu_tui.ordering import Sort, initial
from psfu_tui.tables.candidates import CANDIDATES
from psfu_tui.tables.events import EVENTS
from psfu_tui.tables.nodes import NODES
from psfu_tui.tables.proctors import PROCTORS
from psfu_tui.tables.recordings import RECORDINGS
from psfu_tui.tables.rooms import ROOMS
from psfu_tui.tables.workers import WORKERS

Mode: TypeAlias = Literal["rooms", "candidates", "workers", "recordings", "events", "tree", "proctors"]
"""Which screen."""

TABLES: Final[Mapping[Mode, Table[Any]]] = {
    "rooms": ROOMS, "candidates": CANDIDATES, "workers": WORKERS, "recordings": RECORDINGS,
    "events": EVENTS, "tree": NODES, "proctors": PROCTORS,
}  # fmt: skip

INTERVALS: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between two pictures, for the keys that change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a table is to be seen at first."""

    filter: str = ""
    sort: Sort | None = None
    columns: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything the screens do not find out themselves."""

    mode: Mode = "candidates"
    views: Mapping[Mode, View] = field(default_factory=dict)
    """How tables are to be seen, where not as usual."""
    room: str | None = None
    interval: float = 1.0
    masked: bool = False
    theme: str | None = None
    """None: the usual one."""
    colour: bool = True
    ascii: bool = False
    mouse: bool = True
    allow_actions: bool = False
    idle_pause: bool = False
    """Whether nothing is drawn while the terminal is not in use."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Id of a binding -> keys, instead of the usual ones."""


def view(table: Table[Any], *, filter_text: str = "", sort: str | None = None, columns: str | None = None) -> View:
    """Return a view, checked. Raises `RefusedError`, `FilterError` among them, for what the table does not have."""
    parse(filter_text, table)
    if columns is not None:
        table.chosen(columns)
    return View(filter=filter_text, sort=None if sort is None else sort_of(table, sort), columns=columns)


def sort_of(table: Table[Any], text: str) -> Sort:
    """Return how to sort by ``name``, ``name:asc`` or ``name:desc``. Raises `RefusedError`."""
    name, _, direction = text.partition(":")
    if table.named(name) is None:
        known = ", ".join(each.name for each in table.columns)
        raise RefusedError("bad_sort", f"{table.noun} cannot be sorted by '{name}'; by: {known}")
    if direction not in ("", "asc", "desc"):
        raise RefusedError("bad_sort", f"'{direction}' is neither asc nor desc")
    return Sort(column=name, descending=direction == "desc") if direction else initial(table, name)
