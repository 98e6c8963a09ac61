"""
Their column names -> ours, Chinese and English, with the unit a header may carry.

A name that is not in the table is not guessed: the error names the nearest ones
(RELIABILITY C1: 10).
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from hotspot.variables import DataError

_TABLE = {
    "time": "time datetime date_time timestamp timepoint time_point 时间 监测时间 采集时间 "
    "观测时间 数据时间 日期时间 时刻",
    "date": "date day_date 日期 监测日期",
    "year": "year 年 年份",
    "month": "month 月 月份",
    "day": "day 日",
    "hour": "hour hr 小时 时 点",
    "station": "station station_id stationid station_code stationcode site site_id siteid code id device device_id mn "
    "站点 站点编号 站点编码 站号 监测点 监测点编码 点位 点位编号 点位编码 设备编号 设备编码 编号",
    "name": "name station_name stations_name positionname site_name 站名 站点名称 监测点名称 点位名称 名称",
    "cell": "cell cell_code grid grid_id grid_code 网格 网格编号 网格编码 网格代码 热点网格 热点网格编号 热点网格编码 "
    "预警网格编号 格网编号",
    "label": "label 标签 官方编号 官方编码",
    "since": "since 列入年份 入选年份",
    "city": "city area 城市 地市",
    "lon": "lon lng long longitude sta_lng 经度 x",
    "lat": "lat latitude sta_lat 纬度 y",
    "pm25": "pm25 pm2.5 pm2_5 pm_2_5 pm2p5 pm25_hourly fine_particulate_matter "
    "细颗粒物 细颗粒物pm2.5 颗粒物pm2.5 pm2.5浓度 pm25浓度 pm2.5小时浓度 细颗粒物浓度",
    "pm10": "pm10 pm_10 可吸入颗粒物 可吸入颗粒物pm10 颗粒物pm10 pm10浓度",
    "so2": "so2 二氧化硫 so2浓度",
    "no2": "no2 二氧化氮 no2浓度",
    "o3": "o3 ozone 臭氧 o3浓度 臭氧1小时",
    "co": "co 一氧化碳 co浓度",
    "t2m": "t2m temp temperature 气温 温度 环境温度",
    "rh2m": "rh2m rh humidity relative_humidity 湿度 相对湿度 环境湿度",
    "wind_speed": "wind_speed windspeed wspm ws 风速 平均风速 2分钟平均风速 10分钟平均风速",
    "wind_direction": "wind_direction winddirection wd 风向 平均风向 2分钟平均风向 10分钟平均风向",
    "blh": "blh pblh pbl_height boundary_layer_height 边界层高度 混合层高度",
    "d2m": "d2m dewp dewpoint dew_point 露点 露点温度",
    "sp": "sp pres pressure 气压 压强 大气压",
    "tp": "tp rain precipitation 降水 降水量 雨量 小时降水量",
    "class_": "class class_ type category sector industry fuel 类别 类型 污染源类别 污染源类型 行业 行业类别",
    "facility": "facility facility_id uid plant_id 污染源编号 企业编号 统一社会信用代码",
    "size": "size capacity capacity_mw 规模 产能 装机容量 装机容量mw",
    "size_unit": "size_unit capacity_unit unit 单位 规模单位",
    "accuracy": "accuracy position_accuracy 精度 定位精度 坐标精度",
    "status": "status operational_status 名单状态 状态 运行状态 生产状态",
    "vintage": "vintage data_date date_accessed 数据年份 数据时点 普查时点",
    "datum": "datum 坐标系 坐标基准",
    "eia": "eia 环评 环评批复 环评手续 环境影响评价",
    "permit": "permit discharge_permit permit_no 排污许可 排污许可证 排污许可证编号 排污许可编号",
    "treatment_log": "treatment_log 治理设施运行台账 治污设施运行台账 设施运行台账 运行台账",
    "emergency_plan": "emergency_plan 应急预案 环境应急预案 突发环境事件应急预案",
    "risk_assessment": "risk_assessment 环境风险评价 环境风险评估 风险评估",
}
_UNIT = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]\s*$")


def plain(name: str) -> str:
    """
    A header without what does not matter: width, case, blanks, separators.

    Examples
    --------
    >>> plain(" PM2.5 "), plain("PM2_5"), plain("ＰＭ２.５"), plain("经度")
    ('pm25', 'pm25', 'pm25', '经度')
    """
    return re.sub(r"[\s._\-/:]+", "", unicodedata.normalize("NFKC", str(name)).casefold())


def spellings(words: Mapping[str, str]) -> dict[str, str]:
    """
    Every spelling, plain, of a table of our names and the words each goes by.

    Examples
    --------
    >>> spellings({"lon": "lon 经度"})
    {'lon': 'lon', '经度': 'lon'}
    """
    return {plain(theirs): ours for ours, known in words.items() for theirs in known.split()}


_OURS = spellings(_TABLE)


def header_unit(name: str) -> str:
    """
    The unit a header carries in brackets, or an empty text.

    Examples
    --------
    >>> header_unit("PM2.5(μg/m3)"), header_unit("PM2.5")
    ('μg/m3', '')
    """
    found = _UNIT.search(str(name))
    return found[1].strip() if found else ""


def mapped(columns: Mapping[str, str], header: Collection[str], *, name: str = "") -> dict[str, str]:
    """
    What a study says of the columns of one file, theirs -> ours; what another file of the delivery has is left out.

    Raises
    ------
    DataError
        A column is said to mean what is no name of ours; a line written the other way round is told so.

    Examples
    --------
    >>> mapped({"浓度": "pm25", "点": "station"}, ["时间", "浓度"])
    {'浓度': 'pm25'}
    >>> mapped({"pm25": "浓度"}, ["时间", "浓度"], name="a.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.csv: columns: '浓度' is no name of ours; theirs stands first: "浓度" = "pm25".
    """
    for theirs, ours in columns.items():
        if ours not in (*_TABLE, "class"):
            told = (
                f'theirs stands first: "{ours}" = "{theirs}"'
                if theirs in _TABLE
                else f"give one of {', '.join(_TABLE)}"
            )
            raise DataError(f"{name}: columns: {ours!r} is no name of ours; {told}.")
    return {theirs: ours for theirs, ours in columns.items() if theirs in header}


def our_names(
    columns: list[str],
    *,
    extra: dict[str, str] | None = None,
    required: Iterable[str] = (),
    name: str = "",
    known: Iterable[str] | None = None,
) -> dict[str, str]:
    """
    Match a header with our names.

    Parameters
    ----------
    columns : sequence of str
        The file's header.
    extra : dict, optional
        Theirs -> ours, from the study; it goes before the table.
    required : sequence of str
        Our names that must be found.
    name : str
        File name, for messages.
    known : collection of str, optional
        Only these of our names are looked for.

    Returns
    -------
    dict: ours -> theirs

    Raises
    ------
    DataError
        A required column is missing (the nearest names are given), or two
        columns mean the same.

    Examples
    --------
    >>> our_names(["监测时间", "站点", "细颗粒物(μg/m3)"], required=("time", "pm25"))
    {'time': '监测时间', 'station': '站点', 'pm25': '细颗粒物(μg/m3)'}
    >>> our_names(["time", "PM2.55"], required=("pm25",), name="a.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.csv: no column is known as 'pm25'; ...
    """
    extra = extra or {}
    strange = [theirs for theirs in extra if theirs not in columns]
    if strange:
        raise DataError(f"{name}: the study maps column {strange[0]!r}, but the header has: {', '.join(columns)}.")
    found: dict[str, str] = {}
    declared = set(extra.values())
    for column in columns:
        ours = extra.get(column)
        if ours is None:
            ours = _OURS.get(plain(column)) or _OURS.get(plain(_UNIT.sub("", str(column))))
            if ours in declared:
                continue
        if ours is None or (known is not None and ours not in known):
            continue
        if ours in found:
            raise DataError(
                f"{name}: columns {found[ours]!r} and {column!r} both mean {ours}; "
                "say which under columns in the study."
            )
        found[ours] = column
    for ours in required:
        if ours not in found:
            near = _nearest(ours, columns)
            raise DataError(
                f"{name}: no column is known as {ours!r}; nearest in the header: {', '.join(near) or 'none'}; "
                f'rename it, or map it in the study (columns = {{ "THEIRS" = "{ours}" }}).'
            )
    return found


def _nearest(ours: str, columns: list[str]) -> list[str]:
    spelt = {plain(column): column for column in columns}
    hits: list[str] = []
    for word in [plain(ours), *(plain(w) for w in _TABLE.get(ours, "").split())]:
        for hit in difflib.get_close_matches(word, spelt, n=3, cutoff=0.5):
            if spelt[hit] not in hits:
                hits.append(spelt[hit])
    return hits[:3]
