"""Views for notebooks and terminals: what they say, what they may not do, and that no text in them can act."""

import inspect
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hostile import PAYLOADS
from paper_case import paper_case

import hotspot as hs
from hotspot.grid.frame import geodesic_size
from hotspot.publish.tables import list_view
from hotspot.publish.tables.lists import published
from hotspot.rules import criteria as criteria_file
from hotspot.rules.criteria import Criteria
from hotspot.rules.deciding import DECIDING, PROPOSAL, deciding
from hotspot.study_view import study_view
from hotspot.text.view import Column, Mark, Table, View
from hotspot.variables import DataError

TAGS = {"style", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "small"}
STUDY = """
id = "{id}"
name = '''{name}'''
root = "{root}"
[[boundary]]
layout = "datav"
files = ["a.json"]
source = '''{name}'''
[criteria.selection]
quota_share = 0.08
"""


class Seen(HTMLParser):
    """The tags, attributes and text of a page, as a browser would split them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.names, self.words, self.style = set(), set(), [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.style = tag == "style"

    def handle_data(self, data):
        if not self.style:
            self.words.append(data)
        self.style = False

    @property
    def text(self):
        return " ".join(self.words)


def load(folder, name="小城", root="nowhere"):
    path = folder / "study.toml"
    path.write_text(STUDY.format(id="town", name=name, root=root), encoding="utf-8")
    return hs.load_study(path)


@pytest.fixture(scope="module")
def case():
    return paper_case()


def lists(case):
    return {name: getattr(case, name) for name in ("warned", "hot", "not_ranked", "traced", "checklist")}


# A study and its lattice ------------------------------------------------------------------------------------------


def test_showing_a_study_reads_and_computes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("HOTSPOT_DATA", raising=False)
    study = load(tmp_path)
    before = set(study.__dict__)
    said = Seen(study._repr_html_()).text
    assert set(study.__dict__) == before
    assert "不存在" in said and "not counted yet" in said and "not read yet" in said


def test_a_study_s_cells_are_told_by_the_four_rules_once_they_are_there():
    study = hs.synthetic_month(size="small").study
    attrs = study.cells.attrs
    said = repr(study_view(study))
    for words, key in (
        ("centre inside", "count_centre"), ("cells, touching ", "count_touching"),
        ("touching, per city", "count_touching_per_city"), ("touching, per county", "count_touching_per_county"),
    ):  # fmt: skip
        line = next(line for line in said.splitlines() if words in line)
        assert re.search(rf"\b{attrs[key]:,}\b", line), line
    assert "云岭市" in said and "present" in said and "missing" not in said


def test_criteria_that_decide_are_told_with_who_set_them(tmp_path):
    rows = {row["key"]: row for row in deciding(load(tmp_path).criteria)}
    assert rows["selection.quota_share"]["value"] == "8 %" and rows["selection.quota_share"]["set_by"] == "study"
    assert rows["warning.k"]["set_by"] == "profile"
    assert "selection.cap_share" not in rows
    assert "selection.cap_share" in {r["key"] for r in deciding(Criteria(selection={"quota_mode": "mixed"}))}


@pytest.mark.parametrize("rule", DECIDING, ids=lambda rule: rule.key)
def test_a_clause_that_is_shown_is_the_one_at_the_criterion(rule):
    section, name = rule.key.split(".")
    kind = type(getattr(Criteria(), section))
    lines = inspect.getsource(kind).splitlines()
    at = next(i for i, line in enumerate(lines) if re.match(rf"    {name}\b", line))
    first = at
    while lines[first - 1].strip().startswith("#"):
        first -= 1
    told = " ".join(lines[first : at + 1])
    if "#" not in told:
        told = kind.__doc__
    assert rule.clause.casefold() in told.casefold(), f"{rule.key}: {criteria_file.__name__} says {told!r}"
    assert rule.clause == PROPOSAL or "proposal" not in told.casefold() or rule.key == "selection.second_criterion"


def test_a_grid_tells_what_a_cell_measures_on_the_ground():
    grid = hs.Grid()
    said = Seen(grid._repr_html_()).text
    for lon, lat in ((116.397, 39.909), (87.62, 43.79)):
        sides = [f"{float(side):,.0f}" for side in geodesic_size(grid, *grid.locate(lon, lat))]
        assert all(side in said for side in sides) and grid.code(*grid.locate(lon, lat)) in said
    assert grid.id in said
    assert "column and row" in Seen(hs.Grid(4000)._repr_html_()).text


# The lists --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("warned", "预警网格"),
        ("hot", "热点网格"),
        ("not_ranked", "未参加排名"),
        ("traced", "疑似"),
        ("checklist", "问题清单"),
    ],
)
def test_every_list_is_known_and_counted(case, name, title):
    rows = lists(case)[name]
    view = list_view.table(rows, study=case.study, most=1)
    assert repr(view).startswith(title) and f"· {len(rows):,}" in repr(view).splitlines()[0]
    rest = len(rows) - 1
    assert (f"另有{rest}行未显示" in view._repr_html_()) == (rest > 0)
    assert Seen(view._repr_html_()).tags <= TAGS


def test_warnings_are_shown_as_they_are_printed(case):
    columns, rows = table_of(list_view.table(case.warned, study=case.study))
    at = {column.en: i for i, column in enumerate(columns)}
    printed = published(case.warned, 1)
    assert [row[at["monthly mean"]] for row in rows] == [f"{v:.1f}" for v in printed["pm25"]]
    changes = [row[at["change"]] for row in rows]
    assert changes == ["—" if v != v else f"{v:+.1f}" for v in printed["change"]]
    assert all(column.unit for column in columns if column.en in ("monthly mean", "base", "change", "rate"))


def test_a_cell_that_cannot_be_told_apart_says_so_in_words_and_shape(case):
    view = hs.table(case.warned)
    columns, rows = table_of(view)
    at = {column.en: i for i, column in enumerate(columns)}
    for row, flag in zip(rows, case.warned["distinguishable"], strict=True):
        assert (row[at["told apart"]].look == "unsure") == (not flag)
        assert ("不可区分" in row[at["told apart"]].text) == (not flag)
        assert row[at["rank"]].endswith("（1—4）")
    shapes = {row[at["reason"]].text: row[at["reason"]].look for row in rows}
    assert len(set(shapes.values())) == len(shapes) == 3  # told apart in black and white


def test_what_is_not_known_is_a_dash(case):
    bare = case.warned.assign(rank_low=float("nan"), p_top=float("nan"), distinguishable=None)
    columns, rows = table_of(hs.table(bare))
    at = {column.en: i for i, column in enumerate(columns)}
    assert {row[at["certainty"]] for row in rows} == {"—"} and {row[at["told apart"]].en for row in rows} == {"unknown"}
    assert "nan" not in repr(hs.table(bare)).casefold()


def test_runners_up_and_agreement_of_stations_are_shown_where_they_are_known(case):
    standing = case.warned.assign(listed=[True] * (len(case.warned) - 1) + [False])
    assert [row[4].en for row in table_of(hs.table(standing))[1]].count("no") == 1
    assert repr(hs.table(standing)).startswith("热点网格排名")
    traced = case.traced.assign(agreement=2, n_stations=3)
    assert {row[6] for row in table_of(hs.table(traced))[1]} == {"2/3"}
    assert "agree" not in repr(hs.table(case.traced))


def test_an_empty_list_says_so(case):
    view = hs.table(case.not_ranked.iloc[:0])
    assert "无 none" in repr(view) and "无 none" in view._repr_html_()


def test_a_table_that_is_no_list_is_refused():
    with pytest.raises(DataError, match=r"none of our lists.*columns here: a"):
        hs.table(pd.DataFrame({"a": [1]}))
    with pytest.raises(ValueError, match="most is 0"):
        hs.table(pd.DataFrame({"a": [1]}), most=0)


def test_terminal_columns_line_up_under_chinese_heads():
    part = Table((Column("网格", "cell"), Column("值", "value", number=True)), (("中文名", "1.5"), ("x", "22.0")))
    lines = part.text().splitlines()
    width = [sum(2 if ord(c) > 0x2E7F else 1 for c in line) for line in lines]
    assert len(set(width)) == 1, lines


# Hostile names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_no_text_from_data_can_act_in_a_view(payload):
    case = paper_case(word=payload)
    study = hs.synthetic_month(size="small").study.model_copy(update={"name": payload, "name_en": payload})
    study.__dict__["boundaries"] = case.study.boundaries
    views = [hs.table(rows, most=3) for rows in lists(case).values()]
    views += [study_view(study), View((payload, payload), (), (payload,))]
    for view in views:
        page = view._repr_html_()
        seen = Seen(page)
        assert seen.tags <= TAGS and seen.names <= {"class", "scope", "colspan"}
        body = page.split("</style>")[1]
        assert not re.search(r"[`${}\\]", body) and "\u202e" not in repr(view) and "\x1b" not in repr(view)


def test_a_look_comes_from_us_alone():
    with pytest.raises(ValueError, match="is none of"):
        Table((Column("值", "value"),), ((Mark("x", '"><script>'),),)).html()


def table_of(view):
    return view.blocks[0].columns, view.blocks[0].rows
