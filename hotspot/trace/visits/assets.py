"""The register of equipment that looks (A1, B4): does it add up, and which cells does a lookout see?"""

import numpy as np
import pandas as pd

from hotspot.rules.evidence import Evidence

_RULE = Evidence()
KINDS = {
    "micro": "微型站", "online": "在线监控（套）", "online_firm": "在线监控企业", "lookout": "高空瞭望",
    "reference": "自动监测站", "vehicle": "走航车", "uav": "无人机", "officer": "网格员",
    "vehicle_remote": "机动车尾气遥感监测", "dust": "建筑扬尘监测", "video": "视频监控",
}  # fmt: skip
# B4 「国、区控空气质量自动监测、网格化监测、固定污染源在线监测、机动车尾气遥感监测、建筑扬尘监测、高空瞭望」
SOURCES = ("reference", "micro", "online", "vehicle_remote", "dust", "lookout")


def asset_faults(assets: pd.DataFrame) -> list[str]:
    """
    Where a register does not add up: a warning each, Chinese.

    Parameters
    ----------
    assets : DataFrame ``kind, count, total``
        ``total``: what a document says the kind comes to; NaN where the row says nothing.

    Examples
    --------
    >>> rows = [("micro", 226, 226), ("online_firm", 75, 115), ("online_firm", 40, 115), ("lookout", 3, 3),
    ...     ("lookout", 0, 2)]
    >>> asset_faults(pd.DataFrame(rows, columns=["kind", "count", "total"]))
    ['高空瞭望：文件中的总数不一致（2、3），登记合计3']
    """
    said = []
    for kind, part in assets.groupby("kind", sort=True):
        totals = sorted({int(n) for n in part["total"].dropna()})
        whole, name = int(part["count"].sum()), KINDS.get(str(kind), str(kind))
        if len(totals) > 1:
            said.append(f"{name}：文件中的总数不一致（{'、'.join(map(str, totals))}），登记合计{whole}")
        elif totals and totals[0] != whole:
            said.append(f"{name}：登记合计{whole}，文件总数{totals[0]}")
    return said


def seen_by_lookouts(assets: pd.DataFrame, x: np.ndarray, y: np.ndarray, rule: Evidence = _RULE) -> np.ndarray:
    """
    Cells whose centre a lookout sees: bool array.

    Parameters
    ----------
    assets : DataFrame ``kind, x, y`` (m on the lattice), ``radius_m`` (NaN: the rule's, A1)
    x, y : centres of the cells, m

    Examples
    --------
    >>> tower = pd.DataFrame({"kind": ["lookout"], "x": [0.0], "y": [0.0], "radius_m": [np.nan]})
    >>> seen_by_lookouts(tower, np.array([5000.0, 5001.0]), np.zeros(2)).tolist()
    [True, False]
    """
    seen = np.zeros(len(x), bool)
    for row in assets[assets["kind"] == "lookout"].itertuples():
        reach = rule.lookout_m if row.radius_m != row.radius_m else float(row.radius_m)
        seen |= np.hypot(x - row.x, y - row.y) <= reach
    return seen
