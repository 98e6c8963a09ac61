"""The analysis report: every printed number is one of cells.parquet, and what is absent is said (C6, C7, C8)."""

import base64
import io
import re
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

import cv2
import numpy as np
import pandas as pd
import pypdf
import pytest
from hostile import PAYLOADS
from report_case import CODES, report_case

from hotspot.publish.analysis import report_map
from hotspot.publish.analysis.report import report_data, write_report
from hotspot.publish.analysis.report_tables import districts, numbered, read_cells, weather_free
from hotspot.publish.maps import values
from hotspot.publish.paper.typeset import set_texts
from hotspot.variables import DataError

NONE = "—"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("month")


@pytest.fixture(scope="module")
def case(folder):
    return report_case(folder)


@pytest.fixture(scope="module")
def data(case, folder):
    return report_data(folder, **case)


@pytest.fixture(scope="module")
def written(case, folder):
    return write_report(folder, **case)


@pytest.fixture(scope="module")
def cells(case, folder):
    """What anybody reads from the published file, with no code of ours."""
    return pd.read_parquet(folder / "cells.parquet")


def printed(value, decimals=1):
    """GB/T 8170 in plain decimal arithmetic."""
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN))


def shown(value, sign=False):
    if np.isnan(value):
        return NONE
    return f"{value:+.1f}" if sign and value != 0 else f"{abs(value) if value == 0 else value:.1f}"


def blocks(report, kind, section=None):
    return [
        block
        for chapter in report["chapters"]
        for part in chapter["sections"]
        for block in part["blocks"]
        if block["kind"] == kind and (section is None or part["zh"].startswith(section))
    ]


def words(report, section):
    return "".join(block["text"] for block in blocks(report, "text", section))


def weighted(rows, column, wanted):
    """Area-weighted mean by a plain loop."""
    total = weight = 0.0
    for _, row in rows.iterrows():
        if wanted(row) and not np.isnan(row[column]):
            total, weight = total + row["area_share"] * row[column], weight + row["area_share"]
    return printed(total / weight) if weight else float("nan")


def test_every_number_of_the_districts_is_that_of_the_cells(data, cells):
    for name, code in CODES.items():
        block = blocks(data[1][code], "table", "各区县")[0]
        of_city = cells[cells["city"] == name]
        assert {row[0] for row in block["rows"]} == {*of_city["county"], "合计"}
        for row in block["rows"]:
            part = of_city if row[0] == "合计" else of_city[of_city["county"] == row[0]]
            expected = [shown(weighted(part, "pm25", lambda cell: cell["valid"]))]
            for base in ("previous_year", "previous"):
                both = part[part["valid"] & part[f"{base}_valid"]]
                now, before = (weighted(both, column, lambda cell: True) for column in ("pm25", base))
                change = printed(now - before)
                expected += [shown(change, True), shown(printed(change / before * 100), True)]
            share = printed(100 * part["valid"].mean())
            expected += [str(len(part)), shown(share), str(part["hotspot"].sum()), str((part["warned"] != "").sum())]
            assert row[1:] == expected, row[0]


def test_a_change_compares_the_same_cells(data, cells):
    """Twelve cells have no month before; where they lie the note says over how many cells the change goes."""
    table = districts(read_cells_of(cells), 1, by="city").set_index("name")
    short = table[table["mom_cells"] < table["n_valid"]]
    assert len(short) and (table["mom_cells"].drop(short.index) == table["n_valid"].drop(short.index)).all()
    note = blocks(data[0], "table", "各城市")[0]["note"]
    name = next(name for name in short.index if name)
    assert f"{name}环比{short.loc[name, 'mom_cells']}个" in note


def read_cells_of(cells):
    return cells.drop(columns="geometry")


def test_the_leaders_are_ranked_and_their_numbers_are_those_of_the_cells(data, case, cells):
    by = cells.set_index("cell")
    leaders = case["derived"].leaders
    for name, code in CODES.items():
        tables = blocks(data[1][code], "table", "浓度最高")
        for block, reason in zip(tables, ("highest", "year_on_year", "month_on_month"), strict=True):
            expected = leaders[(leaders["city"] == name) & (leaders["reason"] == reason)]
            assert [row[1] for row in block["rows"]] == expected["cell"].tolist()
            assert [row[0] for row in block["rows"]] == [str(int(rank)) for rank in expected["rank"]]
            for row in block["rows"]:
                cell = by.loc[row[1]]
                bases = {"year_on_year": ["previous_year"], "month_on_month": ["previous"]}
                assert row[3] == shown(printed(cell["pm25"]))
                change = {
                    base: printed(printed(cell["pm25"]) - printed(cell[base]))
                    for base in ("previous_year", "previous")
                    if cell[f"{base}_valid"]
                }
                if reason == "highest":
                    assert row[4:6] == [
                        shown(change.get(base, float("nan")), True) for base in ("previous_year", "previous")
                    ]
                    continue
                base = bases[reason][0]
                before = printed(cell[base])
                rate = shown(printed(change[base] / before * 100), True)
                assert row[4:7] == [shown(before), shown(change[base], True), rate]


