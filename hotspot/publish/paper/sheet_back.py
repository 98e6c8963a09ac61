"""
The back of the printed sheet: checks by class, enterprise and item (C8, B11), in two columns.

A page has room for so much; what does not fit is counted, and stands in ``checklists.xlsx``.
"""

from typing import Any

from hotspot.publish.fonts import legible, printed_width, shorten
from hotspot.publish.tables.checklists import MARKS, MODES, by_class
from hotspot.publish.words import known
from hotspot.rules.classes import GRADES, SourceClass, problem_types, source_classes

COLUMN_MM = 245.0  # height of a column when the page holds nothing else
_WORDS = "；".join(problem["zh"] for problem in problem_types().values())


def back_page(rows: list[dict[str, Any]], numbers: dict[str, str], *, n_rest: int = 0) -> dict[str, Any]:
    """
    Each class with its items once, its enterprises by their number on the front.

    Parameters
    ----------
    rows : list of dict, of one cell, from ``checklists.by_cell``
    numbers : dict of facility -> str
        The numbers under which facilities are printed; others are only counted.
    n_rest : int
        Facilities whose table goes on, on this page, above the checks.

    Returns
    -------
    dict: ``checks``, two columns of blocks, ``checks_left``, items without room, ``due``, by when
    (D15) and in which words (D24), and ``blank_photos``, the photo slots of what is found besides (C10)
    """
    blocks, left = [], 0
    for block in by_class(rows):
        kind, items = source_classes()[block["class_"]], block["items"]
        places = [
            (numbers[f], name if known(name) else f, own[0]["mode"]) for f, name, own in block["places"] if f in numbers
        ]
        left += sum(len(own) for facility, _, own in block["places"] if facility and facility not in numbers)
        if places or kind.area:
            unnamed = [row for facility, _, own in block["places"] if not facility for row in own]
            blocks.append(_block(kind, items, places, unnamed))
    columns, without = _two_columns(blocks, COLUMN_MM - (12 + 5 * n_rest if n_rest > 0 else 0))
    left += sum(len(block["items"]) * max(1, len(block["places"])) for block in without)
    due = [text for text in (legible(row["deadline"]) for row in rows) if text]
    return {
        "checks": columns,
        "checks_left": left,
        "due": (f"{due[0]}填报。" if len(set(due)) == 1 else "") + f"问题类型用词：{_WORDS}。",
        "blank_photos": [row["photos"] for row in rows if row["zh"] == "" and "photos" in row],
    }


def _block(
    kind: SourceClass, items: list[dict[str, Any]], places: list[tuple[str, str, str]], own: list[dict[str, Any]]
) -> dict[str, Any]:
    # The mode of an enterprise stands beside its name where it differs from its neighbours'.
    modes = {row["mode"] for row in own} | {mode for *_, mode in places}
    shared = MODES.get(next(iter(modes)), "") if len(modes) == 1 else ""
    # Millimetres as the template sets them, a little more than measured.
    lines = sum(3.4 if places else 3.9 for _ in items) + sum(2.9 for i in items if printed_width(i["zh"]) > 56)
    return {
        "height": 7.4 + lines + 4.6 * len(places) + 3.9 * kind.area,
        "class": kind.zh,
        "duty": f"{legible(items[0]['department'])}{shared} · 记为“{kind.problem_zh}”",
        "items": [
            {"n": str(n), "grade": GRADES[item["grade"]][0], "text": item["zh"]}
            for n, item in enumerate(items, start=1)
        ],
        "area": kind.area,
        "photos": " ".join(row.get("photos", "") for row in own).split(),
        "places": [
            {"number": number, "name": shorten(name, 18 if mark else 26) + mark}
            for number, name, mark in ((n, name, "" if shared else MARKS.get(mode, "")) for n, name, mode in places)
        ],
    }


def _two_columns(
    blocks: list[dict[str, Any]], room: float
) -> tuple[tuple[list[dict[str, Any]], list[dict[str, Any]]], list[dict[str, Any]]]:
    """The blocks in reading order, half of their height on the left; and those without room."""
    half = min(room, sum(block["height"] for block in blocks) / 2 + 8)
    columns: tuple[list, list] = ([], [])
    used, without = [0.0, 0.0], []
    for block in blocks:
        height = block["height"]
        # Once the right column is begun the order goes on there; the left takes what the right cannot.
        first = 0 if used[0] + height <= half and not columns[1] else 1
        side = next((k for k in (first, 1 - first) if used[k] + height <= room), None)
        if side is None:
            without.append(block)
            continue
        used[side] += height
        columns[side].append(block)
    return columns, without
