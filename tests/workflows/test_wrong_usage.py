"""Commands given what does not fit: each answers with a sentence that says what came, what fits, what to do."""

import pytest
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.closing.network import show_network
from hotspot.workflows.hourly.evidence import show_assets

SIX = "pm25,pm10,so2,no2,o3,co"
DAYS = f"unit,point,day,{SIX}\n甲,p1,2024-12-01,30,40,5,20,60,0.8\n甲,p1,2025-12-01,33,40,5,,60,0.8\n"
WINDOW = ("compare", "2025-12-01", "2025-12-31", "--days")


@pytest.fixture
def asked(small_study, tmp_path, monkeypatch):
    """Runs a command on the small study in an empty folder; what it prints, or the sentence it was refused with."""
    monkeypatch.chdir(tmp_path)

    def ask(*arguments, refused=None):
        got = CliRunner().invoke(app, [*arguments, "--study", str(small_study)])
        if refused is None:
            assert got.exit_code == 0, got.exception
            return got.output
        assert isinstance(got.exception, refused), (got.exception, got.output)
        return str(got.exception)

    return ask


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"unit,point,day,{SIX}\n", "days.csv: has a header and no row; ask for the delivery again"),
        (
            DAYS.replace("33", "-33"),
            "days.csv, row 3, column pm25: '-33' is no concentration; mend it or leave it empty",
        ),
        (DAYS.replace("33", "inf"), "days.csv, row 3, column pm25: 'inf' is no concentration"),
        (
            DAYS.replace("2024-12-01", "2023-12-01"),
            "no day from 2024-12-01 to 2024-12-31; the days given go from 2023-12",
        ),
    ],
)
def test_days_that_cannot_be_compared_are_named(asked, tmp_path, text, says):
    (tmp_path / "days.csv").write_text(text, encoding="utf-8")
    assert says in asked(*WINDOW, "days.csv", refused=DataError)


def test_a_comparison_says_units_and_what_is_missing(asked, tmp_path):
    (tmp_path / "days.csv").write_text(DAYS, encoding="gb18030")
    said = asked(*WINDOW, "days.csv")
    assert "PM2.5  33微克/立方米，1年前30微克/立方米，上升10.0%" in said and "CO  0.8毫克/立方米" in said
    assert "NO2  缺数据，1年前20微克/立方米，不能比较" in said and "nan" not in said
    assert "years is 0" in asked(*WINDOW, "days.csv", "--years", "0", refused=ValueError)
    assert "'2025-13-01' is no day" in asked(
        "compare", "2025-13-01", "2025-12-31", "--days", "days.csv", refused=ValueError
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("measures", "--asof", "2025-12"), "'2025-12' is no day"),
        (("registers", "--asof", "tomorrow"), "'tomorrow' is no day"),
        (("evidence", "../2025-12"), "'../2025-12' is no month and no day"),
        (("public", "2025-13"), "'2025-13' is no month"),
        (("ledger", "--month", "2025-13"), "'2025-13' is no month"),
        (("ledger", "--to", "book.pdf"), "book.pdf: is no table to write; give a name that ends in .csv or .xlsx"),
        (("move-ledger", "http://host/db"), "is no database of a ledger; write it like postgresql://host/db"),
        (("select", "99"), "99 is no year of a list"),
        (("lake", "there", "--role", "both"), "role is 'both'; give micro or reference"),
        (("instrument", "2025", "--cells", "0"), "cells is 0; give 1 or more"),
        (("assess", "2025-12", "--what-if", "foo"), "what-if 'foo' is no KEY=READING; the keys are"),
    ],
)
def test_wrong_usage_is_a_sentence(asked, tmp_path, arguments, says):
    assert says in asked(*arguments, refused=ValueError)
    assert not any(tmp_path.iterdir()), "nothing is written"


def test_a_case_saved_by_an_editor_of_the_office_is_read(asked, tmp_path):
    (tmp_path / "case.md").write_text("没有头的正文", encoding="gb18030")
    assert "case.md: begins with no head" in asked("case", "case.md", "--asof", "2025-12-31", refused=DataError)


def test_a_study_file_says_what_an_editor_did_to_it(asked, small_study, tmp_path):
    text = small_study.read_text(encoding="utf-8")
    study = tmp_path / "study.toml"
    study.write_text(text, encoding="utf-8-sig")
    assert load_study(study).id == load_study(small_study).id, "a mark before the text"
    study.write_text(text, encoding="gb18030")
    with pytest.raises(DataError, match=r"is no UTF-8; save it as UTF-8"):
        load_study(study)
    study.write_text(f'naem = "x"\n{text}', encoding="utf-8")
    with pytest.raises(DataError, match=r"naem: there is no such setting"):
        load_study(study)


def test_every_help_has_its_options_in_one_order():
    """The study, the command's own, then those that all commands share."""
    from typer.main import get_command

    from hotspot.cli_uniform import UNIFORM

    group = get_command(app)
    for name in group.list_commands(None):
        options = [one.opts[0] for one in group.get_command(None, name).params if one.opts[0].startswith("--")]
        shared = [option for option in options if option in UNIFORM]
        assert options[-len(shared) :] == sorted(shared, key=UNIFORM.index), name
        assert "--study" not in options[1:], name


@pytest.fixture
def delivering(small_study, tmp_path):
    """Writes a study file that names one more delivery, and that delivery beside it."""

    def write(lines, **files):
        for name, text in files.items():
            (small_study.parent / f"{name}.csv").write_text(text, encoding="utf-8")
        path = tmp_path / "study.toml"
        text = small_study.read_text(encoding="utf-8")
        path.write_text(f"{text}\n{lines}\n", encoding="utf-8")
        return load_study(path, data=small_study.parent)

    return write


def test_a_register_without_what_it_is_for_is_refused(delivering, tmp_path):
    study = delivering('[registers]\nassets = "assets.csv"', assets="count,place\n3,甲\n")
    with pytest.raises(DataError, match=r"assets.csv: column 'kind' \(设备类型\) is missing"):
        show_assets(study)
    study = delivering('[registers]\nassets = "assets.csv"', assets="设备类型,设备数量\n微型站,3\n")
    assert "微型站  3" in show_assets(study)["sentences"], "heads as an office writes them"
    study = delivering('[network]\nunits = "nobody.csv"', nobody="unit,tier,name\n")
    with pytest.raises(DataError, match=r"nobody.csv: has a header and no row"):
        show_network(study, out=tmp_path)
