"""A small made-up month for map tests: every list the page can carry, on the national lattice."""

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.lattice import Grid
from hotspot.publish.tables.lists import WARNING_COLUMNS

COUNTIES = ("北原县", "南湾区", "西岭县")


def lattice_field(n_col, n_row, *, cities=("江城市", "东湖市"), seed=7, month="2020-02"):
    """A field of ``n_col * n_row`` cells around 114.3 E 30.6 N with a plume, a gap and three months."""
    grid, rng = Grid(), np.random.default_rng(seed)
    col, row = (int(v) for v in grid.locate(114.3, 30.6))
    right, up = (v.ravel() for v in np.meshgrid(np.arange(n_col), np.arange(n_row)))
    codes = grid.code(right + col, up + row)
    order = np.argsort(codes)
    right, up, codes = right[order], up[order], codes[order]
    x, y = grid.centre(right + col, up + row)
    lon, lat = grid.unproject(x, y)
    a, b = right / n_col, up / n_row
    plume = np.exp(-((a - 0.6) ** 2 + (b - 0.5) ** 2) / 0.04)
    level = 40 + 25 * plume + rng.normal(0, 1, len(codes))
    pm25 = np.stack([level * 1.1, level + 12 * a, level * (0.9 + 0.2 * b)], axis=1)
    pm25[(a > 0.9) & (b < 0.15)] = np.nan
    last = np.datetime64(month, "M")
    months = np.array([last - 12, last - 1, last], dtype="datetime64[ns]")
    shape = ("cell", "time")
    return xr.Dataset(
        {
            "pm25": (shape, pm25),
            "coverage": (shape, np.where(np.isnan(pm25), 0.0, 0.97)),
            "n_valid": (shape, np.where(np.isnan(pm25), 0.0, 24.0)),
            "pm25_error": (shape, pm25 * 0.15),
            "why": (shape, np.where(np.isnan(pm25), "never seen in this month", "").astype(object)),
            "level": ("cell", level * 0.7),
        },
        {
            "cell": codes.astype(str),
            "time": months,
            "col": ("cell", right + col),
            "row": ("cell", up + row),
            "x": ("cell", x),
            "y": ("cell", y),
            "lon": ("cell", lon),
            "lat": ("cell", lat),
            "city": ("cell", np.array(cities)[(a * len(cities)).astype(int)]),
            "county": ("cell", np.array(COUNTIES)[(b * len(COUNTIES)).astype(int)]),
            "township": ("cell", np.where(a < 0.5, "和平镇", "青山街道")),
            "label": ("cell", np.where(right % 5 == 0, np.char.add("T8", up.astype(str)), "")),
        },
        {
            "unit": "ug/m3",
            "source": "made up",
            "product": "test product",
            "native_resolution_m": 10_000.0,
            "completeness": "monthly product",
            "month": month,
            "lattice_id": grid.id,
            "spacing": grid.spacing,
            "gas_state": "actual",
        },
    )


def months_of(field, n=13, seed=11):
    """The field's months and those between, as ``with_history`` gives them; one of them was never delivered."""
    rng = np.random.default_rng(seed)
    last = field["time"].values[-1].astype("datetime64[M]")
    names = last - np.arange(n - 1, -1, -1)
    known = field["time"].values.astype("datetime64[M]").tolist()
    parts = []
    for k, name in enumerate(names):
        if name.tolist() in known:
            parts.append(field.isel(time=[known.index(name.tolist())]))
            continue
        one = field.isel(time=[-1]).assign_coords(time=[name.astype("datetime64[ns]")])
        season = 1.0 + 0.5 * np.cos(2 * np.pi * (int(str(name)[5:]) - 1) / 12)
        one["pm25"] = one["pm25"] * season + rng.normal(0, 1, one["pm25"].shape)
        one["pm25_error"] = one["pm25"] * 0.2
        if k == 3:
            for gone in ("pm25", "pm25_error", "coverage", "n_valid"):
                one[gone] = one[gone] * np.nan
            text = np.full(one["why"].shape, f"no satellite layer was delivered for {name}", dtype=object)
            one["why"] = (one["why"].dims, text)
        parts.append(one)
    return xr.concat(parts, dim="time", data_vars="minimal", coords="minimal").transpose("cell", "time")


def standing_of(hot, warned):
    """Every hotspot cell in the class of the highest, the chance falling with the rank; then the listed changes."""
    rows = []
    for city, cells in hot.groupby("city"):
        ordered = cells.sort_values("pm25", ascending=False)["cell"]
        for rank, cell in enumerate(ordered, 1):
            rows.append({"city": city, "reason": "highest", "rank": rank, "cell": cell, "listed": rank <= 3})
            rows[-1] |= {"p_top": float(np.exp(-(rank - 1) / 4)), "rank_low": max(1, rank - 2), "rank_high": rank + 3}
    names = ["city", "reason", "rank", "cell", "listed", "p_top", "rank_low", "rank_high"]
    others = warned[warned["reason"] != "highest"].assign(listed=True)
    return pd.concat([pd.DataFrame(rows)[names], others[names]], ignore_index=True)


