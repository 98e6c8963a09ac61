"""
The back of the printed sheet: checks by class, enterprise and item (C8, B11), in two columns.

A page has room for so much; what does not fit is counted, and stands in ``checklists.xlsx``.
"""

from hotspot.publish.checklists import MODES, by_class
from hotspot.publish.fonts import legible, printed_width, shorten
from hotspot.publish.words import known
from hotspot.rules.classes import GRADES, source_classes

COLUMN_MM = 250.0  # height of a column when the page holds nothing else


def back_page(checklist, numbers, *, n_rest=0):
    """
    Each class with its items once, its enterprises by their number on the front.

    Parameters
    ----------
    checklist : DataFrame, the rows of one cell, from ``trace.checklist``
    numbers : dict of facility -> str
        The numbers under which facilities are printed; others are only counted.
    n_rest : int
        Facilities whose table goes on, on this page, above the checks.

    Returns
    -------
    dict: ``checks``, two columns of blocks, and ``checks_left``, items without room
    """
    blocks, left = [], 0
    for block in by_class(checklist):
        kind, items = source_classes()[block["class_"]], block["items"]
        places = [(numbers[f], name if known(name) else f) for f, name, _ in block["places"] if f in numbers]
        left += sum(len(rows) for facility, _, rows in block["places"] if facility and facility not in numbers)
        if places or kind.area:
            blocks.append(_block(kind, items, places))
    columns, without = _two_columns(blocks, COLUMN_MM - (12 + 5 * n_rest if n_rest > 0 else 0))
    left += sum(len(block["items"]) * max(1, len(block["places"])) for block in without)
    return {"checks": columns, "checks_left": left}


def _block(kind, items, places):
    deadline = f"，{legible(items[0]['deadline'])}前" if known(items[0]["deadline"]) else ""
    # Millimetres as the template sets them, a little more than measured.
    lines = sum(3.4 if places else 3.9 for _ in items) + sum(2.9 for i in items if printed_width(i["zh"]) > 56)
    return {
        "height": 7.4 + lines + 4.6 * len(places) + 3.9 * kind.area,
        "class": kind.zh,
        "duty": legible(items[0]["department"]) + MODES.get(items[0]["mode"], "") + deadline,
        "items": [
            {"n": str(n), "grade": GRADES[item["grade"]][0], "text": item["zh"]}
            for n, item in enumerate(items, start=1)
        ],
        "area": kind.area,
        "places": [{"number": number, "name": shorten(name, 26)} for number, name in places],
    }


def _two_columns(blocks, room):
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
