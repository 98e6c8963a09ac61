"""RELIABILITY, second section G: a stranger's folder, an office's template, text that leaves, settings, months."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from docx import Document
from tiny_month import MONTH, install, publish

from hotspot import contracts
from hotspot.publish import manifest
from hotspot.publish.manifest_shape import parse_manifest
from hotspot.publish.office.docx import filled
from hotspot.publish.tables.quarantine import write_quarantine
from hotspot.rank.warn.warnings import not_ranked, rank_warnings
from hotspot.rules.criteria import Criteria
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.study import Facilities, load_study
from hotspot.text.door import outward
from hotspot.variables import DataError
from hotspot.workflows.monthly.cluster import cluster
from hotspot.workflows.proof.verify import verify_folder, verify_month, verify_study

STUDY = """
id = "tiny"
name = "小区"
{more}
[[boundary]]
layout = "table"
files = ["a.geojson"]
datum = "wgs84"
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    install(monkeypatch)
    publish(tmp_path, {"A": 60.0, "B": 55.0})
    return tmp_path / "tiny"


def altered(folder, change):
    """A manifest somebody else wrote, its head made to fit."""
    path = folder / manifest.NAME
    stated = json.loads(path.read_text(encoding="utf-8"))
    change(stated)
    path.write_text(json.dumps(stated), encoding="utf-8")


@pytest.mark.parametrize(
    "file", ["/tmp/hotspot-g1-absolute.toml", "../../hotspot-g1-above.toml", "a/b.toml", "x\0y", ""]
)
def test_g1_the_study_of_a_strangers_manifest_is_parsed_and_never_a_place(home, tmp_path, monkeypatch, file):
    monkeypatch.delenv("HOTSPOT_DATA", raising=False)
    shutil.rmtree(home / "drafts", ignore_errors=True)
    folder = tmp_path / "stranger"
    shutil.copytree(home / MONTH, folder)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "input.csv").write_text("mine")
    text = STUDY.format(more=f'root = "{secret}"')
    altered(folder, lambda stated: stated["study"].update(file=file, text=text))
    monkeypatch.setattr("hotspot.workflows.proof.verify.manifest.chain_faults", lambda stated: [])
    before = sorted(tmp_path.rglob("*"))
    told = verify_month(folder)
    assert not told["verified"] and sorted(tmp_path.rglob("*")) == before
    assert not os.path.exists("/tmp/hotspot-g1-absolute.toml")
    assert "not the study file" in told["differences"][0] or "inputs is there; give --data" in told["differences"][0]
    assert str(secret) not in json.dumps(told)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a//b", "..", "a\\b"])
@pytest.mark.parametrize("where", ["inputs", "outputs"])
def test_g1_names_in_a_manifest_stay_below_their_folder(home, name, where):
    entry = {"sha256": "0" * 64, "size": 1}
    if where == "inputs":
        altered(home / MONTH, lambda stated: stated["inputs"].append(entry | {"path": name}))
    else:
        altered(home / MONTH, lambda stated: stated["outputs"].update({name: entry}))
    with pytest.raises(DataError, match="is no name below the folder"):
        verify_month(home / MONTH)


PAYLOADS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('touch g2').read() }}",
    "{% for x in range(999999) %}{% for y in range(999999) %}x{% endfor %}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{{ unclosed",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_g2_an_office_template_runs_in_a_sandbox(tmp_path, monkeypatch, payload):
    monkeypatch.chdir(tmp_path)
    document = Document()
    document.add_paragraph(payload)
    document.save(str(tmp_path / "own.docx"))
    with pytest.raises(DataError, match=r"^own\.docx: the template cannot be filled"):
        filled("notice.docx", {"city": "甲市"}, template=tmp_path / "own.docx")
    assert os.listdir(tmp_path) == ["own.docx"]


def test_g2_a_plain_template_is_filled_by_the_child_as_it_was_here(tmp_path):
    document = Document()
    document.add_paragraph("{{ city }}：{% for row in rows %}{{ row.code }} {% endfor %}")
    document.save(str(tmp_path / "own.docx"))
    data = filled(
        "notice.docx", {"city": "甲<市>", "rows": [{"code": "A"}, {"code": "B"}]}, template=tmp_path / "own.docx"
    )
    (tmp_path / "made.docx").write_bytes(data)
    assert Document(str(tmp_path / "made.docx")).paragraphs[0].text == "甲<市>：A B "


