"""Colours: calm grounds on which only trouble stands out, and a set for people who do not tell red from green."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = "psfu-dark"
LIGHT: Final = "psfu-light"
BLUE_ORANGE: Final = "psfu-blue-orange"
PLAIN: Final = "ansi-dark"
"""The terminal's own sixteen colours; the only one of Textual's that has no others under NO_COLOR."""

DEFAULTS: Final = {"quiet": "#8a919c", "faint": "#646b76", "cursor": "#808890 30%", "ok": "#5f9f63"}
"""Variables of our own, for themes that do not set them: lesser text, text that hardly matters, cursor, good level."""

THEMES: Final = (
    Theme(
        name=DARK, dark=True, background="#10141b", surface="#151a23", panel="#1b222d", foreground="#c9d1db",
        primary="#5aa9e6", secondary="#7d8ea3", accent="#6cc0ff", success="#63b36a", warning="#e5b53b", error="#ff6d66",
        variables={
            "quiet": "#7f8b9b", "faint": "#4a5462", "cursor": "#22354a", "ok": "#4d8a55",
            "footer-key-foreground": "#6cc0ff", "border-blurred": "#2a3442", "border": "#3a4a5e",
            "scrollbar": "#2b3644", "scrollbar-background": "#10141b", "scrollbar-hover": "#3a4a5e",
            "block-cursor-background": "#22354a", "block-cursor-foreground": "#e8eef5",
            "input-selection-background": "#2d5a85",
        },
    ),
    Theme(
        name=LIGHT, dark=False, background="#fbfbfc", surface="#f3f5f7", panel="#e7ebf0", foreground="#1f2933",
        primary="#1c6fb8", secondary="#5f6b7a", accent="#0b62b5", success="#2c7a37", warning="#8f5c00", error="#c4232b",
        variables={
            "quiet": "#5f6b7a", "faint": "#a3adb9", "cursor": "#d5e7fa", "ok": "#5c9a63",
            "footer-key-foreground": "#0b62b5", "border-blurred": "#d3dae2", "border": "#b4c0cd",
            "scrollbar": "#c5ced8", "scrollbar-background": "#fbfbfc", "scrollbar-hover": "#a9b6c4",
            "block-cursor-background": "#d5e7fa", "block-cursor-foreground": "#10202f",
        },
    ),
    Theme(
        name=BLUE_ORANGE, dark=True, background="#10141b", surface="#151a23", panel="#1b222d", foreground="#c9d1db",
        primary="#56b4e9", secondary="#7d8ea3", accent="#56b4e9", success="#56b4e9", warning="#f0e442", error="#ff8c1a",
        variables={
            "quiet": "#7f8b9b", "faint": "#4a5462", "cursor": "#22354a", "ok": "#3f83ad",
            "footer-key-foreground": "#56b4e9", "border-blurred": "#2a3442", "border": "#3a4a5e",
            "scrollbar": "#2b3644", "scrollbar-background": "#10141b", "scrollbar-hover": "#3a4a5e",
            "block-cursor-background": "#22354a", "block-cursor-foreground": "#e8eef5",
        },
    ),
)  # fmt: skip
