"""
The card of one pushed alarm: an A5 page to print and a picture for a phone (C3, C8, C10, D13; LOOP 11).

Where on the 36, the hours against the neighbours, the wind of exactly these hours, what lies upwind, what to look
for where nothing is registered, what the cell has behind it, the way there, and until when to answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.grid.lattice import Grid
from hotspot.ledger.answers.past import CellPast, past_words
from hotspot.publish.fonts import check_glyphs, legible, shorten
from hotspot.publish.maps.borders import Borders
from hotspot.publish.maps.symbols import symbol_svg
from hotspot.publish.paper import sheet_map
from hotspot.publish.paper.hour_bars import hour_bars
from hotspot.publish.paper.typeset import set_texts, typeset
from hotspot.publish.paper.wayfinding import coordinates, form_address, qr_svg
from hotspot.publish.words import known
from hotspot.rules.classes import area_classes
from hotspot.rules.loop import Clocks
from hotspot.rules.pollutants import PM25, Pollutant, of_study
from hotspot.rules.rounding import plain_text
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.whole import write_whole

PANEL_MM = 62.0
PHONE_PX = 1080
_WIDTH_INCH = 148 / 25.4  # A5
_WINDS = 3  # directions named
SOURCES = 6  # on the card; the others stand in the month's checklist


@dataclass(frozen=True)
class Card:
    """
    One alarm with what is known around it.

    ``alarm``: a row of ``find_alarms`` as dict, with ``lon lat county township label``;
    ``hours``: DataFrame ``time`` (local), ``pm25 around`` (µg/m³), ``speed direction`` (m/s, degrees from; NaN in
    calm or where no wind is known), ``inside`` (bool, an hour of the alarm); ``measured``: number of a sub-cell ->
    value at the peak; ``sources``: dicts ``name class_zh away_zh where_zh word_zh x y symbol`` in visiting order;
    ``past``: of the cell; ``note_zh``: how the order was made.
    """

    alarm: Mapping
    hours: pd.DataFrame
    measured: Mapping[int, float]
    sources: Sequence[Mapping]
    past: CellPast
    note_zh: str = ""


def write_cards(directory: Path | str, cards: Sequence[Card], *, study: Study) -> list[Path]:
    """
    Write ``cards/ALARM.pdf`` and ``cards/ALARM.png`` of every card.

    Parameters
    ----------
    directory : str or Path; ``cards`` is made in it, files are named by the alarm's number

    Returns
    -------
    list of Path, by alarm: PDF, then picture 1,080 px wide; the same card gives the same bytes

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw.
    """
    from tqdm import tqdm

    folder = Path(directory) / "cards"
    folder.mkdir(parents=True, exist_ok=True)
    borders, paths, of = Borders(study.grid, study.boundaries), [], of_study(study)
    for card in tqdm(cards, desc="cards", disable=None, leave=False):
        data = of.told(card_data(card, study=study, borders=borders))
        check_glyphs(set_texts(data))
        for kind, content in (("pdf", render(data, of=of)), ("png", render(data, kind="png", of=of))):
            paths.append(write_whole(folder / f"{data['alarm']}.{kind}", content))
    return paths


def render(data: Mapping, *, kind: str = "pdf", of: Pollutant = PM25) -> bytes:
    """Set a card with typst: "pdf", or "png" as wide as a phone shows it."""
    page = typeset("card.typ", data, kind=kind, ppi=PHONE_PX / _WIDTH_INCH if kind == "png" else None,
                   parts=["map_parts.typ", "page_parts.typ"], of=of)  # fmt: skip
    return page[0] if isinstance(page, list) else page


def card_data(card: Card, *, study: Study, borders: Borders) -> dict:
    """Everything printed on a card, as plain dicts of strings and drawings."""
    alarm, grid = card.alarm, study.grid
    code, sub_cell = str(alarm["cell"]), str(alarm["sub_cell"])
    number = int(sub_cell.rsplit("-", 1)[-1])
    start, end = pd.Timestamp(alarm["start"]), pd.Timestamp(alarm["end"])
    label, url = str(alarm.get("label") or ""), study.office.form_url
    return {
        "title": str(alarm["alarm"]),
        "alarm": str(alarm["alarm"]),
        "alarm_qr": qr_svg(form_address(url, alarm=str(alarm["alarm"]), cell=code, month=f"{start:%Y-%m}")),
        "alarm_qr_words": label_of("scan_to_fill") if url else label_of("alarm_id"),
        "code": sub_cell,
        "label": shorten(legible(label), 16) if label not in ("", code) else "",
        "place": [shorten(legible(str(alarm[name])), 24) for name in ("county", "township") if known(alarm[name])],
        "when": f"{start:%Y-%m-%d %H}时至{end:{'%H' if start.date() == end.date() else '%m-%d %H'}}时",
        "what": f"PM2.5最高{plain_text(float(alarm['peak']), 0)} μg/m³，"
        f"为周边的{plain_text(float(alarm['ratio']), 1)}倍，持续{int(alarm['hours'])}小时",
        "coordinates": coordinates(code, float(alarm["lon"]), float(alarm["lat"])),
        "panel": _panel(card, grid, code, number, study.lattice.fine, borders),
        "bars": hour_bars(card.hours),
        "wind": wind_zh(card.hours),
        "sources": [_source(place, row) for place, row in enumerate(card.sources[:SOURCES], 1)],
        "more": max(0, len(card.sources) - SOURCES),
        "note": card.note_zh,
        "area": [c.zh for c in area_classes()],
        "past": [zh for zh, _ in past_words(card.past)],
        "clock": clock_zh(study.criteria.clocks),
        "foot": f"{study.id} · 规则 {study.criteria.profile} · 数据未经最终审核，供排查参考",
    }


def clock_zh(rule: Clocks) -> str:
    """
    Until when an alarm is answered, in the profile's words.

    Examples
    --------
    >>> clock_zh(Clocks()), clock_zh(Clocks(answer_hours=0, site_hours=1, result_hours=2))
    ('收到后24小时内反馈', '收到后1小时内反馈现场情况、2小时内上报处置结果')
    >>> clock_zh(Clocks(answer_hours=0))
    '请及时反馈'
    """
    parts = []
    if rule.site_hours:
        parts.append(f"{rule.site_hours:g}小时内反馈现场情况")
    if rule.result_hours:
        parts.append(f"{rule.result_hours:g}小时内上报处置结果")
    if rule.answer_hours and not parts:
        parts.append(f"{rule.answer_hours:g}小时内反馈")
    since = "收到后" if rule.start == "receipt" else "推送后"
    return since + "、".join(parts) if parts else "请及时反馈"


def wind_zh(hours: pd.DataFrame) -> str:
    """
    The wind of the alarm's own hours in a sentence.

    Examples
    --------
    >>> hours = pd.DataFrame({"inside": [True] * 3, "speed": [2.0, 2.4, 0.2], "direction": [90.0, 88.0, float("nan")]})
    >>> wind_zh(hours)
    '报警3小时内：东风2小时（平均2.2 m/s），静风1小时'
    """
    inside = hours[hours["inside"]]
    told = inside[inside["speed"].notna()]
    if told.empty:
        return "报警时段没有风的资料，以下按距离和规模排列"
    words = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
    blowing = told[told["direction"].notna()]
    sector = (((blowing["direction"] + 22.5) // 45) % 8).astype(int)
    parts = []
    for at, n in sector.value_counts(sort=True).items():
        mean = float(blowing.loc[sector == at, "speed"].mean())
        parts.append((-n, int(at), f"{words[int(at)]}风{n}小时（平均{plain_text(mean, 1)} m/s）"))
    said = [text for *_, text in sorted(parts)[:_WINDS]]
    rest = -sum(n for n, *_ in sorted(parts)[_WINDS:])
    if rest:
        said.append(f"其他风向{rest}小时")
    if len(told) > len(blowing):
        said.append(f"静风{len(told) - len(blowing)}小时")
    if len(inside) > len(told):
        said.append(f"{len(inside) - len(told)}小时无资料")
    return f"报警{len(inside)}小时内：{'，'.join(said)}"


def _panel(card: Card, grid: Grid, code: str, number: int, fine: float, borders: Borders) -> dict[str, Any]:
    """The cell's 36 with what was measured at the peak; the alarm's own sub-cell under a thick frame."""
    col, row = grid.parse(code)
    n = grid.nesting(fine) ** 2
    values = [
        {"text": plain_text(card.measured[k], 0), "support": "measured"} if k in card.measured
        else {"text": "", "support": ""}
        for k in range(1, n + 1)
    ]  # fmt: skip
    near = [dict(source, number=str(place)) for place, source in enumerate(card.sources[:SOURCES], 1)]
    panel = sheet_map.detail_panel(
        grid, col, row, size=PANEL_MM, borders=borders, facilities=near, warned=set(), values={}, fine=fine,
        sub_cells=values, marked=number,
    )  # fmt: skip
    return panel | {"title": f"● 实测；粗框为报警小格（{number:02d}号）"}


def _source(place: int, row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "number": str(place),
        "symbol": symbol_svg(row["symbol"]),
        "class": shorten(legible(row["class_zh"]), 16),
        "name": shorten(legible(row["name"]), 34),
        "away": row["away_zh"],
        "where": row["where_zh"],
        "word": row["word_zh"],
    }
