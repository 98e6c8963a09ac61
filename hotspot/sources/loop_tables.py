"""The tables of the loop under our names: one vocabulary of their headers, Chinese and English."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from hotspot.patterns import below
from hotspot.sources.aliases import plain, spellings
from hotspot.sources.intake import Intake
from hotspot.sources.tables import Table, read_table
from hotspot.text.escape import plain as one_line
from hotspot.variables import DataError

WORDS = {
    "signer": "signer 签发人",
    "reason": "reason 原因 事由",
    "withdrawn_by": "withdrawn_by 撤销人",
    "measure": "measure 措施编号 减排措施",
    "week": "week 周",
    "state": "state 完成情况",
    "began": "began 实施日期",
    "reward": "reward 奖励编号",
    "reported": "reported 举报日期",
    "amount": "amount 奖励金额",
    "reporter": "reporter 举报人",
    "training": "training 培训编号",
    "held": "held 培训日期",
    "topic": "topic 培训内容",
    "consultation": "consultation 会商编号",
    "consulted": "consulted 会商日期",
    "decided_on": "decided_on 会商决定",
    "present": "present 参加单位",
    "functions": "functions 职能",
    "lead": "lead 负责人 分管领导",
    "liaison": "liaison 联络员",
    "issue": "issue 问题编号",
    "step": "step 环节 状态",
    "origin": "origin 来源 问题来源",
    "ref": "ref 报警编号或网格 关联编号",
    "received": "received 接收时间 收到时间",
    "arrived": "arrived 到场时间",
    "result_time": "result_time 处置结果时间 办结时间",
    "found": "found 发现时间",
    "by": "by 填报人 操作人 人员",
    "unit": "unit 单位 责任单位 县市区 单位编号 网格单元",
    "cell": "cell 预警网格编号 网格编号 网格",
    "sub_cell": "sub_cell 小格 子网格",
    "city": "city 城市",
    "county": "county 县 县（区、市） 所属县（区、市）",
    "facility": "facility 污染源编号 企业编号",
    "problem": "problem 问题类型",
    "text": "text 检查情况和问题 问题描述 情况说明",
    "persons": "persons 人次",
    "sources": "sources 点位数 检查污染源（家）",
    "department": "department 责任部门 部门",
    "measures": "measures 整改措施",
    "due": "due deadline 整改期限 期限",
    "should_have": "should_have 应发现",
    "photos": "photos 照片编号",
    "form": "form 填报编号",
    "position": "position 位置",
    "photo": "photo 照片",
    "photo_2": "photo_2 照片2",
    "photo_3": "photo_3 照片3",
    "time": "time 时间 排查时间",
    "month": "month 月份",
    "item": "item 考核项 项目",
    "met": "met 是否达到 是否符合",
    "evidence": "evidence 依据 佐证",
    "verified": "verified 是否查证 查证属实",
    "approved_by": "approved_by 审核人 认定",
    "bad_effect": "bad_effect 恶劣影响",
    "times": "times 次数",
    "index": "index 综合指数",
    "published_on": "published_on 发布日期",
    "alarm": "alarm 报警编号",
    "pushed": "pushed 推送时间",
    "point": "point 点位",
    "day": "day date 日期",
    "so2": "so2 二氧化硫",
    "no2": "no2 二氧化氮",
    "pm10": "pm10 可吸入颗粒物",
    "pm25": "pm25 pm2.5 细颗粒物",
    "co": "co co95 一氧化碳",
    "o3": "o3 o3_8h o3_90 臭氧",
    "tier": "tier 层级 网格层级",
    "name": "name 名称 姓名 成员单位",
    "parent": "parent 上级 上级单位",
    "region": "region 行政区划代码",
    "lon": "lon 经度",
    "lat": "lat 纬度",
    "radius_m": "radius_m 半径（米）",
    "kind": "kind 设备类型",
    "count": "count 设备数量",
    "total": "total 应有总数",
    "from": "from 起 起始日期",
    "until": "until 止 截止日期",
    "person": "person 人员编号",
    "role": "role 角色 网格职务",
    "rank": "rank 级别 职级",
    "duty": "duty 职务",
    "phone": "phone 电话 联系电话",
    "interests": "interests 利害关系 回避单位",
    "level": "level 预警级别 级别名称",
    "order": "order 指令文号 启动文号",
    "pollutant": "pollutant 污染物",
    "year": "year 年份",
    "target": "target 目标 年度目标",
    "months": "months 月度目标",
    "low": "low 下限",
    "high": "high 上限",
    "primary": "primary 首要污染物",
    "source": "source 发布单位",
}
_OURS = spellings(WORDS)


def read_loop_table(path: str | Path, required: tuple[str, ...], intake: Intake) -> Table:
    """
    Read a table of the loop; its columns stand under our names, unknown ones as they are.

    Parameters
    ----------
    path : str or Path
        CSV or XLSX.
    required : tuple of str
        Our names that must be there.
    intake : Intake
        Gets the malformed rows.

    Raises
    ------
    DataError
        The file cannot be read, a required column is missing, or two headers mean the same.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "f.csv").write_text("月份,单位,考核项\\n2025-12,甲县,5\\n", encoding="utf-8")
    >>> read_loop_table(root / "f.csv", ("month", "unit"), Intake(root)).frame.to_dict("records")
    [{'month': '2025-12', 'unit': '甲县', 'item': '5'}]
    """
    return renamed(read_table(Path(path), intake), required)


def renamed(table: Table, required: tuple[str, ...]) -> Table:
    """A table that was read, with its columns under our names; raises as ``read_loop_table``."""
    theirs = list(table.frame.columns)
    names = our_names(theirs)
    for name in names:
        if names.count(name) > 1:
            both = [old for old, new in zip(theirs, names, strict=True) if new == name]
            raise DataError(f"{table.name}: columns {both[0]!r} and {both[1]!r} both mean {name}; take one out.")
    lacking = [name for name in required if name not in names]
    if lacking:
        raise DataError(
            f"{table.name}: column {lacking[0]!r} ({WORDS[lacking[0]].split()[-1]}) is missing; "
            f"the header has: {', '.join(theirs)}."
        )
    table.frame.columns = names
    return table


def our_names(
    headers: Iterable[str], known: Mapping[str, str] = _OURS, declared: Mapping[str, str] | None = None
) -> list[str]:
    """
    Our names of headers, by ``spellings`` (default the loop's) and what a study declared; one that is not known stays.

    Examples
    --------
    >>> our_names(["问题编号", "环节", "备注"])
    ['issue', 'step', '备注']
    """
    return [(declared or {}).get(name) or known.get(plain(name), name) for name in headers]


def open_register(root: Path, name: str, what: str, required: tuple[str, ...], intake: Intake) -> Table:
    """Read a table that a study names under the key ``what``; raises as ``read_loop_table``, and without a file."""
    path = below(root, name, what)
    if not path.is_file():
        raise DataError(f"{what}: there is no file {name}; give a table below the data folder.")
    return read_loop_table(path, required, intake)


def whole(table: Table, columns: Sequence[str], longest: int = 200) -> pd.DataFrame:
    """The columns of a table as tidy text of at most so many letters; one that is not there is empty."""
    frame = pd.DataFrame({name: table.frame.get(name, "") for name in columns}, index=table.frame.index, dtype=object)
    return frame.map(lambda text: one_line(str(text)).strip()[:longest])


def aside(table: Table, name: str, wrong: pd.Series, rule: str) -> None:
    """Set rows aside with their value; ``%r`` in the rule is filled with it."""
    for at in wrong.to_numpy(dtype=bool).nonzero()[0]:
        value = table.cells(name)[at] if name in table.columns else ""
        table.set_aside(at, name, rule % (value,) if "%r" in rule else f"{name} {value!r} {rule}")


def kept_rows(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that nothing set aside; the table is settled."""
    table.close()
    return frame[table.status == 0].reset_index(drop=True)


def is_day(text: str) -> bool:
    """
    Whether a text is a day.

    Examples
    --------
    >>> is_day("2025-12-05"), is_day("2025-02-30"), is_day("")
    (True, False, False)
    """
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and pd.Timestamp(text) is not pd.NaT
    except ValueError:
        return False
