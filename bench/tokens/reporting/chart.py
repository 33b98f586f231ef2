"""The chart: tokens of a surface over all cases, by where they were spent."""

from collections.abc import Sequence
from html import escape

from .figures import Figures, grouped

_PARTS = (("tools", "tools", "#305496"), ("messages", "messages", "#8ea9db"))
_ANSWERS = ("answers", "answers", "#f4b183")
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 200, 520, 22, 12, 46


def svg(figures: Figures, names: Sequence[str]) -> str:
    """A bar for each surface, widest for the most tokens."""
    most = max(figures.tokens(name) for name in names)
    height = _TOP + len(names) * (_BAR + _GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 110} {height}" '
        'font-family="sans-serif" font-size="13" role="img" '
        'aria-label="Tokens over all cases, by surface">',
        f'<rect width="{_LEFT + _WIDTH + 110}" height="{height}" fill="#ffffff"/>',
        *_legend(),
    ]
    for at, name in enumerate(names):
        lines += _bar(figures, name, _TOP + at * (_BAR + _GAP), most)
    return "\n".join([*lines, "</svg>", ""])


def _legend() -> list[str]:
    lines: list[str] = []
    for at, (_, says, color) in enumerate((*_PARTS, _ANSWERS)):
        x = _LEFT + at * 110
        lines.append(f'<rect x="{x}" y="12" width="14" height="14" fill="{color}"/>')
        lines.append(f'<text x="{x + 20}" y="24" fill="#333333">{says}</text>')
    return lines


def _bar(figures: Figures, name: str, y: int, most: int) -> list[str]:
    middle = y + _BAR * 0.7
    label = escape(name)
    lines = [
        f'<text x="{_LEFT - 10}" y="{middle:.0f}" text-anchor="end" fill="#333333">{label}</text>'
    ]
    x = float(_LEFT)
    for member, _, color in (*_PARTS, _ANSWERS):
        width = figures.sum(member, name) / most * _WIDTH
        lines.append(
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{color}"/>'
        )
        x += width
    total = grouped(figures.tokens(name))
    lines.append(f'<text x="{x + 6:.1f}" y="{middle:.0f}" fill="#333333">{total}</text>')
    return lines
