"""
The pictures of the README, made from the demo by the project itself.

    python docs/pictures/make.py [OUT]

needs chromium, playwright (both as the tests do) and poppler's ``pdftoppm``.
OUT is where the demo's month lies or is put; default: a temporary folder.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "cases"))

SHEET_WIDTH = 700  # px
LARGEST = 250_000  # bytes, so that a page of the README stays light


def make(out):
    """Write map.png, sheet-front.png, sheet-back.png and report.png beside this file."""
    from hotspot.synthetic.study import LATEST_MONTH
    from hotspot.workflows.demo import run_demo

    published = Path(out) / "demo" / LATEST_MONTH
    folder = published if (published / "manifest.json").exists() else run_demo(out)
    code = _best_sheet(folder)
    write("map.png", map_picture(folder / "map.html", code))
    for name, page in (("sheet-front.png", 1), ("sheet-back.png", 2)):
        write(name, sheet_picture(folder / "sheets" / f"{code}.pdf", page))
    for name, png in desk_pictures(Path(out)).items():
        write(name, png)
    write("report.png", sheet_picture(folder / "report.pdf", 3))  # the first city: maps and districts


def map_picture(path, code):
    """The Chinese page at 1280 x 800 with the card of one warning cell open."""
    from browser import browser, opened

    with (
        tempfile.TemporaryDirectory() as scratch,
        browser(Path(scratch)) as running,
        opened(running, path, width=1280, height=800, locale="zh-CN") as seen,
    ):
        seen.page.locator("#hs-search").fill(code)
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_timeout(1500)  # the map glides to the cell
        if seen.foreign or seen.errors:
            raise SystemExit(f"{path}: {seen.foreign + seen.errors}")
        return seen.page.screenshot()


def desk_pictures(out):
    """The demo's desk: today at the ministry's, an alarm on a phone."""
    import threading
    import time

    import uvicorn
    from browser import browser

    from hotspot.desk.app import desk_app
    from hotspot.desk.demo import PASSWORD, demo_desk

    desk = demo_desk(out)
    server = uvicorn.Server(uvicorn.Config(desk_app(desk), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.1)
    base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    newest = max(
        name for name, body in desk.read().standing.items() if body["state"] == "pushed" and body["end"] < desk.minute()
    )
    pictures = {}
    with tempfile.TemporaryDirectory() as scratch, browser(Path(scratch)) as running:
        for name, path, width, height in (
            ("desk-today.png", "/", 1100, 760), ("desk-alarm.png", f"/alarms/{newest}", 390, 1100)
        ):  # fmt: skip
            page = running.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
            page.goto(f"{base}/login")
            page.fill("[name=login]", "ministry")
            page.fill("[name=password]", PASSWORD)
            page.click("main button")
            page.wait_for_load_state()
            page.goto(base + path)
            if page.locator("summary").count():
                page.locator("summary").first.click()  # the alarm's card
                page.evaluate("Promise.all([...document.images].map((one) => (one.loading = 'eager', one.decode())))")
            pictures[name] = page.screenshot()
    server.should_exit = True
    thread.join()
    return pictures


def sheet_picture(path, page):
    """One page of a sheet as PNG."""
    command = ["pdftoppm", "-png", "-singlefile", "-f", page, "-l", page, "-scale-to-x", SHEET_WIDTH, "-scale-to-y", -1]
    return subprocess.run([*map(str, command), str(path)], capture_output=True, check=True).stdout


def write(name, png):
    """A PNG of at most 256 colours: maps and print need no more."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(HERE / name, optimize=True)
    size = (HERE / name).stat().st_size
    print(f"{name}: {picture.width} x {picture.height}, {size / 1000:.0f} kB")
    if size > LARGEST:
        raise SystemExit(f"{name} is larger than {LARGEST / 1000:.0f} kB")


def _best_sheet(folder):
    """The warned cell with the most reasons, then the best rank: it shows most of a sheet."""
    import pandas as pd

    listed = pd.read_csv(folder / "warnings.csv")
    found = listed.groupby("cell")["rank"].agg(["count", "min"]).reset_index()
    return found.sort_values(["count", "min", "cell"], ascending=[False, True, True])["cell"].iloc[0]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            make(folder)
