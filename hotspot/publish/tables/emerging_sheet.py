"""The sheet of ``warnings.xlsx`` that tells how clusters came about over thirteen months."""

from typing import Any

from hotspot.publish.emerging_words import MEANING, emerging_en, emerging_zh
from hotspot.publish.fonts import harmless
from hotspot.publish.tables.dated import across
from hotspot.text.labels import label_of
from hotspot.text.table import titles

NAME = label_of("clusters")
_WIDTHS = (14, 14, 18, 18, 10, 10, 16, 34, 10, 10, 10, 12)
_TITLES = titles("warnings.xlsx/聚集演变")
_HEADS = tuple((zh, name, width) for (name, zh), width in zip(_TITLES.items(), _WIDTHS, strict=True))


def emerging_sheet(sheet: Any, look: dict, field: Any, found: Any, hot: Any, warned: Any) -> None:
    """
    Every cell with a class other than none, hotspot cells and warned cells in any case.

    Parameters
    ----------
    sheet : xlsxwriter worksheet
    look : dict, the workbook's formats
    field : Dataset (cell, time), for the names of places
    found : Dataset (cell), from ``rank.warn.emerging``
    hot : DataFrame or None
    warned : DataFrame
    """
    watched = set() if hot is None else set(hot.loc[hot["status"] != "exited", "cell"].astype(str))
    listed = set(warned["cell"].astype(str))
    said = f"{MEANING}。与同月全部网格比较的Gi*；无模式的网格只列热点网格和预警网格。"
    across(sheet, 0, len(_HEADS) - 1, said, look["note"], 44)
    for at, (zh, name, width) in enumerate(_HEADS):
        sheet.set_column(at, at, width)
        sheet.write_string(1, at, zh, look["head"])
        sheet.write_string(2, at, name, look["head_en"])
    places = field.drop_dims("time").sel(cell=found["cell"].values)
    names = {name: places[name].values.astype(str) for name in ("city", "county", "township")}
    codes, kinds = found["cell"].values.astype(str), found["emerging"].values.astype(str)
    order = sorted(range(len(codes)), key=lambda i: (names["city"][i], codes[i]))
    line, told = 3, watched | listed
    for i in order:
        if kinds[i] in ("", "no pattern") and codes[i] not in told:
            continue
        texts = [codes[i], *(names[name][i] for name in ("city", "county", "township"))]
        texts += ["是" if codes[i] in group else "" for group in (watched, listed)]
        texts += [emerging_zh(kinds[i]) or label_of("too_little_data"), emerging_en(kinds[i])]
        for at, said in enumerate(texts):
            sheet.write_string(line, at, harmless(said), look["text"])
        for at, name in enumerate(("n_hot", "n_cold", "n_seen"), start=len(texts)):
            sheet.write_number(line, at, int(found[name].values[i]), look["whole"])
        trend = float(found["trend"].values[i])
        if trend == trend:
            sheet.write_number(line, len(texts) + 3, round(trend, 3), look[3])
        line += 1
    sheet.freeze_panes(3, 1)
    sheet.autofilter(2, 0, max(line - 1, 2), len(_HEADS) - 1)
