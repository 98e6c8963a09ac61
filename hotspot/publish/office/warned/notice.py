"""
The notice that pushes a month's warning list to the cities: everything it prints, and its DOCX (D10-D12, D20).

The measures follow GB/T 9704-2012; they stand in the office's template (DOCX) and in
``templates/notice.typ`` (PDF). A red head is the office's own: it comes with its template or not at all.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hotspot.contracts.fields import pollutant_of
from hotspot.grid.city_files import city_files
from hotspot.ledger.assessment.chance import chance_of_steps, counted, pooled_cells
from hotspot.patterns import below
from hotspot.publish.edition import Edition
from hotspot.publish.fonts import legible, shorten
from hotspot.publish.office import redaction
from hotspot.publish.office.docx import filled
from hotspot.publish.office.redaction import Level
from hotspot.publish.office.warned.notice_words import (
    NAME_WIDTH,
    WHAT,
    edition_zh,
    heading_zh,
    ladder_of,
    sections,
    title_zh,
)
from hotspot.publish.revisions import chances
from hotspot.publish.tables.lists import published
from hotspot.publish.words import IN_NOTICE, REASONS, STATES, known, month_zh, place_zh, printed, reasons_zh, signed
from hotspot.rules.calendar import month_minus
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.study import Office, Study
from hotspot.text.table import rows_of, titles

if TYPE_CHECKING:
    import pandas as pd

    from hotspot.contracts.records import Derived

LIST_HEADS = titles("notice.docx/名单")
INTERNAL_HEADS = titles("notice.docx/内部")
CHANGE_HEADS = titles("notice.docx/更正")


class Addressee(NamedTuple):
    """A city that gets a notice. ``file`` is what its files are called."""

    name: str
    file: str


def addressees(study: Study, hot: "pd.DataFrame") -> list[Addressee]:
    """
    The cities that hold hotspot cells, by code.

    Parameters
    ----------
    hot : DataFrame
        The hotspot list that was applied.

    Returns
    -------
    list of Addressee, with the names of files from ``city_files``

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> import xarray as xr
    >>> cells = xr.Dataset(coords={"city": ("cell", ["甲市"]), "city_code": ("cell", ["990100"])})
    >>> hot = pd.DataFrame({"city": ["甲市"], "status": ["formal"]})
    >>> addressees(SimpleNamespace(cells=cells), hot)
    [Addressee(name='甲市', file='990100')]
    """
    listed = set(hot.loc[hot["status"] != "exited", "city"])
    return [Addressee(name, file) for name, file in city_files(study.cells).items() if name in listed]


def notice(
    study: Study, month: str, derived: "Derived", edition: Edition, *, level: str = "internal", city: str | None = None
) -> dict[str, Any]:
    """
    Everything one notice prints, as plain strings.

    Parameters
    ----------
    derived : Derived
        What ``month.derive`` returned.
    level : str
        A key of ``redaction.LEVELS``: who will read it.
    city : str, optional
        Only this city's cells, addressed to it alone.

    Returns
    -------
    dict, the names that a template may use; see ``maps/templates/README.md``

    Raises
    ------
    DataError
        The level is not known.
    """
    rule = redaction.level(level)
    facts = _facts(study, month, derived, edition, city)
    rows, public = facts["rows"], level == "public"
    of = pollutant_of(derived.field)
    title = title_zh(month, edition, public=public, of=of)
    office = study.office
    body = sections(rule.sections, facts)
    annexes: list[dict[str, Any]] = [
        {
            "title": title_zh(month, Edition(), public=True, of=of),
            "kind": "list",
            "cities": _list(facts, rule),
        }
    ]
    if rule.internal and len(rows):
        values = _internal(facts, rule)
        annexes.append({"title": "预警网格数值与名次", "kind": "internal", "cities": values, "note": _note(facts)})
    if facts["changes"]:
        annexes.append({"title": "更正对照", "kind": "changes", "rows": _changes(facts, rule)})
    numbered = len(annexes) > 1
    for number, annex in enumerate(annexes, 1):
        annex["label"] = f"附件{number}" if numbered else "附件"
        annex["line"] = ("附件：" if number == 1 else "　　　") + (f"{number}．" if numbered else "") + annex["title"]
    context = {
        "level": level,
        "level_zh": rule.zh,
        "office": legible(office.name),
        "number": number_zh(office, month) if not public else "",
        "title": title,
        "heading": heading_zh(title),
        "edition": edition_zh(edition),
        "state": STATES[edition.state],
        "addressees": ""
        if public
        else f"{'、'.join(shorten(name, NAME_WIDTH) for name in facts['cities'])}生态环境局：",
        "lead": _lead(facts, public),
        "sections": body,
        "annexes": annexes,
        "list_heads": [LIST_HEADS[name] for name in rule.columns],
        "list_columns": list(rule.columns),
        "internal_heads": [INTERNAL_HEADS[name] for name in rule.internal],
        "internal_columns": list(rule.internal),
        "change_heads": [CHANGE_HEADS[name] for name in rule.changes],
        "change_columns": list(rule.changes),
        "signer": legible(office.signer or office.name),
        "date": "年　　月　　日",  # the day it is signed is the signer's
        "contact": "" if public else legible(office.contact),
        "copy_to": "" if public else "、".join(legible(name) for name in office.copy_to),
        "foot": _foot(study, month, edition),
    }
    return of.told(context)


def notice_docx(context: dict[str, Any], template: Path | str | None = None, *, of: Pollutant = PM25) -> bytes:
    """
    The notice as the office's word processor opens it.

    Parameters
    ----------
    context : dict, from ``notice``
    template : str or Path, optional
        The office's own DOCX; default the one that ships.
    of : Pollutant
        Whose words that one speaks.

    Returns
    -------
    bytes, the same for the same content

    Raises
    ------
    DataError
        The template cannot be read, or a mark in it is broken.
    """
    return filled("notice.docx", context, template, of=of)


def template_of(study: Study, key: str = "template") -> Path | None:
    """The office's own template, named under a key of ``[office]``, or None where the one that ships is used."""
    own = getattr(study.office, key)
    return below(study.root, own, f"office.{key}", links=False) if own else None


