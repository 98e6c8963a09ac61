"""What an installer carries: a page per cell with the sub-cells to build on, and the way to each."""

from typing import TYPE_CHECKING, Any

from hotspot.publish.fonts import check_glyphs, shorten
from hotspot.publish.maps import drawing, layers
from hotspot.publish.maps.sheet import Canvas, around, draw_map
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
    sites : DataFrame, from ``instrument``

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw.
    """
    data = {"title": f"{year}年微站选址", "pages": [_page(study, code, rows) for code, rows in _by_cell(sites)]}
    check_glyphs(set_texts(data))
    return typeset("sites.typ", data, parts=["map_parts.typ", "page_parts.typ"])


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
    }


def _panel(study: Study, code: str, rows: "pd.DataFrame") -> dict[str, Any]:
    """The cell with its numbered sub-cells, the chosen ones dark."""
    grid, n = study.grid, study.grid.nesting(study.lattice.fine)
    col, row = grid.parse(code)
    chosen = {int(row["sub_cell"].rsplit("-", 1)[1]): int(row["site"]) for row in rows.to_dict("records")}

    def sub_cells(on: Canvas) -> None:
        step = on.window.size / n
        for number in range(1, n * n + 1):
            down, right = divmod(number - 1, n)
            x, y = right * step, down * step
            if number in chosen:
                on.svg.append(drawing.square(x, y, step, 'fill="#ccc"'))
                on.say(x + step / 2, y + step / 2, str(chosen[number]), 16, 0)
            on.say(x + 0.2 * step, y + 0.2 * step, f"{number:02d}", 6, 0.3)
        for k in range(n + 1):
            on.svg.append(drawing.line(k * step, 0, k * step, on.window.size, 0.2, "#555"))
            on.svg.append(drawing.line(0, k * step, on.window.size, k * step, 0.2, "#555"))

    window = around(grid, col, row, grid.spacing, _SIDE)
    return draw_map(grid, window, [layers.paper, sub_cells, layers.framed(col, row, 0.6)])
