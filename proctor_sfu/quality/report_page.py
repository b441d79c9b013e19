"""A report as one HTML page that needs nothing else: no script, no other file, plots drawn in it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib import resources
from typing import Final

from proctor_sfu.control.api.quality import ORIGIN
from proctor_sfu.quality.report import CandidateReport, Curve, Happened, Report, Span
from proctor_sfu.text import safe_text

WIDTH, HEIGHT, BAND = 960, 90, 18
"""Of a plot and of a band of states, in units of the drawing."""
LEFT: Final = 68
"""Where plots begin, behind their scale."""

STATES: Final = ("live", "degraded", "reconnecting", "lost", "joining", "left")
_COLOURS: Final = {
    "live": "--well", "degraded": "--warn", "reconnecting": "--away", "lost": "--away", "joining": "--none",
    "left": "--none",
}  # fmt: skip


def page(report: Report) -> str:
    """Return the page."""
    title = f"{report.room}: what the server measured"
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_text(title)}</title><style>{_style()}</style></head><body>",
        f"<h1>{_text(title)}</h1>",
        f'<p class="soft">{_moment(report.begin)} to {_moment(report.end)} UTC, server {_text(report.node)},',
        f"psfu {_text(report.version)}, {report.frames} seconds recorded,",
        f"{report.step_s:g} s in each point of a plot.</p>",
        *_holes(report.holes),
        *_table(report.candidates),
        *_incidents(report.incidents),
        '<h2 id="candidates">Candidates</h2>',
        _key(),
        *(line for each in report.candidates for line in _candidate(report, each)),
        *_origins(),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _style() -> str:
    return resources.files("proctor_sfu.quality").joinpath("report.css").read_text(encoding="utf-8")


def _text(value: object) -> str:
    """Names are of the candidates' choosing: nothing in them is markup or steers anything."""
    return html.escape(safe_text(str(value), 2000), quote=True)


def _moment(at: str) -> str:
    return _text(datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S"))


def _clock(at: str) -> str:
    return _text(datetime.fromisoformat(at).strftime("%H:%M:%S"))


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _number(value: float | None, digits: int = 1) -> str:
    return "&ndash;" if value is None else f"{value:.{digits}f}"


def _length(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.0f} s"
    return (
        f"{whole // 60}:{whole % 60:02}" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"
    )


def _holes(holes: Iterable[Span]) -> Iterator[str]:
    for hole in holes:
        yield f"<p>Nothing is known from {_moment(hole.begin)} to {_moment(hole.end)} ({_length(hole.seconds)}).</p>"


def _table(candidates: Sequence[CandidateReport]) -> Iterator[str]:
    heads = (
        "Live",
        "Degraded",
        "Away",
        "Gap",
        "Interruptions",
        "Loss %",
        "worst",
        "Round trip ms",
        "worst",
        "Health, worst",
    )
    yield '<h2>Everybody</h2><div class="scroll"><table><thead><tr><th>Candidate</th><th>Name</th>'
    yield "".join(f'<th class="n">{each}</th>' for each in heads) + "</tr></thead><tbody>"
    for each in candidates:
        cells = (
            _length(each.live_s), _length(each.degraded_s), _length(each.away_s), _length(each.gap_s),
            str(each.interruptions), _number(each.loss_mean), _number(each.loss_worst), _number(each.rtt_mean_ms),
            _number(each.rtt_worst_ms), "&ndash;" if each.health_worst is None else str(each.health_worst),
        )  # fmt: skip
        yield (
            f'<tr><td><a href="#c-{_text(each.id)}">{_text(each.id)}</a></td><td>{_text(each.name)}</td>'
            + "".join(f'<td class="n">{cell}</td>' for cell in cells) + "</tr>"
        )  # fmt: skip
    yield "</tbody></table></div>"
    if not candidates:
        yield "<p>Nobody was in the room.</p>"


def _incidents(incidents: Iterable[Happened]) -> Iterator[str]:
    found = list(incidents)
    if found:
        yield "<h2>Incidents</h2><table><tbody>"
        for each in found:
            yield f'<tr><td class="time">{_moment(each.at)}</td><td>{_text(each.text)}</td></tr>'
        yield "</tbody></table>"


def _key() -> str:
    marks = "".join(f'<span><i style="background:var({_COLOURS[state]})"></i>{state}</span>' for state in STATES)
    return (
        f'<p class="key soft">{marks}<span><i style="background:var(--bad)"></i>no media</span>'
        '<span><i style="background:var(--line)"></i>nothing known</span></p>'
    )


def _candidate(report: Report, candidate: CandidateReport) -> Iterator[str]:
    name = f"{_text(candidate.id)}, {_text(candidate.name)}"
    yield f'<details id="c-{_text(candidate.id)}" open><summary>{name}</summary><div class="scroll plots">'
    yield from _band(report, candidate)
    for curve in candidate.curves:
        if any(value is not None for value in curve.mean):
            yield f"<h3>{_text(curve.name)}{f', {_text(curve.unit)}' if curve.unit else ''}</h3>"
            yield _plot(report, curve, candidate.gaps)
    yield "</div>"
    if candidate.gaps:
        yield "<h3>Gaps</h3><table><tbody>"
        for gap in candidate.gaps:
            yield (
                f'<tr><td class="time">{_clock(gap.begin)} to {_clock(gap.end)}</td>'
                f'<td class="kind bad"><i></i>{_text(gap.what)}</td><td>{_length(gap.seconds)}</td></tr>'
            )
        yield "</tbody></table>"
    if candidate.happened:
        yield "<h3>What happened</h3><table><tbody>"
        for each in candidate.happened:
            kind = _text(each.kind.replace("_", " "))
            yield (
                f'<tr><td class="time">{_clock(each.at)}</td><td class="kind {each.level}"><i></i>{kind}</td>'
                f"<td>{_text(each.text)}</td></tr>"
            )
        yield "</tbody></table>"
    yield "</details>"


def _place(report: Report, at: str) -> float:
    begin, end = _seconds(report.begin), _seconds(report.end)
    return LEFT + (WIDTH - LEFT) * min(1.0, max(0.0, (_seconds(at) - begin) / (end - begin)))


def _box(report: Report, span: Span, kind: str, y: float, height: float) -> str:
    x, width = _place(report, span.begin), _place(report, span.end) - _place(report, span.begin)
    label = f"{span.what} {_clock(span.begin)} to {_clock(span.end)}, {_length(span.seconds)}"
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{max(width, 1.0):.1f}" height="{height}">'
        f"<title>{_text(label)}</title></rect>"
    )


