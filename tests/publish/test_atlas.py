"""The atlas: every hotspot cell of a city on a page, found by number, code and place."""

import io
import re

import cv2
import numpy as np
import pandas as pd
import pypdf
import pytest
from hostile import PAYLOADS
from paper_case import paper_case
from pyproj import Geod
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.grid.datum import to_wgs84
from hotspot.publish.fonts import check_glyphs
from hotspot.publish.maps.symbols import SYMBOLS
from hotspot.publish.paper import atlas, atlas_map
from hotspot.publish.paper.typeset import set_texts
from hotspot.rank.select.hotlist import write_hotspots
from hotspot.rules.classes import source_classes
from hotspot.synthetic.study import synthetic_month
from hotspot.variables import DataError
from hotspot.workflows.yearly.atlas import write_atlas
from hotspot.workflows.yearly.year import open_hotspots


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def month():
    return synthetic_month(size="small")


@pytest.fixture(scope="module")
def hot(month, out):
    """Every ninth cell of the study, as a list that somebody selected."""
    cells = month.study.cells.isel(cell=slice(0, None, 9))
    names = ("cell", "city", "label", "county", "township", "lon", "lat")
    table = pd.DataFrame({name: cells[name].values for name in names}).assign(
        year=2025, area_km2=9.0, pm25=61.2, level=np.nan, n_valid=12, coverage=1.0, status="formal", since=2025,
        reason="",
    )  # fmt: skip
    (out / month.study.id).mkdir()
    write_hotspots(out / month.study.id / "hotspots-2025.csv", table.sort_values(["city", "cell"]))
    return open_hotspots(month.study, 2025, out=out)


@pytest.fixture(scope="module")
def data(month, hot):
    city = sorted(set(hot["city"]))[0]
    return atlas.atlas_data(month.study, 2025, city, hot=hot, facilities=month.facilities, digest="0123abcd")


@pytest.fixture(scope="module")
def pages(data):
    texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(atlas.render(data))).pages]
    return [re.sub(r"\s", "", text) for text in texts]


def test_d22_every_hotspot_cell_has_a_page_warned_or_not(hot, data, pages):
    city = sorted(set(hot["city"]))[0]
    codes = set(hot.loc[hot["city"] == city, "cell"])
    assert {page["code"] for page in data["pages"]} == codes and len(data["pages"]) == len(codes)
    assert [page["number"] for page in data["pages"]] == [str(k) for k in range(1, len(codes) + 1)]
    for page, text in zip(data["pages"], pages[-len(codes) :], strict=True):
        assert page["code"] in text and f"图号{page['number']}" in text


def test_pages_are_counted_and_say_which_list_they_follow(data, pages):
    for number, text in enumerate(pages, start=1):
        assert f"第{number}/{len(pages)}页" in text and "名单hotspots-2025.csv0123abcd" in text
    assert "怎样读这本图集" in pages[0] and "位置索引图" in pages[1]


def test_the_index_leads_to_the_page(data, pages):
    first = len(pages) - len(data["pages"])
    index = "".join(pages[1:first])
    for position, (row, page) in enumerate(zip(data["rows"], data["pages"], strict=True), start=first + 1):
        number, code, _, county, township, wgs84, gcj02 = row
        assert (number, code) == (page["number"], page["code"])
        assert re.sub(r"\s", "", f"{code}{county}{township}{wgs84}{gcj02}{position}") in index
        there = [float(v) for v in gcj02.split(",")]
        here = [float(v) for v in wgs84.split(",")]
        assert Geod(ellps="WGS84").inv(*map(float, to_wgs84(*there, "gcj02")), *here)[2] < 2


def test_cells_are_numbered_by_county_then_from_the_north_west(month, data):
    order = []
    for page in data["pages"]:
        col, row = month.study.grid.parse(page["code"])
        county = str(month.study.cells["county_code"].sel(cell=page["code"]).values)
        order.append((county, -row, col))
    assert order == sorted(order)
    numbers = [int(v) for row in data["counties"] for v in row[2].split("—")]
    assert numbers[0] == 1 and numbers[-1] == len(order) and numbers == sorted(numbers)
    assert sum(int(row[1]) for row in data["counties"]) == len(order)


def test_d17_a_page_names_townships_with_shares_and_leaves_room_for_people(month, data, pages):
    cells = month.study.cells
    shared = [page for page in data["pages"] if len(page["shares"]) > 1]
    assert shared, "no cell of the case lies in two townships"
    for page in data["pages"]:
        total = sum(float(share.rstrip("%")) for _, share in page["shares"] if share)
        assert total == pytest.approx(100, abs=0.5)
        assert str(cells["township"].sel(cell=page["code"]).values) in page["shares"][0][0]
    for text in pages[-len(data["pages"]) :]:
        assert all(words in text for words in ("网格长", "专职网格监督员", "电话", "自何日起"))


