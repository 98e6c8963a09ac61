"""The map of chosen sites: every site in its sub-cell, a cell opens, and a page of a browser is quiet."""

import re

import pandas as pd
import pytest
from browser import browser, opened
from hostile import PAYLOADS
from paper_case import paper_case

from hotspot.publish.web.site_map import site_map

WORD = next(iter(PAYLOADS.values()))
SITES = ("08", "11", "26", "29")


@pytest.fixture(scope="module")
def made():
    case = paper_case(word=WORD)
    rows = []
    for code in case.hot["cell"].head(3):
        x0, y0, x1, _ = case.study.grid.bounds(*case.study.grid.parse(code))
        side = (x1 - x0) / 6
        for number in SITES:
            row, column = divmod(int(number) - 1, 6)
            x, y = x0 + (column + 0.5) * side, y0 + (5 - row + 0.5) * side
            lon, lat = (float(v) for v in case.study.grid.unproject(x, y))
            rows.append({"cell": code, "sub_cell": f"{code}-{number}", "x": x, "y": y, "lon": lon, "lat": lat})
    sites = pd.DataFrame(rows)
    case.study.name = WORD
    return sites, site_map(case.study, 2025, sites)


def test_every_site_is_drawn_in_its_sub_cell_and_listed(made):
    sites, page = made
    cells = re.findall(r'<g class="cell" id="c-(\w+)".*?<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)"(.*?)'
                       r'<circle class="mark"', page)  # fmt: skip
    assert [code for code, *_ in cells] == sites["cell"].unique().tolist()
    for _, left, top, side, inner in cells:
        dots = re.findall(r'cx="([\d.-]+)" cy="([\d.-]+)" r="[\d.]+"/><text.*?>(\d\d)<', inner)
        assert {name for *_, name in dots} == set(SITES)
        for x, y, name in dots:
            step = float(side) / 6
            at = int((float(y) - float(top)) / step) * 6 + int((float(x) - float(left)) / step)
            assert f"{at + 1:02d}" == name
    assert len(re.findall("<tr data-cell", page)) == len(sites)
    assert all(f"{row.lon:.5f}" in page and f"{row.lat:.5f}" in page for row in sites.itertuples())
    assert WORD not in page


@pytest.mark.parametrize("width", [1280, 375])
def test_a_touched_cell_opens_and_the_whole_map_comes_back(made, tmp_path, width):
    sites, page = made
    (tmp_path / "sites.html").write_text(page, encoding="utf-8")
    code = sites["cell"].iloc[-1]
    with browser(tmp_path) as running, opened(running, tmp_path / "sites.html", ready=None, width=width) as seen:
        whole = seen.page.get_attribute("svg", "viewBox")
        seen.page.select_option("select", code)
        assert seen.page.locator("tbody tr:visible").count() == len(SITES)
        assert seen.page.locator(f"#c-{code} .site").first.is_visible()
        seen.page.click("button")
        assert seen.page.get_attribute("svg", "viewBox") == whole
        assert seen.page.locator("tbody tr:visible").count() == len(sites)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert not seen.errors and not seen.foreign
