"""
The atlas of a city: every hotspot cell on a page of its own, whether it is warned or not (D17, D22).

A cover that says how to read it, a map of the city, a table of all cells, then the cells.
It is handed out once a year; what changes monthly stands on the sheets.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.paper.atlas_map import index_maps
from hotspot.publish.paper.atlas_pages import cell_page, county_rows, cover, in_order, index_rows
from hotspot.publish.paper.typeset import typeset
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.study import Study

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def render(data: dict[str, Any], *, kind: str = "pdf", ppi: int | None = None, of: Pollutant = PM25) -> Any:
    """
    Set an atlas with typst.

    Parameters
    ----------
    data : dict, from ``atlas_data``
    kind, ppi, of : as ``typeset``

    Returns
    -------
    bytes, or a list of bytes with one picture per page
    """
    return typeset("atlas.typ", of.told(data), kind=kind, ppi=ppi, parts=["map_parts.typ", "page_parts.typ"], of=of)


def atlas_data(
    study: Study,
    year: int,
    city: str,
    *,
    hot: "pd.DataFrame",
    facilities: "gpd.GeoDataFrame",
    backdrop: "gpd.GeoDataFrame | None" = None,
    digest: str = "",
    progress: Callable = lambda n: None,
    people: Any = None,
) -> dict[str, Any]:
    """
    Everything printed in the atlas of one city, as plain dicts of strings and drawings.

    Parameters
    ----------
    city : str, its name
    hot : DataFrame, the hotspot list without cells that left it
    backdrop : GeoDataFrame, from ``read_backdrop``, or None
    digest : str
        First digits of the list's SHA-256, printed on every page.
    progress : callable
        Told 1 after each cell.
    people : mapping cell -> who answers for it, optional, from ``ledger.network.people.answerable``

    Returns
    -------
    dict: ``title``, ``head`` (line of every page), ``foot``, ``cover``, ``maps``, ``rows``, ``counties``,
    ``pages``
    """
    cells = in_order(study, hot[hot["city"] == city])
    borders, ways = Borders(study.grid, study.boundaries), Backdrop(study.grid, backdrop)
    # A neighbour in another city has no page here.
    every = dict.fromkeys(hot["cell"], "") | {
        row["cell"]: f"序号{row['number']}" for row in cells[["cell", "number"]].to_dict("records")
    }
    pages = []
    for row in cells.to_dict("records"):
        own = (people or {}).get(row["cell"])
        pages.append(cell_page(study, row, every=every, facilities=facilities, borders=borders, ways=ways, people=own))
        progress(1)
    return cover(study, year, city, cells, facilities, digest) | {
        "maps": index_maps(study.grid, cells, borders, ways),
        "rows": index_rows(cells),
        "counties": county_rows(cells),
        "pages": pages,
    }
