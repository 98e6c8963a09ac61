"""Two drawings of the handbook: the 36 sub-cells of a cell, and the way of a problem."""

import itertools

from hotspot.ledger.answers.issues import STATES

_MIDDLE = "text-anchor='middle' font-family='Noto Sans SC'"
_SVG = "<svg xmlns='http://www.w3.org/2000/svg'"


def code_picture() -> str:
    """
    The 36 sub-cells with their numbers, one marked.

    Examples
    --------
    >>> code_picture().count("<rect")
    37
    """
    parts = []
    for n in range(36):
        down, east = divmod(n, 6)
        x, y, fill = 20 * east + 1, 20 * down + 1, "#f3c7b8" if n + 1 == 26 else "#ffffff"
        parts.append(f"<rect x='{x}' y='{y}' width='20' height='20' fill='{fill}' stroke='#777' stroke-width='.5'/>")
        parts.append(f"<text x='{x + 10}' y='{y + 13}' {_MIDDLE} font-size='8'>{n + 1:02d}</text>")
    parts.append("<rect x='1' y='1' width='120' height='120' fill='none' stroke='#000' stroke-width='1.4'/>")
    return f"{_SVG} viewBox='0 0 122 122' width='122' height='122'>{''.join(parts)}</svg>"


_AT = {
    "found": (0, 0), "assigned": (1, 0), "rectifying": (2, 0), "claimed": (3, 0), "accepted": (4, 0), "closed": (5, 0),
    "handed_up": (1, 1), "reopened": (3, 1), "spot_checked": (4, 1),
}  # fmt: skip
_LINE = ("found", "assigned", "rectifying", "claimed", "accepted", "closed")
_MAIN = tuple(itertools.pairwise(_LINE))
_BACK = (
    ("found", "handed_up"), ("handed_up", "assigned"), ("claimed", "reopened"), ("reopened", "rectifying"),
    ("accepted", "spot_checked"), ("spot_checked", "reopened"), ("closed", "spot_checked"),
)  # fmt: skip


def states_picture() -> str:
    """
    The states of a problem as boxes, the usual way in full lines.

    Examples
    --------
    >>> states_picture().count("<rect") == len(STATES)
    True
    """
    wide, high, across, down = 62, 24, 84, 58

    def middle(name: str) -> tuple[float, float]:
        col, row = _AT[name]
        return 10 + col * across + wide / 2, 10 + row * down + high / 2

    parts = [
        "<defs><marker id='a' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='6' markerHeight='6' orient='auto'>"
        "<path d='M0 0L8 4L0 8z'/></marker></defs>"
    ]
    for pairs, dash in ((_MAIN, ""), (_BACK, " stroke-dasharray='3 2'")):
        for one, two in pairs:
            start, end = middle(one), middle(two)
            (x1, y1), (x2, y2) = _edge(start, end, wide, high), _edge(end, start, wide, high)
            parts.append(
                f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='#000' stroke-width='1'{dash} "
                "marker-end='url(#a)'/>"
            )
    for name, zh in STATES.items():
        x, y = middle(name)
        parts.append(
            f"<rect x='{x - wide / 2:.0f}' y='{y - high / 2:.0f}' width='{wide}' height='{high}' rx='4' fill='#eef2f5' "
            "stroke='#000' stroke-width='.8'/>"
            f"<text x='{x:.0f}' y='{y + 3.6:.1f}' font-size='10' {_MIDDLE}>{zh}</text>"
        )
    width, height = 20 + 5 * across + wide, 20 + down + high
    return f"{_SVG} viewBox='0 0 {width} {height}' width='{width}' height='{height}'>{''.join(parts)}</svg>"


def _edge(one: tuple[float, float], two: tuple[float, float], wide: float, high: float) -> tuple[float, float]:
    """Where the line from the middle of one box to another leaves the first."""
    dx, dy = two[0] - one[0], two[1] - one[1]
    reach = min(wide / 2 / abs(dx) if dx else 9.0, high / 2 / abs(dy) if dy else 9.0)
    return one[0] + dx * reach, one[1] + dy * reach
