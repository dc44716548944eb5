"""SVG. In: words and numbers. Out: charts as accessible SVG, without any text that the page does not say too.

Widths are parts of the page's, heights and letters are pixels: the same chart is read on a phone and on a screen.
Series differ by pattern, not by colour alone; colours are the style sheet's, so that light and dark both fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

ROW = 46
"""Pixels of a bar with its words."""

HIGH = 168
"""Pixels of columns, without what stands below them."""


def bars(name: str, title: str, told: str, rows: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    """Return horizontal bars: rows of (words, figure in words, stacked parts). `name` is unique on the page."""
    widest = max((sum(parts) for _, _, parts in rows), default=0) or 1
    drawn = []
    for n, (words, figure, parts) in enumerate(rows):
        y = n * ROW
        # Long words end where the figure's room begins; the table has them whole.
        drawn.append(f'<svg y="{y}" width="84%" height="22"><text x="0" y="16">{escape(words)}</text></svg>')
        drawn.append(f'<text x="100%" y="{y + 16}" class="end num">{escape(figure)}</text>')
        drawn.append(f'<rect x="0" y="{y + 23}" width="100%" height="12" rx="2" class="track"/>')
        x = 0.0
        for series, part in enumerate(parts):
            wide = 100 * part / widest
            if wide > 0:
                drawn.append(_rect(name, series, f"{x:.2f}%", f"{y + 23}", f"{wide:.2f}%", "12"))
            x += wide
    return _svg(name, title, told, max(len(rows), 1) * ROW, drawn, series=max((len(p) for *_, p in rows), default=1))


def columns(name: str, title: str, told: str, points: Sequence[tuple[str, str, float]]) -> str:
    """Return columns side by side: (words below, figure above, value)."""
    highest = max((value for *_, value in points), default=0) or 1
    wide = 100 / max(len(points), 1)
    # Words below are as many as fit on a phone; the table beside has them all.
    every = max(1, -(-len(points) // 5))
    drawn = [f'<line x1="0" y1="{HIGH}.5" x2="100%" y2="{HIGH}.5" class="axis"/>']
    for n, (words, figure, value) in enumerate(points):
        high = (HIGH - 24) * value / highest
        middle = f"{wide * (n + 0.5):.2f}%"
        if high > 0:
            drawn.append(
                _rect(name, 0, f"{wide * (n + 0.15):.2f}%", f"{HIGH - high:.1f}", f"{wide * 0.7:.2f}%", f"{high:.1f}")
            )
        drawn.append(f'<text x="{middle}" y="{HIGH - high - 6:.1f}" class="mid num small">{escape(figure)}</text>')
        if (len(points) - 1 - n) % every == 0:
            drawn.append(f'<text x="{middle}" y="{HIGH + 20}" class="mid small muted">{escape(words)}</text>')
    return _svg(name, title, told, HIGH + 28, drawn)


def grid(
    name: str, title: str, told: str, rows: Sequence[str], heads: Sequence[str], values: Sequence[Sequence[float]]
) -> str:
    """Return circles in rows and columns whose area is the value; `heads` may be empty texts."""
    most = max((v for row in values for v in row), default=0) or 1
    left, across = 12.0, 88.0 / max(len(heads), 1)
    drawn = []
    for n, words in enumerate(heads):
        if words:
            drawn.append(
                f'<text x="{left + across * (n + 0.5):.2f}%" y="12" class="mid small muted">{escape(words)}</text>'
            )
    for y, words in enumerate(rows):
        middle = 34 + y * 24
        drawn.append(f'<text x="0" y="{middle + 4}" class="small">{escape(words)}</text>')
        for x, value in enumerate(values[y]):
            place = f'cx="{left + across * (x + 0.5):.2f}%" cy="{middle}"'
            radius = 6.5 * (value / most) ** 0.5
            if value:
                drawn.append(f'<circle {place} r="{max(radius, 1.5):.1f}" class="s0"/>')
            else:
                drawn.append(f'<circle {place} r="1" class="none"/>')
    return _svg(name, title, told, 28 + 24 * len(rows), drawn)


_PATTERNS = (
    "",
    '<path d="M-1 1l2-2M0 8L8 0M7 9l2-2" class="p1"/>',
    '<circle cx="2" cy="2" r="1.4" class="p2"/><circle cx="6" cy="6" r="1.4" class="p2"/>',
    '<path d="M0 2h8M0 6h8" class="p3"/>',
)


def key(name: str, series: Sequence[str]) -> str:
    """Return the legend of a chart's series, in order, as an SVG that nobody needs to read: the words stand beside."""
    marks = []
    for n, words in enumerate(series):
        svg = f'<svg width="16" height="12" aria-hidden="true">{_rect(name, n, "0", "0", "16", "12")}</svg>'
        marks.append(f"<span>{svg} {escape(words)}</span>")
    return f'<p class="legend small">{"".join(marks)}</p>' if series else ""


def _rect(name: str, series: int, x: str, y: str, width: str, height: str) -> str:
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    base = f'<rect {place} class="s{series}"/>'
    return base if series == 0 else f'{base}<rect {place} fill="url(#{name}-p{series})"/>'


def _svg(name: str, title: str, told: str, height: int, drawn: Sequence[str], series: int = 1) -> str:
    defs = "".join(
        f'<pattern id="{name}-p{n}" width="8" height="8" patternUnits="userSpaceOnUse">{_PATTERNS[n]}</pattern>'
        for n in range(1, min(series, len(_PATTERNS)))
    )
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-t {name}-d" width="100%" height="{height}">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>'
        f"{f'<defs>{defs}</defs>' if defs else ''}{''.join(drawn)}</svg>"
    )
