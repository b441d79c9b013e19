"""Keeps what is on the screen: a picture and the numbers behind it, in the folder the monitor was started in."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from proctor_sfu.control.api.plain import plain
from proctor_sfu.control.api.quality import Frame


def save(folder: Path, frame: Frame, picture: str) -> tuple[Path, Path]:
    """Write ``psfu-NODE-TIME.svg`` and ``.json``, readable by the owner only; returns both. Raises `OSError`."""
    when = re.sub(r"[^0-9T]", "", frame.at.partition(".")[0])
    node = re.sub(r"[^A-Za-z0-9-]", "", frame.daemon.node.partition(".")[0])[:40]
    stem = f"psfu-{node or 'node'}-{when or frame.seq}"
    return (
        _write(folder, stem, "svg", picture),
        _write(folder, stem, "json", json.dumps(plain(frame), indent=2) + "\n"),
    )


def _write(folder: Path, stem: str, ending: str, text: str) -> Path:
    """Write a new file; one that is there already stays as it is."""
    number = 1
    while True:
        path = folder / (f"{stem}.{ending}" if number == 1 else f"{stem}-{number}.{ending}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            number += 1
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return path
