"""A small hand-made month with known values, for the tests of what is written on paper."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from pyproj import Geod

from hotspot.grid.labels import code_of
from hotspot.grid.lattice import Grid
from hotspot.publish.tables.lists import WARNING_COLUMNS
from hotspot.rules.criteria import Criteria
from hotspot.study import Lattice, Office
from hotspot.study_loop import NetworkFiles
from hotspot.trace.visits.checklist import checklist

MONTH = "2020-03"
SIDE = 12
_CLASSES = ("power", "steel", "boiler", "cement", "construction", "chemical", "livestock", "other")
_PLACES = {
    (0, 0): ("甲州市", "410100", "东山县", "410122", "柳林镇"),
    (0, 1): ("甲州市", "410100", "东山县", "410122", "石桥乡"),
    (1, 0): ("甲州市", "410100", "河口区", "410103", "新华街道"),
    (1, 1): ("乙川市", "410200", "西陵县", "410222", "古城镇"),
}


def paper_case(*, word=None, grid=None, col=1272, row=1275):
    """
    One month: ``study, month, field, hot, warned, not_ranked, traced, checklist, facilities, gi``.

    ``word`` puts one text into every text field that comes from files.
    """
    grid = grid or Grid()
    cols, rows = (a.ravel() for a in np.meshgrid(np.arange(SIDE) + col, np.arange(SIDE) + row))
    west, south = (float(v) for v in grid.bounds(col, row)[:2])
    side = SIDE * grid.spacing
    field = _field(grid, cols, rows, word)
    facilities = _facilities(grid, west, south, side, word)
    study = SimpleNamespace(
        labels=None, code_of=lambda text: code_of(text, {}), network=NetworkFiles(),
        id="paper-2020", name=word or "纸面样例", name_en="paper case", grid=grid, criteria=Criteria(),
        lattice=Lattice(), boundaries=_boundaries(grid, west, south, side, word), office=Office(),
    )  # fmt: skip
    hot = _hot(field)
    warned = _warned(field)
    traced = _traced(warned, facilities)
    return SimpleNamespace(
        study=study, month=MONTH, field=field, hot=hot, warned=warned, traced=traced, facilities=facilities,
        not_ranked=pd.DataFrame(
            [[MONTH, warned["city"][0], hot["cell"][0], "year_on_year", word or "no layer for 2019-03"]],
            columns=["month", "city", "cell", "reason", "why"],
        ),
        checklist=checklist(warned, traced, facilities, field, study.criteria), gi=_gi(field),
    )  # fmt: skip


def _boundaries(grid, west, south, side, word):
    """Four units that meet in a zigzag, so that borders cross cells."""
    middle_x, middle_y = west + side * 0.46, south + side * 0.52
    zig = [(middle_x + 900 * (-1) ** k, south + side * k / 12) for k in range(13)]
    left = shapely.Polygon([(west, south), *zig, (west, south + side)])
    box = shapely.box(west, south, west + side, south + side)
    rows = []
    for (i, j), (city, city_code, county, county_code, township) in _PLACES.items():
        half = box.difference(left) if i else left
        part = half.intersection(shapely.box(west, south, west + side, middle_y) if not j else
                                 shapely.box(west, middle_y, west + side, south + side))  # fmt: skip
        part = shapely.transform(part.segmentize(1000), lambda c: np.column_stack(grid.unproject(c[:, 0], c[:, 1])))
        rows.append(
            (word or city, city_code, word or county, county_code, word or township, county_code + f"10{j}", part)
        )
    names = ["city", "city_code", "county", "county_code", "township", "township_code", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=names), geometry="geometry", crs="EPSG:4326")


def _field(grid, cols, rows, word):
    rng = np.random.default_rng(7)
    codes = grid.code(cols, rows)
    x, y = grid.centre(cols, rows)
    lon, lat = grid.unproject(x, y)
    now = 55 + 12 * np.exp(-((cols - cols[0] - 6) ** 2 + (rows - rows[0] - 7) ** 2) / 8) + rng.normal(0, 1, cols.size)
    cube = np.column_stack([now + rng.normal(-4, 3, cols.size), now + rng.normal(6, 3, cols.size), now])
    cube[5, 2] = np.nan
    quarter = [(int(c - cols[0] > 5), int(r - rows[0] > 5)) for c, r in zip(cols, rows, strict=True)]
    text = {name: [word or _PLACES[q][k] for q in quarter] for k, name in ((0, "city"), (2, "county"), (4, "township"))}
    order = np.argsort(codes)
    coords = {"x": x, "y": y, "lon": lon, "lat": lat, "col": cols, "row": rows, "area_share": np.ones(cols.size)}
    coords |= {name: np.array(values, dtype=object) for name, values in text.items()}
    coords["label"] = np.array([word or f"T{85700 + k}" for k in range(cols.size)], dtype=object)
    field = xr.Dataset(
        {
            "pm25": (("cell", "time"), cube),
            "coverage": (("cell", "time"), np.where(np.isfinite(cube), 0.987, 0.0)),
            "n_valid": (("cell", "time"), np.where(np.isfinite(cube), 29.0, 0.0)),
            "pm25_error": (("cell", "time"), 0.1 * cube),
            "valid": (("cell", "time"), np.isfinite(cube)),
            "why": (("cell", "time"), np.where(np.isfinite(cube), "", "no data").astype(object)),
        },
        coords={"cell": np.array(codes, dtype=object)}
        | {"time": np.array(["2019-03", "2020-02", "2020-03"], "datetime64[ns]")}
        | {name: ("cell", values) for name, values in coords.items()},
        attrs={
            "unit": "ug/m3", "source": word or "样例卫星产品", "product": "Sample V1", "native_resolution_m": 1000.0,
            "completeness": "days", "month": MONTH, "lattice_id": grid.id, "spacing": grid.spacing,
            "crs": grid.crs.to_wkt(), "gas_state": "actual", "method": "mean of daily layers",
        },
    )  # fmt: skip
    return field.isel(cell=order)


def _facilities(grid, west, south, side, word):
    rng = np.random.default_rng(11)
    n = 40
    x, y = west + side * rng.uniform(0.2, 0.95, n), south + side * rng.uniform(0.2, 0.95, n)
    lon, lat = grid.unproject(x, y)
    names = [word or f"{'甲乙丙丁戊己庚辛'[k % 8]}州第{k + 1}{'热电有限责任公司' if k % 3 else '厂'}" for k in range(n)]
    frame = {
        "facility": [f"F{k:03d}" for k in range(n)], "name": names, "class_": [_CLASSES[k % 8] for k in range(n)],
        "lon": lon, "lat": lat, "size": rng.uniform(10, 900, n), "size_unit": "MW", "status": word or "operating",
        "accuracy": [("exact", "approximate", "unknown")[k % 3] for k in range(n)], "vintage": "2017-12-31",
        "source": word or "样例清单",
    }  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")


def _hot(field):
    keep = np.argsort(-np.nan_to_num(field["pm25"].to_numpy()[:, 2]))[:14]
    part = field.isel(cell=np.sort(keep)).isel(time=2)
    names = ["city", "cell", "label", "county", "township", "lon", "lat", "pm25", "n_valid", "coverage"]
    hot = pd.DataFrame({name: part[name].to_numpy() for name in names})
    return hot.assign(year=2020, area_km2=9.0, level=np.nan, status="formal", since=2020, reason="").sort_values(
        ["city", "cell"]
    )


def _warned(field):
    """Five rows on three cells: the dirtiest with all reasons, one edge cell, one without a previous value."""
    values = field["pm25"].to_numpy()
    top = int(np.nanargmax(values[:, 2]))
    rows = []
    for i, reasons in (
        (top, ("highest", "year_on_year", "month_on_month")),
        (30, ("year_on_year",)),
        (100, ("highest",)),
    ):
        part = field.isel(cell=i)
        base = {"highest": np.nan, "year_on_year": values[i, 0], "month_on_month": values[i, 1]}
        for rank, reason in enumerate(reasons, start=1):
            change = values[i, 2] - base[reason]
            rows.append(
                {name: part[name].item() for name in ("city", "cell", "label", "county", "township", "lon", "lat")}
                | {"month": MONTH, "reason": reason, "rank": rank, "pm25": values[i, 2], "previous": base[reason],
                   "change": change, "change_pct": 100 * change / base[reason], "n_valid": 29.0, "coverage": 0.987,
                   "p_worst": 0.41, "p_top": 0.825, "rank_low": 1, "rank_high": 4, "distinguishable": rank == 2}
            )  # fmt: skip
    table = pd.DataFrame(rows)[list(WARNING_COLUMNS)]
    order = table["reason"].map({"highest": 0, "year_on_year": 1, "month_on_month": 2})
    return table.assign(o=order).sort_values(["city", "o", "rank", "cell"]).drop(columns="o").reset_index(drop=True)


def _traced(warned, facilities):
    geod, rows = Geod(ellps="GRS80"), []
    for _, cell in warned.drop_duplicates("cell").iterrows():
        near = []
        for _, f in facilities.iterrows():
            bearing, _, metres = geod.inv(cell["lon"], cell["lat"], f["lon"], f["lat"])
            if metres <= 6000 or (metres <= 12000 and f["facility"] in ("F003", "F020", "F033")):
                near.append((metres, bearing % 360, f))
        for order, (metres, bearing, f) in enumerate(sorted(near, key=lambda n: n[0]), start=1):
            rows.append(
                {"cell": cell["cell"], "facility": f["facility"], "name": f["name"], "class_": f["class_"],
                 "lon": f["lon"], "lat": f["lat"], "distance_km": metres / 1000, "bearing_deg": bearing,
                 "where": "in_cell" if metres < 1500 else "ring" if metres <= 6000 else "upwind",
                 "upwind_hours": 40, "n_hours": 700, "lift": 1.2,
                 "lift_low": 0.9, "lift_high": 1.5, "word": ("strong", "moderate", "weak")[order % 3], "order": order}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _gi(field):
    n = field.sizes["cell"]
    return xr.Dataset(
        {
            "gi_z": ("cell", np.linspace(-3, 3, n)),
            "gi_p": ("cell", np.full(n, 0.5)),
            "gi_class": ("cell", np.full(n, "none")),
        }
    )


def write_all(folder):
    """Every file this room writes, for comparing bytes; ``tests/publish/test_lists.py`` calls it in a child."""
    from pathlib import Path

    from hotspot.publish.paper.sheets import write_sheets
    from hotspot.publish.tables.cells import write_cells
    from hotspot.publish.tables.checklists import write_checklists
    from hotspot.publish.tables.geopackage import write_geopackage
    from hotspot.publish.tables.lists import write_not_ranked, write_warnings
    from hotspot.publish.tables.workbook import write_workbook

    folder, c = Path(folder), paper_case()
    folder.mkdir(parents=True)
    common = {"study": c.study, "month": c.month, "warned": c.warned}
    write_warnings(folder / "warnings.csv", c.warned, 1)
    write_not_ranked(folder / "not_ranked.csv", c.not_ranked)
    write_cells(folder / "cells.parquet", c.field, hot=c.hot, gi=c.gi, warned=c.warned)
    write_workbook(folder / "warnings.xlsx", field=c.field, not_ranked=c.not_ranked, hot=c.hot, **common)
    write_geopackage(folder / "warnings.gpkg", field=c.field, hot=c.hot, facilities=c.facilities, **common)
    write_checklists(folder / "checklists.xlsx", checklist=c.checklist, **common)
    write_sheets(
        folder, field=c.field, traced=c.traced, checklist=c.checklist, facilities=c.facilities, **common
    )  # fmt: skip