@pytest.mark.parametrize("name", ["../own.docx", "/etc/own.docx", "out.docx"])
def test_g2_a_template_outside_the_studys_root_is_refused(tmp_path, name):
    from types import SimpleNamespace

    from hotspot.publish.office.warned.notice import template_of

    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "own.docx").write_bytes(b"PK")
    (root / "out.docx").symlink_to(tmp_path / "own.docx")
    for key in ("template", "letter_template"):
        with pytest.raises(DataError, match=rf"office\.{key}: .* leaves the data folder"):
            template_of(SimpleNamespace(root=root, office=SimpleNamespace(**{key: name})), key)


def test_g5_notes_rules_and_quarantine_carry_no_place_and_nothing_hidden(tmp_path):
    intake = Intake(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"x")
    record = intake.register(tmp_path / "a.csv")
    raw = "李\x1b[31m\u202e\x7f".encode()
    intake.note("no Gi*: /home/li/data/a.csv: bad \x1b[31m\u202e name\nsecond line; C:\\Users\\li\\a.csv")
    intake.set_aside(record, 3, "name", "李\x1b", "rule \u2028 of /var/lib/x/y", raw)
    intake.refuse(tmp_path / "a.csv", "/tmp/deep/er: broken\r")
    write_quarantine(tmp_path / "q.jsonl", intake)
    text = (tmp_path / "q.jsonl").read_text(encoding="utf-8")
    said = [*intake.notes, *(row.rule for row in intake.quarantine), text.replace("\n", "")]
    for sentence in said:
        assert not any(char in sentence for char in "\x1b\u202e\x7f\r\n\u2028"), sentence
        assert not any(place in sentence for place in ("/home", "/var", "/tmp", "Users")), sentence
    assert json.loads(text.splitlines()[0])["raw"].encode() == raw, "the row itself comes back byte for byte"


def test_g5_a_manifest_carries_no_place_of_its_machine(tmp_path):
    from types import SimpleNamespace

    path = tmp_path / "s.toml"
    path.write_text(f'root = "{tmp_path}/data"\n# kept in {tmp_path}/data/x\nname = "甲"\n', encoding="utf-8")
    said = manifest.study_text(SimpleNamespace(path=path, root=tmp_path / "data"))
    assert str(tmp_path) not in said and 'root = "."' in said and "# kept in x" in said
    manifest.write_json(tmp_path / manifest.NAME, {"name": "a\u202eb\x7f", "n": 1})
    text = (tmp_path / manifest.NAME).read_text(encoding="utf-8")
    assert "\u202e" not in text and "\x7f" not in text and json.loads(text)["name"] == "a\u202eb\x7f"


@pytest.mark.parametrize("word", ["3 mg/m3 and/or 5 ug/m3", "https://example.org/a/b", "2020/01/31 24:00", "日/月/年"])
def test_g5_what_is_no_place_stays(word):
    assert outward(word) == word


@pytest.mark.parametrize(
    "scheduler", ["tcp://127.0.0.1:9", "nonsense", "tcp://nowhere.invalid:1", "http://x:1", "", "tcp://[::1]:99999"]
)
def test_g9_a_dead_scheduler_is_a_sentence(scheduler):
    with pytest.raises(DataError, match=r"^--scheduler "), cluster(scheduler):
        pytest.fail("nothing answers there")


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"x"])
def test_g9_what_is_no_scheduler_is_a_sentence(greeting):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            line, _ = server.accept()
            line.sendall(greeting)
            line.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with (
            pytest.raises(DataError, match=r"no dask scheduler|nothing answers"),
            cluster(f"tcp://127.0.0.1:{server.getsockname()[1]}"),
        ):
            pytest.fail("it is none")
        thread.join()


def test_g9_optimised_python_loads_the_shell_and_the_model():
    code = (
        "import hotspot.cli, hotspot.foreign.readers\n"
        "from hotspot.estimate.weather.model import _lightgbm; print(_lightgbm().train.__name__)"
    )
    end = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONOPTIMIZE": "2"}
    )
    assert end.stdout.strip() == "train", end.stderr


ODD = [
    ("chain", []), ("chain", None), ("chain", {"head": 1}), ("outputs", None), ("outputs", []), ("outputs", {"a": 1}),
    ("outputs", {}), ("inputs", {}), ("inputs", [None]), ("criteria", []), ("criteria", {"escalation": 3}),
    ("study", None), ("study", {"text": 1}), ("program", []), ("history", []), ("history", {"x": []}),
    ("replaces", None),
    ("changes", {}), ("month", "../2020-01"), ("month", 7), ("state", None), ("notices", 0),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), ODD, ids=str)
