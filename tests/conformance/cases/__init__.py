"""All cases by name. Each of them is a row of a table in one of these files, or a few steps."""

from __future__ import annotations

from conformance.cases import consumers, data, limits, media, observers, pipes, producers, routers, transports
from conformance.script import Case

_TABLES = (routers, producers, consumers, transports, data, pipes, observers, media, limits)
CASES: dict[str, Case] = {name: case for table in _TABLES for name, case in table.CASES.items()}
