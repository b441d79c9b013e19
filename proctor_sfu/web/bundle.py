"""The bundled pages as bytes in memory: what `build.mjs` wrote, read once at start.

Assets are named after their content, so a name never changes its meaning; the two HTML files name the current ones.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_WORTH_PACKING: Final = 1024
"""Bytes below which gzip saves less than its headers cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it is served."""

    content_type: str
    body: bytes
    packed: bytes | None
    """The body in gzip, where that is smaller."""
    tag: str
    """Its ETag, quotes included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """All files of the pages."""

    pages: Mapping[str, File]
    """``candidate`` and ``proctor``."""
    assets: Mapping[str, File]
    """By name in ``assets/``."""


def load(folder: Path = STATIC) -> Bundle | None:
    """Return the bundle in ``folder``, None if the pages were not built."""
    pages = {path.stem: _read(path) for path in sorted(folder.glob("*.html"))}
    if not pages:
        return None
    assets = {path.name: _read(path) for path in sorted((folder / "assets").iterdir())}
    return Bundle(pages=pages, assets=assets)


def _read(path: Path) -> File:
    body = path.read_bytes()
    packed = gzip.compress(body, mtime=0) if len(body) > _WORTH_PACKING else body
    return File(
        content_type=TYPES[path.suffix],
        body=body,
        packed=packed if len(packed) < len(body) else None,
        tag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    )
