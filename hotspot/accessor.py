"""
``field.hotspot``: what people do with a field, beside all that xarray does with it.

Light: xarray gets the accessor as soon as it and this package are both imported, and nothing is loaded before it is
used.
"""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from matplotlib.axes import Axes

    from hotspot.publish.web.webmap import WebMap


class FieldView:
    """
    The accessor ``.hotspot`` of a Dataset.

    Examples
    --------
    >>> from hotspot.estimate.field.monthly import monthly_field
    >>> from hotspot.synthetic.study import synthetic_month
    >>> field, _ = monthly_field(synthetic_month(size="small"))
    >>> field.hotspot.months
    ['2024-12', '2025-11', '2025-12']
    """

    def __init__(self, field: "xr.Dataset") -> None:
        self._field = field

    def __repr__(self) -> str:
        return f"hotspot: months {', '.join(self.months)}; plot(month), to_geodataframe(month), explore(month)"

    @property
    def months(self) -> list[str]:
        """The names of its months, in the order in which they stand."""
        from hotspot import contracts

        return contracts.months_in(self._field)

    def month(self, month: str | None = None) -> "xr.Dataset":
        """One month by its name, see ``contracts.of_month``."""
        from hotspot import contracts

        return contracts.of_month(self._field, month)

    def plot(self, month: str | None = None, **settings: Any) -> "Axes":
        """A map of one month, see ``publish.analysis.month_plot``."""
        from hotspot.publish.analysis.month_plot import month_plot

        return month_plot(self._field, month, **settings)

    def to_geodataframe(self, month: str | None = None) -> "gpd.GeoDataFrame":
        """
        The cells of one month as polygons in WGS 84, with all that lies along ``cell``.

        Parameters
        ----------
        month : str, optional
            Default the month the field is named after, else its last.

        Returns
        -------
        GeoDataFrame, one row a cell, in the order of the field

        Raises
        ------
        DataError
            The field has no such month, or no places of its cells on a lattice.
        """
        import geopandas as gpd

        from hotspot import contracts
        from hotspot.grid.lattice import Grid
        from hotspot.variables import DataError

        field = self._field
        if not {"col", "row"} <= set(field.coords) or "spacing" not in field.attrs:
            raise DataError(
                "field: its cells have no places on a lattice (col, row, spacing); give one of monthly_field."
            )
        now = contracts.of_month(field, month) if "time" in field.dims else field
        grid = Grid(float(field.attrs["spacing"]), crs=field.attrs.get("crs"))
        columns = {
            str(name): now[name].values
            for name in ("cell", "month", *now.coords, *now.data_vars)
            if name in now and now[name].dims in (("cell",), ()) and name not in ("time", "spatial_ref")
        }
        return gpd.GeoDataFrame(columns, geometry=grid.polygons(now["col"].values, now["row"].values), crs="EPSG:4326")

    def explore(self, month: str | None = None, **settings: Any) -> "WebMap":
        """
        The web map of the months up to one; it opens with no network and shows itself in a notebook.

        Parameters
        ----------
        month : str, optional
            Default the month the field is named after, else its last.
        **settings : as for ``web_map``

        Returns
        -------
        WebMap with ``save(path)``
        """
        import pandas as pd

        from hotspot import contracts
        from hotspot.publish.tables.lists import WARNING_COLUMNS
        from hotspot.publish.web.webmap import web_map

        month = contracts.named(self._field) if month is None else month
        contracts.of_month(self._field, month)
        upto = contracts.in_order(self._field).sel(time=slice(None, month)).assign_attrs(month=month)
        return web_map(upto, pd.DataFrame(columns=list(WARNING_COLUMNS)), **settings)


def register() -> None:
    """Give ``Dataset.hotspot`` to xarray now if it is loaded, else as soon as somebody loads it."""
    if "xarray" in sys.modules:
        _give()
    elif not any(isinstance(finder, _WhenLoaded) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WhenLoaded())


def _give() -> None:
    import xarray as xr

    if not hasattr(xr.Dataset, "hotspot"):
        xr.register_dataset_accessor("hotspot")(FieldView)


class _WhenLoaded(MetaPathFinder):
    """Finds xarray as Python would, and gives it the accessor when it is whole; then it is gone."""

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "xarray":
            return None
        sys.meta_path.remove(self)
        spec = find_spec("xarray")
        if spec is not None and spec.loader is not None:
            spec.loader = _Then(spec.loader)
        return spec


class _Then(Loader):
    """A loader that does one thing more after loading."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        _give()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)
