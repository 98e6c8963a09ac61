"""The small synthetic study with a network of people, a year of the loop's tables, and a ledger of December 2025."""

import csv
import json
from pathlib import Path

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
