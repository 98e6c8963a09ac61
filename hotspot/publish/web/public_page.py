"""
The page for everybody (C17, B25): this month's list, where it is, what changed, where to complain, how it is made.

One offline file. It holds the four columns of D10, outlines without names, counts, and nothing of enterprises,
concentrations, ranks or probabilities (D25).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotspot.publish.web.page import page_head, template
from hotspot.publish.web.webfont import font_face
from hotspot.publish.words import NONE_WARNED
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.escape import escape
from hotspot.text.labels import label_of
from hotspot.text.table import titles

WIDE = 800.0  # units of the drawing
# How the list is made, in ten sentences (D1-D12, B25).
METHOD = (
    (
        "城市全部行政区域按三千米见方划分为网格。",
        "The whole area of a city is laid out in cells of three by three kilometres.",
    ),
    (
        "卫星遥感与地面监测站的数据合成为每个网格的月均浓度，并附误差。",
        "Satellite and ground stations are fused into one monthly mean per cell, with its error.",
    ),
    (
        "没有足够有效天数的网格不参加比较，并说明原因。",
        "A cell without enough valid days is left out of the comparison, and the reason is given.",
    ),
    (
        "每年剔除气象影响后，选出浓度较高、排放较重的网格作为热点网格。",
        "Once a year, with the weather taken out, cells with high levels and heavy emission become hotspot cells.",
    ),
    (
        "热点网格名单经过初筛、复核，成为正式名单。",
        "The hotspot list is screened, reviewed and then made formal.",
    ),
    (
        "每月在各城市的热点网格中列出三类预警网格：月均浓度最高、同比改善最差、环比改善最差。",
        "Each month three kinds are listed among a city's hotspot cells: the highest mean, the worst change on the "
        "year, the worst change on the month before.",
    ),
    (
        "同一网格可以因多个原因列入。",
        "A cell may be listed for several reasons.",
    ),
    (
        "连续或者多次列入的网格按规定升级处理。",
        "Cells listed in a row or again and again are escalated by rule.",
    ),
    (
        "列入名单不等于认定某一企业违法，成因由现场排查确定。",
        "Being listed accuses nobody; what lies behind it is found out on the spot.",
    ),
    (
        "名单一经发布即与校验码一并存入不可更改的台账，更正另行公布。",
        "A list once published stands with its hash in a ledger that cannot be changed; corrections are published.",
    ),
)


def method_of(of: Pollutant) -> tuple[tuple[str, str], ...]:
    """How the list of a pollutant is made, in ten sentences, Chinese and English; a gas has no layer and no level."""
    if of.usual:
        return METHOD
    made = list(METHOD)
    made[1] = (
        f"地面监测站的{of.label}数据推算为每个网格的{of.figure_zh}，并附误差。" + (of.means_zh and f"{of.means_zh}。"),
        f"Each cell has a {of.figure_en} of {of.en}, worked out from ground stations, with its error.",
    )
    made[3] = (
        f"每年选出{of.label}浓度较高的网格作为热点网格，不剔除气象影响。",
        f"Once a year cells with high levels of {of.en} become hotspot cells; the weather is not taken out.",
    )
    made[5] = (
        f"每月在各城市的热点网格中列出三类预警网格：{of.figure_zh}最高、同比改善最差、环比改善最差。",
        "Each month three kinds are listed among a city's hotspot cells: the highest value, the worst change on the "
        "year, the worst change on the month before.",
    )
    return tuple(made)


@dataclass(frozen=True)
class PublicFacts:
    """
    What the page prints. ``rows``: dicts ``code county place reasons reasons_en``; ``shapes``: outlines of the units
    as lists of (x, y), ``cells``: code -> four corners, both in one plane; ``gone`` and ``came``: codes against the
    month before, None where that month was not published; ``people``: dicts ``unit role name phone``;
    ``corrections``: dicts ``county code reason what``.
    """

    study_zh: str
    study_en: str
    month: str
    state_zh: str
    state_en: str
    rows: Sequence[Mapping[str, str]]
    shapes: Sequence[Sequence[tuple[float, float]]]
    cells: Mapping[str, Sequence[tuple[float, float]]]
    came: Sequence[str] | None
    gone: Sequence[str] | None
    people: Sequence[Mapping[str, str]]
    contact: str
    corrections: Sequence[Mapping[str, str]]
    head: str
    list_digest: str
    of: Pollutant = PM25


def public_page(facts: PublicFacts) -> str:
    """
    The page as one file.

    Returns
    -------
    str, the same for the same facts

    Examples
    --------
    >>> none = PublicFacts("示例", "Demo", "2025-12", "初步", "preliminary", [], [], {}, None, None, [], "", [], "", "")
    >>> page = public_page(none)
    >>> page.count("<html"), "http:" in page, "本月没有预警网格" in page
    (1, False, True)
    """
    year, number = facts.month.split("-")
    title_zh = f"{facts.study_zh} {year}年{int(number)}月{facts.of.label}热点网格预警名单"
    title_en = f"{facts.study_en or facts.study_zh}: {facts.of.en} hotspot cells listed in {facts.month}"
    parts = [
        _section("名单", "The list", _list(facts)),
        _section("位置", "Where", _map(facts)),
        _section("与上月相比", "Since last month", _since(facts)),
        _section("哪里投诉", "Where to complain", _complain(facts)),
        _section("名单怎样产生", "How the list is made", _method(facts.of)),
        _section("更正", "Corrections", _corrections(facts)),
        _section("校验", "Check", _hash(facts)),
    ]
    body = facts.of.words(
        '<body data-lang="zh"><header><div><button id="lang" type="button">English</button>'
        f"<h1>{_both(title_zh, title_en)}</h1><p>{_both(facts.state_zh, facts.state_en)}</p></div></header>"
        f"<main>{''.join(parts)}</main>"
    )
    code = (
        'const b=document.body,l=document.getElementById("lang");'
        'l.addEventListener("click",()=>{const zh=b.dataset.lang==="en";b.dataset.lang=zh?"zh":"en";'
        'l.textContent=zh?"English":"中文";document.documentElement.lang=zh?"zh-CN":"en";});b.dataset.ready="1";'
    )
    head = page_head(escape(facts.of.words(title_zh)), font_face(body + code) + template("public.css"))
    return f"{head}\n{body}<script>{code}</script></body></html>\n"


def _both(zh: str, en: str) -> str:
    return f'<span class="zh">{escape(zh)}</span><span class="en">{escape(en)}</span>'


def _section(zh: str, en: str, inner: str) -> str:
    return f"<section><h2>{_both(zh, en)}</h2>{inner}</section>"


def _p(zh: str, en: str) -> str:
    return f"<p>{_both(zh, en)}</p>"


def _table(heads: Sequence[tuple[str, str, str]], rows: Sequence[Mapping[str, Any]], ids: str = "") -> str:
    """A table whose cells carry their head, for a narrow screen."""
    head = "".join(f"<th>{_both(zh, en)}</th>" for _, zh, en in heads)
    lines = []
    for row in rows:
        cells = []
        for name, zh, en in heads:
            said = _both(row[name], row[f"{name}_en"]) if f"{name}_en" in row else escape(row[name])
            cells.append(f'<td class="{name}" data-zh="{escape(zh)}" data-en="{escape(en)}">{said}</td>')
        mark = f' id="{escape(row[ids])}"' if ids else ""
        lines.append(f"<tr{mark}>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _list(facts: PublicFacts) -> str:
    if not facts.rows:
        return _p(NONE_WARNED, "No cell is listed this month.")
    n = len(facts.rows)
    en = {"code": "Cell", "county": "County", "place": "Coordinates", "reasons": "Reasons"}
    heads = [(name, zh, en[name]) for name, zh in titles("public/list.csv").items()]
    return _p(f"本月共{n}个预警网格。", f"{n} cells are listed this month.") + _table(heads, facts.rows, "code")


def _map(facts: PublicFacts) -> str:
    points = [point for ring in facts.shapes for point in ring] + [p for ring in facts.cells.values() for p in ring]
    if not points:
        return _p("没有可画的边界。", "There is no outline to draw.")
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    scale = WIDE / max(east - west, 1e-9)

    def ring(corners: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{(x - west) * scale:.1f} {(north - y) * scale:.1f}" for x, y in corners) + "Z"

    units = "".join(f'<path class="unit" d="{ring(corners)}"/>' for corners in facts.shapes)
    cells = "".join(
        f'<a href="#{escape(code)}" aria-label="{escape(code)}"><path class="cell" d="{ring(corners)}"/></a>'
        for code, corners in sorted(facts.cells.items())
    )
    tall = (north - south) * scale
    said = _both(
        "红色方格为本月预警网格，点选可到名单中的一行；线为县级边界。",
        "Red squares are listed cells, each leads to its line above; lines are county borders.",
    )
    drawing = f'<svg viewBox="-4 -4 {WIDE + 8:.0f} {tall + 8:.0f}" role="img">{units}{cells}</svg>'
    return f'{drawing}<p class="soft">{said}</p>'


def _since(facts: PublicFacts) -> str:
    if facts.came is None or facts.gone is None:
        return _p("上月名单未发布，不作比较。", "No list of the month before was published.")
    came, gone = ("、".join(codes) or "无" for codes in (facts.came, facts.gone))
    stay = len(facts.rows) - len(facts.came)
    return (
        _p(f"新列入{len(facts.came)}个：{came}。", f"New, {len(facts.came)}: {_codes(facts.came)}.")
        + _p(f"不再列入{len(facts.gone)}个：{gone}。", f"No longer listed, {len(facts.gone)}: {_codes(facts.gone)}.")
        + _p(f"连续列入{stay}个。", f"Listed again: {stay}.")
    )  # fmt: skip


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(codes) or "none"


def _complain(facts: PublicFacts) -> str:
    heads = (
        ("unit", "网格", "Unit"),
        ("role", "职务", "Role"),
        ("name", "姓名", "Name"),
        ("phone", label_of("complaint_line"), "Phone"),
    )
    if facts.people:
        return _table(heads, facts.people)
    if facts.contact:
        return _p(f"联系方式：{facts.contact}", f"Contact: {facts.contact}")
    return _p("发布单位没有提供投诉方式。", "The office gave no contact.")


def _method(of: Pollutant) -> str:
    return f"<ol>{''.join(f'<li>{_both(zh, en)}</li>' for zh, en in method_of(of))}</ol>"


def _corrections(facts: PublicFacts) -> str:
    if not facts.corrections:
        return _p("本月名单没有更正。", "This month's list was not corrected.")
    heads = (("county", "所属县（区、市）", "County"), ("code", label_of("cell_code"), "Cell"),
             ("reason", label_of("reasons"), "Reason"),
             ("what", "更正", "Correction"))  # fmt: skip
    return _table(heads, facts.corrections)


def _hash(facts: PublicFacts) -> str:
    return (
        _p(
            "名单与台账校验码如下，供核对名单是否被改动。",
            "With these anybody can check that the list was not altered.",
        )
        + f'<p class="hash">{escape(facts.list_digest)}<br>{escape(facts.head)}</p>'
    )
