"""The list a village patrol carries (B11), as a workbook to print."""

from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.village import MEDIA, patrol_items
from hotspot.study import Study
from hotspot.text.table import heads

_HEADS = heads("loop/patrol-list.xlsx")


def write_patrol_list(study: Study, media: tuple[str, ...] = ("air",), *, out: Path | str = "out") -> dict[str, Any]:
    """
    Write the village patrol's list.

    Parameters
    ----------
    media : tuple of str
        Keys of ``rules.village.MEDIA``; air alone by default.
    out : str or Path
        ``OUT/<study id>/loop/patrol-list.xlsx`` is written.

    Returns
    -------
    dict: ``n`` items by medium, ``file``, ``sentences``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> write_patrol_list(study, ("air", "water"), out=tempfile.mkdtemp())["n"]["water"]
    3
    """
    items = patrol_items(tuple(media))
    rows = pd.DataFrame(
        [{"medium": MEDIA[one.medium], "group": one.group, "zh": one.zh, "department": one.department} for one in items]
    ).assign(seen="", found="", note="")
    note = "巡查可发现、肉眼可识别、常识可判断、不需要专业设备检测（B11）；发现问题先制止，再上报。"
    file = Path(out) / study.id / "loop" / "patrol-list.xlsx"
    title = f"{study.name} 村（社区）网格员巡查清单"
    write_book(file, {"巡查清单": Sheet(title, _HEADS, rows, [note])}, created="1970-01-01")
    counts = {medium: sum(one.medium == medium for one in items) for medium in MEDIA}
    lines = [f"{MEDIA[medium]}  {n}项" for medium, n in counts.items() if n]
    return {"n": {k: n for k, n in counts.items() if n}, "file": str(file), "sentences": [*lines, f"written: {file}"]}
