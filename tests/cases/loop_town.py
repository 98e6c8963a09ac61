"""The small synthetic study with a network of people, a year of the loop's tables, and a ledger of December 2025."""

import csv
import json
from pathlib import Path

import numpy as np

from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.issues import record_issues, record_steps
from hotspot.ledger.answers.receipts import record_receipts
from hotspot.ledger.assessment.consequences import record_consequence
from hotspot.ledger.assessment.measures import record_measures
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study

TOWNS = ("南门街道", "柳林镇", "白鹿镇", "泉水镇", "东关街道", "双桥镇", "临沙镇", "枣林乡")
COUNTIES = {
    "990101": ("城中区", 0, 2),
    "990102": ("白鹿县", 2, 4),
    "990201": ("河东区", 4, 6),
    "990202": ("临沙县", 6, 8),
}
CITIES = {"990100": "云岭市", "990200": "河阳市"}
MARK = "(示例)"


def write_rows(path, rows):
    """Rows of dicts as CSV; every key is a column."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def unit(name, tier, said, parent="", region="", **more):
    """A row of units.csv."""
    return {"单位编号": name, "层级": tier, "名称": said, "上级": parent, "行政区划代码": region, **more}


def person(name, at, role, **more):
    """A row of people.csv."""
    return {"人员编号": f"p-{name}", "姓名": name, "单位": at, "网格职务": role, **more}


def staff(at, names, full=3):
    """Chief, second chief, deputy and supervisors of one unit."""
    ranks = {"级别": "副处级"} if at.startswith("T") else {"级别": "副科级"}
    return [
        person(f"{names}一", at, "网格长", 联系电话="0994-2001001"),
        person(f"{names}二", at, "网格长（双）", 联系电话="0994-2001002"),
        person(f"{names}副", at, "副网格长", **ranks),
        *(person(f"{names}监{n}", at, "专职监督员", 联系电话=f"1990000{n:04d}") for n in range(full)),
    ]


def units_and_people():
    """Two cities, four counties, eight townships, a village in each, a park and a key grid; all staffed but one."""
    units = [unit(f"P{code}", "州本级", f"{name}{MARK}", region=code) for code, name in CITIES.items()]
    people = [person(f"{name}主任", f"P{code}", "网格长") for code, name in CITIES.items()]
    for code, (name, first, last) in COUNTIES.items():
        units.append(unit(f"C{code}", "县", f"{name}{MARK}", f"P{code[:4]}00", code))
        people += [person(f"{name}县长", f"C{code}", "网格长"), person(f"{name}书记", f"C{code}", "网格长（双）")]
        for n in range(first, last):
            town = f"T{n}"
            units.append(unit(town, "乡镇", f"{TOWNS[n]}{MARK}", f"C{code}"))
            units.append(unit(f"V{n}", "村", f"{TOWNS[n][:2]}一村", town))
            people += staff(town, TOWNS[n][:2]) + staff(f"V{n}", f"{TOWNS[n][:2]}村")
    people = [row for row in people if row["姓名"] != "枣林监2"]  # one full-time supervisor lacking
    people.append(person("枣林联络", "T7", "联络员", 联系电话="0994-12369"))
    units.append(unit("K1", "重点网格", "一号站重点网格", "T0", 经度="114.51", 纬度="36.81", **{"半径（米）": "2500"}))
    people += [person("城中区县长", "K1", "网格长"), person("城中区书记", "K1", "网格长（双）")]
    units.append(unit("G1", "园区", "示例园区", "P990100"))
    people += [person("园区一", "G1", "网格长"), person("园区二", "G1", "网格长（双）")]
    return units, people


def write_network(folder):
    """units.csv, people.csv and the park's outline."""
    units, people = units_and_people()
    write_rows(folder / "units.csv", units)
    write_rows(folder / "people.csv", people)
    ring = [[114.40, 36.84], [114.46, 36.84], [114.46, 36.89], [114.40, 36.89], [114.40, 36.84]]
    park = {
        "type": "Feature",
        "properties": {"名称": "示例园区"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [park]}, ensure_ascii=False)
    (folder / "park.geojson").write_text(text, encoding="utf-8")