def test_what_the_data_cannot_tell_apart_is_said(tmp_path):
    """More hotspot cells than the ten listed: each row says in words how sure it is."""
    given = report_case(tmp_path)
    derived = given["derived"]
    derived.leaders = derived.leaders[derived.leaders["rank"] <= 3].reset_index(drop=True)
    _, cities = report_data(tmp_path, **given)
    leaders = derived.leaders
    for name, code in CODES.items():
        own = leaders[(leaders["city"] == name) & (leaders["reason"] == "highest")]
        rows = blocks(cities[code], "table", "浓度最高")[0]["rows"]
        said = {row[1]: (row[6], row[8]) for row in rows}
        n_hot = int((derived.hot["city"] == name).sum()) - int(
            ((derived.not_ranked["city"] == name) & (derived.not_ranked["reason"] == "highest")).sum()
        )
        for _, row in own.iterrows():
            interval = f"{int(row['rank_low'])}–{int(row['rank_high'])}"
            assert said[row["cell"]][0] in (interval, str(int(row["rank_low"])))
            word = "可区分" if row["distinguishable"] else "不可区分"
            assert said[row["cell"]][1] == (NONE if len(own) >= n_hot else word)


def test_a_list_of_all_cells_claims_nothing(data):
    for code in CODES.values():
        block = blocks(data[1][code], "table", "浓度最高")[0]
        assert "全部列出" in block["note"] and {row[8] for row in block["rows"]} == {NONE}


def test_weather_free_changes_are_those_of_the_cells(data, cells):
    name, code = next(iter(CODES.items()))
    of_city = cells[(cells["city"] == name) & cells["valid"] & cells["previous_valid"]]
    known = of_city[of_city["normalised"].notna() & of_city["previous_normalised"].notna()]
    now, before, free, base = (
        weighted(known, column, lambda cell: True)
        for column in ("pm25", "previous", "normalised", "previous_normalised")
    )
    official, change = printed(now - before), printed(free - base)
    row = blocks(data[1][code], "table", "扣除气象")[0]["rows"][-1]
    assert row[5:] == [
        shown(official, True), shown(change, True), shown(printed(change / base * 100), True),
        shown(printed(official - change), True),
    ]  # fmt: skip
    again = weather_free(read_cells_of(cells[cells["city"] == name]), 1, [""]).iloc[0]
    assert (again["mom"], again["mom_free"]) == (official, change)


def test_c8_each_warned_cell_beside_its_nearest_station(data, case, cells):
    warned = cells[cells["warned"] != ""].set_index("cell")
    rows = {row[1]: row for code in CODES.values() for row in blocks(data[1][code], "table", "预警网格与")[0]["rows"]}
    assert rows.keys() == set(warned.index)
    stations = case["derived"].delivered.reference
    for code, row in rows.items():
        far = np.hypot((stations["lon"] - warned.loc[code, "lon"]) * 0.83, stations["lat"] - warned.loc[code, "lat"])
        nearest = int(np.argmin(far.values))
        assert row[4] == stations["name"].values[nearest]
        mean, days = ((90 * 14 + 40 * 10) / 24, "31") if nearest == 0 else (55.0, "10")
        # Local days begin at 16 UTC, so each holds fourteen hours of the one and ten of the other.
        assert row[7] == shown(printed(mean)) + ("*" if nearest else "") and row[8] == days
        assert row[9] == shown(printed(printed(warned.loc[code, "pm25"]) - printed(mean)), True)
    assert any(
        "不足的标*" in block["note"]
        for code in CODES.values()
        for block in blocks(data[1][code], "table", "预警网格与")
    )