def days_of(field, codes, seed=5):
    """Twenty-eight days of February 2020 of some cells; the 29th was not delivered, one day was cloudy."""
    rng, own = np.random.default_rng(seed), field["pm25"].sel(cell=sorted(codes)).isel(time=-1)
    values = own.values[:, None] * rng.uniform(0.5, 1.5, (own.size, 28))
    values[:, 6] = np.nan
    day = np.datetime64("2020-02-01") + np.arange(28)
    return xr.Dataset(
        {"pm25": (("cell", "day"), values)}, {"cell": own["cell"].values, "day": day.astype("datetime64[ns]")}
    )


def hours_of(codes):
    """The 696 hours of February 2020 of some cells: day of the month and hour can be read from each, one is missing."""
    hours = np.repeat(np.arange(1, 30), 24) + np.tile(np.arange(24), 29) / 10
    hours[24 * 4 + 7] = np.nan
    return dict.fromkeys(dict.fromkeys(codes), hours)


def month_case(n_col=24, n_row=20, **settings):
    """Everything ``web_map`` takes, by its argument names."""
    field = lattice_field(n_col, n_row, **settings)
    table = field.isel(time=2).to_dataframe().reset_index().assign(month="2020-02")
    table["m12"], table["m1"] = field["pm25"].values[:, 0], field["pm25"].values[:, 1]
    hot = (
        table.dropna(subset="pm25")
        .sort_values(["pm25", "cell"])
        .groupby("city")
        .tail(max(6, len(table) // 10 // table["city"].nunique()))
    )
    rows = []
    for city, of_city in hot.groupby("city"):
        for reason, base in (("highest", None), ("year_on_year", "m12"), ("month_on_month", "m1")):
            key = of_city["pm25"] if base is None else of_city["pm25"] / of_city[base]
            for rank, place in enumerate(key.sort_values(ascending=False).index[:3], 1):
                one = of_city.loc[place]
                before = np.nan if base is None else one[base]
                rows.append(
                    {name: one[name] for name in WARNING_COLUMNS if name in one}
                    | {"month": "2020-02", "city": city, "reason": reason, "rank": rank, "previous": before}
                    | {"change": one["pm25"] - before, "change_pct": (one["pm25"] / before - 1) * 100}
                    | {"p_worst": 0.6 / rank, "p_top": 0.95 - 0.2 * rank, "rank_low": 1, "rank_high": rank + 2}
                    | {"distinguishable": rank == 1}
                )
    warned = pd.DataFrame(rows)[list(WARNING_COLUMNS)]
    place = table.iloc[:: max(1, len(table) // 9)].reset_index(drop=True)
    facilities = gpd.GeoDataFrame(
        {
            "facility": [f"F{n:02}" for n in range(len(place))],
            "name": [f"第{n}热电厂" for n in range(len(place))],
            "class_": [("power", "cement", "boiler")[n % 3] for n in range(len(place))],
            "lon": place["lon"] + 0.004,
            "lat": place["lat"] + 0.003,
            "size": 300.0,
            "size_unit": "MW",
            "accuracy": "exact",
            "status": "operating",
            "vintage": "2019",
            "source": "made up",
        },
        geometry=gpd.points_from_xy(place["lon"] + 0.004, place["lat"] + 0.003),
        crs="EPSG:4326",
    )
    traced = pd.DataFrame(
        [
            {"cell": cell, "facility": one.facility, "name": one.name_, "class_": one.class_, "lon": one.lon}
            | {"lat": one.lat, "distance_km": 1.5 * order, "bearing_deg": 45.0 * order, "where": where}
            | {"upwind_hours": 120, "n_hours": 690, "lift": 1.8, "lift_low": 1.2, "lift_high": 2.4}
            | {"word": word, "order": order, "agreement": 2, "n_stations": 3}
            for cell in dict.fromkeys(warned["cell"])
            for order, (one, where, word) in enumerate(
                zip(
                    facilities.rename(columns={"name": "name_"}).itertuples(),
                    ("in_cell", "ring", "upwind"),
                    ("strong", "moderate", "not enough hours"),
                    strict=False,
                ),
                1,
            )
        ]
    )
    left = {"month": "2020-02", "reason": "year_on_year", "why": "no value twelve months before"}
    not_ranked = pd.DataFrame([left | {"city": c, "cell": k} for c, k in zip(hot["city"], hot["cell"], strict=True)])
    rise = field["pm25"].values[:, 2]
    gi = xr.Dataset(
        {
            "gi_class": ("cell", np.where(rise > 55, "hot", np.where(rise < 38, "cold", ""))),
            "gi_z": ("cell", rise * 0),
        },
        {"cell": field["cell"].values},
    )
    return {
        "field": field,
        "warned": warned,
        "traced": traced,
        "hot": hot.assign(status="formal"),
        "facilities": facilities,
        "not_ranked": not_ranked.head(5),
        "gi": gi,
        "history": months_of(field),
        "standing": standing_of(hot, warned),
        "days": days_of(field, hot["cell"]),
        "hours": hours_of(warned["cell"].iloc[:2]),
        "title": "江城热点网格",
    }
