"""
Every threshold of a field, of fine hours and of the weather taken out: just below, at the criterion, just above.

Each row names the comparison that stands in the code; turned round one by one (``estimate/``: from_stations, fuse,
downscale, hourly, background, block_level, box, effect, inversion, inversion_tile, stagnation), its own row fails.
"""

import warnings
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted

from hotspot.estimate.field import from_stations, fuse
from hotspot.estimate.fine import downscale, hourly
from hotspot.estimate.level import background, box, inversion
from hotspot.estimate.level.inversion_tile import Days
from hotspot.estimate.level.plume import Plume
from hotspot.estimate.weather import block_level, effect
from hotspot.estimate.weather.stagnation import stagnant_rows
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

RULES = Criteria()


def days_from(first, n):
    return (np.datetime64(first, "D") + np.arange(n)).astype("datetime64[ns]")


def goes(act):
    """Is it done, or refused as too little."""
    try:
        act()
    except DataError:
        return False
    return True


def reached_from_stations(km):
    """Does the mean of six stations hold so far east of the last."""
    lon = 105 - np.arange(6) / 50
    at = {
        "station": list("abcdef"),
        "lon": ("station", lon),
        "lat": ("station", [35.0] * 6),
        "time": days_from("2020-03", 1),
    }
    means = {
        "pm25": (("station", "time"), 40.0 + np.arange(6)[:, None]),
        "n_valid": (("station", "time"), np.full((6, 1), 28.0)),
    }
    place = {
        "cell": ["A"],
        "x": ("cell", [1000 * km]),
        "y": ("cell", [0.0]),
        "lon": ("cell", [105.5]),
        "lat": ("cell", [35.0]),
    }
    cells = xr.Dataset(coords=place).assign_attrs(crs="+proj=laea +lon_0=105 +lat_0=35", spacing=3000.0)
    return from_stations._kriged(xr.Dataset(means, at), cells, ["2020-03"], RULES.interpolation, [""])["valid"].values[
        0
    ]


def kriged(share):
    """Are residuals kriged whose left-out error is this share of the constant's."""
    x = np.arange(20.0) * 4000
    coarse = xr.Dataset(coords={"x": ("cell", [0.0]), "y": ("cell", [0.0])})
    with patch.object(fuse, "agreement", side_effect=[{"rmse": share}, {"rmse": 1.0}]):
        return fuse._spread(x, x * 0, x / 1e5, coarse, RULES.interpolation)["correction"] == "kriged"


def has_pattern(n):
    """Do ``n`` stations with a known pattern make a trend."""

    class Asked(Exception):
        pass

    def learn(stations, x, y, local, target, first, pattern, gains, criteria):
        raise Asked(bool(pattern))

    def pattern_at(x, y, **given):
        return np.where(np.arange(x.size) < n, 40.0, np.nan)

    lon = 114.3 + np.arange(30) / 200
    stations = xr.Dataset(
        {"pm25": (("station", "time"), np.full((30, 1), 40.0))},
        {"station": np.arange(30), "lon": ("station", lon), "lat": ("station", np.full(30, 30.6)),
         "time": np.array(["2020-03-01"], "datetime64[ns]")},
    )  # fmt: skip
    cells = xr.Dataset(coords={"cell": ["PQ1848E"]}, attrs={"spacing": 3000.0})
    with (
        patch.object(downscale, "learn", learn),
        patch.object(downscale, "pattern_at", pattern_at),
        pytest.raises(Asked) as asked,
    ):
        downscale.downscale(stations, cells, criteria=RULES)
    return asked.value.args[0]


def hour_of(n):
    """(slope, rest, spread) of one hour with ``n`` stations on a pattern."""
    pattern = 20.0 + np.arange(30)
    values = np.where(np.arange(30) < n, 5 + 1.5 * pattern, np.nan)
    return [part.ravel()[0] for part in hourly.residuals(values[:, None], pattern, RULES)]


def variogram_of(n):
    x = np.arange(n) * 1500.0
    values = np.sin(np.arange(n) / 3)[:, None] + np.zeros((1, 4))
    return hourly._variogram(x, x * 0, values, None, RULES)[0].origin != "proposal"


