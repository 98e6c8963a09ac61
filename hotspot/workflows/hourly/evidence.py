"""Beside the wind: what plants' own records say of the hours of each pushed alarm, and the register of equipment."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.answers.alarms import alarm_bodies
from hotspot.patterns import below
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.evidence import Evidence
from hotspot.sources.evidence import read_evidence
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
from hotspot.study import Study
from hotspot.text.table import heads
from hotspot.trace.visits.assets import KINDS, SOURCES, asset_faults, seen_by_lookouts
from hotspot.trace.visits.evidence import Told, told_of_window
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger
from hotspot.workflows.hourly.alarms import period_bounds

_RULE = Evidence()
_HEADS = heads("loop/evidence.xlsx")


def named_evidence(deliveries: Deliveries, facilities: gpd.GeoDataFrame, intake: Intake | None = None) -> pd.DataFrame:
    """
    The delivered evidence of a study with its facilities by id, whether a file named them by id or by name.

    Parameters
    ----------
    intake : Intake, optional
        Gets the files and what was set aside of them.

    Returns
    -------
    DataFrame, as ``read_evidence``; empty where the study delivers none
    """
    study = deliveries.study
    table = read_evidence(study.evidence, study.root, intake or deliveries.intake())
    if not len(table) or not len(facilities):
        return table
    twice = facilities["name"].duplicated(keep=False)
    by_name = dict(zip(facilities.loc[~twice, "name"], facilities.loc[~twice, "facility"], strict=True))
    known = set(facilities["facility"])
    return table.assign(facility=[f if f in known else by_name.get(f, f) for f in table["facility"]])


def evidence_of_period(study: Study, period: str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Every sentence that evidence adds to the pushed alarms of a month or day.

    Parameters
    ----------
    study : Study
        Its ``[[evidence]]`` name the files, its facilities the plants.
    period : str, "YYYY-MM" or "YYYY-MM-DD"
    out : str or Path
        ``OUT/<study id>/loop/evidence-PERIOD.xlsx`` is written.

    Returns
    -------
    dict: ``rows`` (records ``alarm time facility name away zh en test``), ``unknown`` (facilities that no register
    has), ``file``, ``sentences``

    Raises
    ------
    DataError
        The study delivers no evidence, or nothing was published.
    ValueError
        The period is no month and no day.
    """
    period_bounds(period)
    if not study.evidence:
        raise DataError(f"{study.id}: no evidence is delivered; name the files in [[evidence]] of the study.")
    deliveries = Deliveries(study)
    facilities = deliveries.facilities()
    intake = deliveries.intake()
    table = named_evidence(deliveries, facilities, intake)
    have = _placed_evidence(study, table, facilities)
    unknown = sorted(set(table["facility"]) - set(have["facility"]))
    x, y = study.grid.project(have["lon"].to_numpy(float), have["lat"].to_numpy(float))
    with published_ledger(study, out) as ledger:
        alarms = [body for body in alarm_bodies(ledger).values() if body["state"] == "pushed"]
    rows: list[dict[str, Any]] = []
    for body in sorted((b for b in alarms if b["time"].startswith(period)), key=lambda b: (b["time"], b["alarm"])):
        start = pd.Timestamp(body["time"])
        end = pd.Timestamp(body["end"]) if body.get("end") else start + pd.Timedelta(hours=int(body["hours"]))
        at = study.cells.sel(cell=body["cell"])
        km = np.hypot(x - float(at["x"]), y - float(at["y"])) / 1000
        for k in np.argsort(km, kind="stable"):
            if km[k] > study.criteria.tracing.upwind_km:
                break
            plant = have.iloc[k]
            rows += [
                {
                    "alarm": body["alarm"], "time": body["time"], "facility": plant["facility"], "name": plant["name"],
                    "away": round(float(km[k]), 1), "zh": told.zh, "en": told.en, "test": told.test,
                }
                for told in told_of_window(table, plant["facility"], start, end, study.criteria.evidence)
            ]  # fmt: skip
    notes = ["旁证只改变走访顺序，不改变按风推算的关联份额；各项界限为建议值。"]
    notes += [f"{name}：名录中没有这家企业" for name in unknown]
    notes += intake.told_aside()
    file = Path(out) / study.id / "loop" / f"evidence-{period}.xlsx"
    sheet = Sheet(f"{period} 报警时段的企业旁证", _HEADS, pd.DataFrame(rows, columns=[*_HEADS, "en", "test"]), notes)
    write_book(file, {"旁证": sheet}, created=f"{period}-01"[:10])
    lines = [f"{row['alarm']}  {row['name']}（{row['away']} km）：{row['zh']}" for row in rows]
    lines = lines or [f"no record of a plant stands out in the alarms of {period}."]
    return {"rows": rows, "unknown": unknown, "file": str(file), "sentences": [*lines, *notes[1:], f"written: {file}"]}