def number_zh(office: Office, month: str) -> str:
    """
    The number field: the office's pattern, or a field to fill by hand.

    The year is that of the first day after the month, the earliest a list of it can be sent.

    Examples
    --------
    >>> from hotspot.study import Office
    >>> number_zh(Office(), "2020-02"), number_zh(Office(number="某环函〔{year}〕　号"), "2019-12")
    ('〔2020〕　　号', '某环函〔2020〕　号')
    """
    year, n = map(int, month_minus(month, -1).split("-"))
    return legible_field((office.number or "〔{year}〕　　号").format(year=year, month=n))


def legible_field(text: str) -> str:
    """A text of the office that may hold wide blanks to write into; ``legible`` would fold them."""
    return "　".join(legible(part) for part in text.split("　"))


def provisional_of(hot: "pd.DataFrame") -> str:
    """
    The Jaccard overlap that makes the yearly list provisional, as its reasons say it; else an empty text.

    Examples
    --------
    >>> import pandas as pd
    >>> said = "rank 1 of 9; provisional, Jaccard 0.62 under redrawn errors"
    >>> provisional_of(pd.DataFrame({"reason": [said]})), provisional_of(pd.DataFrame({"reason": ["rank 1 of 9"]}))
    ('0.62', '')
    """
    found = hot["reason"].astype(str).str.extract(r"provisional, Jaccard (\d\.\d+)")[0].dropna()
    return str(found.iloc[0]) if len(found) else ""


def _facts(study: Study, month: str, derived: "Derived", edition: Edition, city: str | None) -> dict[str, Any]:
    """The month as one reader gets it: tables of his cities, and what the sentences need."""
    cities = [found.name for found in addressees(study, derived.hot) if city is None or found.name == city]
    mine = (lambda table: table) if city is None else (lambda table: table[table["city"] == city])
    warned, hot = mine(derived.warned), mine(derived.hot)
    ladder = ladder_of(warned, study.criteria, edition, month)
    at = study.cells.indexes["cell"].get_indexer(ladder["cell"])  # -1: of an older lattice
    of_cell = [str(study.cells["city"].values[k]) if k >= 0 else "" for k in at]
    city_of = dict(zip(ladder["cell"], of_cell, strict=True))
    listed = hot[hot["status"] != "exited"]
    past = {**edition.history, month: tuple(warned["cell"])}
    n_hot = listed.groupby("city")["cell"].nunique().to_dict()
    by_lot = chance_of_steps(n_hot, counted(past, city_of), study.criteria.escalation, month)
    if city is not None:
        ladder = ladder[[name == city for name in of_cell]]
    return {
        "month": month,
        "criteria": study.criteria,
        "edition": edition,
        "cities": cities,
        "whose": "你市" if len(cities) == 1 else f"{len(cities)}个城市",
        "each": "各城市均" if len(cities) != 1 else (shorten(cities[0], NAME_WIDTH) if city is None else "你市"),
        "n_hot": len(listed),
        "n_screened": int((listed["status"] == "screened").sum()),
        "chance": by_lot,
        "pooled": pooled_cells({**edition.chances, month: chances(warned)}, study.criteria.escalation, month),
        "warned": warned,
        "other": derived.warned.attrs.get("other", {}) if city is None else {},
        "rows": published(warned, study.criteria.warning.decimals),
        "not_ranked": mine(derived.not_ranked),
        "changes": [change for change in edition.changes if city is None or change["city"] == city],
        "ladder": ladder,
        "city_of": city_of,
        "attrs": derived.field.attrs,
        "provisional": provisional_of(hot),
        "contact": legible(study.office.contact),
    }


def _lead(facts: dict[str, Any], public: bool) -> str:
    basis = legible(facts["criteria"].legal_basis)
    came = f"{legible(facts['attrs']['list_zh'])}。" if "list_zh" in facts["attrs"] else ""
    if public:
        return f"依据{basis}，现将{month_zh(facts['month'])}@pollutant@热点网格预警名单向社会公开。{came}"
    you = "你市" if len(facts["cities"]) == 1 else "你们"
    return (
        f"依据{basis}，对{month_zh(facts['month'])}热点网格@pollutant@@figure@进行了评估，形成预警网格名单（见附件），"
        f"现印发{you}，请组织排查并按时上报有关情况。{came}"
    )