def test_c7_enterprises_of_each_warned_cell_in_visiting_order(data, case):
    traced = case["derived"].traced
    for code in CODES.values():
        block = blocks(data[1][code], "table", "预警网格内")[0]
        bands = [*block["bands"], [len(block["rows"]), ""]]
        for (first, head), (last, _) in pairwise(bands):
            cell = re.search(r"[A-Z0-9]{7}", head)[0]
            expected = traced[traced["cell"] == cell].sort_values("order")
            rows = block["rows"][first:last]
            assert f"共{len(expected)}家" in head
            assert [row[1] for row in rows[:8]] == expected["name"].head(8).tolist()
            for row, (_, facility) in zip(rows[:8], expected.iterrows(), strict=False):
                assert row[3].endswith(f"{printed(facility['distance_km']):.1f} km") or row[3] == "本格中心"
            assert len(expected) <= 8 or rows[8][1] == f"另有{len(expected) - 8}家，见checklists.xlsx"


def test_the_wind_is_told_in_numbers(data):
    pair = [block for code in CODES.values() for block in blocks(data[1][code], "pair")]
    assert len(pair) == 6 and all("svg" in part for block in pair for part in block["parts"])
    assert [part["en"] for block in pair[1:3] for part in block["parts"]] == [
        "Hours of the day",
        "Weekdays",
        "Calendar",
    ]
    said = words(data[1]["410100"], "风向")
    west, calm = (np.arange(744) % 24 < 14) & (np.arange(744) % 10 != 0), np.arange(744) % 10 == 0
    assert f"来风方向为西（{printed(100 * west.mean())}%），静风占{printed(100 * calm.mean())}%" in said


def test_what_is_absent_is_said_in_words(tmp_path):
    given = report_case(tmp_path, weather=False, stations=False, base=False, normalised=False)
    for report in (report_data(tmp_path, **given)[1][code] for code in CODES.values()):
        assert "没有交付气象资料" in words(report, "风向")
        assert "没有交付参考站点资料" in words(report, "预警网格与")
        assert "没有交付气象资料" in words(report, "扣除气象")
        assert "没有2019年3月的卫星资料" in words(report, "浓度最高")
        district = blocks(report, "table", "各区县")[0]
        assert {row[2] for row in district["rows"]} == {NONE} and "没有同比基数" in district["note"]
        assert "同比无可比数据" in report["summary"][0]
        assert not blocks(report, "pair")


def test_a_cell_without_enterprises_is_named(tmp_path):
    given = report_case(tmp_path)
    traced = given["derived"].traced
    alone = sorted(traced["cell"])[0]
    given["derived"].traced = traced[traced["cell"] != alone]
    said = [words(report, "预警网格内") for report in report_data(tmp_path, **given)[1].values()]
    assert any(alone in text and "未登记面源" in text for text in said)


def test_agreement_of_stations_stands_beside_the_word(tmp_path):
    given = report_case(tmp_path)
    given["derived"].traced = given["derived"].traced.assign(agreement=2.0, n_stations=3.0)
    for report in report_data(tmp_path, **given)[1].values():
        block = blocks(report, "table", "预警网格内")[0]
        assert {row[5].split()[1] for row in block["rows"] if row[0]} == {"2/3站"} and "2/3站" in block["note"]


def test_a_city_with_nothing_valid_and_no_list_still_has_its_report(tmp_path):
    given = report_case(tmp_path)
    cells, derived = read_cells(tmp_path), given["derived"]
    dark = cells["city"] == "乙川市"
    cells.loc[dark, ["pm25", "normalised"]], cells.loc[dark, "valid"] = np.nan, False
    cells.loc[dark, "hotspot"], cells.loc[dark, "warned"] = False, ""
    cells.to_parquet(tmp_path / "cells.parquet")
    derived.leaders, derived.warned = (
        table[table["city"] != "乙川市"].reset_index(drop=True) for table in (derived.leaders, derived.warned)
    )
    derived.not_ranked = derived.not_ranked.iloc[:0]
    paths = write_report(tmp_path, **given)
    assert len(paths) == 3
    report = report_data(tmp_path, **given)[1]["410200"]
    assert "没有有效的月均值" in report["summary"][0] and "没有热点网格" in "".join(report["summary"])
    assert "本月没有预警网格" in words(report, "预警网格内") and maps_of(report)[0]["hatched"]
    assert {row[1] for row in blocks(report, "table", "各区县")[0]["rows"]} == {NONE}


def test_one_report_and_one_for_each_city(written, folder):
    assert [path.relative_to(folder).as_posix() for path in written] == [
        "report.pdf", *(f"reports/{code}.pdf" for code in sorted(CODES.values()))
    ]  # fmt: skip


def test_one_city_has_one_report(tmp_path, case, folder):
    whole = read_cells(folder)
    one = whole[whole["city"] == "甲州市"]
    one.to_parquet(tmp_path / "cells.parquet")
    assert [path.name for path in write_report(tmp_path, **case)] == ["report.pdf"]
    assert not (tmp_path / "reports").exists()


