"""A real terminal, of tmux, with a program in it: what it shows, what can be typed, how it is left."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LIMIT: Final = 30.0
"""Seconds."""


class Terminal:
    """One window; ``folder`` keeps its socket."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._socket = folder / "tmux.sock"

    def start(self, command: list[str], size: tuple[int, int], environ: Mapping[str, str]) -> None:
        """Run a command and, when it has ended, show its exit code."""
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in environ.items())
        script = f"env -i {given} {shlex.join(command)}; echo ended with $?; exec cat"
        width, height = size
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), script)

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self._tmux("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Give it another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self) -> str:
        """Return what it shows."""
        return self._tmux("capture-pane", "-p")

    def until(self, *shown: str, hidden: str = "\0") -> str:
        """Return what it shows as soon as all of this is there and ``hidden`` is not."""
        end = time.monotonic() + LIMIT
        while True:
            screen = self.screen()
            if all(each in screen for each in shown) and hidden not in screen:
                return screen
            if time.monotonic() > end:
                raise AssertionError(f"{shown} are not all in:\n{screen}")
            time.sleep(0.05)  # A terminal tells nobody that it changed.

    def state(self) -> dict[str, str]:
        """Return what a program may have left behind: another screen, no cursor, a mouse that is grabbed."""
        names = ("alternate_on", "cursor_flag", "mouse_any_flag", "bracket_paste_flag", "keypad_flag")
        values = self._tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in names)).split(" ")
        return dict(zip(names, [value.strip() for value in values], strict=True))

    def program(self) -> int:
        """Return the process id of what runs in it."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def end(self) -> None:
        """Close it, with what runs in it."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, timeout=LIMIT, check=True
        )
        return done.stdout


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """Give a terminal, and close it afterwards."""
    made = Terminal(folder)
    try:
        yield made
    finally:
        made.end()
