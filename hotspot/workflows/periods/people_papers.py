"""Papers that rest on the register of people: of a year (B26), the weekly column (B25), who consults (A6)."""

from collections.abc import Iterator

from hotspot.ledger.network.people import CHIEFS, staffing_findings
from hotspot.ledger.network.registers import last_consultation, offices_of, untrained
from hotspot.publish.office.document import Document
from hotspot.publish.office.periods.column import column
from hotspot.publish.office.periods.year_papers import Signing, plan, responsibility
from hotspot.publish.tables.network_book import functions_zh
from hotspot.workflows.closing.cases import trained_units
from hotspot.workflows.closing.network import members_of, register_of, units_below
from hotspot.workflows.monthly.public import published_people
from hotspot.workflows.periods.desk import Desk


def papers_of_year(desk: Desk, product: str) -> Iterator[tuple[str, Document]]:
    """
    The annual plan, or a letter of responsibility for each county and park: (stem of the file, paper).

    Raises
    ------
    ValueError
        The period is no year.
    """
    if desk.period.kind != "year":
        raise ValueError(f"{product} is of a year, like 2026; {desk.period.name} is a {desk.period.kind}.")
    targets = desk.table("targets")
    signing = list(_signing(desk))
    if product == "plan":
        year = desk.period.first.year - 1
        least = desk.study.criteria.cases.trainings
        late = untrained(desk.ledger, year, trained_units(desk.study), least)
        lacking = [f"{unit.name}：{text}" for unit in signing for text in unit.lacking]
        yield product, plan(desk, targets, lacking, late)
        return
    for number, unit in enumerate(signing, 1):
        stem = unit.code if unit.code.isascii() and unit.code.isalnum() and len(unit.code) <= 20 else f"{number:02d}"
        yield f"responsibility-{stem}", responsibility(desk, unit, targets)


def column_of_week(desk: Desk) -> Document:
    """The column of a week, with the cases that were made ready and the rewards that were paid in it."""
    first, end = f"{desk.period.first:%Y-%m-%d}", f"{desk.period.end:%Y-%m-%d}"
    ready = [e.body for e in desk.ledger.entries("case") if first <= e.body["ready"] < end and e.body.get("text")]
    rewards = [e.body for e in desk.ledger.entries("reward") if first <= e.body["reported"] < end]
    people = published_people(desk.home / "public" / "people.csv")
    lines = list(dict.fromkeys(f"{row['unit']}：{row['phone']}" for row in people if row["phone"]))
    if desk.study.office.contact:
        lines.append(f"{desk.study.office.name or desk.study.name}：{desk.study.office.contact}")
    return column(desk, ready, rewards, lines)


def consulted(desk: Desk) -> tuple[list[list[str]], str]:
    """Member offices to sign a consultation sheet, and what the last consultation before it decided (A6)."""
    day = f"{desk.period.first:%Y-%m-%d}"
    members, held = members_of(desk.study, day, desk.intake), last_consultation(desk.ledger, day)
    rows = [] if members is None else [
        [row.name, functions_zh(row.functions), f"{row.liaison}\n{row.phone}".strip()] for row in members.itertuples()
    ]  # fmt: skip
    if held is None:
        return rows, ""
    n = len(offices_of(held))
    return rows, f"{held['consulted']}会商{f'（{n}个单位参加）' if n else ''}决定：{held['decided_on'].rstrip('。')}。"


def _signing(desk: Desk) -> Iterator[Signing]:
    """Who signs as the year begins: counties and parks of the register, else the study's counties."""
    found = register_of(desk.study, desk.intake)
    if found is None:
        for name in sorted({str(county) for county in desk.study.cells["county"].values if str(county)}):
            yield Signing("county", name)
        return
    day = f"{desk.period.first:%Y-%m-%d}"
    standing, lacking = found[0].on(day), staffing_findings(found[0], day)
    for unit in standing.units[standing.units["tier"].isin(["county", "park"])].itertuples():
        own = units_below(standing.units, unit.unit)
        people = standing.people_of(unit.unit)
        told = lacking[lacking["unit"].isin(own)]
        chiefs = [str(name) for name in people.loc[people["role"].isin(CHIEFS), "name"]]
        yield Signing(
            unit.tier, unit.name, str(unit.unit), chiefs,
            [f"{row.name}{row.zh}" for row in told.itertuples()],
        )  # fmt: skip