def _foot(study: Study, month: str, edition: Edition) -> list[str]:
    """What ties the paper to the chain: recomputed by ``hotspot verify``."""
    lines = [f"{study.id}　{month}　{edition_zh(edition)}"]
    if edition.list_digest:
        lines[0] += f"　名单校验 {edition.list_digest}"
    lines.append(f"台账校验 {edition.head}" if edition.head else "未入台账")
    return lines


def _by_city(facts: dict[str, Any]) -> "list[tuple[str, pd.DataFrame]]":
    """(city, rows) in the order of the addressees; a city without a row is there too."""
    rows = facts["rows"]
    return [(name, rows[rows["city"] == name]) for name in facts["cities"]]


def _list(facts: dict[str, Any], rule: Level) -> list[dict[str, Any]]:
    """The list by city: a cell stands once, its reasons joined."""
    cities = []
    for name, rows in _by_city(facts):
        lines = []
        for cell, of_cell in rows.groupby("cell", sort=False):
            first = of_cell.iloc[0]
            lines.append(
                {
                    "code": cell,
                    "county": shorten(str(first["county"]), NAME_WIDTH) if known(first["county"]) else "",
                    "township": shorten(str(first["township"]), NAME_WIDTH) if known(first["township"]) else "—",
                    "place": place_zh(first["lon"], first["lat"]).replace("，", "，\n"),
                    "reasons": reasons_zh(of_cell["reason"]),
                }
            )
        cities.append({"city": shorten(name, NAME_WIDTH), "rows": redaction.redacted(lines, rule.columns)})
    return cities


def _internal(facts: dict[str, Any], rule: Level) -> list[dict[str, Any]]:
    """Values, rank and confidence of every row, with how often the cell was warned."""
    decimals = facts["criteria"].warning.decimals
    ladder = facts["ladder"].set_index("cell")
    cities = []
    for name, rows in _by_city(facts):
        lines = []
        for row in rows_of(rows):
            interval = (
                f"{int(row['rank_low'])}—{int(row['rank_high'])}"
                if known(row["rank_low"]) and known(row["rank_high"])
                else "—"
            )
            lines.append(
                {
                    "code": row["cell"],
                    "reason": IN_NOTICE.get(row["reason"], row["reason"]),
                    "rank": printed(row["rank"], 0),
                    "pm25": printed(row["pm25"], decimals),
                    "previous": printed(row["previous"], decimals),
                    "change": signed(row["change"], decimals),
                    "change_pct": signed(row["change_pct"], 1),
                    "n_valid": printed(row["n_valid"], 0),
                    "interval": interval,
                    "p_top": printed(row["p_top"], 2),
                    "distinguishable": {True: "可", False: "不可"}[bool(row["distinguishable"])]
                    if known(row["distinguishable"])
                    else "—",
                    "run": str(ladder.loc[row["cell"], "run"]),
                    "count": str(ladder.loc[row["cell"], "count"]),
                }
            )
        cities.append({"city": shorten(name, NAME_WIDTH), "rows": redaction.redacted(lines, rule.internal)})
    return cities


def _note(facts: dict[str, Any]) -> str:
    """What the columns of the annex with values mean."""
    level = facts["criteria"].confidence.level
    return (
        "注：月@mean@、基数、变化单位为μg/m³；基数同比为去年同月、环比为上月；变化与变化率按印出的数值计算；"
        f"名次区间为{level * 100:.0f}%置信的市内名次范围；入选概率为考虑资料误差后列入该类的概率；"
        "连续、累计为至本月的预警次数（按月计）。本附件供内部使用。"
        + (
            f"年度热点网格名单为暂定名单：考虑资料误差重新评选，名单重合度（Jaccard）仅{facts['provisional']}。"
            if facts["provisional"]
            else ""
        )
    )


def _changes(facts: dict[str, Any], rule: Any) -> list[dict[str, str]]:
    """What a revision added, removed or changed, before and now."""
    decimals = facts["criteria"].warning.decimals
    lines = [
        {
            "city": shorten(change["city"], NAME_WIDTH),
            "code": change["cell"],
            "reason": REASONS.get(change["reason"], change["reason"]),
            "what": WHAT.get(change["what"], change["what"]),
            "before": _side(change["before"], decimals, listed=change["what"] != "added"),
            "now": _side(change["now"], decimals, listed=change["what"] != "removed"),
        }
        for change in facts["changes"]
    ]
    return redaction.redacted(lines, rule.changes)


def _side(values: Mapping[str, Any] | None, decimals: int, *, listed: bool) -> str:
    """One side of a change; a chain older than revisions knows only that the row was listed."""
    if not values:
        return "在名单" if listed else "不在名单"
    said = [f"第{printed(values.get('rank'), 0)}名", f"月@mean@{printed(values.get('pm25'), decimals)}"]
    if known(values.get("change")):
        said.append(f"变化{signed(values['change'], decimals)}")
    return "，".join(said)
