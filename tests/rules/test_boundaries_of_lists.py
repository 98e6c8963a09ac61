"""
Every threshold that decides a list, a field or a consequence: just below, at the criterion, just above.

Each row names the comparison that stands in the code. Turning any of them round (``>=`` to ``>``, ``>`` to ``>=``,
``<=`` to ``<``, ``<`` to ``<=``) makes its own row fail; tried one by one on:

- ``rules/validity.py`` day_hours, month_days, february_days, year_days, satellite_month_days, min_coverage,
  product_year_months; ``quality/means/completeness.py`` min_coverage of a monthly product
- ``rank/select/hotspots.py`` min_area_share; ``rank/select/yearly.py`` min_months;
  ``workflows/yearly/standing.py`` provisional (twice)
- ``rank/warn/classes.py`` min_base; ``clusters.py`` alpha; ``emerging.py`` least_months, stands_share;
  ``rank/warn/claims.py`` the two days of the block bootstrap
- ``estimate/field/fuse.py`` min_stations, fit_stations, max_station_km; ``from_stations.py`` min_stations
- ``estimate/weather/stagnation.py`` ventilation, surface_wind, rain, cape, cin
- ``trace/visits/attribution.py`` ring_km, min_upwind_hours, moderate_share (twice), strong_share, calm_share,
  sector_deg; ``trace/unlisted/siting.py`` ring_km, site_episode_m; ``trace/plumes/wind.py`` calm_ms
- ``ledger/assessment/escalation.py`` consecutive, cumulative, city_consecutive; ``ledger/assessment/chance.py``
  consecutive, cumulative; ``ledger/assessment/assess.py`` petitions; ``publish/paper/sheet_words.py`` sure, likely
- ``estimate/fine/tracks.py`` min_samples, few_drive_days
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted
from list_case import annual_of, study_of

from hotspot.estimate.field.from_stations import _kriged_days, _no_station
from hotspot.estimate.field.fuse import _constant, _spread, station_variogram
from hotspot.estimate.fine import tracks
from hotspot.estimate.weather.stagnation import _calm, _dry, stagnation_arrays
from hotspot.grid.lattice import Grid
from hotspot.ledger.assessment.assess import Finding, _failing
from hotspot.ledger.assessment.chance import reaching
from hotspot.ledger.assessment.escalation import escalation
from hotspot.publish.paper.sheet_words import confidence_zh
from hotspot.quality.means.completeness import product_months
from hotspot.rank.select.hotspots import rank_cells
from hotspot.rank.select.yearly import improvement
from hotspot.rank.warn.claims import Months
from hotspot.rank.warn.classes import classes_of
from hotspot.rank.warn.clusters import false_discovery
from hotspot.rank.warn.emerging import classify, emerging
from hotspot.rules import validity
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria
from hotspot.trace.plumes.wind import wind
from hotspot.trace.unlisted.siting import Ground, concentration, judge
from hotspot.trace.visits.attribution import _evidence, _judged, _words
from hotspot.workflows.yearly.standing import marked, sentences

RULES = Criteria()
ANNUAL = SimpleNamespace(attrs={"ranks": "cells", "ranks_why": "skill"})


def year_of(days):
    """Valid days of twelve months that add up to ``days``, each month valid by itself."""
    months = np.full(12, 27)
    months[1] = 25
    months[11] += days - months.sum()
    return validity.year_is_valid(months, RULES.validity)


def eligible(share):
    study = study_of([4])
    study.cells["area_share"][0] = share
    return rank_cells(annual_of(study, np.arange(4.0) + 30), study, 2020).eligible[0]


def has_rate(base):
    """Is a cell with this base ranked by its change, in per cent."""
    time = np.array(["2019-03", "2020-02", "2020-03"], dtype="datetime64[ns]")
    parts = {"pm25": [[base, base, 40.0]], "valid": [[True] * 3], "why": [[""] * 3]}
    field = xr.Dataset({k: (("cell", "time"), v) for k, v in parts.items()}, {"cell": ["A"], "time": time})
    kinds = list(classes_of(field, np.array([0]), RULES, [], np.array(["x"])))
    assert len({bool(kind.ranked[0]) for kind in kinds[1:]}) == 1
    return kinds[1].ranked[0]


def bootstrapped(n_day):
    """Are so many days enough to draw days from."""
    days = np.datetime64("2020-02-01", "ns") + np.arange(n_day) * np.timedelta64(1, "D")
    daily = xr.Dataset({"pm25": (("cell", "day"), np.full((1, n_day), 50.0))}, {"cell": ["A"], "day": days})
    claims = SimpleNamespace(daily=daily, field=xr.Dataset(coords={"cell": ["A"]}))
    return Months._placed(claims, "2020-02") is not None


def corrected(n, *, away=0.0):
    """The constant correction of ``n`` stations at a cell ``away`` m from them: does it count."""
    x = np.zeros(n)
    coarse = xr.Dataset(coords={"x": ("cell", [away]), "y": ("cell", [0.0])})
    return _constant(x, x, np.linspace(-0.1, 0.1, n), coarse, RULES.interpolation)["measured"][0]


def may_be_kriged(n):
    """Do so many stations, on a smooth slope, get more than a constant."""
    x = np.arange(n) * 4000.0
    coarse = xr.Dataset(coords={"x": ("cell", x), "y": ("cell", x * 0)})
    return _spread(x, x * 0, x / 1e5, coarse, RULES.interpolation)["correction"] == "kriged"


def corrected_by_kriging(km):
    """Does a cell so far from the last of twenty stations on a smooth slope count."""
    x = np.arange(20.0) * 4000
    coarse = xr.Dataset(coords={"x": ("cell", [x[-1] + 1000 * km]), "y": ("cell", [0.0])})
    told = _spread(x, x * 0, x / 1e5, coarse, RULES.interpolation)
    assert told["correction"] == "kriged"
    return told["measured"][0]


def fitted(n):
    x = np.arange(n) * 4000.0
    return station_variogram(x, x * 0, x**1.5, RULES.interpolation).origin != "proposal"


def day_of_stations(n):
    """Is a day with so many stations kriged."""
    cells = xr.Dataset(coords={"x": ("cell", [1500.0]), "y": ("cell", [1500.0])})
    cells = cells.assign_coords(cell=["A"]).assign_attrs(crs="+proj=laea +lon_0=105 +lat_0=35", spacing=3000.0)
    lon, lat = ("station", 105 + np.arange(n) / 50), ("station", [35.0] * n)
    at = {"station": np.arange(n), "lon": lon, "lat": lat, "day": [np.datetime64("2020-03-02", "ns")]}
    days = xr.Dataset({"pm25": (("station", "day"), 40.0 + np.arange(n)[:, None])}, at)
    return np.isfinite(_kriged_days(days, cells, ["2020-03"], RULES.interpolation)["pm25"].values).all()


def field_of_stations(n):
    shape = {"valid": (("station", "time"), np.ones((n, 1), bool)), "n_valid": (("station", "time"), np.ones((n, 1)))}
    return _no_station(xr.Dataset(shape), 0, "2020-03", RULES) == ""


def calm(definition, name, value):
    return _calm(definition, {name: np.array([float(value)])}, RULES.stagnation)[0][0]


def dry(rain):
    return _dry({"speed": np.ones(1), "rain": np.array([float(rain)])}, RULES.stagnation, [])[0]


def unstable(cape, cin):
    arrays = {"speed": np.ones(1), "cape": np.array([float(cape)]), "cin": np.array([float(cin)])}
    return stagnation_arrays(arrays, RULES.stagnation)["unstable"][0]


def listed_far_off(*, km=99.0, share=0.0):
    """Where the judgement of a facility outside the cell puts it; ``None`` where it does not list it."""
    found = {"place": np.array([0]), "distance_km": np.array([km]), "inside": np.array([False])}
    found["bearing_deg"] = np.array([0.0])
    answer = SimpleNamespace(place=np.array([0]), share=np.array([share]), low=np.zeros(1), high=np.ones(1),
                             told=np.ones(1), informed=True, alike=np.eye(1))  # fmt: skip
    nothing = {"direction": np.full(4, 180.0), "receptor": None}
    receptors = SimpleNamespace(tracing=RULES.tracing)
    where = _judged(pd.DataFrame({"emission": [1.0]}), found, nothing, receptors, answer)["where"]
    return where[0] if len(where) else None


def by_the_wind(n):
    """Is a far facility listed with ``n`` hours of its own sector among 80 with wind."""
    found = {"place": np.array([0]), "distance_km": np.array([15.0]), "inside": np.array([False])}
    evidence = {"direction": np.repeat([0.0, 180.0], [n, 80 - n]), "receptor": None}
    answer = SimpleNamespace(place=np.array([0]), share=np.zeros(1), low=np.zeros(1), high=np.ones(1),
                             told=np.ones(1), informed=True, alike=np.eye(1))  # fmt: skip
    places = pd.DataFrame({"emission": [1.0]})
    found["bearing_deg"] = np.array([0.0])
    return len(_judged(places, found, evidence, SimpleNamespace(tracing=RULES.tracing), answer)["where"])


def calm_month(share):
    """Is a month a calm one with this share of a thousand hours without wind."""
    calm = np.arange(1000) < round(1000 * share)
    hours = SimpleNamespace(direction=lambda lon, lat: (np.where(calm, np.nan, 90.0), np.ones(1000, bool)))
    receptors = SimpleNamespace(nearest=lambda *place: [], tracing=RULES.tracing)
    return _evidence(hours, receptors, 105.0, 35.0, 20.0)["about"]["calm_month"]


def word(share, hours=999):
    found = {"place": np.zeros(1), "share": np.array([share]), "upwind_hours": np.array([hours])}
    return _words(found | {"inside": np.array([False])}, True, RULES.tracing)[0]


def reached(column, months):
    """Does a cell warned in these last months reach the step."""
    history = pd.DataFrame({"month": months, "cell": "A"})
    return escalation(history, RULES, "2020-12").set_index("cell").loc["A", column]


def in_a_row(n):
    return [month_minus("2020-12", k) for k in range(n)]


def here_and_there(n):
    return [month_minus("2020-12", 2 * k) for k in range(n)]


def petitions(times):
    return bool(_failing([Finding("petition", "e", times=times)], RULES.assessment))


def written(p_top):
    return confidence_zh(pd.DataFrame({"p_top": [p_top], "distinguishable": [True]}), RULES.confidence).split("：")[0]


def drives(n_samples, n_days):
    """State of a sub-cell driven through so often on so many days."""
    when = pd.Timestamp("2020-03-02T03") + pd.to_timedelta(np.repeat(np.arange(n_days), n_samples), "D")
    when += pd.to_timedelta(np.tile(np.arange(n_samples), n_days) * 10, "s")
    table = pd.DataFrame({"device": "d", "time": when, "lon": 114.3, "lat": 30.6, "pm25": 50.0})
    return tracks.track_cells(table, Grid(), criteria=RULES, utc_offset=8.0).iloc[0]


def compared_with(n):
    """Is a cell with so many of the last 36 months tested for an improvement."""
    time = np.arange("2017-01", "2020-01", dtype="datetime64[M]").astype("datetime64[ns]")
    values = np.linspace(90.0, 30.0, 36)[None].copy()
    values[0, : 36 - n] = np.nan
    months = xr.DataArray(values, {"cell": ["A"], "time": time}, ("cell", "time"))
    return improvement(months, RULES.revision).loc["A", "tested"]


def told_of(*, seen):
    """Is a class told of a cell that was seen so many months, of thirteen."""
    cells = xr.Dataset(coords={"cell": [0, 1], "col": ("cell", [0, 9]), "row": ("cell", [0, 0])})
    values = np.array([np.arange(13.0), np.arange(13.0) + 1])
    values[0, : 13 - seen] = np.nan
    return emerging(values, cells)["emerging"].values[0]


def standing(share):
    """Ten months of which such a share is hot, the first and the last among them."""
    return np.roll(np.where(np.arange(10) < round(10 * share), 1.0, 0.0), 1 if share < 1 else 0)


ROWS = [
    ("validity.day_hours", ">=", 1, lambda n: validity.day_is_valid(n, RULES.validity)),
    ("validity.month_days", ">=", 1, lambda n: validity.month_is_valid(n, "2020-04", RULES.validity)),
    ("validity.february_days", ">=", 1, lambda n: validity.month_is_valid(n, "2020-02", RULES.validity)),
    ("validity.month_days", ">=", 1, lambda n: validity.year_is_valid([n, 31] + [31] * 10, RULES.validity)),
    ("validity.year_days", ">=", 1, year_of),
    ("validity.satellite_month_days", ">=", 1, lambda n: validity.satellite_month_is_valid(n, 1.0, RULES.validity)),
    ("validity.min_coverage", ">=", 0.01, lambda c: validity.satellite_month_is_valid(31, c, RULES.validity)),
    ("validity.min_coverage", ">=", 0.01, lambda c: product_months([50.0], [c])[0][0]),
    ("validity.product_year_months", ">=", 1, lambda n: validity.year_of_products_is_valid(n, RULES.validity)),
    ("selection.min_area_share", ">=", 0.01, eligible),
    ("revision.min_months", ">=", 1, compared_with),
    ("stability.provisional", "<", 0.01, lambda j: marked(pd.DataFrame({"reason": [""]}), j, RULES)["reason"][0] != ""),
    ("stability.provisional", "<", 0.01, lambda j: "is provisional" in sentences(ANNUAL, j, 2020, RULES)[-1]),
    ("clusters.alpha", "<=", 0.001, lambda p: false_discovery(np.array([p]), RULES.clusters.alpha)[0]),
    ("warning.min_base", ">=", 0.1, has_rate),
    ("interpolation.min_stations", ">=", 1, corrected),
    ("interpolation.min_stations", ">=", 1, field_of_stations),
    ("interpolation.fit_stations", ">=", 1, may_be_kriged),
    ("interpolation.fit_stations", ">=", 1, fitted),
    ("interpolation.min_stations", ">=", 1, day_of_stations),
    ("interpolation.max_station_km", "<=", 0.5, corrected_by_kriging),
    ("interpolation.max_station_km", "<=", 0.5, lambda km: corrected(9, away=1000 * km)),
    ("stagnation.ventilation", "<", 1, lambda v: calm("ventilation", "ventilation_top", v)),
    ("stagnation.surface_wind", "<", 0.1, lambda v: calm("surface_wind", "speed", v)),
    ("stagnation.rain", "<", 0.1, dry),
    ("stagnation.cape", ">", 1, lambda v: unstable(v, 0.0)),
    ("stagnation.cin", "<", 1, lambda v: unstable(999.0, v)),
    ("tracing.calm_ms", ">=", 0.1, lambda v: np.isfinite(wind(0.0, v, calm_ms=RULES.tracing.calm_ms)[1])),
    ("tracing.calm_share", ">", 0.001, calm_month),
    ("tracing.ring_km", "<=", 0.1, lambda km: listed_far_off(km=km) == "ring"),
    ("tracing.moderate_share", ">=", 0.01, lambda s: listed_far_off(share=s) == "upwind"),
    ("tracing.moderate_share", ">=", 0.01, lambda s: word(s) == "moderate"),
    ("tracing.strong_share", ">=", 0.01, lambda s: word(s) == "strong"),
    ("tracing.min_upwind_hours", ">=", 1, lambda n: word(0.9, n) != "not enough hours"),
    ("tracing.site_episode_m", "<=", 1.0, lambda away: judge(
        Ground(np.zeros((1, 2)), np.array([[away, 0.0]]), np.zeros((2, 0)), RULES.tracing), [])[2]),
    ("tracing.ring_km", "<=", 0.1, lambda km: concentration([[0, 0]], [[0, 1000 * km]], [1.0],
                                                            ring_km=RULES.tracing.ring_km, decay_km=3.0)[0] > 0),
    ("clusters.least_months", ">=", 1, lambda n: told_of(seen=n)),
    ("clusters.stands_share", ">=", 0.1, lambda share: classify(standing(share), 0.0) == "persistent hot"),
    ("escalation.consecutive", ">=", 1, lambda n: reached("d11", in_a_row(n))),
    ("escalation.cumulative", ">=", 1, lambda n: reached("d11", [*here_and_there(6), "2020-01"][:n])),
    ("escalation.city_consecutive", ">=", 1, lambda n: reached("d12", in_a_row(n))),
    ("escalation.consecutive", ">=", 1, lambda n: reaching([1.0] * n, RULES.escalation.consecutive, 99)),
    ("escalation.cumulative", ">=", 1, lambda n: reaching([1.0, 0.0] * n, 99, RULES.escalation.cumulative)),
    ("assessment.petitions", ">=", 1, petitions),
    ("confidence.sure", ">=", 0.01, lambda p: written(p) == "高"),
    ("confidence.likely", ">=", 0.01, lambda p: written(p) == "较高"),
    ("tracks.min_samples", ">=", 1, lambda n: drives(n, 1)["n_days"]),
    ("tracks.few_drive_days", ">=", 1, lambda n: drives(RULES.tracks.min_samples, n)["state"] != "too few"),
]  # fmt: skip


test_at_the_criterion = at_the_criterion(ROWS)


def test_two_days_are_the_fewest_that_days_are_drawn_from():
    assert counted(bootstrapped, 2, 1) == COUNTS[">="]


def test_oftener_than_by_chance_begins_at_chance():
    chance = 80 * RULES.tracing.sector_deg / 360
    assert chance == 10 and counted(by_the_wind, 10, 1) == COUNTS[">="]