def card_evidence(
    evidence: pd.DataFrame, sources: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence = _RULE
) -> list[Told]:
    """Sentences on the sources of one alarm, in their order; what a card adds to its note."""
    names = [str(facility) for facility in sources["facility"]]
    return [one for facility in names for one in told_of_window(evidence, facility, start, end, rule)]


def _placed_evidence(study: Study, table: pd.DataFrame, facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """``facility, name, lon, lat`` of what has evidence: enterprises, and equipment of the register by its place."""
    columns = ["facility", "name", "lon", "lat"]
    known = pd.DataFrame(facilities[columns]) if len(facilities) else pd.DataFrame(columns=columns)
    if study.registers.assets:
        sites = _assets(study).dropna(subset=["lon", "lat"])
        sites = sites[~sites["place"].isin(known["facility"])].drop_duplicates("place")
        sites = sites.assign(facility=sites["place"], name=sites["place"])
        known = pd.concat([known, sites[columns]], ignore_index=True) if len(known) else sites[columns]
    return known[known["facility"].isin(set(table["facility"]))].reset_index(drop=True)


def show_assets(study: Study) -> dict[str, Any]:
    """
    The register of equipment: whether it adds up, and which cells no lookout sees.

    Parameters
    ----------
    study : Study
        ``registers.assets``: ``kind, count, place, lon, lat, radius_m`` and ``total`` (what a document says).

    Returns
    -------
    dict: ``totals`` by kind, ``faults``, ``lacking`` (sources of B4 that no row registers), ``seen`` (codes of cells
    within a lookout's reach), ``sentences``

    Raises
    ------
    DataError
        The study names no register, or a number in it is none.
    """
    if not study.registers.assets:
        raise DataError(f"{study.id}: no register of equipment; name it as assets in [registers] of the study.")
    frame = _assets(study)
    placed = frame[frame["lon"].notna() & frame["lat"].notna()].copy()
    placed["x"], placed["y"] = study.grid.project(placed["lon"].to_numpy(), placed["lat"].to_numpy())
    seen = seen_by_lookouts(placed, study.cells["x"].values, study.cells["y"].values, study.criteria.evidence)
    faults = asset_faults(frame)
    totals = {str(kind): int(n) for kind, n in frame.groupby("kind")["count"].sum().items()}
    lacking = [KINDS[kind] for kind in SOURCES if not totals.get(kind)]
    lines = [f"{KINDS.get(kind, kind)}  {n}" for kind, n in totals.items()]
    lines += [f"高空瞭望可见{int(seen.sum())}个网格，共{seen.size}个", *(f"warning: {text}" for text in faults)]
    lines += [f"warning: 未登记：{'、'.join(lacking)}（B4）"] if lacking else []
    codes = study.cells["cell"].values.astype(str)[seen].tolist()
    return {"totals": totals, "faults": faults, "lacking": lacking, "seen": codes, "sentences": lines}


def _assets(study: Study) -> pd.DataFrame:
    """The register of equipment with its numbers, kinds under our names."""
    path = below(study.root, str(study.registers.assets), "registers.assets")
    table = read_loop_table(path, ("kind", "count"), Deliveries(study).intake())
    frame = table.frame.reindex(columns=["kind", "count", "place", "lon", "lat", "radius_m", "total"], fill_value="")
    for name in ("count", "lon", "lat", "radius_m", "total"):
        values = pd.to_numeric(frame[name].replace("", None), errors="coerce")
        wrong = values.isna() & (frame[name].fillna("") != "")
        if wrong.any() or (name == "count" and values.isna().any()):
            at = int((wrong | (values.isna() if name == "count" else False)).to_numpy().argmax())
            raise DataError(
                f"{table.name}, row {table.lines[at]}, column {name}: {frame[name].iat[at]!r} is no number."
            )
        frame[name] = values.astype("float64")
    words = {zh: key for key, zh in KINDS.items()}
    frame["kind"] = [words.get(word.strip(), word.strip()) for word in frame["kind"]]
    return frame
