"""Records that are followed: those that were found, then each as it comes, written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TypeVar

from proctor_sfu.errors import RefusedError
from proctor_sfu.text import safe_text
from psfu_cli.options import Cli
from psfu_cli.output import Column, Format, flush

Record = TypeVar("Record")

_LINE = 1000
"""Characters of a line at most."""


def stream(
    cli: Cli,
    kind: type[Record],
    found: Sequence[Record],
    coming: Iterable[Record],
    columns: Sequence[Column],
    *,
    name_of: Callable[[Record], str],
    line: Callable[[Record], str],
    alarming: Callable[[Record], bool],
) -> None:
    """Write records until no more come; for people a ``line`` each, since columns cannot wait for those to come.

    Raises `RefusedError` ``usage`` for a format that has an end, and what ``coming`` raises.
    """
    if cli.format in (Format.CSV, Format.MARKDOWN):
        raise RefusedError("usage", f"-o {cli.format} has an end, --follow has none; use -o ndjson")
    writer = cli.streaming.writer(kind, name_of)
    for records in chain([found], ([each] for each in coming)):
        if cli.format in (Format.TABLE, Format.WIDE):
            for each in records:
                writer.line(safe_text(line(each), _LINE), alarming=alarming(each))
        else:
            writer.many(records, columns, empty="")
        flush()
