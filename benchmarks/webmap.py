"""
The map page against folium.GeoJson: time to build, bytes, time until painted, time to re-zoom.

    python benchmarks/webmap.py [--cells 40000]

Both pages are opened from a disk by the same chromium in the same run; folium's
carries the same inlined Leaflet instead of its network addresses (so that only
drawing is compared), draws on canvas, holds one month and no popups. Ours holds
thirteen months, all layers, popups, warnings and sources; "month" is one step of its slider.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

# Two frames after the work: then the picture is on the screen.
FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PAINTED = f"async () => {{ await {FRAMES}; return performance.now(); }}"
ZOOM = f"""async name => {{
    const map = window[name], start = performance.now();
    map.setZoom(map.getZoom() + 1, {{ animate: false }});
    await {FRAMES};
    return performance.now() - start;
}}"""


MONTH = f"""async () => {{
    const slider = document.getElementById("hs-slider"), start = performance.now();
    slider.value = slider.value - 1; slider.dispatchEvent(new Event("input"));
    await {FRAMES};
    return performance.now() - start;
}}"""


def folium_page(field):
    """One month as folium.GeoJson, with Leaflet inlined."""
    import folium
    import geopandas as gpd

    from hotspot.grid.lattice import Grid
    from hotspot.publish.web.page import leaflet_css, leaflet_js

    value = field["pm25"].isel(time=2).to_numpy()
    shapes = Grid().polygons(field["col"].to_numpy(), field["row"].to_numpy())
    table = gpd.GeoDataFrame({"cell": field["cell"].to_numpy(), "pm25": value.round(1)}, geometry=shapes, crs=4326)
    drawn = folium.Map(
        [float(field["lat"].mean()), float(field["lon"].mean())], zoom_start=7, tiles=None, prefer_canvas=True
    )

    def style(feature):
        level = feature["properties"]["pm25"] or 0
        return {"weight": 0, "fillOpacity": 0.9, "fillColor": "#fe9f2d" if level > 50 else "#ffe999"}

    folium.GeoJson(table, style_function=style).add_to(drawn)
    html = re.sub(r"<(script|link)[^>]*https://[^>]*>(</script>)?", "", drawn.get_root().render())
    head = f"<script>{leaflet_js()}</script><style>{leaflet_css()}</style>"
    return html.replace("<head>", "<head>" + head, 1), drawn.get_name()


def timed(make):
    """A result and the seconds it took."""
    start = time.perf_counter()
    return make(), time.perf_counter() - start


def measure(running, path, name):
    """Seconds from opening to painted, milliseconds of one zoom step and of one month."""
    from browser import opened

    with opened(running, path, ready=None) as shown:
        # The page's own clock starts with the navigation, so the browser's start is not counted.
        painted = shown.page.evaluate(PAINTED) / 1000
        zoom = sorted(shown.page.evaluate(ZOOM, name) for _ in range(3))[1]
        slides = shown.page.locator("#hs-slider").count()
        month = sorted(shown.page.evaluate(MONTH) for _ in range(3))[1] if slides else float("nan")
        if shown.errors:
            raise RuntimeError(f"{path}: {shown.errors}")
    return painted, zoom, month


def main():
    """Measure and print one table."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--cells", type=int, default=40_000)
    wide = round(reading.parse_args().cells ** 0.5)

    from browser import browser
    from map_case import month_case

    from hotspot.publish.web.webmap import web_map

    case = month_case(wide, wide)
    web_map(**month_case())  # imports and first calls are not what is compared
    ours, ours_s = timed(lambda: web_map(**case).html)
    (theirs, name), theirs_s = timed(lambda: folium_page(case["field"]))
    rows = []
    with tempfile.TemporaryDirectory() as folder, browser(folder) as running:
        for label, html, seconds, page_map in (
            ("hotspot", ours, ours_s, "map_hotspot"),
            ("folium.GeoJson", theirs, theirs_s, name),
        ):
            path = Path(folder) / "page.html"
            path.write_text(html, encoding="utf-8")
            measured = sorted(measure(running, path, page_map) for _ in range(3))[1]
            rows.append((label, seconds, len(html.encode()) / 1e6, *measured))
    print(f"{wide * wide} cells")
    print(f"{'':16}{'build s':>9}{'MB':>9}{'painted s':>11}{'zoom ms':>9}{'month ms':>10}")
    for label, seconds, size, painted, zoom, month in rows:
        print(f"{label:16}{seconds:9.2f}{size:9.2f}{painted:11.2f}{zoom:9.0f}{month:10.0f}")


if __name__ == "__main__":
    main()