def test_g9_an_odd_manifest_is_answered_in_words(home, monkeypatch, capsys, key, value):
    from hotspot.cli import main

    altered(home / MONTH, lambda stated: stated.update({key: value}))
    monkeypatch.setattr("signal.signal", lambda *how: None)  # the test run keeps its own handlers
    monkeypatch.setattr(sys, "argv", ["hotspot", "verify", str(home / MONTH), "--no-rederive"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "manifest.json: is no manifest as we write it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["NaN", '{"month": NaN, "outputs": {}, "chain": {}}', "[" * 100_000, "", "\ufeff{}", "7"]
)
def test_g9_a_manifest_that_is_no_json_is_answered_in_words(text):
    with pytest.raises(DataError, match=r"^manifest\.json: is no "):
        parse_manifest(text, "manifest.json")


@pytest.mark.parametrize("month", ["../../etc", "2020-13", ""])
def test_g9_a_strangers_ledger_with_an_odd_month_is_answered(home, month):
    from hotspot.ledger.chain.store import open_ledger

    with open_ledger(home / "ledger.sqlite") as ledger:
        ledger.append("month", month, {"warned": []})
    told = verify_study(home)
    assert not told["verified"] and "not as we enter them" in told["differences"][0]


def test_g9_a_strangers_ledger_that_is_an_endless_view_is_answered_and_nothing_is_written(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as base:
        base.execute(
            "create view entry as with recursive n(i) as (select 1 union all select i + 1 from n) "
            "select i seq, 'month' kind, '2020-01' month, '{}' body, '' previous, '' hash from n"
        )
        base.execute("pragma user_version = 1")
    base.close()
    before = path.read_bytes()
    told = verify_folder(tmp_path)
    assert "its table is not the one we make" in told["differences"][0]
    path.write_bytes(b"")
    assert not verify_folder(tmp_path)["verified"] and path.read_bytes() == b"" != before


def test_g13_numbers_of_persons_in_delivered_names_reach_no_product(tmp_path):
    name = "张三砖厂（身份证110101199003074477，电话138 1234 5678，0310-1234567）"
    rows = ["id,name,class,lon,lat,size,status", f"F1,{name},boiler,114.12345,30.5,5,张三13912345678"]
    rows.append(f"F2,{name},boiler,,,5,")
    (tmp_path / "f.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    intake = Intake(tmp_path)
    found = load_facilities([Facilities(layout="table", files=("f.csv",), datum="wgs84")], tmp_path, intake)
    everything = found.drop(columns="geometry").to_csv() + json.dumps(found.attrs, ensure_ascii=False)
    for number in ("110101199003074477", "1234 5678", "13912345678", "1234567"):
        assert number not in everything
    assert found["name"][0].startswith("张三砖厂（身份证110***") and "张三砖厂" in found.attrs["no_place"]
    assert any("masked in every product" in note for note in intake.notes)
    write_quarantine(tmp_path / "q.jsonl", intake)
    (kept,) = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text(encoding="utf-8").splitlines()]
    assert name in kept["raw"], "the office's own record keeps the row as it came"


@pytest.mark.parametrize("number", ["91110000100000017X001P", "T85711", "20200131120000", "116.397123", "1380013800.5"])
def test_g13_what_is_nobodys_number_stays(number):
    assert outward(number) == number


def test_g14_an_extra_empty_folder_and_a_product_behind_a_link_are_named(home, tmp_path):
    (home / MONTH / "new").mkdir()
    (home / MONTH / "sheets" / "A.pdf").rename(tmp_path / "A.pdf")
    (home / MONTH / "sheets" / "A.pdf").symlink_to(tmp_path / "A.pdf")
    (home / MONTH / "more").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(home / MONTH / "pipe")
    told = verify_month(home / MONTH, rederive=False)["differences"]
    assert "new: a folder that is not in the manifest" in told
    assert "sheets/A.pdf: is a link, which no product is; it was not followed" in told
    assert "sheets/A.pdf: published file is missing" in told
    assert "more: is a link, which no product is; it was not followed" in told
    assert "pipe: is no file; it was not opened" in told


@pytest.mark.parametrize("what", ["ledger", "month", "manifest"])
def test_g14_no_link_is_followed_out_of_a_study(home, tmp_path, what):
    place = {"ledger": home / "ledger.sqlite", "month": home / MONTH, "manifest": home / MONTH / manifest.NAME}[what]
    place.rename(tmp_path / "away")
    place.symlink_to(tmp_path / "away")
    told = verify_study(home)
    assert not told["verified"] and "link" in told["differences"][0]


WRONG = [
    ("warning", "k", {"higest": 3}, "warning.k"),
    ("warning", "k", {"highest": -1}, "warning.k"),
    ("warning", "k", {"highest": 10**9}, "warning.k"),
    ("warning", "min_base", 1e300, "warning.min_base"),
    ("warning", "min_bas", 1.0, "warning.min_bas"),
    ("confidence", "n_draws", 10**12, "confidence.n_draws"),
    ("interpolation", "max_station_km", 1e9, "interpolation.max_station_km"),
    ("screening", "low", float("nan"), "screening.low"),
    ("screening", "office_hours", (18, 8), "screening.office_hours"),
    ("alarms", "doubtful_flags", ("spik",), "alarms.doubtful_flags"),
    ("calibration", "kappa", (-1.0,), "calibration.kappa"),
    ("visiting", "minutes", {"stel": 10.0}, "visiting.minutes"),
    ("visiting", "evidence", {"strong": -1.0}, "visiting.evidence"),
    ("escalation", "window_months", 10**6, "escalation.window_months"),
    ("normalisation", "trees", 10**9, "normalisation.trees"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "key", "value", "path"), WRONG, ids=lambda value: str(value)[:30])
def test_g15_a_misspelt_key_or_an_absurd_number_is_refused_with_its_path(tmp_path, section, key, value, path):
    said = {float: lambda v: repr(v), dict: lambda v: "{" + ", ".join(f"{a} = {b}" for a, b in v.items()) + "}"}
    text = said.get(type(value), lambda v: json.dumps(v))(value)
    (tmp_path / "s.toml").write_text(STUDY.format(more=f"[criteria.{section}]\n{key} = {text}\n"), encoding="utf-8")
    with pytest.raises(DataError, match=rf"s\.toml: criteria\.{path}"):
        load_study(tmp_path / "s.toml")


def test_g15_no_number_of_the_criteria_may_be_without_bound():
    """Every number of every section, a million times its default and its negative, is refused somewhere."""
    for section, field in Criteria.model_fields.items():
        rules = field.annotation
        for key in getattr(rules, "model_fields", ()):
            default = getattr(rules(), key)
            if isinstance(default, bool) or not isinstance(default, int | float) or key == "seed":
                continue
            with pytest.raises(ValueError, match=key):
                Criteria(**{section: {key: type(default)(1e9)}})


def months_field(names):
    n = 4
    value = np.arange(len(names))[None, :] * 10.0 + np.arange(n)[:, None] + 40
    data = {"pm25": value, "pm25_error": np.full(value.shape, 0.5), "coverage": np.ones(value.shape),
            "n_valid": np.full(value.shape, 20.0), "valid": np.ones(value.shape, bool),
            "why": np.full(value.shape, "", object)}  # fmt: skip
    text = {name: ("cell", ["x"] * n) for name in ("county", "township", "label")}
    coords = {"cell": [f"C{i}" for i in range(n)], "time": np.array(names, "datetime64[ns]"),
              "x": ("cell", np.arange(n) * 3e3), "y": ("cell", np.zeros(n)), "lon": ("cell", np.zeros(n)),
              "lat": ("cell", np.zeros(n)), **text}  # fmt: skip
    return xr.Dataset({key: (("cell", "time"), held) for key, held in data.items()}, coords, {"gas_state": "actual"})


def test_g16_thirteen_months_give_the_list_of_the_last_one_by_name():
    names = [str(month) for month in np.arange("2019-02", "2020-03", dtype="datetime64[M]")]
    whole = months_field(names)
    hot = pd.DataFrame({"cell": whole["cell"].values, "city": "x", "status": "formal"})
    three = whole.isel(time=[0, 11, 12])
    expected = rank_warnings(three, hot, Criteria())
    assert set(expected["month"]) == {"2020-02"} and expected["pm25"].max() == 163.0
    for field in (whole, whole.isel(time=slice(None, None, -1))):
        pd.testing.assert_frame_equal(rank_warnings(field, hot, Criteria()), expected)
        assert not_ranked(field, hot, Criteria()).equals(not_ranked(three, hot, Criteria()))


@pytest.mark.parametrize(
    "names",
    [["2019-02", "2020-02"], ["2019-03", "2020-01", "2020-02"], [], ["2019-02", "2020-01", "2020-02", "2020-02"]],
)
def test_g16_a_month_that_is_lacking_or_twice_is_refused(names):
    with pytest.raises(DataError, match=r"the field (holds|has no)"):
        contracts.compared(months_field(names))
