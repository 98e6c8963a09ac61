"""One synthetic month end to end: the file contracts, equal bytes, verification, the shell."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pandas as pd
import pytest
from openings import counted

from hotspot.publish import catalogue, dialects, manifest
from hotspot.publish.catalogue import data_files
from hotspot.publish.release import publish
from hotspot.publish.tables.lists import read_warnings
from hotspot.rules.calendar import month_minus
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.study import load_study
from hotspot.synthetic.study import LATEST_MONTH
from hotspot.variables import DataError
from hotspot.workflows.monthly.check import check_month
from hotspot.workflows.monthly.explain import explain_cell
from hotspot.workflows.monthly.month import derive, run_month
from hotspot.workflows.monthly.unchanged import is_unchanged, made_from, remember
from hotspot.workflows.proof.releases import list_releases
from hotspot.workflows.proof.verify import verify_folder, verify_month
from hotspot.workflows.yearly.year import open_hotspots

WARNINGS = (
    "month,city,reason,rank,cell,label,county,township,lon,lat,pm25,previous,change,change_pct,"
    "n_valid,coverage,p_worst,p_top,rank_low,rank_high,distinguishable"
).split(",")
PRODUCTS = {
    "warnings.csv", "not_ranked.csv", "hotspots.csv", "quarantine.jsonl", "cells.parquet", "warnings.xlsx",
    "warnings.gpkg", "map.html", "sheets.pdf", "checklists.xlsx", "report.pdf", "manifest.json", "sub_cells.csv",
    "inventory.csv", "notice.docx", "notice.pdf", "public", "packages", *dialects.NAMES,
}  # fmt: skip
# All else than where a month is made first; a locale that is not installed is C. An old processor's loops add in
# another order and have another exponential: the last digit is no longer the same.
ELSEWHERE = {
    "TZ": "America/New_York", "PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8", "NUMBA_NUM_THREADS": "1",
    "OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "AVX2 AVX512F AVX512_SKX",
}  # fmt: skip


@pytest.fixture(scope="module")
def study_file(small_copy, tmp_path_factory):
    return small_copy(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def study(study_file):
    return load_study(study_file, data=study_file.parent)


@pytest.fixture(scope="module")
def again(small_published, study, tmp_path_factory):
    """
    The month made once more over a copy of what was published, and what that opened: of a copy of the study, which
    nothing says would come out the same, its weather, history and list taken away; all is made from what was decoded,
    but the year's level, which test_year and test_f30 learn again and compare.
    """
    out = shutil.copytree(small_published.out, tmp_path_factory.mktemp("out"), dirs_exist_ok=True)
    level = out / study.id / f"level-{LATEST_MONTH[:4]}.parquet"
    for path in {*level.parent.glob("*.parquet"), *level.parent.glob("hotspots-*.csv")} - {level}:
        path.unlink()
    with counted(study) as openings:
        return run_month(study, LATEST_MONTH, out=out), openings


@pytest.fixture(scope="module")
def folder(again):
    return again[0]


def hotspot(*arguments, umask=-1, **environment):
    """Run the shell command as a user would, in a given environment."""
    return subprocess.run(
        [sys.executable, "-m", "hotspot", *map(str, arguments)],
        capture_output=True, text=True, env=os.environ | environment, umask=umask,
    )  # fmt: skip


def test_every_product_is_there(folder):
    assert PRODUCTS <= {path.name for path in folder.iterdir()}
    warned = pd.read_csv(folder / "warnings.csv")
    assert {path.stem for path in (folder / "sheets").iterdir()} == set(warned["cell"])


def test_other_dialects_name_every_file_with_its_own_digest(study, folder):
    """Data Package, RO-Crate and STAC say what the manifest says; their rules are checked by hand."""
    stated = manifest.read_manifest(folder)
    package, crate, item = (json.loads((folder / name).read_text(encoding="utf-8")) for name in dialects.NAMES)
    files = {name: about for name, about in manifest.outputs(folder).items() if name not in dialects.NAMES}
    assert files and set(dialects.NAMES) < set(stated["notices"])
    assert {r["path"]: (r["hash"], r["bytes"]) for r in package["resources"]} == {
        name: (f"sha256:{about['sha256']}", about["size"]) for name, about in files.items()
    }
    slugs = [r["name"] for r in package["resources"]]
    assert len(set(slugs)) == len(slugs) and all(re.fullmatch(r"[a-z0-9._-]+", slug) for slug in slugs)
    by_id = {entity["@id"]: entity for entity in crate["@graph"]}
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"} and by_id["./"]["datePublished"] == LATEST_MONTH
    assert {part["@id"]: by_id[part["@id"]]["sha256"] for part in by_id["./"]["hasPart"]} == {
        name: about["sha256"] for name, about in files.items()
    }
    made_of = [by_id[entry["@id"]]["name"] for entry in by_id["#run"]["object"]]
    assert made_of == [entry["path"] for entry in stated["inputs"]]
    assert all(reference["@id"] in by_id for entity in by_id.values() for reference in _references(entity))
    assert {a["href"][2:]: a["file:checksum"][4:] for a in item["assets"].values()} == {
        name: about["sha256"] for name, about in files.items()
    }
    west, south, east, north = item["bbox"]
    assert west <= float(study.cells["lon"].min()) < float(study.cells["lon"].max()) <= east and south < north
    assert item["geometry"]["coordinates"][0][2] == [east, north] and item["properties"]["datetime"] is None
    assert item["properties"]["start_datetime"] == f"{month_minus(LATEST_MONTH, 1)}-30T16:00:00Z"
    assert item["properties"]["hotspot:head"] == stated["chain"]["head"]


def _references(entity):
    """Every ``{"@id": ...}`` of an entity but what it conforms to."""
    held = [value for name, value in entity.items() if name != "conformsTo"]
    flat = [item for value in held for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat if isinstance(item, dict)]


def test_the_list_has_the_documented_columns(folder):
    with open(folder / "warnings.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == WARNINGS
    assert {row[2] for row in rows[1:]} <= {"highest", "year_on_year", "month_on_month"}
    with open(folder / "not_ranked.csv", encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == ["month", "city", "cell", "reason", "why"]


def test_d9_every_hotspot_cell_is_ranked_or_named(folder):
    """Nobody is lost: per class, k are warned and each cell left out stands in not_ranked."""
    hot = pd.read_csv(folder / "hotspots.csv")
    warned = pd.read_csv(folder / "warnings.csv")
    out = pd.read_csv(folder / "not_ranked.csv")
    assert set(warned["cell"]) <= set(hot["cell"])
    assert set(out["cell"]) <= set(hot["cell"])
    for (city, reason), rows in warned.groupby(["city", "reason"]):
        left_out = set(out[(out["city"] == city) & (out["reason"] == reason)]["cell"])
        assert not left_out & set(rows["cell"])
        rankable = (hot["city"] == city).sum() - len(left_out)
        assert len(rows) >= min(3, rankable)


def test_rows_are_conserved(folder):
    counts = manifest.read_manifest(folder)["conservation"]
    assert counts["read"] == counts["used"] + counts["duplicates"] + counts["quarantined"]
    assert counts["quarantined"] > 0, "the synthetic study plants bad rows"
    lines = (folder / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert all({"path", "row", "column", "value", "rule"} <= json.loads(line).keys() for line in lines)
    assert len(lines) >= 1


def test_a_second_run_decodes_nothing_and_changes_no_byte(small_published, study, again):
    folder, openings = again
    assert not openings["decoded"] and set(openings["hashed"].values()) == {1}
    assert bytes_of(folder) == bytes_of(small_published.folder)
    made, before = ((home / f".{LATEST_MONTH}.made").read_bytes() for home in (folder.parent, small_published.home))
    assert made != before, "what stands beside it is of another run"
    assert [row["state"] for row in list_releases(study, out=folder.parents[1])] == ["preliminary"]


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_f30_the_same_list_for_any_time_zone_locale_hash_seed_umask_and_processor(
    small_published, study_file, decoded_before, tmp_path
):
    """The list of the year, its level learned anew. A month made of a list, from nothing: the end of test_f9."""
    decoded_before(tmp_path / "small", levels=False)
    asked = ("select", LATEST_MONTH[:4], "--study", study_file, "--data", study_file.parent, "--out", tmp_path)
    run = hotspot(*asked, umask=0o077, **ELSEWHERE)
    assert run.returncode == 0, run.stderr
    assert run.stderr == "", "silent in a pipe"
    for name in (f"hotspots-{LATEST_MONTH[:4]}.csv", f"hotspots-{LATEST_MONTH[:4]}-stability.csv"):
        assert (tmp_path / "small" / name).read_bytes() == (small_published.home / name).read_bytes()


def test_confirmed_by_somebody_it_says_so_and_stays(study_file, study, folder, tmp_path):
    """In another time zone and locale than it was published in; its data must be found the same to be confirmed."""
    out = tmp_path / "out"
    shutil.copytree(folder.parents[1], out)
    asked = ("confirm", LATEST_MONTH, "--study", study_file, "--data", study_file.parent, "--out", out, "--by", "王芳")
    run = hotspot(*asked, TZ="Asia/Shanghai", LC_ALL="zh_CN.UTF-8", PYTHONHASHSEED="3")
    assert (run.returncode, run.stderr) == (0, "") and run.stdout.startswith("published: "), run.stderr
    target = out / study.id / LATEST_MONTH
    before, now = manifest.read_manifest(folder), manifest.read_manifest(target)
    assert (now["state"], now["replaces"], now["chain"]["entry"]["by"]) == ("confirmed", 0, "王芳")
    assert all(now["outputs"][name] == before["outputs"][name] for name in data_files())
    assert now["outputs"]["sheets.pdf"] != before["outputs"]["sheets.pdf"], "the state is printed on the sheets"
    assert manifest.outputs(out / study.id / "revisions" / f"{LATEST_MONTH}-r1") == manifest.outputs(folder)
    assert [row["state"] for row in list_releases(study, out=out)] == ["superseded", "confirmed"]
    answer = verify_folder(out / study.id, heads=[now["chain"]["head"], before["chain"]["head"]])
    assert answer["verified"], answer["differences"]
    again = hotspot(*asked, "--reason", "twice")
    assert again.returncode == 0 and again.stdout.startswith("unchanged: "), again.stderr
    assert manifest.read_manifest(target) == now


def late(study_file, folder):
    """The study with the hours of one station delivered again, higher: late data of the latest month."""
    shutil.copytree(study_file.parent, folder)
    path = folder / "stations" / f"pm25_{LATEST_MONTH}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    mended = []
    for line in lines:
        start, station, value = line.split(",")[:3]
        higher = station == "S01" and value.isdigit()
        mended.append(f"{start},{station},{round(float(value) * 1.3)}" if higher else line)
    assert mended != lines
    path.write_text("\n".join(mended) + "\n", encoding="utf-8")
    return load_study(folder / study_file.name, data=folder)


def killed_at(product, study, derived, out):
    """Publish in a child that is killed when it comes to a product."""
    child = os.fork()
    if not child:
        publish(
            study, LATEST_MONTH, derived, out=out, progress=lambda name: name == product and os.kill(os.getpid(), 9)
        )
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_f9_late_data_make_a_correction_that_verifies(study_file, folder, tmp_path):
    """
    F1 at the coarse steps of a real month, then its second revision: kept, compared, announced, made by an outsider
    again (as the first one is in docs/start, which test_docs runs). F30: elsewhere, and from nothing.
    """
    out = tmp_path / "out"
    shutil.copytree(folder.parents[1], out)
    study = late(study_file, tmp_path / "delivered")
    derived = derive(study, LATEST_MONTH, hot=open_hotspots(study, int(LATEST_MONTH[:4]), out=out))
    target = out / study.id / LATEST_MONTH
    for product in ("warnings.csv", "sheets.pdf"):
        killed_at(product, study, derived, out)
        assert manifest.outputs(target) == manifest.outputs(folder)
    publish(study, LATEST_MONTH, derived, out=out)
    # The lock, and what the first run was made from; nothing of a publication that did not end.
    assert sorted(p.name for p in target.parent.glob(".*")) == [f".{LATEST_MONTH}.lock", f".{LATEST_MONTH}.made"]
    now = manifest.read_manifest(target)
    assert (now["state"], now["chain"]["revision"], now["replaces"]) == ("preliminary", 2, 1)
    rows = [pd.read_csv(place / "warnings.csv").set_index(["city", "cell", "reason"]) for place in (folder, target)]
    told = {(row["city"], row["cell"], row["reason"]): row for row in now["changes"]}
    assert {key for key, row in told.items() if row["what"] == "added"} == set(rows[1].index) - set(rows[0].index)
    assert {key for key, row in told.items() if row["what"] == "removed"} == set(rows[0].index) - set(rows[1].index)
    changed = {key: row for key, row in told.items() if row["what"] == "changed"}
    assert changed, "one station more polluted moves the values around it"
    for key, row in changed.items():
        assert row["before"]["pm25"] == rows[0].loc[key, "pm25"] and row["now"]["pm25"] == rows[1].loc[key, "pm25"]
    run = hotspot("verify", target, "--data", tmp_path / "delivered", "--json", umask=0o077, **ELSEWHERE)
    answer = json.loads(run.stdout)
    assert (run.returncode, answer["verified"]) == (0, True), answer["differences"]
    assert answer["checked"] == "files, head, ledger, inputs, re-derived"


def test_verification_names_the_first_difference(study_file, folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    text = (copy / "warnings.csv").read_text(encoding="utf-8")
    (copy / "warnings.csv").write_text(text.replace("highest", "lowest", 1), encoding="utf-8")
    answer = verify_month(copy, data=study_file.parent)
    assert not answer["verified"]
    assert answer["differences"][0].startswith("warnings.csv")


def test_verification_names_a_changed_input(study_file, folder, tmp_path):
    other = tmp_path / "delivered"
    shutil.copytree(study_file.parent, other)
    changed = manifest.read_manifest(folder)["inputs"][0]["path"]
    with open(other / changed, "ab") as stream:
        stream.write(b"\n")
    answer = verify_month(folder, data=other)
    assert answer["differences"] == [f"{changed}: input differs from the one the month was made with"]


def test_check_says_what_there_is(study, folder):
    """Of a published month, with what the run before has kept: nothing is learned twice, nothing is written."""
    out = folder.parents[1]
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    answer = check_month(study, LATEST_MONTH, out=out)
    assert answer["ready"] and answer["inputs"]["read"] > 0 and answer["list"]["how"].startswith("hotspots-2025.csv")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before
    assert list(answer["months"]) == ["2024-12", "2025-11", "2025-12"]


def test_explain_gives_the_numbers_of_the_list(study, folder, monkeypatch):
    monkeypatch.setattr(
        "hotspot.workflows.monthly.explain.derive", lambda *a, **k: pytest.fail("a published month is looked up")
    )
    warned = pd.read_csv(folder / "warnings.csv")
    first = warned.iloc[0]
    answer = explain_cell(study, LATEST_MONTH, first["cell"], out=folder.parents[1])
    entry = next(row for row in answer["warnings"] if row["reason"] == first["reason"])
    assert round(entry["pm25"], 1) == pytest.approx(first["pm25"], abs=0.051)
    assert any("hotspot cell" in sentence for sentence in answer["sentences"])
    json.dumps(answer)
    # Of another program's making, or not published at all: what was told once of the same inputs is looked up.
    made = (folder.parent / f".{LATEST_MONTH}.made").rename(folder.parent / ".aside")
    assert explain_cell(study, LATEST_MONTH, first["cell"], out=folder.parents[1]) == answer
    made.rename(folder.parent / f".{LATEST_MONTH}.made")


def test_a_month_without_data_is_refused_and_nothing_is_published(study, tmp_path):
    with pytest.raises(DataError):
        run_month(study, "2030-01", out=tmp_path)
    assert not (tmp_path / study.id / "2030-01").exists()


def test_shell_exit_codes(study_file, tmp_path):
    assert hotspot("month", "2020-13", "--study", study_file, "--out", tmp_path).returncode == 2
    assert hotspot("month", "2020-01", "--study", tmp_path / "none.toml").returncode == 1
    assert hotspot("cell", "PQ1848X").returncode == 2
    assert hotspot("month").returncode == 2


def test_shell_cell_answers_with_one_object():
    by_place = json.loads(hotspot("cell", "116.397", "39.909", "--json").stdout)
    assert list(by_place)[:9] == ["cell", "lon", "lat", "x", "y", "col", "row", "h3_8", "geometry"]
    assert json.loads(hotspot("cell", by_place["cell"], "--json").stdout) == by_place
    assert "sub-cell PQ1848E-29" in hotspot("cell", "116.397", "39.909").stdout


def test_shell_takes_a_western_longitude_for_a_number():
    """-76.8 is no option; the national lattice does not reach there, and the answer says so."""
    west = hotspot("cell", "-76.8", "2.5")
    assert west.returncode == 2
    assert "outside the lattice" in west.stderr


def test_c17_the_public_page_and_map_of_a_published_month(study, folder):
    from typer.testing import CliRunner

    from hotspot.cli import app

    where = ["--study", str(study.path), "--data", str(study.root), "--out", str(folder.parents[1])]
    words = ["public", LATEST_MONTH, *where]
    assert (said := CliRunner().invoke(app, words)).exit_code == 0, said.output
    home = folder.parent / "public"
    texts = [(home / name).read_text(encoding="utf-8") for name in ("index.html", "map.html")]
    facilities = load_facilities(study.facilities, study.root, Intake(study.root))
    warned = read_warnings(folder / "warnings.csv")
    for name in (*facilities["name"], *facilities["facility"]):
        assert not any(f'"{name}"' in text or f">{name}<" in text for text in texts), name
    assert all(code in texts[0] for code in warned["cell"])
    words_of_it = re.sub(r"<style.*?</style>|<[^>]*>", " ", texts[0], flags=re.S)
    printed = [re.escape(f"{value:.1f}") for value in warned["pm25"]]  # a bare dot is any letter of a hash
    assert not any(re.search(rf"(?<![\d.]){value}(?![\d.])", words_of_it) for value in printed)
    (home / "people.csv").write_text("单位,层级,网格职务,姓名,投诉电话\n甲县,县,网格长,张三,12369\n", encoding="utf-8")
    assert CliRunner().invoke(app, words).exit_code == 0
    assert "张三" in (home / "index.html").read_text(encoding="utf-8")
    assert (home / "map.html").read_text(encoding="utf-8") == texts[1]


def test_c9_clusters_never_warned_are_listed_from_published_months(study, folder):
    from hotspot.workflows.yearly.never_warned import list_never_warned

    answer = list_never_warned(study, LATEST_MONTH, out=folder.parents[1])
    assert answer["months"] == [LATEST_MONTH] and all(row["verdict"] == "short" for row in answer["cells"])
    assert not {row["cell"] for row in answer["cells"]} & set(read_warnings(folder / "warnings.csv")["cell"])
    with pytest.raises(DataError, match="not published"):
        list_never_warned(study, "2025-11", out=folder.parents[1])


def test_a_month_that_nothing_has_changed_is_not_made_again(study, folder, monkeypatch):
    def made(*args, **kwargs):
        raise AssertionError("it was made again")

    with monkeypatch.context() as patched:
        patched.setattr("hotspot.workflows.monthly.month.derive", made)
        remember(
            LATEST_MONTH, folder.parent, made_from(study)
        )  # of the study beside it; that a run does: test_opened_once
        assert run_month(study, LATEST_MONTH, out=folder.parents[1]) == folder
    inputs, home = made_from(study), folder.parent
    assert is_unchanged(LATEST_MONTH, home, inputs) and not is_unchanged(LATEST_MONTH, home, inputs[::-1])
    facilities, listed = study.root / "facilities.csv", home / f"hotspots-{LATEST_MONTH[:4]}.csv"
    for path in (facilities, listed):  # the same bytes, written again: nobody may rely on them unread
        path.write_bytes(path.read_bytes())
    assert made_from(study) != inputs and not is_unchanged(LATEST_MONTH, home, inputs)
    sheet = next((folder / "sheets").iterdir())
    kept = sheet.read_bytes()
    remember(LATEST_MONTH, home, inputs)
    assert is_unchanged(LATEST_MONTH, home, inputs)
    sheet.write_bytes(kept[:-1])
    assert not is_unchanged(LATEST_MONTH, home, inputs), "a published file was cut"
    sheet.write_bytes(kept)
    with catalogue.PRODUCTS.added("toy", catalogue.Product(("toy.txt",), made, "玩具", "a toy")):
        assert made_from(study) == "", "what a guest writes cannot be told from here"