NETWORK = """
[network]
units = "units.csv"
people = "people.csv"

[[network.shapes]]
files = ["park.geojson"]
column = "名称"
datum = "wgs84"
"""


def with_network(study_file, *, profile="changji-2023", more="", name="town.toml"):
    """The study file with a network beside it, under another profile; ``more`` is put at its end."""
    path = Path(study_file)
    write_network(path.parent)
    text = path.read_text(encoding="utf-8").replace('root = "."', f'root = "."\nprofile = "{profile}"', 1)
    town = path.parent / name
    town.write_text(text + NETWORK + more, encoding="utf-8")
    return load_study(town, data=path.parent)


LOOP = """
[loop]
days = "days.csv"
index = "published_index.csv"
alerts = "alerts.csv"
targets = "targets.csv"
forecast = "forecast.csv"
emergency = "emergency.csv"
"""
PROBLEMS = ("bare_soil", "stockpile", "site_dust", "vocs", "dumping", "road_dust")
DESKS = ("ecology", "housing", "city", "township")


def write_tables(folder, facilities=()):
    """Days of air of both cities, two years; responses, targets, forecast, emergency list, published index."""
    days = []
    for year, high in ((2024, 70.0), (2025, 78.0)):
        for n in range(366 if year == 2024 else 365):
            day = f"{np.datetime64(f'{year}-01-01') + n}"
            winter = 1.0 if day[5:7] in ("11", "12", "01", "02") else 0.5
            for city, share in (("云岭市(示例)", 1.0), ("河阳市(示例)", 0.8)):
                pm25 = round(high * share * winter * (1 + 0.4 * ((n * 7) % 11 - 5) / 5), 1)
                days.append(
                    {"单位": city, "点位": city[:2], "日期": day, "pm2.5": pm25, "pm10": round(1.6 * pm25, 1),
                     "so2": 12, "no2": 35, "co": 0.9, "o3": 60 if winter == 1 else 150}
                )  # fmt: skip
    write_rows(folder / "days.csv", days)
    alerts = [{"起": "2025-12-10", "止": "2025-12-13", "预警级别": "橙色", "启动文号": "〔2025〕8号"}]
    write_rows(folder / "alerts.csv", [*alerts, {"起": "2025-12-20", "止": "", "预警级别": "紫色"}])
    targets = [{"单位": "云岭市(示例)", "污染物": "PM2.5", "年份": "2025", "年度目标": 50}]
    targets.append(
        {"单位": "河阳市(示例)", "污染物": "pm25", "年份": "2025", "年度目标": 44, "月度目标": ";" * 11 + "52"}
    )
    write_rows(folder / "targets.csv", targets)
    ahead = {"日期": "2025-12-15", "单位": "云岭市(示例)", "下限": 110, "上限": 140, "首要污染物": "PM2.5"}
    ahead |= {"情况说明": "静稳，不利于扩散", "发布单位": "示例监测中心"}
    write_rows(folder / "forecast.csv", [ahead, ahead | {"日期": "2025-12-16", "下限": 80, "上限": 100}])
    rows = [{"污染源编号": name, "预警级别": level, "减排措施": "限产50%"} for name, level in facilities]
    write_rows(folder / "emergency.csv", rows or [{"污染源编号": "x", "预警级别": "红色", "减排措施": "停产"}])
    index = [
        {"月份": month, "单位": unit, "综合指数": value}
        for month, values in (("2024-12", (5.1, 4.6)), ("2025-12", (5.3, 4.4)))
        for unit, value in zip(("云岭市(示例)", "河阳市(示例)"), values, strict=True)
    ]
    write_rows(folder / "published_index.csv", index)


