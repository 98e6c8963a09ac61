"""
What is sent to one city, in one archive named by its code: its notice, list, map, papers and return form (D20).
"""

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hotspot.contracts.fields import pollutant_of
from hotspot.publish.archive import archive
from hotspot.publish.edition import Edition
from hotspot.publish.gis.field_package import field_package, shown_cells
from hotspot.publish.office.warned import xls_form
from hotspot.publish.office.warned.field_files import field_kmz, ovital_text
from hotspot.publish.office.warned.notice import Addressee
from hotspot.publish.office.warned.return_form import return_form
from hotspot.publish.tables.lists import write_not_ranked, write_warnings
from hotspot.study import Study
from hotspot.text.csv_rows import escape_text

if TYPE_CHECKING:
    import pandas as pd

    from hotspot.contracts.records import Derived


def write_package(
    path: Path,
    folder: Path,
    study: Study,
    month: str,
    derived: "Derived",
    edition: Edition,
    addressee: Addressee,
    *,
    notices: dict[str, bytes],
    single: bool,
) -> Path:
    """
    Write the archive of one city.

    Parameters
    ----------
    path : str or Path
    folder : Path
        The month's folder, whose finished products are taken.
    derived : Derived
        What ``month.derive`` returned.
    notices : dict of str -> bytes
        Its notice, by file name.
    single : bool
        The study has this one city, so the whole report is its report.
    """
    members = dict(notices)
    members |= _own(Path(folder), study, month, derived, edition, addressee)
    members |= _taken(Path(folder), derived, addressee, single)
    path = Path(path)
    path.write_bytes(archive(members))
    return path


def _own(
    folder: Path, study: Study, month: str, derived: "Derived", edition: Edition, addressee: Addressee
) -> dict[str, bytes]:
    """What is made for the city alone: its rows as CSV and xlsx, its map, its checklists, its return form."""
    from hotspot.publish.office.warned.handover import handover_slips
    from hotspot.publish.tables.checklists import write_checklists
    from hotspot.publish.tables.workbook import write_workbook
    from hotspot.publish.web.city_map import city_map

    city, code, of = addressee.name, addressee.file, pollutant_of(derived.field)
    warned, hot, left_out = (_of(table, city) for table in (derived.warned, derived.hot, derived.not_ranked))
    checks = derived.checklist[derived.checklist["cell"].isin(set(warned["cell"]))]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as place:
        at = Path(place)
        write_warnings(at / "warnings.csv", warned, decimals=study.criteria.warning.decimals, of=of)
        write_not_ranked(at / "not_ranked.csv", left_out)
        write_workbook(
            at / "warnings.xlsx",
            study=study, month=month, field=derived.field, warned=warned, not_ranked=left_out, hot=hot,
            state=edition.state,
        )  # fmt: skip
        if "trace" not in of.refused:
            write_checklists(
                at / "checklists.xlsx",
                study=study, month=month, warned=warned, checklist=checks,
                routes=_routes(derived.routes, city, set(warned["cell"])),
            )  # fmt: skip
        made = {path.name: path.read_bytes() for path in at.iterdir()}
    made["map.html"] = city_map(study, derived, city).html.encode("utf-8")
    if len(warned):
        made["field.kmz"] = field_kmz(study.grid, month, warned, derived.traced, of=of)
        made["ovital.txt"] = ovital_text(study.grid, warned, derived.traced)
        made |= field_package(
            study.grid, month, warned, derived.traced, decimals=study.criteria.warning.decimals, of=of
        )
        made[xls_form.FILE] = xls_form.xls_form(city, code, month, shown_cells(warned), of)
    if "trace" not in of.refused:
        made |= handover_slips(study, month, city, checks, warned)
    return made | {"return-form.xlsx": return_form(study, month, city, warned)}


def _routes(routes: "pd.DataFrame", city: str, cells: set[str]) -> "pd.DataFrame":
    """The plans of the city and of its cells; None where none was made."""
    if routes is None:
        return None
    return routes[((routes["scope"] == "city") & (routes["of"] == city)) | routes["of"].isin(cells)]


def _taken(folder: Path, derived: "Derived", addressee: Addressee, single: bool) -> dict[str, bytes]:
    """What the month's folder holds of the city: sheets, report, its part of the inventory."""
    taken = {}
    for code in _of(derived.warned, addressee.name)["cell"].unique():
        path = folder / "sheets" / f"{code}.pdf"
        if path.exists():
            taken[f"sheets/{code}.pdf"] = path.read_bytes()
    report = folder / "reports" / f"{addressee.file}.pdf"
    if not report.exists() and single:
        report = folder / "report.pdf"
    if report.exists():
        taken["report.pdf"] = report.read_bytes()
    inventory = folder / "inventory.csv"
    if inventory.exists():
        taken["inventory.csv"] = _rows_of(inventory, addressee.name)
    return taken


def _of(table: "pd.DataFrame", city: str) -> "pd.DataFrame":
    return table[table["city"] == city]


def _rows_of(path: Path, city: str) -> bytes:
    """The rows of a list that name the city, as they stand in it."""
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    at = rows[0].index("city")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(row for row in rows[1:] if row[at] == escape_text(city))
    return text.getvalue().encode("utf-8")
