"""The options of ``psfu monitor``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from psfu_cli import complete, quantities

SHOWN, HOW, PAST, SAFETY = "What is shown", "How it is shown", "What was", "Safety"


class Mode(StrEnum):
    """How it is shown."""

    TUI = "tui"
    ONCE = "once"
    STREAM = "stream"
    LINES = "lines"


class Screen(StrEnum):
    """What is shown."""

    CANDIDATES = "candidates"
    ROOMS = "rooms"
    WORKERS = "workers"
    PROCTORS = "proctors"
    RECORDINGS = "recordings"
    EVENTS = "events"
    TREE = "tree"


def _shown(*names: str, **how: Any) -> Any:
    return typer.Option(*names, rich_help_panel=SHOWN, **how)


def _how(*names: str, **how: Any) -> Any:
    return typer.Option(*names, rich_help_panel=HOW, **how)


def _past(*names: str, **how: Any) -> Any:
    return typer.Option(*names, rich_help_panel=PAST, **how)


def _safety(*names: str, **how: Any) -> Any:
    return typer.Option(*names, rich_help_panel=SAFETY, **how)


RoomOption: TypeAlias = Annotated[
    str | None, _shown("--room", "-r", metavar="ROOM", help="Only this room.", autocompletion=complete.rooms)
]
ScreenOption: TypeAlias = Annotated[Screen | None, _shown("--screen", "-s", help="First screen, or what is written.")]
FilterOption: TypeAlias = Annotated[
    str, _shown("--filter", "-f", metavar="FILTER", help="As typed after / on a screen: 'loss>3 state:live'.")
]
SortOption: TypeAlias = Annotated[
    str | None, _shown("--sort", metavar="NAME[:asc|desc]", help="Column to sort by; else the worst come first.")
]
ColumnsOption: TypeAlias = Annotated[
    str | None, _shown("--columns", metavar="LETTERS", help="Columns by their letters, which ? on a screen tells.")
]
LimitOption: TypeAlias = Annotated[int | None, _shown("--limit", min=1, metavar="N", help="Rows to write at most.")]
ModeOption: TypeAlias = Annotated[
    Mode | None,
    _how(
        "--mode", "-m",
        help="Screens, one table, a table each interval, or a sentence for each change."
        " The first on a terminal, the second elsewhere.",
    ),
]  # fmt: skip
OnceOption: TypeAlias = Annotated[bool, _how("--once", help="Same as --mode once.")]
EveryOption: TypeAlias = Annotated[
    float | None,
    _how("--interval", "-i", min=0.5, max=3600, metavar="SECONDS", help="Time between two pictures; 1."),
]
CountOption: TypeAlias = Annotated[
    int | None, _how("--count", "-n", min=1, metavar="N", help="End after so many tables or sentences.")
]
ThemeOption: TypeAlias = Annotated[
    str | None, _how("--theme", metavar="NAME", help="psfu-dark, psfu-light, psfu-blue-orange, ansi-dark and others.")
]
AsciiOption: TypeAlias = Annotated[
    bool | None, _how("--ascii/--unicode", help="Which signs to use; else what the locale can.")
]
MouseOption: TypeAlias = Annotated[
    bool | None, _how("--mouse/--no-mouse", help="With --no-mouse the terminal selects text.")
]
IdlePauseOption: TypeAlias = Annotated[
    bool | None, _how("--idle-pause/--no-idle-pause", help="Draw nothing while the terminal is not in use.")
]
UtcOption: TypeAlias = Annotated[bool | None, _how("--utc/--local", help="Times of day; local.")]
DemoOption: TypeAlias = Annotated[
    bool, _shown("--demo", help="An exam that is made up, with trouble in it; needs no daemon.")
]
ReplayOption: TypeAlias = Annotated[
    Path | None, _past("--replay", metavar="FILE", help="What a history file has, instead of what is now.")
]
RecordOption: TypeAlias = Annotated[
    Path | None, _past("--record", metavar="FILE", help="Keep what the screens are told, as a file for --replay.")
]
LastOption: TypeAlias = Annotated[
    Any, _past("--last", metavar="TIME", parser=quantities.seconds, help="The last 30m or 2h of this daemon's history.")
]
AtOption: TypeAlias = Annotated[
    str | None, _past("--at", metavar="TIME", help="Begin at 14:32, 14:32:07 or an ISO time.")
]
SpeedOption: TypeAlias = Annotated[
    float, _past("--speed", min=0.25, max=64, metavar="N", help="So many times as fast.")
]
ListKeysOption: TypeAlias = Annotated[
    bool, _how("--list-keys", help="List all keys, with the ids by which monitor.toml changes them, and exit.")
]
MaskOption: TypeAlias = Annotated[
    bool | None, _safety("--mask/--no-mask", help="Hide names, ids and addresses of people.")
]
AllowActionsOption: TypeAlias = Annotated[
    bool, _safety("--allow-actions", help="Let keys kick, close and record, each after a question.")
]
