"""The printed sheet: what it says, what its codes open, and that nothing on it can be hidden or run."""

import hashlib
import io
import re
from importlib import resources
from types import SimpleNamespace

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import pypdf
import pytest
import shapely
from hostile import PAYLOADS
from paper_case import paper_case
from pyproj import Geod

from hotspot.grid.datum import to_wgs84
from hotspot.grid.lattice import Grid
from hotspot.publish.fonts import check_glyphs, legible, printed_width, shorten
from hotspot.publish.maps.sheet import around
from hotspot.publish.paper import sheets
from hotspot.publish.paper.typeset import set_texts, typeset
from hotspot.publish.tables.lists import write_warnings
from hotspot.study import Office
from hotspot.variables import DataError


def _data(case, **changed):
    given = {
        "study": case.study, "month": case.month, "field": case.field, "warned": case.warned, "traced": case.traced,
        "checklist": case.checklist, "facilities": case.facilities,
    }  # fmt: skip
    given |= {"state": "preliminary", "fine": None, "backdrop": None, "digest": "", "people": {}, "past": {}}
    drawn = sheets._Sheets(**(given | changed))
    return [drawn.sheet(code) for code in drawn.places]


def render(data, month, **how):
    return typeset(sheets._TEMPLATE, sheets._book(data, month), parts=sheets._PARTS, **how)


def write(case, folder, **changed):
    given = {name: getattr(case, name) for name in ("study", "month", "field", "warned", "traced", "checklist")}
    return sheets.write_sheets(folder, **(given | {"facilities": case.facilities} | changed))


def _text(pdf):
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    # A PDF breaks lines where it likes; only the characters count here.
    return [re.sub(r"\s", "", text) for text in pages]


@pytest.fixture(scope="module")
def case():
    return paper_case()


@pytest.fixture(scope="module")
def data(case):
    return _data(case)


@pytest.fixture(scope="module")
def pages(case, data):
    return _text(render(data, case.month))


def test_a_front_a_back_and_the_ways_per_cell(case, data, pages):
    assert len(data) == case.warned["cell"].nunique()
    assert len(pages) == 3 * len(data)
    places = zip(pages[::3], pages[1::3], pages[2::3], strict=True)
    assert all("第1/3页" in front and "第2/3页" in back and "第3/3页" in ways for front, back, ways in places)


def test_every_source_can_be_navigated_to_and_the_form_says_where_it_goes(case, data, pages):
    for sheet, ways in zip(data, pages[2::3], strict=True):
        assert len(sheet["cards"]) == min(len(sheet["facilities"]), 12)
        for card, row in zip(sheet["cards"], sheet["facilities"], strict=False):
            assert card["number"] == row["number"] and re.sub(r"\s", "", card["gcj"]) in ways
            lon, lat = (float(value) for value in card["wgs"].removeprefix("WGS 84 ").split(", "))
            place = case.facilities.set_index("name").loc[row["name"]]
            assert (lon, lat) == pytest.approx((place["lon"], place["lat"]), abs=1e-5)
            near = [float(value) for value in card["gcj"].removeprefix("GCJ-02 ").split(", ")]
            assert to_wgs84(*near, "gcj02") == pytest.approx((lon, lat), abs=2e-5)
        # Every listed source lies on the overview, however far outside the ring it stands.
        assert {card["number"] for card in sheet["cards"]} <= {label["text"] for label in sheet["overview"]["labels"]}
    assert all("填好后交回" in front for front in pages[::3])
    office = Office(name="甲市生态环境局", contact="010-1234")
    changed = SimpleNamespace(**{**vars(case.study), "office": office})
    assert _data(case, study=changed)[0]["return_to"] == "甲市生态环境局 010-1234"


def test_the_front_says_where_why_and_how_sure(case, data, pages):
    for sheet, page in zip(data, pages[::3], strict=True):
        row = case.warned[case.warned["cell"] == sheet["code"]].iloc[0]
        told = sheet["code"], row["county"], row["township"], row["label"], "为什么派我来", "网格长", "网格监督员"
        assert [words for words in told if words not in page] == []
        assert f"paper-2020-2020-03-{sheet['code']}" in page and "2020年3月" in page
    top = next(sheet for sheet in data if "；" in sheet["why"][0][1])
    assert top["why"][0][1] == "PM2.5月均浓度最高；同比去年改善最差；环比上月改善最差"
    assert re.match(r"2020年3月PM2\.5月均\d+\.\d μg/m³；同比（\d+\.\d）(上升|下降|持平)", top["why"][1][1])
    ranks = dict(top["why"])["名次"]
    assert "浓度第1名（95%区间1—4，入选把握82%，不可区分）" in ranks and "可区分）；" in ranks
    assert top["unsure"]


