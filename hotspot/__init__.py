"""
Hotspot-grid air quality: from delivered files to the month's published list.

The names below are the whole public interface; each loads its room when first
used, so that importing the package costs nothing.
"""

import logging
from importlib import import_module
from typing import Any

from hotspot import accessor, front

_WHERE = {
    "DataError": "hotspot.variables",
    "CoverageWarning": "hotspot.variables",
    "Grid": "hotspot.grid.lattice",
    "load_study": "hotspot.study",
    "to_hexagons": "hotspot.grid.hexagons",
    "deciding": "hotspot.rules.deciding",
    "open_month": "hotspot.deliveries.opening",
    "open_year": "hotspot.deliveries.opening",
    "load_facilities": "hotspot.sources.places.facilities",
    "synthetic_month": "hotspot.synthetic.study",
    "write_study": "hotspot.synthetic.study",
    "daily_means": "hotspot.quality.means.completeness",
    "monthly_means": "hotspot.quality.means.completeness",
    "screen": "hotspot.quality.hours.screen",
    "station_report": "hotspot.quality.hours.screen",
    "interference_evidence": "hotspot.quality.hours.screen",
    "inspected_days": "hotspot.quality.hours.interference",
    "calibrate": "hotspot.quality.sensors.calibrate",
    "calibration_table": "hotspot.quality.sensors.calibrate",
    "read_decisions": "hotspot.sources.decisions",
    "apply_decisions": "hotspot.quality.signed.decisions",
    "fetch_archive": "hotspot.archive.fetch",
    "fill_lake": "hotspot.lake.filling",
    "open_lake": "hotspot.lake.reading",
    "lake_months": "hotspot.lake.reading",
    "lake_changes": "hotspot.lake.reading",
    "monthly_changes": "hotspot.quality.means.changes",
    "cell_means": "hotspot.quality.means.windows",
    "running_means": "hotspot.quality.means.windows",
    "load_tracks": "hotspot.sources.stations.tracks",
    "track_cells": "hotspot.estimate.fine.tracks",
    "aggregate": "hotspot.estimate.field.aggregate",
    "downscale": "hotspot.estimate.fine.downscale",
    "fuse": "hotspot.estimate.field.fuse",
    "monthly_field": "hotspot.estimate.field.monthly",
    "annual_field": "hotspot.estimate.field.monthly",
    "normalise": "hotspot.estimate.weather.normalise",
    "emission_level": "hotspot.estimate.level.inversion",
    "annual_level": "hotspot.workflows.yearly.level",
    "monthly_level": "hotspot.workflows.yearly.level",
    "with_history": "hotspot.workflows.monthly.history",
    "effect": "hotspot.estimate.weather.effect",
    "select_hotspots": "hotspot.rank.select.hotspots",
    "revise_hotspots": "hotspot.rank.select.yearly",
    "sensitivity": "hotspot.rank.select.stability",
    "rank_warnings": "hotspot.rank.warn.warnings",
    "rank_standing": "hotspot.rank.warn.warnings",
    "not_ranked": "hotspot.rank.warn.warnings",
    "gi_star": "hotspot.rank.warn.clusters",
    "find_alarms": "hotspot.rank.alarm.alarms",
    "naive_hours": "hotspot.rank.alarm.alarms",
    "abnormal_periods": "hotspot.rank.alarm.abnormal",
    "trace_sources": "hotspot.trace.visits.attribution",
    "polar": "hotspot.trace.plumes.polar",
    "station_polar": "hotspot.trace.plumes.polar",
    "wind_rose": "hotspot.trace.plumes.wind",
    "month_rose": "hotspot.trace.plumes.polar",
    "polar_svg": "hotspot.publish.analysis.wind_drawing",
    "wind_rose_svg": "hotspot.publish.analysis.wind_drawing",
    "time_of_day_svg": "hotspot.publish.analysis.time_drawing",
    "weekday_svg": "hotspot.publish.analysis.time_drawing",
    "calendar_svg": "hotspot.publish.analysis.time_drawing",
    "film": "hotspot.publish.web.film",
    "inventory": "hotspot.trace.visits.inventory",
    "checklist": "hotspot.trace.visits.checklist",
    "routes": "hotspot.trace.visits.route",
    "visiting_order": "hotspot.trace.visits.route",
    "web_map": "hotspot.publish.web.webmap",
    "write_atlas": "hotspot.workflows.yearly.atlas",
    "instrument": "hotspot.workflows.yearly.instrument",
    "source_shares": "hotspot.trace.plumes.posterior",
    "table": "hotspot.publish.tables.list_view",
    "chinese_plots": "hotspot.publish.fonts",
    "read_warnings": "hotspot.publish.tables.lists",
    "read_not_ranked": "hotspot.publish.tables.lists",
    "read_hotspots": "hotspot.rank.select.hotlist",
    "open_hotspots": "hotspot.workflows.yearly.year",
    "select_year": "hotspot.workflows.yearly.year",
    "derive_year": "hotspot.workflows.yearly.year",
    "derive": "hotspot.workflows.monthly.month",
    "compare_lists": "hotspot.workflows.monthly.what_if",
    "what_if": "hotspot.workflows.monthly.what_if",
    "run_month": "hotspot.workflows.monthly.month",
    "run_demo": "hotspot.workflows.demo",
    "check_month": "hotspot.workflows.monthly.check",
    "explain_cell": "hotspot.workflows.monthly.explain",
    "run_alarms": "hotspot.workflows.hourly.alarms",
    "verify_month": "hotspot.workflows.proof.verify",
    "verify_study": "hotspot.workflows.proof.verify",
    "confirm_month": "hotspot.workflows.proof.releases",
    "list_releases": "hotspot.workflows.proof.releases",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'hotspot' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(_WHERE[name]), name)
    # Types are as they are; a function looks at its arguments first.
    globals()[name] = value if isinstance(value, type) else front.asked(name, value)
    return globals()[name]


def __dir__() -> list[str]:
    return __all__


# Silent unless somebody listens: logging.getLogger("hotspot").
logging.getLogger("hotspot").addHandler(logging.NullHandler())
accessor.register()
