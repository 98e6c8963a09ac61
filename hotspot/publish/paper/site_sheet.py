"""What an installer carries: a page per cell with the sub-cells to build on, and the way to each."""

from typing import TYPE_CHECKING, Any

from hotspot.publish.fonts import check_glyphs, shorten
from hotspot.publish.paper import drawing
from hotspot.publish.paper.typeset import set_texts, typeset
from hotspot.publish.paper.wayfinding import coordinates
from hotspot.study import Study

if TYPE_CHECKING:
    import pandas as pd

_SIDE = 84.0  # mm


def site_sheet(study: Study, year: int, sites: "pd.DataFrame") -> bytes:
    """
    The installers' sheet as a PDF.

    Parameters
    ----------
    study : Study
    year : int
    sites : DataFrame, from ``instrument``

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw.
    """
    data = {"title": f"{year}年微站选址", "pages": [_page(study, code, rows) for code, rows in _by_cell(sites)]}
    check_glyphs(set_texts(data))
    return typeset("sites.typ", data, parts=["page_parts.typ"])


def _by_cell(sites: "pd.DataFrame") -> "list[tuple[str, pd.DataFrame]]":
    return list(sites.sort_values(["order", "site"], kind="stable").groupby("cell", sort=False))


def _page(study: Study, code: str, rows: "pd.DataFrame") -> dict[str, Any]:
    first, last = rows.iloc[0], rows.iloc[-1]
    told = [
        {
            "number": str(int(row["site"])),
            "sub_cell": row["sub_cell"],
            "gain": f"{row['gain']:.2f}",
            "seen": f"{row['seen_share']:.0%}",
            "split": f"{row['split_share']:.0%}",
            "error": f"{row['error_share']:.0%}",
            "way": coordinates(code, row["lon"], row["lat"])[0],
            "wgs": f"{row['lon']:.5f}, {row['lat']:.5f}",
        }
        for row in rows.to_dict("records")
    ]
    return {
        "code": code,
        "city": shorten(str(first["city"]), 24),
        "order": str(int(first["order"])),
        "standing": str(int(first["standing"])),
        "reach": f"建成后：子网格方差剩余{last['error_share']:.0%}，主要源两两可分{last['split_share']:.0%}，"
        f"格内局地过程可见{last['seen_share']:.0%}",
        "sites": told,
        "map": _panel(study, code, rows),
        "side": _SIDE,
    }


def _panel(study: Study, code: str, rows: "pd.DataFrame") -> dict[str, Any]:
    """The cell with its numbered sub-cells, the chosen ones dark."""
    grid, n = study.grid, study.grid.nesting(study.lattice.fine)
    west, _, east, north = (float(value) for value in grid.bounds(*grid.parse(code)))
    window = drawing.Window(west, north, east - west, _SIDE)
    draw, step = drawing.Drawing(), _SIDE / n
    chosen = {int(row["sub_cell"].rsplit("-", 1)[1]): int(row["site"]) for row in rows.to_dict("records")}
    draw.svg.append(f'<rect width="{_SIDE:g}" height="{_SIDE:g}" fill="#fff"/>')
    for number in range(1, n * n + 1):
        down, right = divmod(number - 1, n)
        x, y = right * step, down * step
        if number in chosen:
            draw.svg.append(f'<rect x="{x:.2f}" y="{y:.2f}" width="{step:.2f}" height="{step:.2f}" fill="#ccc"/>')
            draw.say(x + step / 2, y + step / 2, str(chosen[number]), 16, 0)
        draw.say(x + 0.2 * step, y + 0.2 * step, f"{number:02d}", 6, 0.3)
    for k in range(n + 1):
        draw.svg.append(drawing.line(k * step, 0, k * step, _SIDE, 0.2, "#555"))
        draw.svg.append(drawing.line(0, k * step, _SIDE, k * step, 0.2, "#555"))
    draw.svg.append(drawing.frame(0, 0, window.size, 0.6))
    return draw.panel(_SIDE)
