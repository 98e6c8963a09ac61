"""
What somebody writes who uses the package: mypy reads it as strictly as it can (see pyproject.toml).

Each line with a remark is a mistake that the types must catch: where they no longer do, the remark is unused, and mypy
says so.
"""

from pathlib import Path

import hotspot as hs


def list_of(study_file: Path, month: str, out: Path) -> Path:
    """One month, as the README's first example goes, from a study file to the published folder."""
    study = hs.load_study(study_file)
    delivered = hs.open_month(study, month)
    field, daily = hs.monthly_field(delivered)
    hot = hs.open_hotspots(study, int(month[:4]), out=out)
    warned = hs.rank_warnings(field, hot, study.criteria, daily=daily)
    traced = hs.trace_sources(
        warned, delivered.weather, delivered.facilities, cells=study.cells, criteria=study.criteria
    )
    page = hs.web_map(field, warned, traced, study=study)
    page.save(out / "map.html")
    code: str = hs.Grid().code(*hs.Grid().locate(116.397, 39.909))
    if not hs.check_month(study, month)["ready"]:
        raise hs.DataError(f"{month}: {code} stays unpublished.")
    return hs.run_month(study, month, out=out, draft=True)


def mistakes(study_file: Path) -> None:
    """What must not pass."""
    study = hs.load_study(study_file)
    hs.load_study(2020)  # type: ignore[arg-type]
    hs.open_month(study_file, "2020-02")  # type: ignore[arg-type]
    hs.open_month(study, month=2020)  # type: ignore[arg-type]
    hs.rank_warnings(study.cells, None)  # type: ignore[call-arg]
    hs.run_month(study, "2020-02", folder="out")  # type: ignore[call-arg]
    hs.publish_everything(study)  # type: ignore[attr-defined]
    area: int = study.lattice.crs  # type: ignore[assignment]
    del area
