"""
To add a satellite product, a warning class, a printed product or a jurisdiction takes what CONTRIBUTING says: four
toys of ``cases/toys`` are added, a small month is run with them, and they are gone.
"""

import csv
import json
import re
from contextlib import ExitStack
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from test_schema import columns_of, undescribed
from toys import toy_page, toy_reason, toy_satellite
from unpacked import unpacked

from hotspot import registry
from hotspot.publish import catalogue
from hotspot.publish.catalogue import PRODUCTS, Product
from hotspot.publish.manifest import read_manifest
from hotspot.publish.products import write_products
from hotspot.registry import Registry, a_kind
from hotspot.rules.jurisdictions import JURISDICTIONS, load_profile
from hotspot.rules.pollutants import PM25
from hotspot.rules.reasons import REASONS, in_use
from hotspot.sources.satellite.satellite import LAYOUTS
from hotspot.study import load_study
from hotspot.synthetic.study import LATEST_MONTH
from hotspot.text.table import columns, tables, titles
from hotspot.variables import DataError
from hotspot.workflows.monthly.explain import describe_folder
from hotspot.workflows.monthly.month import run_month

TOYS = Path(toy_page.__file__).parent
K = 2  # of toy-2031/profile.toml


def small(path):
    """The study's file with the toys, and without what they do not need: weather, terrain, micro-stations, roads."""
    head, *parts = re.split(r"(?m)^(?=\[\[)", path.read_text(encoding="utf-8"))
    kept = [part for part in parts if part.startswith(("[[boundary]]", "[[satellite]]", "[[facilities]]"))]
    kept += [part for part in parts if part.startswith("[[stations]]") and 'role = "reference"' in part]
    text = 'profile = "toy-2031"\n' + head + "".join(kept)
    text = text.replace('layout = "netcdf"', 'layout = "toy"')
    return re.sub(r'(?ms)^(product = [^\n]*\n)(source = "invented"\n)', "", text)


