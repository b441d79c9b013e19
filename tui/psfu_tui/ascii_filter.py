"""What makes every screen plain ASCII, whatever draws it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from psfu_tui.glyphs import to_ascii


class AsciiFilter(LineFilter):
    """Puts stand-ins of the same width for all other signs."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return segments in ASCII."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]
