"""
Hotspot-grid air quality: from delivered files to the month's published list.

The names below are the whole public interface; each loads its room when first
used, so that importing the package costs nothing.
"""

from importlib import import_module

_WHERE = {
    "DataError": "hotspot.variables",
    "CoverageWarning": "hotspot.variables",
    "Grid": "hotspot.grid.lattice",
    "load_study": "hotspot.study",
    "deciding": "hotspot.rules.deciding",
    "open_month": "hotspot.sources.opening",
    "open_year": "hotspot.sources.opening",
    "load_facilities": "hotspot.sources.facilities",
    "synthetic_month": "hotspot.sources.synthetic",
    "write_study": "hotspot.sources.synthetic",
    "daily_means": "hotspot.quality.completeness",
    "monthly_means": "hotspot.quality.completeness",
    "screen": "hotspot.quality.screen",
    "station_report": "hotspot.quality.screen",
    "interference_evidence": "hotspot.quality.screen",
    "calibrate": "hotspot.quality.calibrate",
    "calibration_table": "hotspot.quality.calibrate",
    "read_decisions": "hotspot.sources.decisions",
    "apply_decisions": "hotspot.quality.decisions",
    "fill_lake": "hotspot.sources.lake",
    "open_lake": "hotspot.sources.lake_reading",
    "lake_months": "hotspot.sources.lake_reading",
    "lake_changes": "hotspot.sources.lake_reading",
    "monthly_changes": "hotspot.quality.changes",
    "cell_means": "hotspot.quality.windows",
    "running_means": "hotspot.quality.windows",
    "load_tracks": "hotspot.sources.tracks",
    "track_cells": "hotspot.estimate.tracks",
    "aggregate": "hotspot.estimate.aggregate",
    "downscale": "hotspot.estimate.downscale",
    "fuse": "hotspot.estimate.fuse",
    "monthly_field": "hotspot.estimate.monthly",
    "annual_field": "hotspot.estimate.monthly",
    "normalise": "hotspot.estimate.normalise",
    "annual_level": "hotspot.level",
    "monthly_level": "hotspot.level",
    "with_history": "hotspot.history",
    "effect": "hotspot.estimate.effect",
    "select_hotspots": "hotspot.rank.select",
    "revise_hotspots": "hotspot.rank.yearly",
    "sensitivity": "hotspot.rank.stability",
    "rank_warnings": "hotspot.rank.warnings",
    "rank_standing": "hotspot.rank.warnings",
    "not_ranked": "hotspot.rank.warnings",
    "gi_star": "hotspot.rank.clusters",
    "find_alarms": "hotspot.rank.alarms",
    "naive_hours": "hotspot.rank.alarms",
    "abnormal_periods": "hotspot.rank.abnormal",
    "trace_sources": "hotspot.trace.attribution",
    "polar": "hotspot.trace.polar",
    "station_polar": "hotspot.trace.polar",
    "wind_rose": "hotspot.trace.wind",
    "month_rose": "hotspot.trace.polar",
    "polar_svg": "hotspot.publish.analysis.wind_drawing",
    "wind_rose_svg": "hotspot.publish.analysis.wind_drawing",
    "inventory": "hotspot.trace.inventory",
    "checklist": "hotspot.trace.checklist",
    "routes": "hotspot.trace.route",
    "visiting_order": "hotspot.trace.route",
    "web_map": "hotspot.publish.web.webmap",
    "write_atlas": "hotspot.publish.paper.atlas",
    "table": "hotspot.publish.tables.list_view",
    "read_warnings": "hotspot.publish.tables.lists",
    "read_not_ranked": "hotspot.publish.tables.lists",
    "read_hotspots": "hotspot.rank.hotlist",
    "open_hotspots": "hotspot.year",
    "select_year": "hotspot.year",
    "derive_year": "hotspot.year",
    "derive": "hotspot.month",
    "run_month": "hotspot.month",
    "run_demo": "hotspot.demo",
    "check_month": "hotspot.questions",
    "explain_cell": "hotspot.questions",
    "run_alarms": "hotspot.watch",
    "verify_month": "hotspot.verify",
    "verify_study": "hotspot.verify",
    "confirm_month": "hotspot.releases",
    "list_releases": "hotspot.releases",
}
__all__ = sorted(_WHERE)


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"module 'hotspot' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return value


def __dir__():
    return __all__
