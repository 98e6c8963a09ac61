"""
The second opinion on the emission level, which a county can recompute by hand.

The air over a cell is a box as wide as the cell and as high as the boundary
layer. The wind brings the background in and takes the cell's air out; the
difference is what the ground gave:

    Q = (C - B) x V x L      (ug/m3 x m2/s x m = ug/s)

with C the day's concentration, B its background, V the day's ventilation (height
x wind) and L the side of the cell. Only stagnant days count: then the box is
full of its own air. The level is the median of Q over them.

Worked by hand. Cell of 3 km, three stagnant days of January with C = 95, 120, 80
and B = 60, 70, 60 ug/m3, V = 400, 300, 500 m2/s: increments 35, 50, 20; Q = 35 x 400 x
3000 = 4.2e7 ug/s = 42 g/s, then 45 g/s and 30 g/s. The level is 42 g/s, the middle one.
The docstring of ``box_level`` runs this example.

No trees and no calendar: what this and the model agree on does not hang on either.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats
from hotspot.rules.criteria import Box, Criteria
from hotspot.variables import CoverageWarning, DataError

if TYPE_CHECKING:
    import xarray as xr


def box_level(
    field: "xr.Dataset",
    background: "xr.DataArray",
    steps: "xr.Dataset",
    *,
    criteria: Criteria | None = None,
    stagnant: Flags | None = None,
) -> "xr.Dataset":
    """
    Emission level of each cell by the box model, by year.

    Parameters
    ----------
    field : Dataset (cell, day)
        ``pm25``, ug/m3, NaN where not seen; ``lon lat`` unless the weather is that of one point;
        attrs ``spacing``, m.
    background : DataArray (cell, day), ug/m3, from ``regional_background``
    steps : Dataset (time, ...), daily, from ``weather_steps``
        ``ventilation`` m2/s and what ``stagnant_rows`` looks at.
    criteria : Criteria, optional
        Its sections ``stagnation`` and ``box``.
    stagnant : bool array (time, ...) like ``steps["speed"]``, optional
        Other stagnant days than the criteria's.

    Returns
    -------
    Dataset (cell, year): ``box_level`` g/s, NaN with fewer than ``min_days`` stagnant days with data;
    ``n_days``, how many there were. Attrs ``words``, ``height`` ("delivered", or what stood in).

    Raises
    ------
    DataError
        No day of the field has weather.

    Warns
    -----
    CoverageWarning
        No boundary-layer height: one height for all days stands in, and only ranks mean something.

    Notes
    -----
    Steady state of a well-mixed box (Holzworth 1967; Hanna 1971 for cities), written out in the
    head of this file. Chemistry and deposition are left out, so Q is an apparent emission.

    Examples
    --------
    >>> import xarray as xr
    >>> day = np.arange("2020-01-01", "2020-01-04", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> field = xr.Dataset({"pm25": (("cell", "day"), [[95.0, 120.0, 80.0]])}, {"cell": ["A"], "day": day},
    ...     {"spacing": 3000.0})
    >>> behind = field["pm25"].copy(data=[[60.0, 70.0, 60.0]])
    >>> days = {"speed": ("time", [1.0, 1.0, 1.0]), "ventilation": ("time", [400.0, 300.0, 500.0])}
    >>> level = box_level(field, behind, xr.Dataset(days, {"time": day}), stagnant=np.ones(3, bool),
    ...     criteria=Criteria(box={"min_days": 3}))
    >>> level["box_level"].values.tolist(), level["n_days"].values.tolist()
    ([[42.0]], [[3]])
    """
    import xarray as xr

    from hotspot.estimate.level.background import nearest_place
    from hotspot.estimate.weather.stagnation import stagnant_rows

    rules = Criteria() if criteria is None else criteria
    dims = [name for name in steps["speed"].dims if name != "time"]
    if stagnant is None:
        stagnant, _ = stagnant_rows(steps, rules)  # (..., time)
        stagnant = np.moveaxis(stagnant, -1, 0)
    calm = np.asarray(stagnant, bool).reshape(steps.sizes["time"], -1)
    flow, height = _flow(steps.transpose("time", *dims), rules.box)
    place = nearest_place(field, steps)
    dim = next(name for name in field["pm25"].dims if name != "cell")
    values = field["pm25"].transpose("cell", dim).values
    behind = background.transpose("cell", dim).values
    day = field[dim].values.astype("datetime64[D]")
    known = steps["time"].values.astype("datetime64[D]")
    at = np.minimum(np.searchsorted(known, day), len(known) - 1)
    has = known[at] == day
    if not has.any():
        raise DataError("pm25: no day of the field has weather; deliver weather of the same days.")
    years, of = np.unique(day.astype("datetime64[Y]"), return_inverse=True)
    level = np.full((len(values), len(years)), np.nan)
    n_days = np.zeros(level.shape, np.int64)
    for number in np.unique(place):
        own = np.flatnonzero(place == number)
        q = (values[own] - behind[own]) * flow[at, number] * float(field.attrs["spacing"]) * 1e-6
        q[:, ~(has & calm[at, number])] = np.nan
        for year in range(len(years)):
            part = q[:, of == year]
            n = np.isfinite(part).sum(axis=1)
            n_days[own, year] = n
            good = n >= rules.box.min_days
            level[own[good], year] = np.nanmedian(part[good], axis=1)
    out = xr.Dataset(
        {"box_level": (("cell", "year"), level), "n_days": (("cell", "year"), n_days)},
        {"cell": field["cell"].values, "year": years.astype(np.int64) + 1970},
    )
    out["box_level"].attrs = {"unit": "g/s", "long_name": "apparent emission in stagnant weather, box model"}
    words = "median over stagnant days of (concentration - background) x ventilation x cell side"
    return out.assign_attrs(words=words, height=height)


def _flow(steps: "xr.Dataset", rules: Box) -> tuple[Floats, str]:
    """Ventilation of each day and place, m2/s, float64[time, place], and where its height comes from."""
    n_time = steps.sizes["time"]
    if "ventilation" in steps:
        return steps["ventilation"].values.reshape(n_time, -1), "delivered"
    warnings.warn(
        f"box model: no boundary-layer height; {rules.height:g} m on every day stands in, so levels can be ranked "
        "but not compared with an inventory",
        CoverageWarning,
        stacklevel=3,
    )
    return steps["speed"].values.reshape(n_time, -1) * rules.height, f"{rules.height:g} m on every day"
