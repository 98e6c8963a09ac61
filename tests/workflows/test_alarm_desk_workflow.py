"""A month's alarms end to end with what goes out: cards, letters, forms, texts, the table; and the film of a cell."""

import pytest
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.hourly.alarms import run_alarms
from hotspot.workflows.hourly.film import write_film


@pytest.fixture(scope="module")
def study(small_copy, tmp_path_factory):
    path = small_copy(tmp_path_factory.mktemp("study"))
    return load_study(path, data=path.parent)


@pytest.fixture(scope="module")
def ran(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return out, run_alarms(study, "2025-12", out=out, letter=True, cards=True)


def test_every_pushed_alarm_has_a_card_and_every_city_its_letter(study, ran):
    out, answer = ran
    pushed = [row["alarm"] for row in answer["alarms"] if row["state"] == "pushed"]
    folder = out / study.id / "alarms" / "2025-12"
    assert pushed and {path.stem for path in (folder / "cards").glob("*.pdf")} == set(pushed)
    assert {path.stem for path in (folder / "cards").glob("*.png")} == set(pushed)
    cities = {path.stem.removeprefix("letter-") for path in folder.glob("letter-*.docx")}
    for pattern in ("letter-{}.pdf", "letter-{}.csv", "return-alarms-{}.xlsx", "digest-{}.txt"):
        assert all((folder / pattern.format(city)).stat().st_size > 20 for city in cities)
    assert (folder / "cities.xlsx").exists() and not [*folder.rglob("*.partial"), *folder.rglob("*.draft")]


def test_the_same_month_again_is_the_same_cards(study, ran):
    out, answer = ran
    cards = sorted((out / study.id / "alarms" / "2025-12" / "cards").iterdir())
    before = [path.read_bytes() for path in cards]
    run_alarms(study, "2025-12", out=out, cards=True)
    assert [path.read_bytes() for path in cards] == before
    with open_ledger(out / study.id / "ledger.sqlite") as ledger:
        assert ledger.verify() == sum(answer["counts"].values())


def test_the_film_of_a_cell_by_code_in_the_shell(study, ran):
    out, answer = ran
    cell = next(row["cell"] for row in answer["alarms"] if row["state"] == "pushed")
    words = ["film", cell, "--study", str(study.path), "--data", str(study.root), "--out", str(out)]
    got = CliRunner().invoke(app, [*words, "--from", "2025-12-11T12", "--hours", "24"])
    assert got.exit_code == 0, got.output
    page = out / study.id / "films" / f"{cell}-2025121112.html"
    assert got.stdout.strip() == str(page) and "2025-12-12T11:00" in page.read_text(encoding="utf-8")
    with pytest.raises(DataError, match="no local hour"):
        write_film(study, cell, first="soon", out=out)
