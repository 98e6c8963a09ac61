"""
All products of one month into one folder, in the order of the file contracts.

Nothing here decides anything: every table and field comes in finished, so the
folder can be written again, byte for byte, by whoever holds the inputs.
"""

import base64
from pathlib import Path

from hotspot.text.door import json_text, masked


def write_products(folder, study, month, derived, *, state="preliminary", progress=None):
    """
    Write every file of the month but the notices and the manifest.

    Parameters
    ----------
    folder : Path
        An empty folder.
    study : Study
    month : str, "YYYY-MM"
    derived : Derived
        What ``month.derive`` returned: its tables and fields by name.
    state : str
        A key of ``words.STATES``, printed on what is held in hands.
    progress : callable, optional
        Called with the name of each product before it is written.
    """
    from hotspot.publish.analysis.report import write_report
    from hotspot.publish.paper.sheets import write_sheets
    from hotspot.publish.tables.cells import write_cells
    from hotspot.publish.tables.checklists import write_checklists
    from hotspot.publish.tables.geopackage import write_geopackage
    from hotspot.publish.tables.inventory import write_inventory
    from hotspot.publish.tables.lists import write_not_ranked, write_warnings
    from hotspot.publish.tables.stations import write_stations
    from hotspot.publish.tables.sub_cells import write_sub_cells
    from hotspot.publish.tables.workbook import write_workbook
    from hotspot.publish.web.webmap import web_map
    from hotspot.rank.select.hotspots import write_hotspots

    folder = Path(folder)
    say = progress or (lambda name: None)
    decimals = study.criteria.warning.decimals
    field, warned, traced, facilities = derived.field, derived.warned, derived.traced, derived.delivered.facilities
    say("warnings.csv")
    write_warnings(folder / "warnings.csv", warned, decimals=decimals)
    write_not_ranked(folder / "not_ranked.csv", derived.not_ranked)
    write_hotspots(folder / "hotspots.csv", derived.hot)
    write_quarantine(folder / "quarantine.jsonl", derived.delivered.intake)
    write_sub_cells(folder / "sub_cells.csv", derived.fine, decimals)
    write_inventory(folder / "inventory.csv", derived.inventory)
    if field.attrs.get("ranks") == "stations":
        write_stations(folder / "stations.csv", derived.delivered.reference, study, month)
    say("cells.parquet")
    write_cells(
        folder / "cells.parquet", field, hot=derived.hot, gi=derived.gi, warned=warned, standing=derived.standing
    )
    say("warnings.xlsx")
    write_workbook(
        folder / "warnings.xlsx",
        study=study, month=month, field=field, warned=warned, not_ranked=derived.not_ranked, hot=derived.hot,
        emerging=derived.emerging,
    )  # fmt: skip
    say("warnings.gpkg")
    write_geopackage(
        folder / "warnings.gpkg",
        study=study, month=month, field=field, hot=derived.hot, warned=warned, facilities=facilities,
    )  # fmt: skip
    say("map.html")
    web_map(
        field, warned, traced,
        hot=derived.hot, facilities=facilities, study=study, not_ranked=derived.not_ranked, gi=derived.gi,
        history=derived.history, standing=derived.standing, emerging=derived.emerging,
    ).save(folder / "map.html")  # fmt: skip
    say("checklists.xlsx")
    write_checklists(
        folder / "checklists.xlsx",
        study=study, month=month, warned=warned, checklist=derived.checklist, routes=derived.routes,
        inventory=derived.inventory,
    )  # fmt: skip
    say("sheets.pdf")
    write_sheets(
        folder,
        study=study, month=month, field=field, warned=warned, traced=traced, checklist=derived.checklist,
        facilities=facilities, state=state, fine=derived.fine, backdrop=derived.backdrop,
    )  # fmt: skip
    say("report.pdf")
    write_report(folder, study=study, month=month, derived=derived, state=state)


def write_quarantine(path, intake):
    """
    Every row set aside, one JSON object a line, with its bytes.

    ``raw`` is the row's own text, the office's record of it: only here nothing is masked, and no package
    holds it. Where its bytes are no UTF-8 they stand in
    ``raw_base64`` instead, so that each row can be printed back identical.
    """
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for row in intake.quarantine:
            entry = {"path": row.path, "row": row.row, "column": row.column}
            entry |= {"value": masked(row.value), "rule": row.rule}
            try:
                entry["raw"] = row.raw.decode("utf-8")
            except UnicodeDecodeError:
                entry["raw_base64"] = base64.b64encode(row.raw).decode("ascii")
            stream.write(json_text(entry) + "\n")