@pytest.fixture(scope="module")
def month(small_copy, tmp_path_factory):
    """The folder of a small month made with all four toys, what is said of its files, and what nobody names."""
    home = tmp_path_factory.mktemp("toys")
    path = small_copy(home / "study")
    path.write_text(small(path), encoding="utf-8")
    with ExitStack() as added:
        added.enter_context(LAYOUTS.added("toy", toy_satellite.LAYOUT))
        added.enter_context(REASONS.added("since_autumn", toy_reason.REASON))
        added.enter_context(PRODUCTS.added("toy_page", toy_page.PRODUCT))
        added.enter_context(JURISDICTIONS.added("toy-2031", TOYS / "toy-2031"))
        folder = run_month(load_study(path, data=path.parent), LATEST_MONTH, out=home / "out")
        words = {path.name: words for path, words in describe_folder(folder)}
        nobody = catalogue.strangers(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return folder, words, nobody


def test_a_satellite_product_is_one_object(month):
    folder, *_ = month
    stated = read_manifest(folder)
    assert "TOY" in str(stated["field"]["product"]) and "Nobody 2031" in str(stated["field"]["source"])


def test_a_warning_class_is_one_row(month):
    """Ranked by its own months, and printed with its own words, wherever classes are."""
    folder, *_ = month
    cells = pd.read_parquet(folder / "cells.parquet").set_index("cell")
    warned = pd.read_csv(folder / "warnings.csv")
    rows = warned[warned["reason"] == "since_autumn"].sort_values(["city", "rank"])
    left_out = pd.read_csv(folder / "not_ranked.csv")
    for city, own in rows.groupby("city"):
        out = set(left_out.loc[left_out["reason"] == "since_autumn", "cell"])
        pool = cells[(cells["city"] == city) & cells["hotspot"] & ~cells.index.isin(out)]
        now, before = pool["pm25"].round(1), pool["previous_13"].round(1)
        worst = (100 * (now - before) / before).sort_values(ascending=False).index[:K]
        assert set(own["cell"][:K]) == set(worst)
        np.testing.assert_allclose(own["previous"], pool.loc[own["cell"], "previous_13"], atol=0.051)
    assert len(rows) >= K
    said = toy_reason.REASON.zh
    book = openpyxl.load_workbook(folder / "warnings.xlsx")
    assert any(said in str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert said in (folder / "map.html").read_text(encoding="utf-8")


def test_no_column_of_a_published_month_is_undescribed(month):
    folder, *_ = month
    seen = {}
    for path in sorted(folder.rglob("*")):
        for table, names in columns_of(path, path.relative_to(folder).as_posix()):
            seen[table] = undescribed(table, names) if table in tables() else ["no such table"]
    heads = next(csv.reader((folder / "public" / "list.csv").open(encoding="utf-8", newline="")))
    assert seen.pop("public/list.csv") and set(heads) <= set(titles("public/list.csv").values())
    assert {"warnings.csv", "cells.parquet", "inventory.csv", "sub_cells.csv", "hotspots.csv"} <= seen.keys()
    assert not any(seen.values()), seen
    assert list(columns("cells.parquet")) == [
        n for n in pq.read_schema(folder / "cells.parquet").names if "_13" not in n
    ]


def test_a_printed_product_is_one_file_and_its_template(month):
    folder, words, nobody = month
    assert (folder / "toy.pdf").read_bytes().startswith(b"%PDF")
    assert words["toy.pdf"] == toy_page.PRODUCT.en and "toy.pdf" in read_manifest(folder)["outputs"]
    assert nobody == []


def test_a_jurisdiction_is_one_folder(month):
    folder, *_ = month
    criteria = read_manifest(folder)["criteria"]
    assert criteria["legal_basis"] == "示范区〔2031〕1号" and criteria["warning"]["k"]["since_autumn"] == K
    like = load_profile("mee-2018")["escalation"]
    assert {name: criteria["escalation"][name] for name in like} == like


def said_in(folder):
    """The text of pages, sheets, papers, forms of a month by name, without marks of a format, Chinese in one line."""
    texts = {}
    for name, data in unpacked(folder).items():
        inner = name.rsplit("/", 1)[-1]
        if name.endswith(": pages") or inner.endswith((".html", ".kml", ".qgs")):
            texts[name] = data.decode()
        elif inner in ("document.xml", "sharedStrings.xml") or re.fullmatch(r"sheet\d+\.xml", inner):
            texts[name] = re.sub("<[^>]*>", "", data.decode())
        elif inner.endswith(".gpkg"):
            texts[name] = data.decode(errors="ignore")
    return {name: re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", text) for name, text in texts.items()}


# What is read back keeps our heads.
OUR_HEADS = {"return-form.xlsx": {"预警网格", "预警原因"}}


def test_a_jurisdiction_speaks_in_its_own_words(month):
    """In every product that is read, and ours in none: what is said otherwise is said so everywhere."""
    folder, *_ = month
    own_words = read_manifest(folder)["field"]["own_words"]
    assert own_words == json.dumps(json.loads(own_words), ensure_ascii=False, sort_keys=True)
    there = PM25.speaking(own_words)
    spoken = {PM25.words(ours): own for ours, own in json.loads(own_words).items()}
    texts = said_in(folder)
    wanted = {
        "notice.docx/word/document.xml": ("市级热点网格", "重点督办格", "督办名录", "督办缘由", "月平均浓度"),
        "notice.pdf: pages": ("市级热点网格", "重点督办格", "督办名录", "督办缘由", "月平均浓度"),
        "warnings.xlsx/xl/sharedStrings.xml": ("市级热点网格", "督办名录", "督办缘由", "较上月恶化居首"),
        "checklists.xlsx/xl/sharedStrings.xml": ("重点督办格任务清单", "督办缘由", "牵头单位", "浓度居首"),
        "sheets.pdf: pages": ("市级热点网格预警现场排查表", "Watch square field form", "浓度居首"),
        "report.pdf: pages": ("市级热点网格", "重点督办格", "月平均浓度", "watch squares"),
        "map.html": ("市级热点网格", "重点督办格", "Focus squares", "Watch squares", "worst since last year"),
        "warnings.gpkg": ("市级热点网格", "重点督办格", "浓度居首"),
    }  # fmt: skip
    lacking = {name: [word for word in words if word not in texts[name]] for name, words in wanted.items()}
    assert not any(lacking.values()), lacking
    ours_in = {}
    for name, text in texts.items():
        bare = text
        for own in sorted(spoken.values(), key=len, reverse=True):
            bare = re.sub(re.escape(own), "", bare, flags=re.IGNORECASE)
        kept = {ours for ours in spoken if re.search(re.escape(ours), bare, re.IGNORECASE)}
        kept -= next((heads for form, heads in OUR_HEADS.items() if f"/{form}/" in name), set())
        if kept:
            ours_in[name] = kept
    assert ours_in == {}
    assert there.words(there.words("热点网格")) == "市级热点网格", "a word of its own that holds one of ours stays"


def test_what_was_added_is_gone():
    assert "toy" not in LAYOUTS and "since_autumn" not in REASONS and "toy_page" not in PRODUCTS
    with pytest.raises(DataError, match="toy-2031"):
        load_profile("toy-2031")


def test_a_class_that_nobody_asks_for_changes_nothing():
    with REASONS.added("since_autumn", toy_reason.REASON):
        assert [reason.id for reason in in_use({})] == [reason.id for reason in in_use({"highest": 3})]
        assert in_use({"since_autumn": 1})[-1] is toy_reason.REASON


def test_a_product_writes_only_what_it_names(tmp_path, monkeypatch):
    monkeypatch.setattr(PRODUCTS, "_ours", {})  # the month's own products need a month
    liar = Product(("toy.txt",), lambda made: (made.folder / "other.txt").write_text("x"), "戏", "toy")
    with PRODUCTS.added("liar", liar), pytest.raises(DataError, match=r"other\.txt"):
        write_products(tmp_path, SimpleNamespace(pollutant=PM25), "2025-12", None)


@pytest.mark.parametrize(
    ("files", "match"), [(("warnings.csv",), "another"), (("sheets/A.pdf",), "another"), (("../x",), "no name below")]
)
def test_a_product_takes_no_place_of_another(files, match):
    with pytest.raises(ValueError, match=match):
        PRODUCTS.register("toy", Product(files, lambda made: None, "戏", "toy"))


def test_an_installed_package_is_heard_by_its_entry_point(monkeypatch):
    points = [EntryPoint("toy", "toys.toy_satellite:LAYOUT", "hotspot.layouts.satellite")]
    monkeypatch.setattr(registry, "_TABLES", [])  # else the table of this test is an outsider to every later one
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "hotspot.layouts.satellite" else [])
    table = Registry("hotspot.layouts.satellite", {"acag": LAYOUTS["acag"]}, a_kind(type(LAYOUTS["acag"])))
    assert list(table) == ["acag", "toy"] and table["toy"] is toy_satellite.LAYOUT
    points[:] = [EntryPoint("acag", "toys.toy_satellite:LAYOUT", "hotspot.layouts.satellite")]
    with pytest.raises(ValueError, match=r"'acag' of .* is there already"):
        list(Registry("hotspot.layouts.satellite", {"acag": 1}))
    points[:] = [EntryPoint("toy", "toys.toy_page:PRODUCT", "hotspot.layouts.satellite")]
    with pytest.raises(ValueError, match=r"cannot be used .*give one SatelliteLayout"):
        list(Registry("hotspot.layouts.satellite", {}, a_kind(type(LAYOUTS["acag"]))))