def test_the_same_month_gives_the_same_bytes(case, written, tmp_path, folder):
    (tmp_path / "cells.parquet").write_bytes((folder / "cells.parquet").read_bytes())
    (tmp_path / "warnings.csv").write_bytes((folder / "warnings.csv").read_bytes())
    again = write_report(tmp_path, **case)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_the_page_holds_the_numbers(data, written):
    """The text read back from the PDF has every cell of every table, the head and the foot."""
    pages = pypdf.PdfReader(io.BytesIO(written[0].read_bytes())).pages
    texts = [re.sub(r"\s", "", page.extract_text()) for page in pages]
    whole = "".join(texts)
    for block in blocks(data[0], "table"):
        for row in block["rows"]:
            for value in row:
                assert re.sub(r"\s", "", value) in whole, value
    assert all(f"第{n}/{len(texts)}页" in text for n, text in enumerate(texts, 1))
    assert all("paper-2020-2020-03" in text and "初步结果" in text for text in texts)


def test_hostile_names_stand_there_as_they_are(tmp_path):
    for name in ("typst", "script", "right_to_left", "lines", "long"):
        folder = tmp_path / name
        folder.mkdir()
        given = report_case(folder, word=PAYLOADS[name])
        paths = write_report(folder, **given)
        text = "".join(page.extract_text() for page in pypdf.PdfReader(paths[0]).pages)
        assert "\u202e" not in text and "\x00" not in text
        if name == "typst":
            assert "#eval" in text


def test_the_report_needs_the_cells(case, tmp_path):
    with pytest.raises(DataError, match=r"cells\.parquet: there is no such file"):
        write_report(tmp_path, **case)


def maps_of(report):
    return [drawn for block in blocks(report, "maps") for drawn in block["maps"]]


def test_every_cell_is_on_the_map_in_its_class(data, cells, case):
    drawn = maps_of(data[0])[0]
    breaks = values.limits(read_cells_of(cells))
    level = np.digitize(cells["pm25"][cells["valid"]], breaks)
    for k, (colour, _) in enumerate(drawn["legend"]):
        path = re.search(rf'<path d="([^"]*)" fill="{colour}"', drawn["svg"])
        assert (path[1].count("M") if path else 0) == (level == k).sum()
    assert drawn["hatched"] == bool((~cells["valid"]).any())


def test_many_cells_become_a_picture_of_the_same_classes(monkeypatch, case, cells, folder):
    monkeypatch.setattr(values, "VECTOR_CELLS", 10)
    table = read_cells(folder)
    study = case["study"]
    breaks = values.limits(table)
    drawn = report_map.value_map(
        table, grid=study.grid, outlines={}, heavy=[], breaks=breaks, numbers={}, stations=[], width=100.0, height=100.0
    )
    data = base64.b64decode(re.search(r"base64,([^\"]+)", drawn["svg"])[1])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    colours = values.shades(len(breaks) + 1)
    step = study.grid.spacing
    for _, cell in table[table["valid"]].iterrows():
        i, j = (int((table["y"].max() - cell["y"]) / step), int((cell["x"] - table["x"].min()) / step))
        blue, green, red, alpha = picture[6 * i + 3, 6 * j + 3].tolist()
        assert f"#{red:02x}{green:02x}{blue:02x}" == colours[int(np.digitize(cell["pm25"], breaks))] and alpha == 255


def test_warned_cells_are_framed_and_numbered(data, cells):
    for name, code in CODES.items():
        drawn = maps_of(data[1][code])[0]
        numbers = numbered(read_cells_of(cells[cells["city"] == name]))
        assert drawn["svg"].count('stroke-width="0.55"') == len(numbers)
        assert {str(n) for n in numbers.values()} <= {label["text"] for label in drawn["labels"]}


def test_shades_keep_their_order_on_a_copier():
    """Lightness falls from class to class, so the map reads in black and white."""
    grey = [int(c[1:3], 16) * 0.299 + int(c[3:5], 16) * 0.587 + int(c[5:], 16) * 0.114 for c in values.shades(8)]
    assert all(a - b > 8 for a, b in pairwise(grey))


def test_no_markup_reaches_the_template(data):
    """Everything set as text is plain; drawings hold no text of data."""
    assert not [text for text in set_texts(data[0]) if "<svg" in text]
    assert not any("甲州" in drawn["svg"] for drawn in maps_of(data[0]))