def test_facilities_are_those_within_the_ring(month, data):
    geod, facilities = Geod(ellps="GRS80"), month.facilities
    assert any(page["facilities"] for page in data["pages"])
    for page in data["pages"]:
        cell = month.study.cells.sel(cell=page["code"])
        near = []
        for row in facilities.to_dict("records"):
            metres = geod.inv(float(cell["lon"]), float(cell["lat"]), row["lon"], row["lat"])[2]
            inside = str(month.study.grid.code(*month.study.grid.locate(row["lon"], row["lat"]))) == page["code"]
            if inside or metres <= 6000:
                near.append((not inside, metres, row["name"]))
        assert [f["name"] for f in page["facilities"]] == [name for *_, name in sorted(near)][:16]


def test_every_class_of_source_has_its_symbol():
    assert {kind.problem for kind in source_classes().values()} <= SYMBOLS.keys()


def test_the_index_map_shows_every_number_once_and_at_its_place(month, data, hot):
    assert len(data["maps"]) == 1
    labels = {label["text"]: label for label in data["maps"][0]["labels"]}
    numbers = [page["number"] for page in data["pages"]]
    assert all(number in labels for number in numbers)
    west = min(data["pages"], key=lambda page: month.study.grid.parse(page["code"])[0])
    east = max(data["pages"], key=lambda page: month.study.grid.parse(page["code"])[0])
    assert labels[west["number"]]["x"] < labels[east["number"]]["x"]
    assert data["maps"][0]["svg"].count('fill="#d9d9d9"') == len(numbers)


def test_a_wide_city_gets_several_maps(month, data, hot):
    from hotspot.publish.maps.backdrop import Backdrop
    from hotspot.publish.maps.borders import Borders

    grid = month.study.grid
    row = hot.iloc[[0, 0]].assign(number=[1, 2])
    col, at = grid.parse(row["cell"].iloc[0])
    wide = row.assign(col=[col, col + 60], row=[at, at])
    maps = atlas_map.index_maps(grid, wide, Borders(grid, month.study.boundaries), Backdrop(grid, None))
    assert [map_["title"] for map_ in maps] == ["位置索引图 1 / 2", "位置索引图 2 / 2"]
    assert [sum(label["text"] in "12" for label in map_["labels"]) for map_ in maps] == [1, 1]


def test_the_codes_are_read_from_the_page(data):
    one = data | {"pages": data["pages"][:1], "maps": [], "rows": data["rows"][:1]}
    page = atlas.render(one, kind="png", ppi=300)[-1]
    picture = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_GRAYSCALE)
    top = picture[: picture.shape[0] // 4, picture.shape[1] // 2 :]
    found, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(top)
    assert found and len(texts) == 3
    geo = next(text for text in texts if text.startswith("geo:"))
    lat, lon = map(float, geo.removeprefix("geo:").split(","))
    assert data["rows"][0][5] == f"{lon:.5f}, {lat:.5f}"


def test_same_bytes_again_and_by_name_or_code(month, hot, out):
    names = dict(zip(month.study.cells["city_code"].values, month.study.cells["city"].values, strict=True))
    paths = write_atlas(month.study, 2025, out=out)
    assert [path.name for path in paths] == [f"atlas-2025-{code}.pdf" for code in sorted(names)]
    first = [path.read_bytes() for path in paths]
    assert len(first) == 2
    for city, expected in zip((min(names), names[max(names)]), first, strict=True):
        (path,) = write_atlas(month.study, 2025, city=city, out=out)
        assert path.read_bytes() == expected
    assert b"CreationDate" not in first[0] and b"/URI" not in first[0] and b"/JavaScript" not in first[0]
    assert not [*out.rglob("*.partial"), *out.rglob("*.draft")]


def test_the_shell_prints_where_it_is(month, hot, out):
    file = str(month.study.path)
    run = CliRunner().invoke(app, ["atlas", "2025", "--study", file, "--city", "9901", "--out", str(out)])
    assert run.exit_code == 0, run.output
    assert run.stdout.strip() == str(out / month.study.id / "atlas-2025-990100.pdf")


def test_a_city_that_is_not_there_is_named(month, hot, out):
    with pytest.raises(DataError, match=r"某市: is no city of this study; there are: .*990100"):
        write_atlas(month.study, 2025, city="某市", out=out)
    with pytest.raises(DataError, match=r"9: begins several cities, .*, .*; write more of one"):
        write_atlas(month.study, 2025, city="9", out=out)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_are_printed_not_run(month, payload):
    case = paper_case(word=PAYLOADS[payload])
    study = month.study.model_copy(update={"name": PAYLOADS[payload]})
    hot = case.hot.assign(city=PAYLOADS[payload]).head(1)
    study.__dict__ |= {"boundaries": case.study.boundaries, "cells": _cells(case, hot)}
    data = atlas.atlas_data(study, 2020, PAYLOADS[payload], hot=hot, facilities=case.facilities)
    check_glyphs(set_texts(data))
    pdf = atlas.render(data)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 4
    assert b"/JavaScript" not in pdf and b"/URI" not in pdf and b"/Launch" not in pdf


def _cells(case, hot):
    cells = case.study.grid.cover(case.study.boundaries)
    assert set(hot["cell"]) <= set(cells["cell"].values.astype(str))
    return cells
