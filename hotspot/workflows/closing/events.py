"""Events of other desks and chats in one vocabulary (A4): read, placed, gathered, counted by kind, hour and month."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.grid.datum import to_wgs84
from hotspot.ledger.network.events import cross_events, gather, type_shares
from hotspot.patterns import find_files
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.classes import problem_types
from hotspot.sources.events import COLUMNS, read_events
from hotspot.study import Study
from hotspot.text.csv_rows import escape_text, write_csv
from hotspot.text.labels import label_of
from hotspot.text.table import heads, kinds
from hotspot.variables import DataError

NO_PLACE = "no place"


def import_events(
    study: Study, files: Sequence[Path] = (), *, channel: str = "", out: Path | str = "out"
) -> dict[str, Any]:
    """
    Bring tables and chat exports into one list of events.

    Parameters
    ----------
    study : Study
        Its ``[[events]]`` say what the columns of a file mean, and which files there are where none is given.
    channel : str
        Of files that name none and stand in no ``[[events]]``.
    out : str or Path
        ``OUT/<study id>/loop/events.csv`` (an event a row), ``event-reports.csv`` and ``events.xlsx`` are written.

    Returns
    -------
    dict: ``events`` (records), ``n_reports``, ``account`` (read = used + duplicates + quarantined), ``shares``,
    ``files``, ``quarantined`` (sentences), ``sentences``

    Raises
    ------
    DataError
        No file was given or declared, or one cannot be read.
    """
    declared = [(path, one) for one in study.events for path in find_files(study.root, one.files, "events")]
    chosen = [(Path(path), _declared(Path(path), declared)) for path in files] or declared
    if not chosen:
        raise DataError(f"{study.id}: no file of events; give one, or name them in [[events]] of the study.")
    deliveries = Deliveries(study)
    intake = deliveries.beside(Path(chosen[0][0]).parent) if files else deliveries.intake()
    parts = []
    for path, one in chosen:
        said = channel or (one.channel if one else "")
        part = read_events(
            path,
            intake,
            channel=said,
            columns={str(ours): theirs for ours, theirs in one.columns.items()} if one else None,
        )
        datum = (one.datum if one else None) or "wgs84"
        part["lon"], part["lat"] = to_wgs84(part["lon"].to_numpy(), part["lat"].to_numpy(), datum)
        parts.append(part)
    reports = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    reports = _placed(deliveries, reports)
    table = gather(reports, study.criteria.events)
    for name, n in table.loc[~table["first"], "file"].value_counts().items():
        record = intake.files[str(name)]
        record.used, record.duplicates = record.used - int(n), record.duplicates + int(n)
    intake.check()
    events = _events(table)
    shares = type_shares(events["problem"].value_counts().to_dict())
    counts = intake.counts
    account = {name: int(counts[name]) for name in ("read", "used", "duplicates", "quarantined")}
    folder = Path(out) / study.id / "loop"
    written = _write(folder, events, table, shares)
    refused = [f"{q.path}, row {q.row}: {q.rule}; set aside" for q in intake.quarantine]
    n_reports = int((~table["again"]).sum())
    lines = [
        f"{account['read']} rows = {account['used']} events + {account['duplicates']} duplicates + "
        f"{account['quarantined']} quarantined; {n_reports} reports kept",
        *(f"{row.zh}  {row.n}  {row.share} %" for row in shares.itertuples()),
        *([shares.attrs["said"]] if shares.attrs["said"] else []),
        f"{int((events['where'] == NO_PLACE).sum())} events without a place",
        *refused,
        *(f"written: {path}" for path in written),
    ]
    return {
        "events": events.assign(time=events["time"].astype(str)).to_dict("records"), "n_reports": n_reports,
        "account": account, "shares": shares.assign(share=shares["share"].astype(str)).to_dict("records"),
        "files": [str(path) for path in written], "quarantined": refused, "sentences": lines,
    }  # fmt: skip


def _declared(path: Path, declared: Any) -> Any:
    return next((one for known, one in declared if known.resolve() == path.resolve()), None)


def _placed(deliveries: Deliveries, reports: pd.DataFrame) -> pd.DataFrame:
    """Cell, county and township of each report: by its coordinates, else by the longest name that is known."""
    study = deliveries.study
    names = _names(deliveries)
    cells = study.cells
    known = {str(code): at for at, code in enumerate(cells["cell"].values.astype(str))}
    county, township = (cells[name].values.astype(str) for name in ("county", "township"))
    rows = []
    for row in reports.itertuples():
        lon, lat = float(row.lon), float(row.lat)
        where, found = "", None
        if not np.isfinite([lon, lat]).all():
            where, found = _by_name(names, row.place, row.text)
            if found is not None and found[0] == found[0]:
                lon, lat = found[0], found[1]
        x = y = np.nan
        cell, of_county, of_township = "", "" if found is None else found[2], "" if found is None else found[3]
        if np.isfinite([lon, lat]).all():
            x, y = (float(v) for v in study.grid.project(lon, lat))
            code = study.grid.code(*(int(n) for n in study.grid.locate(lon, lat)))
            if str(code) in known:
                cell, at = str(code), known[str(code)]
                of_county, of_township = of_county or county[at], of_township or township[at]
        rows.append((x, y, lon, lat, where, cell, of_county, of_township))
    columns = ["x", "y", "lon", "lat", "where", "cell", "county", "township"]
    return reports.drop(columns=["lon", "lat"]).join(pd.DataFrame(rows, columns=columns, index=reports.index))


def _names(deliveries: Deliveries) -> dict[str, Any]:
    """Names of facilities, townships and counties -> (lon, lat or NaN, county, township); an ambiguous one is none."""
    study = deliveries.study
    cells = study.cells
    found: dict[str, tuple[Any, ...]] = {}
    twice: set[str] = set()
    for level in ("county", "township"):
        pairs = {
            (str(name), str(county))
            for name, county in zip(cells[level].values, cells["county"].values, strict=True)
            if str(name)
        }
        for name, county in sorted(pairs):
            twice |= {name} if name in found and found[name][2:] != (county, name) else set()
            found.setdefault(name, (np.nan, np.nan, county, name if level == "township" else ""))
    if study.facilities:
        register = deliveries.facilities(bounds=study.boundaries.total_bounds)
        for row in register.itertuples():
            twice |= {row.name} if row.name in found else set()
            found.setdefault(row.name, (float(row.lon), float(row.lat), "", ""))
    return {name: place for name, place in found.items() if name not in twice and len(name) > 1}


def _by_name(names: Any, place: Any, text: str) -> tuple[str, Any]:
    """The place as it is named exactly, else the longest known name inside it, else inside the text."""
    if place in names:
        return place, names[place]
    for said in (place, text):
        inside = [name for name in names if name in said]
        if inside:
            best = max(inside, key=lambda name: (len(name), name))
            return best, names[best]
    return "", None


def _events(table: pd.DataFrame) -> pd.DataFrame:
    """One row per event: its first report, how many reports, by which channels."""
    kept = table[~table["again"]]
    first = table[table["first"]].set_index("event")
    grouped = kept.groupby("event")
    first["n_reports"] = grouped.size()
    first["channels"] = grouped["channel"].agg(lambda values: "、".join(sorted(set(values))))
    place = first["where"].where(first["where"] != "", first["place"])
    nowhere = first["lon"].isna() & (first["where"] == "")
    first["where"] = place.where(~nowhere, NO_PLACE)
    return first.reset_index().sort_values("event", ignore_index=True)


def _write(folder: Path, events: pd.DataFrame, table: pd.DataFrame, shares: pd.DataFrame) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = [_csv(folder / "events.csv", events)]
    written.append(_csv(folder / "event-reports.csv", table))
    said_of = problem_types()
    shown = events.assign(
        problem=[said_of[key]["zh"] for key in events["problem"]], time=events["time"].dt.strftime("%Y-%m-%d %H:%M")
    )
    said = [shares.attrs["said"]] if shares.attrs["said"] else []
    said.append("占比以全部事件为分母；未归入所列类型的单列一行（A2）。")
    sheets = {
        "类型": Sheet(
            "污染事件类型", heads("loop/events.xlsx/类型"),
            shares.assign(share=shares["share"].astype(float)), said,
        ),
        "事件": Sheet("污染事件", heads("loop/events.xlsx/事件"), shown),
    }  # fmt: skip
    for by, title in (
        ("hour", label_of("kinds_by_hour")),
        ("month", label_of("kinds_by_month")),
        ("county", "类型×县"),
    ):
        if len(events):
            cross = cross_events(events, by)
            columns = {"kind": ("类型", 24)} | {name: (str(name), 7 if by == "hour" else 11) for name in cross.columns}
            sheets[title] = Sheet(title, columns, cross.rename_axis("kind").reset_index())
    created = str(events["time"].min())[:10] if len(events) else "1970-01-01"
    written.append(write_book(folder / "events.xlsx", sheets, created=created))
    return written


def _csv(path: Path, table: pd.DataFrame) -> Path:
    columns = kinds(f"loop/{path.name}")
    shown = table[list(columns)].copy()
    shown["time"] = table["time"].dt.strftime("%Y-%m-%d %H:%M")
    for name, kind in columns.items():
        if isinstance(kind, int):
            shown[name] = [f"{value:.{kind}f}" if value == value else "" for value in table[name]]
        elif kind == "flag":
            shown[name] = ["true" if value else "false" for value in table[name]]
    rows = ([escape_text(v) if isinstance(v, str) else v for v in row] for row in shown.itertuples(index=False))
    return write_csv(path, columns, rows)