def alarm(cell, when, hours=3):
    """A pushed alarm as the ledger holds it."""
    start = np.datetime64(when, "m")
    return {
        "alarm": f"A{when.replace('-', '').replace('T', '')[:10]}-{cell}", "cell": cell, "sub_cell": f"{cell}-27",
        "time": f"{start}", "end": f"{start + np.timedelta64(hours, 'h')}", "hours": hours, "peak": 180.0,
        "state": "pushed", "why": "",
    }  # fmt: skip


def fill_ledger(study, out, *, facilities=("",)):
    """
    Two months of the loop: 60 alarms, most of them answered, problems in every state, a consequence, measures.

    Every fifth alarm is never answered, every seventh is answered two days late; every third answer finds a problem.
    """
    cells = study.cells["cell"].values.astype(str).tolist()
    hot = [cells[k] for k in (5, 17, 40, 66, 90, 130)]
    (Path(out) / study.id).mkdir(parents=True, exist_ok=True)
    with open_ledger(Path(out) / study.id / "ledger.sqlite") as ledger:
        for month in ("2025-10", "2025-11"):
            ledger.append("month", month, {"warned": [[cell, "highest"] for cell in hot[:2]]})
        rows, receipts = [], []
        for n in range(60):
            when = np.datetime64("2025-11-01T04:00") + np.timedelta64(n * 24 + n % 5, "h")
            body = alarm(hot[n % 6], f"{when}")
            ledger.append("alarm", body["time"][:7], body)
            pushed = np.datetime64(body["end"])
            receipts.append({"alarm": body["alarm"], "received": f"{pushed + np.timedelta64(20, 'm')}", "by": "值班"})
            if n % 5 == 4:
                continue
            later = np.timedelta64(50 if n % 7 == 6 else 1 + n % 2, "h")
            found = n % 3 == 0
            rows.append(
                {"month": body["time"][:7], "cell": body["cell"], "alarm": body["alarm"], "by": "柳林监0",
                 "time": f"{pushed + later}", "text": "工地出口未冲洗，土方未苫盖约两亩" if found else "未发现异常",
                 "problem": PROBLEMS[(n // 3) % 6] if found else "none", "persons": "4", "sources": "1",
                 "facility": facilities[n % len(facilities)], "photos": "P01" if n % 6 == 0 else ""}
            )  # fmt: skip
        told = record_receipts(ledger, receipts), record_feedback(ledger, rows)
        assert all((table["state"] == "recorded").all() for table in told), told[1]
        issues = [
            {"origin": "督察检查" if n % 2 else "自查", "found": f"2025-11-{2 + n:02d}T10:00", "by": "张",
             "cell": hot[n % 6],
             "problem": PROBLEMS[n % 6], "text": f"第{n}处", "unit": ("城中区", "临沙县")[n % 2], "should_have": "yes",
             "facility": facilities[n % len(facilities)]}
            for n in range(12)
        ]  # fmt: skip
        assert (record_issues(ledger, issues)["state"] == "recorded").all()
        steps = []
        for n in range(12):
            number = f"I202511-{n + 1:04d}"
            for k, step in enumerate(("assigned", "rectifying", "claimed", "accepted", "closed")[: n % 6]):
                more = {"department": DESKS[n % 4]} if step == "assigned" else {}
                by = "孙" if step == "claimed" else "李"
                when = f"2025-11-{min(3 + n + 2 * k, 30):02d}T{9 + k:02d}:00"
                steps.append({"issue": number, "step": step, "time": when, "by": by, **more})
        assert (record_steps(ledger, steps)["state"] == "recorded").all()
        weeks = [("M1", "2025-W48"), ("M1", "2025-W49"), ("M1", "2025-W50"), ("M2", "2025-W50")]
        measures = [
            {"measure": name, "unit": "城中区", "text": "停用燃煤锅炉", "week": week, "state": "未完成"}
            for name, week in weeks
        ]
        assert (record_measures(ledger, measures)["state"] == "recorded").all()
        record_consequence(ledger, "B15", "城中区", "2025-11", "通报批评", "赵")
        ledger.append("month", "2025-12", {"warned": [[cell, "highest"] for cell in hot[:3]]})
    return hot
