"""
The month's map cut to one city: what its package carries, so that an office sees its own cells and no other's numbers.

The page is the one of ``web_map``; only what goes into it is cut. A warned cell's sources may lie beyond the border,
as on its checklist; they are shown with it, other facilities of the neighbours are not.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from hotspot.publish.web.webmap import WebMap, web_map
from hotspot.study import Study

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr

    from hotspot.contracts.records import Derived

_BY_CELL = ("hours", "unregistered")  # attributes of the traced sources that are told by cell


def city_map(study: Study, derived: "Derived", city: str) -> WebMap:
    """
    The offline map of one city.

    Parameters
    ----------
    derived : Derived
        What ``month.derive`` returned.
    city : str
        As the field's coordinate ``city`` names it.

    Returns
    -------
    WebMap; the same month gives the same bytes. Its size goes with the city's cells and months: about 8 bytes a
    cell and month beside 0.3 MB of page.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.workflows.monthly.month import derive
    >>> from hotspot.workflows.yearly.year import open_hotspots
    >>> small = synthetic_month(size="small")
    >>> study = small.study.model_copy(update={"weather": ()})
    >>> hot = open_hotspots(study, int(small.month[:4]), out=tempfile.mkdtemp())
    >>> derived = derive(study, small.month, hot=hot)
    >>> page = city_map(study, derived, str(derived.field["city"].values[0]))
    >>> len(page.html) < 600_000
    True
    """
    field = derived.field.isel(cell=derived.field["city"].to_numpy() == city)
    cells = set(map(str, field["cell"].to_numpy()))
    warned = _of(derived.warned, cells)
    traced = _traced(derived.traced, set(warned["cell"]))
    there = derived.inventory.loc[derived.inventory["city"] == city, "facility"]
    return web_map(
        field, warned, traced,
        study=study, gi=derived.gi, emerging=derived.emerging,
        hot=_of(derived.hot, cells), not_ranked=_of(derived.not_ranked, cells), standing=_of(derived.standing, cells),
        history=derived.history.isel(cell=derived.history["city"].to_numpy() == city),
        facilities=_facilities(derived.delivered.facilities, {*there, *traced["facility"]}),
        layers=_beside(derived.layers, field),
        past=_by_cell(derived.past, cells),
        days=None if derived.days is None else derived.days.isel(cell=derived.days["cell"].isin(sorted(cells)).values),
        hours=None if derived.fine is None else _by_cell(derived.fine.attrs.get("hours", {}), cells),
        title=f"{city}热点网格与预警",
    )  # fmt: skip


def _of(table: "pd.DataFrame", cells: Collection[str]) -> "pd.DataFrame":
    return table[table["cell"].isin(cells)]


def _traced(traced: "pd.DataFrame", cells: Collection[str]) -> "pd.DataFrame":
    """The sources of some cells, with what is told of those cells and of no other."""
    own = _of(traced, cells)
    for name in _BY_CELL:
        if name in traced.attrs:
            own.attrs[name] = _by_cell(traced.attrs[name], cells)
    return own


def _beside(layers: "gpd.GeoDataFrame | None", field: "xr.Dataset") -> "gpd.GeoDataFrame | None":
    """Fires and bare soil in the frame of the city's cells."""
    if layers is None:
        return None
    lon, lat = field["lon"].to_numpy(), field["lat"].to_numpy()
    return layers[layers["lon"].between(lon.min(), lon.max()) & layers["lat"].between(lat.min(), lat.max())]


def _by_cell(told: Mapping[str, Any], cells: Collection[str]) -> dict[str, Any]:
    return {cell: told[cell] for cell in told if cell in cells}


def _facilities(facilities: "gpd.GeoDataFrame | None", named: Collection[str]) -> "gpd.GeoDataFrame | None":
    """Those that stand in the city, and those that its sheets name."""
    return None if facilities is None else facilities[facilities["facility"].isin(named)]