def blows(speed):
    """Has a wind of this speed a sector."""
    day = days_from("2020-03-01", 1)
    field = xr.Dataset(coords={"cell": ["A"], "day": day})
    steps = xr.Dataset({"u10": ("time", [0.0]), "v10": ("time", [speed])}, {"time": day})
    rules = RULES.background.model_copy(update={"side": "upwind"})
    return background._sectors(field, "day", steps, rules)[0][0, 0] != rules.directions


def regional(n):
    """Does the region stand in on a day on which ``n`` of its cells were seen."""
    values = np.where(np.arange(40) < n, 30.0, np.nan)[:, None]
    found = np.full((40, 1), np.nan)
    background._stand_in(found, np.zeros((40, 1), bool), values, RULES.background)
    return np.isfinite(found[0, 0])


def next_direction(width):
    return background._allowed(RULES.background.model_copy(update={"sector_deg": float(width)}))[0, 1]


def same_season(away):
    """Is a day so far from the middle of the first fortnight of its season."""
    setting = SimpleNamespace(season_days=RULES.normalisation.season_days, day_of_year=np.zeros(1))
    return block_level._same_season(SimpleNamespace(row_day_of_year=np.array([6.5 + away])), setting)[0][1][0]


def boxed(n):
    day = days_from("2020-01-01", n)
    field = xr.Dataset(
        {"pm25": (("cell", "day"), np.full((1, n), 90.0))}, {"cell": ["A"], "day": day}, {"spacing": 3000.0}
    )
    steps = xr.Dataset({name: ("time", np.ones(n)) for name in ("speed", "ventilation")}, {"time": day})
    behind = field["pm25"].copy(data=np.full((1, n), 60.0))
    return np.isfinite(
        box.box_level(field, behind, steps, stagnant=np.ones(n, bool), criteria=RULES)["box_level"].item()
    )


def compared(early, late=99):
    """Is there an effect with so many days before and after."""
    day = days_from("2020-01-01", 300)
    seen = (np.arange(300) < early) | ((np.arange(300) >= 150) & (np.arange(300) < 150 + late))
    air = np.where(seen, 50 * np.exp(0.3 * np.sin(np.arange(300))), np.nan)
    field = xr.Dataset({"pm25": (("cell", "day"), [air])}, {"cell": ["A"], "day": day})
    rules = Criteria(effect={"n_draws": 100})
    return goes(
        lambda: effect.effect(field, ("2020-01-01", "2020-05-29"), ("2020-05-30", "2020-10-26"), criteria=rules)
    )


def placebos(n, days=100):
    """How many of ``n`` control cells with so many days before and after are compared."""
    air = 50 * np.exp(0.3 * np.random.default_rng(0).normal(size=(n, 300)))
    air[:, days:150] = air[:, 150 + days :] = np.nan
    design = np.column_stack([np.ones(300), np.sin(np.arange(300))])
    return len(effect._placebo(design, air, np.arange(150), np.arange(150, 300), RULES.effect))


