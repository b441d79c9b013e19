"""Starts the screens: what the terminal can do, what the user prefers, and what was asked for."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from proctor_sfu.control.client import Client
from proctor_sfu.errors import RefusedError, SettingsError
from psfu_tui.links import Feed, Keeper
from psfu_tui.options import Options

if TYPE_CHECKING:
    from textual.binding import Binding


def only_ascii(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal is not known to show more than ASCII."""
    if environ.get("TERM") == "linux":
        return True
    # The first of these that is set decides, as in the C library.
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(name))), "")
    return "UTF-8" not in locale.upper() and "UTF8" not in locale.upper()


def given() -> Mapping[str, str]:
    """Return the environment this process was given; Python adds a locale to it where there is none, or C."""
    try:
        found = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return os.environ
    return dict(each.decode(errors="replace").partition("=")[::2] for each in found)


def run(feed: Feed, options: Options, client: Client | None, *, keeper: Keeper | None = None) -> str | None:
    """Show the screens until the user leaves; returns the text that is to stay on the terminal.

    Raises `RefusedError` for a theme there is not, `SettingsError` for keys of bindings there are not.
    """
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if not options.colour:
        # Textual reads it when the application is made.
        os.environ["NO_COLOR"] = "1"
    from psfu_tui.app import MonitorApp  # 0.2 s, which nobody who only asks for help should wait for.

    known = {binding.id for binding in bindings()}
    if unknown := sorted(set(options.keys) - known):
        raise SettingsError([f"keys.{name}: no such binding; psfu monitor --list-keys tells all" for name in unknown])
    app = MonitorApp(feed, options, client=client, keeper=keeper)
    if options.theme is not None and options.theme not in app.available_themes:
        raise RefusedError(
            "bad_theme", f"no theme '{options.theme}'; there are {', '.join(sorted(app.available_themes))}"
        )
    _rest_from_collecting()
    result = app.run(mouse=options.mouse)
    return result if app.return_code == 0 else None


def _rest_from_collecting() -> None:
    """Let the collector of cycles run seldom: a frame is tens of thousands of objects without any cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def bindings() -> Iterator[Binding]:
    """Yield all bindings that have an id, one for each key, those of the application first."""
    from textual.binding import Binding

    from psfu_tui import app

    for owner in app.OWNERS:
        yield from (each for each in Binding.make_bindings(owner.BINDINGS) if each.id is not None)