def test_nothing_is_said_to_be_unsure_when_all_is_sure(case):
    sure = _data(case, warned=case.warned.assign(distinguishable=True))
    assert {sheet["unsure"] for sheet in sure} == {""}


def test_the_sub_cells_stand_from_the_north_west(case, data):
    labels = {label["text"]: label for label in data[0]["detail"]["labels"]}
    assert [f"{k:02d}" in labels for k in range(1, 37)] == [True] * 36
    children = case.study.grid.children(data[0]["code"]).set_index("cell")
    window = around(case.study.grid, *case.study.grid.parse(data[0]["code"]), 4500.0, sheets.PANEL_MM)
    half = sheets.PANEL_MM / 9 / 2
    for number in (1, 6, 8, 31, 36):
        child = children.loc[f"{data[0]['code']}-{number:02d}"]
        x, y = window.at(child["x"], child["y"])
        label = labels[f"{number:02d}"]
        assert abs(label["x"] - x) < half and abs(label["y"] - y) < half, number


def test_neighbours_stand_on_the_frame_with_their_values(case, data):
    grid, sheet = case.study.grid, data[0]
    col, row = grid.parse(sheet["code"])
    texts = [label["text"] for label in sheet["detail"]["labels"]]
    east = case.field.sel(cell=grid.code(col + 1, row))
    assert grid.code(col + 1, row) in texts and f"{east['pm25'].item(2):.1f}" in texts
    at = {label["text"]: label for label in sheet["detail"]["labels"]}
    assert at[grid.code(col, row + 1)]["y"] < 20 < 70 < at[grid.code(col, row - 1)]["y"]
    assert at[grid.code(col - 1, row)]["x"] < 20 < 70 < at[grid.code(col + 1, row)]["x"]


def test_borders_are_drawn_where_they_cross_and_named(case, data):
    crossed = [sheet for sheet in data if 'stroke-dasharray="3 0.9' in sheet["around"]["svg"]]
    assert crossed, "no county border in reach of any sheet"
    names = {label["text"] for label in crossed[0]["around"]["labels"]}
    assert len(names & {"东山县", "河口区", "西陵县"}) >= 2
    # The zigzag of the case: its line runs through panel points of the border.
    assert len(re.findall(r'stroke-dasharray="3 0.9', crossed[0]["around"]["svg"])) == 1


def test_outside_the_study_is_hatched_and_inside_is_not(case):
    edge = case.field["cell"].to_numpy()[np.lexsort((case.field["row"], case.field["col"]))[0]]
    rows = case.warned.head(1).assign(cell=edge)
    sheet = _data(case, warned=rows)[0]
    assert 'stroke="#aaa"' in sheet["around"]["svg"]
    middle = Grid().code(
        case.field["col"].item(0) * 0 + int(case.field["col"].min()) + 6, int(case.field["row"].min()) + 6
    )
    assert 'stroke="#aaa"' not in _data(case, warned=rows.assign(cell=middle))[0]["around"]["svg"]


def test_c7_facilities_near_are_listed_as_traced(case, data, pages):
    for sheet, front in zip(data, pages[::3], strict=True):
        traced = case.traced[case.traced["cell"] == sheet["code"]]
        assert len(sheet["facilities"]) == len(traced)
        for listed, row in zip(sheet["facilities"], traced.to_dict("records"), strict=True):
            assert (
                f"{row['distance_km']:.1f} km" in listed["away"]
                and f"{round(row['bearing_deg']) % 360}°" in listed["away"]
            )
            assert listed["name"] == row["name"] and row["name"] in front


def test_c10_a_cell_without_facilities_is_no_empty_sheet(case):
    none = case.traced.iloc[:0]
    only = case.checklist[case.checklist["facility"] == ""]
    bare = _data(case, traced=none, checklist=only)
    front, back = _text(render(bare[:1], case.month))
    assert "没有登记的污染源" in front and "裸土地" in front and "补3" in front and "垃圾露天倾倒" in back