def lattice(cells, n_day, seen=None):
    """A field and its wind: so many cells in rows of five."""
    day = days_from("2023-01-01", n_day)
    values = np.random.default_rng(0).uniform(20, 60, (cells, n_day))
    values = values if seen is None else np.where(seen, values, np.nan)
    place = {"col": ("cell", np.arange(cells) % 5), "row": ("cell", np.arange(cells) // 5), "day": day}
    wind = np.random.default_rng(1).uniform(1, 4, n_day)
    return (xr.Dataset({"pm25": (("cell", "day"), values)}, place, {"spacing": 3000.0}),
            xr.Dataset({"u10": ("time", wind), "v10": ("time", -wind)}, {"time": day}))  # fmt: skip


def tiles(cells, n_day, seen=None, **rules):
    field, weather = lattice(cells, n_day, seen)
    own = RULES.inversion.model_copy(update={"remove": ("transport",)} | rules)
    values, day = inversion._checked(field, weather, "pm25")
    return inversion._tiles(field, values, weather, day, 0.0, own)[0]


def months_of_days(n):
    """Are ``n`` months of two days each enough months."""
    seen = np.zeros(365, bool)
    for month in range(n):
        seen[30 * month + 3 : 30 * month + 5] = True
    return goes(lambda: tiles(25, 365, seen, min_days=2))


def used_day(n):
    """Is a day on which ``n`` cells were seen used."""
    one = tiles(30, 2, (np.arange(30) < n)[:, None] & np.ones(2, bool), min_days=1, months=1)[0]
    return Days(one, Plume(), RULES.inversion).use.all()


def levelled(n):
    """Has a cell seen on ``n`` days a level, whatever the inversion says."""
    n_day, cells = 100, 9
    field, weather = lattice(cells, n_day, np.arange(n_day) < np.where(np.arange(cells) == 4, n, n_day)[:, None])
    one = np.ones((1, cells))
    told = {"scale": 1.0, "stagnant": 1.0, "emission": one, "refits": np.ones((3, 1, cells)), "local": one,
            "without": np.ones((4, 1, cells)), "background": one, "n_days": n_day}  # fmt: skip
    cut = [None], [(np.arange(cells), np.zeros(cells, int), np.arange(cells))]
    with (
        patch.object(inversion, "_tiles", return_value=cut),
        patch.object(inversion, "in_order", return_value=[told]),
        patch.object(inversion, "_chosen", return_value=(Plume(), 1.0, 0.5)),
    ):
        return np.isfinite(inversion.emission_level(field, weather, utc_offset=0.0)["inversion"].values[4])


def chosen(share, last=None):
    """The strength chosen where days left out are explained by this share, by the last strength by another."""

    def in_order(act, jobs, runs):
        shares = [np.full(len(job[2]), share) for job in jobs]
        return [(np.r_[one[:-1], last] if last is not None and one.size > 1 else one, 1.0) for one in shares]

    with patch.object(inversion, "in_order", in_order):
        return inversion._chosen([SimpleNamespace(values=np.ones(3))], RULES.inversion, None)[1]


def stagnant_by_ventilation(n, other):
    """Stagnant days of a place with ``n`` still days beside one with ``other``: are they its own, not the least 30."""
    top = np.where(np.arange(90) < np.array([[n], [other]]), 1000.0, 9000.0 + np.arange(90))
    arrays = {"ventilation_top": top, "speed": np.ones((2, 90)), "tp": np.zeros((2, 90)), "unstable": np.zeros((2, 90))}
    arrays["ventilation"] = top
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, report = stagnant_rows(arrays, RULES.stagnation, per_day=1)
    return found[0].sum() == n, not any("fewer than" in text for text in report["substitutes"])


ROWS = [
    ("interpolation.max_station_km", "<=", 0.5, reached_from_stations),
    ("interpolation.kriging_gain", "<", 0.01, kriged),
    ("downscaling.trend_stations", ">=", 1, has_pattern),
    ("downscaling.trend_stations", ">=", 1, lambda n: hour_of(n)[0] > 0),
    ("interpolation.fit_stations", ">=", 1, lambda n: np.isfinite(hour_of(n)[2])),
    ("interpolation.fit_stations", ">=", 1, variogram_of),
    ("background.calm_ms", ">=", 0.1, blows),
    ("background.min_region", ">=", 1, regional),
    ("background.sector_deg", ">=", 1, next_direction),
    ("box.min_days", ">=", 1, boxed),
    ("effect.min_days", ">=", 1, compared),
    ("effect.min_days", ">=", 1, lambda n: compared(99, n)),
    ("effect.min_placebos", ">=", 1, placebos),
    ("effect.min_days", ">=", 1, lambda n: placebos(9, n)),
    ("inversion.min_days", ">=", 1, lambda n: goes(lambda: tiles(25, n, months=1))),
    ("inversion.months", ">=", 1, months_of_days),
    ("inversion.min_days", ">=", 1, levelled),
    ("inversion.min_cells", ">=", 1, used_day),
    ("inversion.least_explained", ">", 0.001, lambda share: goes(lambda: chosen(share))),
    ("inversion.explained_share", ">=", 0.01, lambda share: chosen(1.0, share) == inversion.STRENGTHS[-1]),
    ("stagnation.min_days", ">=", 1, lambda n: stagnant_by_ventilation(n, 90)[1]),
    ("stagnation.min_days", ">=", 1, lambda n: stagnant_by_ventilation(n, 0)[0]),
]  # fmt: skip


test_at_the_criterion = at_the_criterion(ROWS)


def test_half_a_day_beyond_the_season_still_belongs_to_it():
    assert counted(same_season, RULES.normalisation.season_days + 0.5, 0.5) == COUNTS["<="]