def _band(report: Report, candidate: CandidateReport) -> Iterator[str]:
    """States above, gaps of each source below, times under them."""
    sources = sorted({gap.what for gap in candidate.gaps})
    height = BAND + 12 * len(sources) + 18
    yield f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="states of {_text(candidate.id)}">'
    yield f'<text x="0" y="{BAND - 5}">state</text>'
    for span in candidate.states:
        yield _box(report, span, span.what if span.what in STATES else "expected", 0, BAND - 4)
    for hole in report.holes:
        yield _box(report, hole, "hole", 0, BAND - 4)
    for row, source in enumerate(sources):
        yield f'<text x="0" y="{BAND + 12 * row + 8}">{_text(source[:10])}</text>'
        for gap in candidate.gaps:
            if gap.what == source:
                yield _box(report, gap, "gap", BAND + 12 * row, 8)
    begin, end = _seconds(report.begin), _seconds(report.end)
    for quarter in range(5):
        x = LEFT + (WIDTH - LEFT) * quarter / 4
        label = datetime.fromtimestamp(begin + (end - begin) * quarter / 4, datetime.fromisoformat(report.begin).tzinfo)
        anchor = "start" if quarter == 0 else "end" if quarter == 4 else "middle"
        yield f'<text x="{x:.0f}" y="{height - 3}" text-anchor="{anchor}">{label:%H:%M:%S}</text>'
    yield "</svg>"


def _plot(report: Report, curve: Curve, gaps: Iterable[Span]) -> str:
    """The mean as a line, the worst as a shade to it, red where the source it belongs to was silent."""
    known = [value for value in (*curve.mean, *curve.worst) if value is not None]
    top = _ceiling(max(known)) if curve.name != "health" else 100.0
    points = len(curve.mean)

    def x(place: int) -> float:
        return LEFT + (WIDTH - LEFT) * place / max(1, points - 1)

    def y(value: float) -> float:
        return 4 + (HEIGHT - 8) * (1 - value / top)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 4}" role="img" aria-label="{_text(curve.name)}">']
    for share in (0.0, 0.5, 1.0):
        level = y(top * share)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{level:.1f}" y2="{level:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{max(level + 4, 10):.1f}" text-anchor="end">{top * share:g}</text>')
    parts += [_box(report, gap, "gap faint", 0, HEIGHT) for gap in gaps if gap.what == curve.name]
    for run in _runs(curve.mean):
        line = [f"{x(place):.1f},{y(curve.mean[place] or 0.0):.1f}" for place in run]
        back = [f"{x(place):.1f},{y(curve.worst[place] or 0.0):.1f}" for place in reversed(run)]
        parts.append(f'<polygon class="worst" points="{" ".join((*line, *back))}"/>')
        parts.append(f'<polyline class="mean" points="{" ".join(line if len(line) > 1 else line * 2)}"/>')
    for each in report.incidents:
        at = _place(report, each.at)
        parts.append(f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HEIGHT}">')
        parts.append(f"<title>{_text(each.text)}</title></line>")
    return "".join([*parts, "</svg>"])


def _runs(values: tuple[float | None, ...]) -> Iterator[list[int]]:
    """Yield the places of values that are known, in unbroken rows."""
    run: list[int] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append(place)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _ceiling(value: float) -> float:
    """Return a round number that is no smaller, and not zero."""
    scale = 1.0
    while scale * 10 <= value:
        scale *= 10
    while scale > value > 0 and scale > 0.01:
        scale /= 10
    return next(factor * scale for factor in (1, 2, 5, 10) if factor * scale >= value) if value > 0 else 1.0


def _origins() -> Iterator[str]:
    yield "<h2>How this was measured</h2>"
    yield (
        "<p>Once a second, by the server, of the media it received; a gap is three seconds or more in which nothing of"
        " a source arrived although it was not paused. What was not known is left out, never drawn as zero.</p>"
    )
    yield "<table><tbody>"
    for name, text in ORIGIN.items():
        if name.startswith(("source.", "candidate.")):
            yield f"<tr><td>{_text(name.partition('.')[2])}</td><td>{_text(text)}</td></tr>"
    yield "</tbody></table>"