def test_b11_both_grades_stand_on_the_back(pages):
    assert all("巡" in back and "执" in back for back in pages[1::3])


def test_a_crowd_of_facilities_keeps_to_three_pages(case):
    many = [case.traced[case.traced["cell"] == code] for code in case.warned["cell"].unique()]
    crowd = many[0].head(1)
    rows = crowd.loc[crowd.index.repeat(70)].reset_index(drop=True)
    rows = rows.assign(
        facility=[f"X{k:03d}" for k in range(70)], order=range(1, 71), where="ring",
        class_=[("power", "steel", "boiler", "chemical", "cement", "coating", "foundry")[k % 7] for k in range(70)],
        lon=rows["lon"] + 0.001 * (np.arange(70) % 9), lat=rows["lat"] + 0.001 * (np.arange(70) // 9),
    )  # fmt: skip
    from hotspot.trace.visits.checklist import checklist

    warned = case.warned[case.warned["cell"] == crowd["cell"].iloc[0]]
    listed = checklist(warned, rows, None, case.field, case.study.criteria)
    data = _data(case, warned=warned, traced=rows, checklist=listed)
    assert len(data[0]["facilities"]) == sheets.LISTED and data[0]["unlisted"] == 70 - sheets.LISTED
    assert data[0]["checks_left"] > 0
    assert len(_text(render(data, case.month))) == 3


def test_a_full_head_keeps_to_three_pages(case):
    """Three reasons, weather, abnormal hours, 500 m values, three directions, and thirty facilities."""
    first = case.warned["cell"].iloc[0]
    rows = case.traced[case.traced["cell"] == first].head(1)
    rows = rows.loc[rows.index.repeat(30)].reset_index(drop=True)
    rows = rows.assign(
        facility=[f"X{k:03d}" for k in range(30)], order=range(1, 31), word="strong",
        bearing_deg=[45.0 * (k % 5) for k in range(30)],
    )  # fmt: skip
    rows.attrs = {"hours": {first: {"n_hours": 744, "calm_share": 0.3}}}
    periods = np.full(
        case.field.sizes["cell"], "每日7至9时、18至22时偏高；周一、周二、周五、周六偏高；" * 3, dtype=object
    )
    field = case.field.assign_coords(abnormal_zh=("cell", periods))
    for name, shift in (("", -3), ("_low", -6), ("_high", 2)):
        field[f"pm25_normalised{name}"] = field["pm25"] + shift
    warned = case.warned[case.warned["cell"] == first]
    (sheet,) = data = _data(case, field=field, warned=warned, traced=rows, fine=_fine(first))
    assert [name for name, _ in sheet["why"]] == ["原因", "数值", "气象", "时段", "细分", "方向", "名次", "把握"]
    front, back, _ = _text(render(data, case.month))
    assert "补2" in front and "结论" in front and "重点排查企业（续）" in back
    assert len(sheet["facilities"]) == 30 and sheet["front"] < sheets.FRONT_ROWS


def _fine(code):
    """36 sub-cells, every ninth measured, one beside each supported."""
    return pd.DataFrame(
        {
            "cell": code, "sub_cell": [f"{code}-{k:02d}" for k in range(1, 37)], "lon": 0.0, "lat": 0.0,
            "pm25": np.linspace(50.2, 98.6, 36), "error": 4.4, "n_hours": 744,
            "support": ["measured", "supported", *["interpolated"] * 7] * 4,
        }
    )  # fmt: skip


def test_c1_every_sub_cell_says_what_it_rests_on(case):
    code = case.warned["cell"].iloc[0]
    sheet = next(s for s in _data(case, fine=_fine(code)) if s["code"] == code)
    assert dict(sheet["why"])["细分"] == (
        "500 m月均50—99 μg/m³，36个子网格中28个为插值；实测最高：28号88±4、19号75±4、10号63±4"
    )
    texts = [label["text"] for label in sheet["detail"]["labels"]]
    assert sum(bool(re.fullmatch(r"\(\d+\)", text)) for text in texts) == 28  # in brackets: interpolated
    assert {"50", "52"} <= set(texts) and "(53)" in texts
    marks = re.findall(r'<circle [^>]*r="0.75" fill="(#\w+)"', sheet["detail"]["svg"])
    assert sorted(marks) == ["#000"] * 4 + ["#fff"] * 4
    assert "● 实测" in sheet["detail"]["title"]
    plain = next(s for s in _data(case) if s["code"] == code)
    assert "细分" not in dict(plain["why"]) and 'r="0.75"' not in plain["detail"]["svg"]


def test_every_page_says_which_list_it_follows(case, tmp_path):
    write_warnings(tmp_path / "warnings.csv", case.warned, 1)
    digest = hashlib.sha256((tmp_path / "warnings.csv").read_bytes()).hexdigest()[:8]
    book, *_ = sheets.write_sheets(
        tmp_path, study=case.study, month=case.month, field=case.field, warned=case.warned, traced=case.traced,
        checklist=case.checklist, facilities=case.facilities, state="confirmed",
    )  # fmt: skip
    pages = _text(book.read_bytes())
    assert len(pages) > 2
    for page in pages:
        assert f"清单{digest}·已确认·资料截至2020年3月" in page and "表号paper-2020-2020-03-" in page


def test_the_head_names_direction_and_confidence_in_words(case, data):
    for sheet in data:
        why = dict(sheet["why"])
        assert why["把握"].startswith("较高：本月确在名单内的把握82%")
        strong = [f for f in sheet["facilities"] if f["word"] == "强"]
        assert bool(strong) == ("（强）" in why["方向"])
        for facility in strong[:1]:
            wind = re.match("[东南西北]+", facility["away"])[0]
            assert f"{wind}方向（强）：第{facility['number']}" in why["方向"]
    nothing = _data(case, traced=case.traced.iloc[:0])
    assert dict(nothing[0]["why"])["方向"] == "本格及周边没有登记的源可对照"


def test_rivers_and_roads_lie_under_the_cells(case):
    grid, code = case.study.grid, case.warned["cell"].iloc[0]
    x, y = (float(v) for v in grid.centre(*grid.parse(code)))
    ends = np.column_stack(grid.unproject(np.array([x - 9000, x + 9000]), np.array([y + 300, y + 300])))
    line = shapely.LineString(ends)
    ways = gpd.GeoDataFrame(
        {"kind": ["river", "road"], "name": ["清河", ""], "number": ["", "G107"]},
        geometry=[line, shapely.affinity.translate(line, 0, 0.005)], crs="EPSG:4326",
    )  # fmt: skip
    sheet = next(s for s in _data(case, backdrop=ways) if s["code"] == code)
    for panel in (sheet["detail"], sheet["around"]):
        assert {"清河", "G107"} <= {label["text"] for label in panel["labels"]}
        # Below the frame of the cell, so that nothing hides it.
        assert panel["svg"].index('stroke="#9fb0bc"') < panel["svg"].index('stroke="#000" stroke-width="0.')
    assert sheet["around"]["title"].endswith("；灰线为河流，双线为道路")


def test_a_lattice_abroad_prints_too():
    grid = Grid(crs="+proj=laea +lat_0=3.4 +lon_0=-76.5 +datum=WGS84 +units=m")
    case = paper_case(grid=grid, col=1195, row=1195)
    sheet = _data(case)[0]
    gcj, bd, wgs = ((float(place["lon"]), float(place["lat"])) for place in sheet["coordinates"])
    assert gcj == wgs == bd  # outside China the two shift nothing
    assert abs(sheet["detail"]["north"]) < 0.1
    assert len(_text(render([sheet], case.month))) == 3


def test_no_warning_cell_is_a_page_that_says_so(case):
    assert "没有预警网格" in _text(render([], case.month))[0]


def test_the_codes_open_the_same_place_in_three_apps(case, data):
    """Decoded from the rendered page, as a phone would see it."""
    page = render(data[:1], case.month, kind="png", ppi=300)
    picture = cv2.imdecode(np.frombuffer(page[0] if isinstance(page, list) else page, np.uint8), cv2.IMREAD_GRAYSCALE)
    top = picture[: picture.shape[0] // 4, picture.shape[1] // 2 :]
    found, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(top)
    assert found and len(texts) == 3
    by_kind = {re.split(r"[:/?]", text.replace("https://", "").replace("http://", ""))[0]: text for text in texts}
    row = case.warned[case.warned["cell"] == data[0]["code"]].iloc[0]
    lat, lon = map(float, by_kind["geo"].removeprefix("geo:").split(","))
    amap = [float(v) for v in re.search(r"position=([\d.]+),([\d.]+)", by_kind["uri.amap.com"]).groups()]
    baidu = [float(v) for v in re.search(r"location=([\d.]+),([\d.]+)", by_kind["api.map.baidu.com"]).groups()][::-1]
    assert "coordinate=gaode" in by_kind["uri.amap.com"] and "coord_type=bd09ll" in by_kind["api.map.baidu.com"]
    geod = Geod(ellps="WGS84")
    for x, y in ((lon, lat), to_wgs84(*amap, "gcj02"), to_wgs84(*baidu, "bd09")):
        assert geod.inv(row["lon"], row["lat"], float(x), float(y))[2] < 0.5
    # The three really are three: a map app given the wrong datum is hundreds of metres off.
    assert geod.inv(*amap, lon, lat)[2] > 100 and geod.inv(*baidu, *amap)[2] > 100


def test_north_leans_and_the_bar_is_of_the_ground(case, data):
    grid, sheet = case.study.grid, data[0]
    col, row = grid.parse(sheet["code"])
    x, y = (float(v) for v in grid.centre(col, row))
    lon, lat = (float(v) for v in grid.unproject(x, y))
    east, north = grid.project(lon, lat + 0.001)
    leans = np.degrees(np.arctan2(float(east) - x, float(north) - y))
    assert sheet["detail"]["north"] == pytest.approx(leans, abs=0.05)
    assert sheet["detail"]["north"] < -3  # Henan lies east of the central meridian: true north leans left
    metres = sheet["around"]["bar"] * 2 * 6480 / sheets.PANEL_MM
    ends = [grid.unproject(x - metres / 2, y), grid.unproject(x + metres / 2, y)]
    assert Geod(ellps="GRS80").inv(*map(float, ends[0]), *map(float, ends[1]))[2] == pytest.approx(2000, abs=1)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_are_printed_not_run(payload):
    case = paper_case(word=PAYLOADS[payload])
    data = _data(case)
    for sheet in data:
        assert not any(
            piece in sheet["detail"]["svg"] + sheet["around"]["svg"] for piece in ("<script", "eval", "HYPER")
        )
    pdf = render(data[:1], case.month)
    front = _text(pdf)
    assert len(front) == 3 and data[0]["code"] in front[0]
    shown = re.sub(r"\s", "", legible(PAYLOADS[payload]))[:6]
    assert shown in front[0]
    assert b"/JavaScript" not in pdf and b"/URI" not in pdf and b"/Launch" not in pdf


def test_no_glyph_is_missing_anywhere(case, data):
    check_glyphs(set_texts(data))
    for name in ("map_parts.typ", "page_parts.typ", "sheet.typ"):
        template = (resources.files("hotspot.publish") / "templates" / name).read_text(encoding="utf-8")
        check_glyphs([re.sub(r"//.*", "", template)])


def test_f32_a_letter_the_font_lacks_is_refused_by_name(case, tmp_path):
    facilities = case.facilities.assign(name="𠮷野家热电厂")
    traced = case.traced.assign(name="𠮷野家热电厂")
    with pytest.raises(DataError, match=r"'𠮷野家热电厂'.*no glyph for '𠮷' \(U\+20BB7\)"):
        write(case, tmp_path, traced=traced, facilities=facilities)
    assert list(tmp_path.rglob("*.pdf")) == []


def test_pictures_and_hidden_marks_are_printed_as_code_points():
    assert legible("厂😀\u200b") == "厂[U+1F600][U+200B]"
    assert printed_width(shorten("很长的名字" * 30, 21)) <= 21


def test_files_are_named_by_code_and_alike_on_rerun(case, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, again = write(case, tmp_path / "a"), write(case, tmp_path / "b")
    codes = case.warned.sort_values(["city", "cell"])["cell"].drop_duplicates()
    assert [p.relative_to(tmp_path / "a").as_posix() for p in first] == [
        "sheets.pdf",
        *(f"sheets/{c}.pdf" for c in codes),
    ]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]
    assert all(b"CreationDate" not in p.read_bytes() for p in first)
    fonts = {
        str(font) for page in pypdf.PdfReader(first[0]).pages for font in page["/Resources"].get("/Font", {}).values()
    }
    assert fonts, "no font is embedded"
