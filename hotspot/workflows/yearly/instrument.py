"""Where the next micro-stations should stand: from the year's list to a table, a map and the installers' sheet."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Floats
from hotspot.rules.calendar import year_months
from hotspot.study import Study
from hotspot.text.whole import write_whole
from hotspot.trace.plumes.footprint import wind_table
from hotspot.trace.plumes.prior import expected_emission, register_emission
from hotspot.trace.plumes.wind import wind_at
from hotspot.trace.unlisted.siting import choose_sites, concentration, ground
from hotspot.workflows.monthly.other_pollutants import only_pm25

_SAMPLE = 7  # every seventh hour of the year's wind: all hours of the day, few enough to weigh 36 places


def instrument(
    study: Study, year: int, *, cells: int = 1000, stations: int = 4, out: Path | str = "out"
) -> pd.DataFrame:
    """
    Choose the cells and sub-cells for the next micro-stations, and write what the installers need.

    Parameters
    ----------
    study : Study
    year : int
        Of the hotspot list; selected first if nobody did.
    cells : int
        Cells to instrument, those with the most emission in and around them first.
    stations : int
        Stations a cell shall have; those that stand in it already count.
    out : str or Path
        ``instrument-YEAR.csv``, ``.pdf`` (a page per cell) and ``.html`` (map) appear in ``OUT/<study id>``.

    Returns
    -------
    DataFrame, a row per site: ``city, cell, order`` (of the cell), ``sub_cell, site`` (of the cell's
    sites, best first), ``x y lon lat``; ``emission`` around the cell, g/s weighted; ``standing``, stations the
    cell has; and what the cell reaches **with** this site: ``error_share`` (of the field's variance that is left),
    ``split_share`` (of the pairs of its largest sources), ``seen_share`` (of local episodes), ``gain`` of this site.
    ``attrs``: ``before, after``, means of the three over the chosen cells, and ``files``

    Raises
    ------
    DataError
        As for ``open_year``.
    ValueError
        ``cells`` or ``stations`` is below 1.

    Notes
    -----
    ``trace.unlisted.siting``. With four stations 36 sub-cells are not all measured: the expected shares say how far
    it goes.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study.with_criteria(selection={"second_criterion": "none"})
    >>> sites = instrument(study, 2025, cells=2, stations=4, out=tempfile.mkdtemp())
    >>> sites["cell"].nunique() <= 2, bool((sites["gain"] > 0).all())
    (True, True)
    """
    only_pm25(study, "where stations should stand")
    for name, number in (("cells", cells), ("stations", stations)):
        if number < 1:
            raise ValueError(f"{name} is {number}; give 1 or more.")
    from hotspot.deliveries.run import Deliveries
    from hotspot.workflows.yearly.year import open_hotspots

    deliveries = Deliveries(study, Path(out) / study.id)
    hot = open_hotspots(study, int(year), out=out, deliveries=deliveries)
    hot = hot[hot["status"] != "exited"].sort_values("cell", kind="stable").reset_index(drop=True)
    months = year_months(int(year))
    facilities: Any = deliveries.year(int(year), kinds=("facilities",)).facilities
    seen = deliveries.months(months[-1:], kinds=("reference", "stations"))
    weather = deliveries.months(months, kinds=("weather",)).weather
    rule, grid = study.criteria.tracing, study.grid
    at = np.array([grid.centre(*grid.parse(code)) for code in hot["cell"]], dtype=float).reshape(-1, 2)
    lon, lat = (cast(Any, facilities)[axis].to_numpy(dtype=float) for axis in ("lon", "lat"))
    sources = np.column_stack(grid.project(lon, lat))
    said, known = register_emission(facilities)
    emission = expected_emission(said, cast(Any, facilities)["class_"], known, tracing=rule)
    standing = _standing(grid, (seen.reference, seen.stations))
    weight = concentration(at, sources, emission, ring_km=rule.ring_km, decay_km=rule.decay_km)
    own = np.array([int((np.abs(standing - place).max(axis=1) <= grid.spacing / 2).sum()) for place in at], dtype=int)
    order = np.lexsort((hot["cell"].to_numpy(), -weight.round(9)))
    chosen = [k for k in order if own[k] < stations][: int(cells)]
    rows: list[dict[str, Any]] = []
    before: list[np.ndarray] = []
    after: list[np.ndarray] = []
    for rank, k in enumerate(chosen, 1):
        area = ground(at[k], standing, sources, emission, _wind(weather, grid, at[k]), tracing=rule,
                      spacing=grid.spacing, fine=study.lattice.fine)  # fmt: skip
        layout = choose_sites(area, int(stations))
        shares = np.column_stack([layout.error_share, layout.split_share, layout.seen_share])
        before.append(shares[0])
        after.append(shares[-1])
        for n, place in enumerate(layout.site.tolist(), 1):
            rows.append({
                "city": str(hot["city"][k]), "cell": str(hot["cell"][k]), "order": rank,
                "sub_cell": f"{hot['cell'][k]}-{place + 1:02d}", "site": n, "x": area.places[place, 0],
                "y": area.places[place, 1], "emission": weight[k], "standing": int(own[k]),
                "error_share": shares[n, 0], "split_share": shares[n, 1], "seen_share": shares[n, 2],
                "gain": layout.value[n] - layout.value[n - 1],
            })  # fmt: skip
    sites = pd.DataFrame(rows, columns=[
        "city", "cell", "order", "sub_cell", "site", "x", "y", "emission", "standing", "error_share", "split_share",
        "seen_share", "gain",
    ])  # fmt: skip
    sites["lon"], sites["lat"] = grid.unproject(sites["x"].to_numpy(float), sites["y"].to_numpy(float))
    names = ("error_share", "split_share", "seen_share")
    for word, reached in (("before", before), ("after", after)):
        means = np.mean(reached, axis=0).round(4).tolist() if reached else []
        sites.attrs[word] = dict(zip(names, means, strict=False))
    sites.attrs["files"] = _written(study, int(year), sites, Path(out) / study.id)
    return sites


def instrument_lines(sites: pd.DataFrame) -> list[str]:
    """What ``instrument`` says in a shell: before and after, and where the files lie."""
    lines = [f"{len(sites)} sites in {sites['cell'].nunique()} cells"]
    words = (
        ("error_share", "variance of the 500 m field that is left"),
        ("split_share", "pairs of the largest sources told apart"),
        ("seen_share", "local episodes seen"),
    )
    for name, said in words:
        if sites.attrs["before"]:
            lines.append(f"{said}: {sites.attrs['before'][name]:.0%} before, {sites.attrs['after'][name]:.0%} after")
    return [*lines, *(str(path) for path in sites.attrs["files"])]


def _standing(grid: Grid, networks: tuple[xr.Dataset | None, xr.Dataset | None]) -> Floats:
    """Where stations stand already, m."""
    found = [
        np.column_stack(grid.project(np.asarray(data["lon"], float), np.asarray(data["lat"], float)))
        for data in networks
        if data is not None and data.sizes.get("station")
    ]
    return np.concatenate(found) if found else np.zeros((0, 2))


def _wind(weather: xr.Dataset | None, grid: Grid, at: Floats) -> Floats:
    """A sample of the year's wind at a cell; even from all sides where no wind was delivered."""
    if weather is None or not {"u10", "v10"} <= set(weather):
        angle = np.arange(16) * np.pi / 8
        return wind_table(2.5 * np.cos(angle), 2.5 * np.sin(angle))
    lon, lat = (float(value) for value in grid.unproject(*at))
    _, u, v = wind_at(weather, lon, lat)
    there = ~np.isnan(u) & ~np.isnan(v)
    return wind_table(u[there][::_SAMPLE], v[there][::_SAMPLE])


def _written(study: Study, year: int, sites: pd.DataFrame, folder: Path) -> list[Path]:
    """The table, the sheet and the map, each whole or not at all."""
    from hotspot.publish.paper.site_sheet import site_sheet
    from hotspot.publish.web.site_map import site_map

    folder.mkdir(parents=True, exist_ok=True)
    shown = sites.drop(columns=["x", "y"]).round(
        {"lon": 6, "lat": 6, "emission": 3, "error_share": 3, "split_share": 3, "seen_share": 3, "gain": 4}
    )
    parts = {
        "csv": shown.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"),
        "pdf": site_sheet(study, year, sites),
        "html": site_map(study, year, sites).encode(),
    }
    return [write_whole(folder / f"instrument-{year}.{ending}", content) for ending, content in parts.items()]
