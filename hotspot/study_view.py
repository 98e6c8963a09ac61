"""
A study as a notebook shows it: region, cells, deliveries, and the criteria that decide.

Showing a study must cost nothing: cells and boundaries are told of only if somebody
has asked for them already, and no delivered file is opened.
"""

from typing import TYPE_CHECKING, Any, cast

from hotspot.rules.deciding import PROPOSAL, deciding
from hotspot.text.view import Column, Facts, Mark, Table, View

if TYPE_CHECKING:
    from hotspot.study import Delivery, Study

_KINDS = {
    "boundary": ("边界", "boundary"),
    "satellite": ("卫星", "satellite"),
    "stations": ("站点", "stations"),
    "weather": ("气象", "weather"),
    "facilities": ("污染源", "facilities"),
    "inventory": ("排放清单", "emission inventory"),
    "terrain": ("地形", "terrain"),
    "decisions": ("审定记录", "decisions"),
    "backdrop": ("底图", "backdrop"),
}
# METHODS 1: the four ways to count the cells of a region; nobody says which one a published total used.
_COUNTS = (
    ("count_centre", "centre", "中心在区域内", "centre inside"),
    ("count_touching", "touching", "与区域相交", "touching"),
    ("count_touching_per_city", "", "按市相交，跨市重复计", "touching, per city"),
    ("count_touching_per_county", "", "按县相交，跨县重复计", "touching, per county"),
)
_MOST_NAMES = 12


def study_view(study: "Study") -> View:
    """
    What a study is, in a page.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> print(str(study_view(synthetic_month(size="small").study)).splitlines()[0])
    合成示例区域 Synthetic study (invented) · small
    """
    en = f"{study.name_en} · {study.id}" if study.name_en else study.id
    return View((study.name, en), (_region(study), _deliveries(study), _criteria(study)))


class Shown:
    """How a study shows itself: two lines in a terminal, a page in a notebook."""

    def __repr__(self) -> str:
        return study_line(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return str(study_view(cast(Any, self))._repr_html_())


def study_line(study: Any) -> str:
    """
    A study in two lines, as a terminal shows it.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> len(study_line(synthetic_month(size="small").study).splitlines())
    2
    """
    names = f"{study.name} {study.name_en}".strip()
    kinds = ("satellite", "stations", "weather", "facilities")
    came = ", ".join(f"{kind} {len(getattr(study, kind))}" for kind in kinds if getattr(study, kind))
    return (
        f"Study {study.id}: {names}, cells of {study.lattice.spacing:g} m, UTC{study.time_zone}\n"
        f"  deliveries: {came or 'none'}; rules: {study.criteria.profile}"
    )


def _region(study: "Study") -> Facts:
    lattice = study.lattice
    side = f"{lattice.spacing:g} m，子网格 sub-cells {lattice.fine:g} m"
    rows = [
        (("数据根目录", "data root"), _root(study)),
        (("研究文件", "study file"), study.path.name),
        (("格网", "lattice"), f"{side}，{lattice.crs or 'cn-albers-25-47-105'}"),
        (("当地时间", "local time"), f"UTC{study.time_zone}"),
    ]
    return Facts(tuple(rows + _cities(study) + _cells(study)))


def _root(study: "Study") -> str | Mark:
    if study.root.is_dir():
        return f"{study.root.name}/（在 present）"
    lost = "不存在，请用 HOTSPOT_DATA 或 data= 指明 / missing; name it by HOTSPOT_DATA or data="
    return Mark(f"{study.root.name}/ {lost}", "warn")


def _cities(study: "Study") -> list[tuple[tuple[str, str], str | Mark]]:
    """The cities, if the boundaries were read already."""
    units = study.__dict__.get("boundaries")
    if units is None:
        return [(("城市", "cities"), Mark("边界尚未读取 / boundaries not read yet (study.boundaries)", "quiet"))]
    names = [str(name) for name in units["city"].drop_duplicates()]
    more = f" 等{len(names)}个" if len(names) > _MOST_NAMES else ""
    counties = units.loc[units["county_code"] != "", "county_code"].nunique()
    said = "、".join(names[:_MOST_NAMES]) + more + (f"；{counties}个县（区、市） counties" if counties else "")
    return [(("城市", "cities"), said)]


def _cells(study: "Study") -> list[tuple[tuple[str, str], str | Mark]]:
    """The cells by the four rules, if they were laid already."""
    cells = study.__dict__.get("cells")
    if cells is None:
        return [(("网格数", "cells"), Mark("尚未计算 / not counted yet (study.cells)", "quiet"))]
    rows: list[tuple[tuple[str, str], str | Mark]] = []
    for key, rule, zh, en in _COUNTS:
        used = " ← 本研究所用 used here" if rule == study.counting else ""
        rows.append(((f"网格数（{zh}）", f"cells, {en}"), f"{int(cells.attrs[key]):,}{used}"))
    return rows


def _deliveries(study: "Study") -> Table:
    columns = (
        Column("资料", "delivery"),
        Column("格式", "layout"),
        Column("文件", "files", wide=True),
        Column("来源", "source", wide=True),
        Column("许可", "licence"),
    )
    rows = []
    for name in type(study).model_fields:
        value = getattr(study, name)
        for delivery in value if isinstance(value, tuple) else ():
            if hasattr(delivery, "files"):
                rows.append(_delivery(name, delivery))
    return Table(columns, tuple(rows), ("资料", "deliveries, as declared"))


def _delivery(name: str, delivery: "Delivery") -> tuple[str | Mark, ...]:
    zh, en = _KINDS.get(name, ("", name))
    said = getattr(delivery, "role", None) or getattr(delivery, "period", None)
    files = ", ".join(delivery.files[:2]) + (f" +{len(delivery.files) - 2}" if len(delivery.files) > 2 else "")
    return (
        Mark(zh or en, en=f"{en}, {said}" if said else en),
        getattr(delivery, "layout", ""),
        files,
        getattr(delivery, "source", ""),
        getattr(delivery, "licence", ""),
    )


def _criteria(study: "Study") -> Table:
    columns = (
        Column("规则", "criterion"),
        Column("取值", "value", wide=True),
        Column("依据", "clause"),
        Column("设定", "set by"),
        Column("名称", "key"),
    )
    rows = tuple(
        (
            Mark(row["zh"], en=row["en"]),
            row["value"],
            Mark("建议值", "quiet", "proposal") if row["clause"] == PROPOSAL else row["clause"],
            Mark("规则集", en="profile") if row["set_by"] == "profile" else Mark("本研究", "unsure", "study"),
            Mark(row["key"], "code"),
        )
        for row in deciding(study.criteria)
    )
    basis = f"{study.criteria.profile} · {study.criteria.legal_basis}"
    return Table(columns, rows, ("决定名单的规则", f"criteria that decide a list · {basis}"))
