"""
The office of the invented region: who looks after its cells, and the tables that products of the calendar draw on.

Written beside a synthetic study, from its own boundaries, stations and register; every name is invented. What is
planted is returned, so that each product can be held against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.rules.index import composite_index, percentile
from hotspot.synthetic.office_texts import ASSETS, CASE, CHAT, MEMBERS, TOML
from hotspot.text.csv_rows import write_csv

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = ("建国", "志强", "秀英", "海涛", "丽华", "国栋", "晓明", "文静", "卫东", "玉兰")
YEAR = 2025  # of the days, targets and duties
_NIGHT = 6  # h; before it a plant may run without its treatment unseen
UNITS = ["单位编号", "层级", "名称", "上级", "行政区划代码", "经度", "纬度", "半径（米）", "起"]
PEOPLE = ["人员编号", "姓名", "单位", "网格职务", "级别", "职务", "联系电话", "起", "利害关系"]
DAYS = ["单位", "点位", "日期", "PM2.5", "PM10", "二氧化硫", "二氧化氮", "一氧化碳", "臭氧"]


@dataclass
class Office:
    """``study``: the study file; ``planted``: staffing faults, missed target, idle treatment, events, as truth."""

    study: Path
    planted: dict[str, Any] = field(default_factory=dict)


def write_office(study: Path | str) -> Office:
    """
    Write network, calendar's tables, evidence, events and a case beside a synthetic study, and name them in its file.

    Parameters
    ----------
    study : str or Path
        ``study.toml`` of ``write_study``; its profile becomes ``changji-2023``.

    Returns
    -------
    Office. ``planted``: ``lacking`` (the unit with one full-time supervisor too few), ``interested`` (person,
    facility), ``missed_target`` (city), ``idle`` (facility, hours without treatment), ``events`` and ``reports``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import write_study
    >>> made = write_office(write_study(tempfile.mkdtemp() + "/s", size="small"))
    >>> sorted(path.name for path in (made.study.parent / "office").iterdir())[:4]
    ['alerts.csv', 'assets.csv', 'case.md', 'chat.txt']
    """
    from hotspot.study import load_study

    path = Path(study)
    folder = path.parent / "office"
    folder.mkdir(exist_ok=True)
    opened = load_study(path, data=path.parent)
    units = pd.DataFrame(opened.boundaries.drop(columns="geometry"))
    sources = pd.read_csv(path.parent / "facilities.csv", dtype=str, keep_default_na=False)
    made = Office(path)
    _network(folder, units, sources, made)
    _air(folder, units, path.parent, YEAR, made)
    _calendar(folder, sources, units, YEAR)
    _beside(folder, sources, units, made)
    text = path.read_text(encoding="utf-8")
    if "[network]" not in text:
        text = text.replace('root = "."', 'root = "."\nprofile = "changji-2023"', 1) + TOML
        path.write_text(text, encoding="utf-8", newline="\n")
    return made


def _names() -> Iterator[str]:
    """Invented names without end; the first 3,100 differ."""
    for turn in count():
        for n, given in enumerate(_GIVEN):
            other = _GIVEN[(n + turn) % len(_GIVEN)]
            yield from (surname + given[0] + other[1] for surname in _SURNAMES)


def _network(folder: Path, townships: pd.DataFrame, sources: pd.DataFrame, made: Office) -> None:
    """Cities, counties, townships and a village in each, staffed as annex 1 asks but for what is planted."""
    name, number = _names(), 0
    since = "2023-01-01"
    units: list[list[str]] = []
    people: list[list[str]] = []

    def unit(code: str, tier: str, said: str, parent: str = "", region: str = "") -> None:
        units.append([code, tier, said, parent, region, "", "", "", since])

    def person(at: str, role: str, rank: str = "", duty: str = "", **more: str) -> list[str]:
        nonlocal number
        number += 1
        phone = more.get("phone", f"0994-55{number:05d}")
        row = [more.get("id", f"P{number:04d}"), more.get("name") or next(name), at, role, rank, duty, phone, since, ""]
        people.append(row)
        return row

    for city in townships.drop_duplicates("city_code").itertuples():
        unit(f"P{city.city_code}", "州本级", city.city, region=city.city_code)
        person(f"P{city.city_code}", "网格长", duty="环委会主任")
        person(f"P{city.city_code}", "联络员", duty="值班室", phone="0994-12369")
    deputy: list[str] = []
    counties = list(townships.drop_duplicates("county_code").itertuples())
    for county in counties:
        at = f"C{county.county_code}"
        unit(at, "县", county.county, f"P{county.city_code}", county.county_code)
        person(at, "网格长", duty="县（区）长")
        person(at, "网格长（双）", duty="书记")
        person(at, "联络员", duty="举报受理", phone=f"0994-{county.county_code[-4:]}12")
        own = townships[townships["county_code"] == county.county_code]
        for n, town in enumerate(own.itertuples()):
            code, village = f"T{town.township_code}", f"V{town.township_code}"
            unit(code, "乡镇", town.township, at)
            unit(village, "村", f"{town.township.split('(')[0][:2]}一村(示例)", code)
            for place, least in ((code, 3), (village, 3)):
                person(place, "网格长", duty="主要负责人")
                person(place, "网格长（双）", duty="党组织书记")
                for _ in range(least):
                    person(place, "专职监督员")
            if n % 2 == 0:  # a deputy of rank answers for two townships
                deputy = person(code, "副网格长", "副处级", "分管领导")
            else:
                person(code, "副网格长", "副处级", deputy[5], id=deputy[0], name=deputy[1], phone=deputy[6])
            person(village, "副网格长", "副科级", "包村干部")
    last = units[-2]  # the last township: one full-time supervisor leaves
    at = max(k for k, row in enumerate(people) if row[2] == last[0] and row[3] == "专职监督员")
    people.pop(at)
    first = next(row for row in people if row[2] == units[-1][0] and row[3] == "专职监督员")
    first[8] = str(sources["facility_id"].iloc[0])
    made.planted |= {"lacking": last[2], "interested": (first[1], first[8])}
    write_csv(folder / "units.csv", UNITS, units)
    write_csv(folder / "people.csv", PEOPLE, people)
    write_csv(folder / "members.csv", ["成员单位", "职能", "职责", "负责人", "联络员", "联系电话"],
                [[*row, next(name), next(name), f"0994-66{n:05d}"] for n, row in enumerate(MEMBERS)])  # fmt: skip


def _air(folder: Path, units: pd.DataFrame, root: Path, year: int, made: Office) -> None:
    """Days of each city: PM2.5 as its stations measured it, the other five in step with it; the index of them."""
    files = sorted((root / "stations").glob("pm25_*.csv"))
    hours = pd.concat([pd.read_csv(file, encoding="utf-8", dtype=str) for file in files], ignore_index=True)
    value = pd.to_numeric(hours["PM2.5"], errors="coerce")
    when = pd.to_datetime(hours["监测时间"], format="%Y-%m-%d %H:%M", errors="coerce")  # broken rows are planted
    good = value.between(1, 900) & when.notna()
    daily = value[good].groupby(when[good].dt.strftime("%Y-%m-%d")).mean()
    cities = list(units.drop_duplicates("city_code")["city"])
    rows, table = [], []
    for n, city in enumerate(cities):
        for day, pm25 in daily.items():
            season = np.cos(2 * np.pi * (pd.Timestamp(day).day_of_year - 15) / 365)  # 1 in the middle of winter
            pm25 = round(float(pm25) * (1.0, 0.94)[n % 2], 1)
            others = (1.7 * pm25, 10 + 4 * season, 30 + 8 * season, 0.7 + 0.3 * season, 105 - 55 * season)
            row = [city, f"{city.split('(')[0]}站", day, pm25, *(round(v, 1) for v in others)]
            rows.append(row)
            table.append((city, str(day)[:7], *row[3:]))
    write_csv(folder / "days.csv", DAYS, rows)
    frame = pd.DataFrame(table, columns=["unit", "month", "pm25", "pm10", "so2", "no2", "co", "o3"])
    index = []
    for (city, month), own in frame.groupby(["unit", "month"], sort=True):
        mean = {name: round(own[name].mean()) for name in ("pm25", "pm10", "so2", "no2")}
        mean |= {
            "co": round(percentile(own["co"].tolist(), 95), 1),
            "o3": round(percentile(own["o3"].tolist(), 90)),
        }
        index.append([month, city, str(composite_index(mean))])
    write_csv(folder / "index.csv", ["月份", "单位", "综合指数"], index)
    targets = []
    for n, city in enumerate(cities):
        mean = float(frame[(frame["unit"] == city) & frame["month"].str.startswith(str(year))]["pm25"].mean())
        share = (0.95, 1.05)[n % 2]  # the first city misses its target, the second keeps it
        for when in (year, year + 1):
            targets.append([city, "PM2.5", when, round(mean * share - (when - year))])
        if share < 1:
            made.planted["missed_target"] = city
    write_csv(folder / "targets.csv", ["单位", "污染物", "年份", "年度目标"], targets)


def _calendar(folder: Path, sources: pd.DataFrame, units: pd.DataFrame, year: int) -> None:
    write_csv(folder / "alerts.csv", ["起", "止", "预警级别", "启动文号"],
                [[f"{year}-12-10", f"{year}-12-13", "橙色", f"示例函〔{year}〕8号"]])  # fmt: skip
    said = ("扩散条件一般", "静稳，扩散条件差")
    ahead = [
        [f"{day:%Y-%m-%d}", city, 90 + 6 * k, 120 + 6 * k, "PM2.5", said[k > 2], "示例监测中心"]
        for k, day in enumerate(pd.date_range(f"{year}-12-08", f"{year}-12-21"))
        for city in units.drop_duplicates("city_code")["city"]
    ]  # fmt: skip
    write_csv(folder / "forecast.csv", ["日期", "单位", "下限", "上限", "首要污染物", "情况说明", "发布单位"], ahead)
    big = sources[sources["class"].isin(["power", "steel", "cement", "chemical"])]
    rows = [
        [row.facility_id, ("黄色", "橙色", "红色")[n % 3], ("限产30%", "限产50%", "停产")[n % 3]]
        for n, row in enumerate(big.itertuples())
    ]
    write_csv(folder / "emergency.csv", ["污染源编号", "预警级别", "减排措施"], rows)


def _beside(folder: Path, sources: pd.DataFrame, units: pd.DataFrame, made: Office) -> None:
    """Meters of three plants, one of them without treatment in planted nights; equipment; a chat; a case."""
    plants = sources[sources["class"].isin(["steel", "cement", "chemical", "power", "boiler"])].head(3)
    time = pd.date_range("2025-11-01", "2025-12-31 23:00", freq="h")
    rng = np.random.default_rng(2025)
    rows = []
    idle = ((time.day % 3 == 0) & (time.hour < _NIGHT)) & (time >= pd.Timestamp("2025-12-01"))
    for n, plant in enumerate(plants.itertuples()):
        process = 900 * (1 + 0.1 * rng.standard_normal(time.size))
        treatment = process * 0.12 * np.where(idle & (n == 0), 0.04, 1.0)
        for when, made_, cleaned in zip(time, process, treatment, strict=True):
            rows.append([plant.name, f"{when:%Y-%m-%d %H:%M}", "生产用电", f"{made_:.0f}"])
            rows.append([plant.name, f"{when:%Y-%m-%d %H:%M}", "治理用电", f"{cleaned:.1f}"])
    write_csv(folder / "meters.csv", ["企业名称", "时间", "因子", "数值"], rows)
    made.planted["idle"] = (plants["facility_id"].iloc[0], int(idle.sum()))
    place = sources.iloc[0]
    write_csv(folder / "assets.csv", ["kind", "count", "place", "lon", "lat", "radius_m", "total"],
                [[kind, n, said, place["lon"] if near else "", place["lat"] if near else "", "", total]
                 for kind, n, said, near, total in ASSETS])  # fmt: skip
    towns = [name.split("(")[0] for name in units["township"]]
    lines = [text.format(a=towns[0], b=towns[1], c=towns[2]) for text in CHAT]
    (folder / "chat.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made.planted |= {"reports": len(lines), "events": len(lines)}  # of one channel: none is of another's event
    (folder / "case.md").write_text(CASE.format(facility=plants["name"].iloc[0]), encoding="utf-8")
