"""What is to be said of a candidate in a few lines: who, how, whose fault it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from proctor_sfu.control.api.quality import REASONS, Candidate, Incident
from psfu_tui import cells, figures
from psfu_tui.glyphs import LEVEL

Fact: TypeAlias = list[tuple[str, str]]
"""Texts and styles that stay on one line."""

COLOUR: Final = {"ok": "$success", "warn": "bold $warning", "bad": "bold $error", "none": "$quiet"}
"""Level -> style."""

FLOWS: Final = 2.0
"""Seconds since its last packet until which a source flows."""

_INDENT: Final = 3
_BETWEEN: Final = 3


class Facts(Widget):
    """Lines of facts, broken between two of them."""

    DEFAULT_CSS = """
    Facts { height: auto; }
    """

    lines: reactive[tuple[tuple[Fact, ...], ...]] = reactive((), layout=True)

    def count(self, width: int) -> int:
        """Return how many lines there are at a width."""
        return sum(1 for line in self.lines for _ in fold(line, width))

    def render(self) -> Content:
        """Return the lines."""
        return Content("\n").join([folded for line in self.lines for folded in fold(line, self.size.width)])


def fold(line: Sequence[Fact], width: int) -> Iterator[Content]:
    """Yield a line of facts as lines of at most ``width`` cells, broken between facts or else between words."""
    parts: Fact = []
    taken = 0
    for fact in line:
        size = _size(fact)
        words = [fact] if size + _INDENT <= width else _words(fact)
        for number, piece in enumerate(words):
            size = _size(piece)
            gap = (_BETWEEN if number == 0 else 1) if taken else 1 if fact is line[0] and number == 0 else _INDENT
            if taken and taken + gap + size > width:
                yield Content.assemble(*parts)
                parts, taken, gap = [], 0, _INDENT
            parts += [(" " * gap, ""), *[(cells.clean(text), style) for text, style in piece]]
            taken += gap + size
    yield Content.assemble(*parts)


def _size(fact: Fact) -> int:
    return sum(cells.width(cells.clean(text)) for text, _ in fact)


def _words(fact: Fact) -> list[Fact]:
    """Return a fact as its words; what begins it stays with the first of them."""
    *first, (text, style) = fact
    begin, *rest = text.lstrip().split(" ")
    indent = text[: len(text) - len(text.lstrip())]
    return [[*first, (indent + begin, style)], *[[(word, style)] for word in rest]]


def facts(
    candidate: Candidate, incidents: Sequence[Incident], since: str, *, gone: bool
) -> tuple[tuple[Fact, ...], ...]:
    """Return the lines; ``since`` is the time of day it connected, ``gone`` whether it is no longer there."""
    lines = [_who(candidate, gone=gone), _why(candidate), _way(candidate, since), _flow(candidate), _seen(candidate)]
    lines += [[[(f"{LEVEL['bad']} ", "bold $error"), (each.summary, "$error")]] for each in incidents]
    return tuple([tuple(line) for line in lines])


def concerning(candidate: Candidate, incidents: Sequence[Incident]) -> Iterator[Incident]:
    """Yield the incidents a candidate is part of."""
    for incident in incidents:
        if f"{candidate.room}/{candidate.id}" in incident.candidates:
            yield incident


def _fact(label: str, value: str, style: str = "") -> Fact:
    return [(f"{label} ", "$quiet"), (value, style or ("$faint" if value == figures.ABSENT else ""))]


def _who(candidate: Candidate, *, gone: bool) -> list[Fact]:
    colour = COLOUR[candidate.level]
    name: Fact = [(f"{LEVEL[candidate.level]} ", colour), (candidate.name or candidate.id, "bold")]
    if candidate.name not in ("", candidate.id):
        name.append((f"  {candidate.id}", "$quiet"))
    state = (
        ("gone", "bold $error") if gone else (candidate.state, "bold $error" if candidate.state == "lost" else "bold")
    )
    return [
        name,
        _fact("room", candidate.room),
        [state, (f" for {figures.span(candidate.state_s)}", "$quiet")],
        _fact("health", figures.whole(candidate.health), colour),
    ]


def _why(candidate: Candidate) -> list[Fact]:
    told = [REASONS.get(code, code) for code in candidate.reasons if code != "source_missing"]
    told += [f"{name} is required and not published" for name in candidate.missing]
    if told:
        return [[("  ", ""), ("; ".join(told), COLOUR[candidate.level])]]
    return [[("  nothing to complain of" if candidate.level == "ok" else "  nothing to judge", "$quiet")]]


def _way(candidate: Candidate, since: str) -> list[Fact]:
    return [
        _fact("  from", candidate.address or figures.ABSENT),
        _fact("by", candidate.path or figures.ABSENT),
        _fact("ice", candidate.ice or figures.ABSENT),
        _fact("dtls", candidate.dtls or figures.ABSENT),
        _fact("worker", figures.whole(candidate.worker)),
        _fact("connected", since),
    ]


def _flow(candidate: Candidate) -> list[Fact]:
    return [
        _fact("  sends", _with(figures.kilobits(candidate.bitrate), "kb/s")),
        _fact("could send", _with(figures.kilobits(candidate.available_bitrate), f"kb/s ({candidate.available_from})")),
        _fact("loss", _with(figures.tenths(candidate.loss), "%")),
        _fact("rtt", _rtt(candidate)),
        _fact("jitter", _with(figures.milliseconds(candidate.jitter_ms), "ms")),
    ]


def _with(figure: str, unit: str) -> str:
    return figure if figure == figures.ABSENT else f"{figure} {unit}"


def _rtt(candidate: Candidate) -> str:
    """Return the round trip, or why there is none: most clients that are no browsers do not tell."""
    flows = any(each.silent_s is not None and each.silent_s < FLOWS for each in candidate.sources)
    if candidate.rtt_ms is None and flows:
        return f"{figures.ABSENT} (the client does not answer RTCP XR)"
    return _with(figures.milliseconds(candidate.rtt_ms), "ms")


def _seen(candidate: Candidate) -> list[Fact]:
    told = {"on": ("REC", "$success"), "error": ("FAILED", "bold $error"), "off": ("off", "$quiet")}
    seen = [_fact("  seen by", ", ".join(candidate.watchers) or "nobody")]
    return seen if candidate.recording is None else [*seen, _fact("recording", *told[candidate.recording])]
