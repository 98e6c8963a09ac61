"""
The pictures of docs/how-sure-is-a-rank.md, from worlds whose ranks are known.

    python docs/how_sure_is_a_rank.py            # writes docs/pictures/reliability.svg and rank-widths.svg
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cases"))

from rank_worlds import many, reliability  # noqa: E402

SHOWN = {"complete, 15 %": "#1b7837", "cloudy, 15 %": "#2166ac", "dirty clouds, 15 %": "#b2182b"}
SIDE, EDGE = 360, 48
_TEXT = 'font-family="sans-serif" font-size="12" fill="#333"'


def main():
    """Draw both pictures from three seeds of three worlds."""
    rows = {kind: many(kind, range(2000, 2003)) for kind in SHOWN}
    draw(rows, ROOT / "docs" / "pictures")


def draw(rows: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write ``reliability.svg`` and ``rank-widths.svg``."""
    reliable, widths = [], []
    for n, (kind, table) in enumerate(rows.items()):
        colour = SHOWN[kind]
        points = [(p, t) for p, t, m in reliability(table) if m >= 10]
        reliable.append(_line(points, colour) + _key(n, kind, colour))
        by_rank = (table["rank_high"] - table["rank_low"] + 1).groupby(table["true_rank"]).mean()
        widths.append(_line([(r / 57, w / 57) for r, w in by_rank.items()], colour) + _key(n, kind, colour))
    diagonal = _line([(0, 0), (1, 1)], "#999", dashed=True)
    _write(folder / "reliability.svg", diagonal + "".join(reliable), "stated probability", "share that was", 1.0)
    _write(folder / "rank-widths.svg", "".join(widths), "true rank", "mean width of the set", 57.0)


def _at(x, y):
    return EDGE + x * SIDE, EDGE + (1 - y) * SIDE


def _line(points, colour, *, dashed=False):
    path = " ".join("{:.1f},{:.1f}".format(*_at(*point)) for point in points)
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _key(n, text, colour):
    return f'<text x="{EDGE + 10}" y="{EDGE + 18 + 16 * n}" {_TEXT.replace("#333", colour)}>{text}</text>'


def _write(path, inside, across, up, most):
    whole = SIDE + 2 * EDGE
    ticks = ""
    for share in np.linspace(0, 1, 6):
        x, y = _at(share, share)
        said = f"{share * most:.1f}" if most == 1 else f"{share * most:.0f}"
        ticks += f'<text x="{x - 8:.0f}" y="{EDGE + SIDE + 16}" {_TEXT}>{said}</text>'
        ticks += f'<text x="{EDGE - 30}" y="{y + 4:.0f}" {_TEXT}>{said}</text>'
    frame = f'<rect x="{EDGE}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>'
    names = f'<text x="{EDGE + SIDE / 2 - 50:.0f}" y="{whole - 10}" {_TEXT}>{across}</text>'
    names += f'<text x="{EDGE}" y="{EDGE - 14}" {_TEXT}>{up}</text>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{whole}">'
    path.write_text(f'{head}<rect width="100%" height="100%" fill="white"/>{frame}{ticks}{names}{inside}</svg>\n')


if __name__ == "__main__":
    main()
