"""The chart for the documentation: time as a multiple of the floor."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from benchmarks.report import ROWS, number

if TYPE_CHECKING:
    from benchmarks.measure import Figures

_SHOWN = (
    "get_http",
    "get_tls",
    "create_model",
    "versions",
    "versions_read",
    "deployments",
    "upload",
    "download",
    "first_answer",
)
_RATES = ("upload", "download")
_LEFT, _RIGHT, _ROW, _BAR, _TOP = 270, 640, 46, 14, 78
_COLOURS = {"this": "#1b7f5c", "official": "#9aa3ad"}
_NAMES = {"this": "this client", "official": "the official client"}


def draw(figures: Figures) -> str:
    """Returns an SVG with a pair of bars for each piece of work.

    The scale is logarithmic and starts at the floor.
    """
    titles = {key: title for key, title, _, _ in ROWS} | {
        "versions_read": "list of 1,000 versions, five fields read",
        "first_answer": "import, first client and first call",
    }
    rows = [(key, {name: _times(figures, key, name) for name in _COLOURS}) for key in _SHOWN if key in figures]
    most = max(value for _, both in rows for value in both.values()) * 1.1
    height = _TOP + _ROW * len(rows) + 20

    def width(value: float) -> float:
        return max(2.0, math.log(max(value, 1)) / math.log(most) * (_RIGHT - _LEFT))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        "<title>Time as a multiple of bare urllib3 and json</title>",
        f'<rect width="720" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="28" font-size="16" fill="#1f2328">Time as a multiple of bare urllib3 and json</text>',
        '<text x="16" y="48" fill="#59636e">Shorter is better; logarithmic scale; 1 is the floor</text>',
    ]
    for index, name in enumerate(_COLOURS):
        x = 440 + 110 * index
        parts.append(f'<rect x="{x}" y="38" width="11" height="11" fill="{_COLOURS[name]}"/>')
        parts.append(f'<text x="{x + 16}" y="48" fill="#1f2328">{_NAMES[name]}</text>')
    for tick in (1, 2, 5, 10, 20, 50):
        if tick < most:
            left = _LEFT + (width(tick) if tick > 1 else 0)
            parts.append(f'<line x1="{left:.1f}" y1="{_TOP - 8}" x2="{left:.1f}" y2="{height - 16}" stroke="#d1d9e0"/>')
            parts.append(
                f'<text x="{left:.1f}" y="{height - 3}" font-size="11" fill="#59636e" '
                f'text-anchor="middle">{tick}</text>'
            )
    for index, (key, both) in enumerate(rows):
        y = _TOP + index * _ROW
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 19}" fill="#1f2328" text-anchor="end">{escape(titles[key])}</text>'
        )
        for line, (name, value) in enumerate(both.items()):
            top = y + line * (_BAR + 2)
            long = width(value)
            parts.append(f'<rect x="{_LEFT}" y="{top}" width="{long:.1f}" height="{_BAR}" fill="{_COLOURS[name]}"/>')
            parts.append(
                f'<text x="{_LEFT + long + 5:.1f}" y="{top + 11}" font-size="11" fill="#1f2328">{number(value)}</text>'
            )
    return "\n".join((*parts, "</svg>", ""))


def _times(figures: Figures, key: str, name: str) -> float:
    mine, floor = figures[key][name].median, figures[key]["floor"].median
    return floor / mine if key in _RATES else mine / floor
