"""The film of a cell's hours, seen in a browser: it plays, it is keyed, it fits a phone, it asks for nothing."""

import numpy as np
import pytest
import xarray as xr
from browser import opened

from hotspot.publish.web.film import film
from hotspot.variables import DataError

NAMES = [f"PQ1848E-{n:02d}" for n in range(1, 37)]


@pytest.fixture(scope="module")
def fine():
    rng = np.random.default_rng(7)
    values = 40 + 20 * rng.random((36, 30)) + 90 * (np.arange(30) == 12)
    values[26] += 60
    values[3, 5] = np.nan
    support = np.zeros((36, 30), "i1")
    support[26], support[20] = 2, 1
    dims = ("sub_cell", "time")
    time = np.datetime64("2025-12-04T16", "ns") + np.arange(30) * np.timedelta64(1, "h")
    at = {"time": time, "cell": ("sub_cell", ["PQ1848E"] * 36), "sub_cell": NAMES}
    return xr.Dataset({"pm25": (dims, values), "support": (dims, support)}, at, {"utc_offset": 8.0})


@pytest.fixture(scope="module")
def page(fine):
    return film(fine, "PQ1848E", hours=24, label="T85711", where="某市 某县")


def _values(page):
    """What stands on the sub-cells, in the order of their numbers; the picked one is drawn last."""
    both = page.eval_on_selector_all(
        "#map g", "g => g.map(n => [...n.querySelectorAll('text')].map(t => t.textContent))"
    )
    return [value for _, value in sorted(both)]


def test_it_shows_an_hour_and_moves(page, seen, fine):
    p = seen.page
    assert p.text_content("#code") == "PQ1848E（T85711）" and "2025-12-05 00:00" in p.text_content("#when")
    shown = [int(t) for t in _values(p)]
    assert shown == [round(v) for v in fine["pm25"].values[:, 0]]
    p.focus("#slider")
    for _ in range(5):
        p.keyboard.press("ArrowRight")
    assert "05:00" in p.text_content("#when")
    third = _values(p)[3]
    assert third == ""
    p.click("#play")
    p.wait_for_selector("#when:not(:has-text('05:00'))")
    p.click("#play")
    p.click("#lang")
    assert "measured" in p.text_content("#legend") and p.text_content("#lang") == "中文"


def test_a_sub_cell_is_picked_by_keyboard_and_the_loudest_first(page, seen):
    p = seen.page
    assert "27 号小格" in p.text_content("#series")
    p.locator("#map g", has_text="01").first.focus()
    p.keyboard.press("Enter")
    assert "01 号小格" in p.text_content("#series")


def test_it_fits_a_phone(page, chromium, tmp_path):
    with opened(chromium, page.save(tmp_path / "f.html"), width=360, height=740) as shown:
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert shown.errors == [] and shown.foreign == []


def test_same_field_same_bytes_and_a_window(fine, page):
    assert film(fine, "PQ1848E", hours=24, label="T85711", where="某市 某县").html == page.html
    late = film(fine, "PQ1848E", first="2025-12-05T20:00", hours=48)
    assert late.title == "PQ1848E 2025-12-05 20 — 2025-12-06 05"
    with pytest.raises(DataError, match="PR1847L is no cell of this field; it has PQ1848E"):
        film(fine, "PR1847L")
    with pytest.raises(DataError, match="no hour"):
        film(fine, "PQ1848E", first="2026-01-01")
    with pytest.raises(ValueError, match="give 1 to 240"):
        film(fine, "PQ1848E", hours=0)
