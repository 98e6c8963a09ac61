"""What a person meets at the prompt: short texts, a map with every glyph, polygons, an offline page, log lines."""

import logging
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import shapely
import xarray as xr

import hotspot as hs
from hotspot.estimate.field.monthly import monthly_field
from hotspot.publish.fonts import font_path, glyphs
from hotspot.synthetic.study import synthetic_month
from hotspot.variables import DataError
from hotspot.workflows.monthly.kept import kept


@pytest.fixture(scope="module")
def small():
    return synthetic_month(size="small")


@pytest.fixture(scope="module")
def field(small):
    return monthly_field(small)[0]


@pytest.fixture(autouse=True)
def no_window():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all") if "matplotlib.pyplot" in sys.modules else None


def drawn(ax):
    """Every text of a map, and the font file it is drawn with."""
    ax.figure.canvas.draw()
    found = ax.figure.findobj(matplotlib.text.Text)
    return [(text.get_text(), text.get_fontproperties().get_file()) for text in found if text.get_text()]


@pytest.mark.filterwarnings("error:Glyph")
def test_plot_draws_one_month_as_a_map_in_the_chinese_font(field, small):
    for month, boundaries in (("2025-11", None), (None, small.study.boundaries)):
        ax = field.hotspot.plot(month, boundaries=boundaries)
        texts = drawn(ax)
        said = "".join(text for text, _ in texts)
        assert {font for _, font in texts} == {str(font_path())}
        assert {c for c in said if c != "\n" and ord(c) not in glyphs()} == set()
        assert "月均浓度" in said and (month or "2025-12") in said and "µg/m³" in said and "km" in said
        colours = next(c for c in ax.collections if c.get_array() is not None)
        values = field["pm25"].sel(time=month or "2025-12").values.ravel()
        assert np.array_equal(np.sort(colours.get_array()), np.sort(values[np.isfinite(values)]))
        assert ax.get_aspect() == 1.0


def test_plot_hatches_what_is_not_ranked_and_refuses_what_is_not_there(field):
    aside = field.assign(valid=field["valid"] & (field["cell"] != field["cell"][0]))
    hatched = [c for c in aside.hotspot.plot().collections if c.get_hatch()]
    assert [len(c.get_paths()) for c in hatched] == [1]
    with pytest.raises(DataError, match="the field has no 2024-01; it holds"):
        field.hotspot.plot("2024-01")
    with pytest.raises(DataError, match="'why' is none of its numbers; give one of pm25"):
        field.hotspot.plot(variable="why")
    with pytest.raises(DataError, match="cells have no places"):
        field.drop_vars("x").hotspot.plot()


def test_cells_become_polygons_with_the_values_of_the_month(field):
    table = field.hotspot.to_geodataframe("2025-11")
    assert table.crs.to_epsg() == 4326 and set(table["month"]) == {"2025-11"} and len(table) == field.sizes["cell"]
    assert np.array_equal(table["pm25"].values, field["pm25"].sel(time="2025-11").values.ravel())
    assert shapely.contains_xy(table.geometry.values, table["lon"], table["lat"]).all()


def test_explore_is_the_offline_page_of_the_month(field):
    page = field.hotspot.explore("2025-11")
    assert page.title.endswith("2025-11") and "cdn." not in page.html and "default-src 'none'" in page.html
    assert field.hotspot.explore().title.endswith("2025-12")


@pytest.mark.parametrize(
    "lines",
    [
        "import hotspot; assert 'xarray' not in sys.modules; import xarray as xr",
        "import xarray as xr; import hotspot",
        "import hotspot; hotspot.monthly_field; import xarray as xr",
    ],
)
def test_the_accessor_is_there_in_any_order_of_imports(lines):
    code = f"import sys; {lines}; print(xr.Dataset().hotspot.__class__.__name__, xr.__spec__.name)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["FieldView", "xarray"]


def test_texts_of_a_study_and_a_month_are_short(small):
    for text in (repr(small.study), str(small.study), repr(small)):
        assert 1 <= len(text.splitlines()) <= 3 and max(map(len, text.splitlines())) < 200
    assert (
        "small" in repr(small.study) and "2025-12" in repr(small) and f"{small.intake.counts['read']:,}" in repr(small)
    )
    assert small.study._repr_html_().startswith("<")


def test_workflows_say_a_line_a_step_and_are_silent_unless_listened_to(caplog, tmp_path, small):
    assert any(isinstance(h, logging.NullHandler) for h in logging.getLogger("hotspot").handlers)
    record = xr.Dataset({"pm25": (("cell", "time"), [[1.0]])}, {"cell": ["A"], "time": np.array(["2025-12"], "M8[ns]")})
    made = record.assign_attrs(inputs="[]")
    with caplog.at_level(logging.INFO, "hotspot"):
        for _ in range(2):
            kept(tmp_path / "one.parquet", "stamp", tmp_path, lambda: made, listing="x")
    said = [(line.name, line.getMessage()) for line in caplog.records]
    assert said == [
        ("hotspot.workflows.monthly.kept", "one.parquet: made"),
        ("hotspot.workflows.monthly.kept", "one.parquet: used again, nothing it came from has changed"),
    ]
    assert hs.__all__
