"""Source-rich hotspot cells that were never warned (C9), and the village patrol's list (B11)."""

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.rank.select.never_warned import never_warned
from hotspot.rules.village import patrol_items

MONTHS = [f"2025-{n:02d}" for n in range(1, 13)]
HOT = pd.DataFrame({"cell": list("ABCDE"), "city": "市", "county": "县", "status": ["formal"] * 4 + ["exited"]})
SOURCES = pd.DataFrame(
    [(f"{cell}{n}", "cement", cell) for cell, k in zip("ABCDE", (4, 3, 2, 5, 6), strict=True) for n in range(k)],
    columns=["facility", "class", "cell"],
)


def seen(ranked=12, coverage=0.9):
    rows = [(m, c, n < ranked, coverage) for n, m in enumerate(MONTHS) for c in "ABCDE"]
    return pd.DataFrame(rows, columns=["month", "cell", "valid", "coverage"])


def verdicts(warned, table, **more):
    found = never_warned(HOT, SOURCES, warned, table, **more)
    return dict(zip(found["cell"], found["verdict"], strict=True))


def test_c9_clusters_that_were_never_warned_are_success_or_blind_spot():
    year = {m: set() for m in MONTHS}
    assert list(verdicts(year, seen())) == ["D", "A", "B"]  # most sources first; C has too few, E has left the list
    assert set(verdicts(year, seen()).values()) == {"quiet"}
    assert verdicts(year | {"2025-06": {"D"}}, seen()) == {"A": "quiet", "B": "quiet"}
    assert set(verdicts(year, seen(ranked=5)).values()) == {"blind"}
    assert set(verdicts(year, seen(ranked=6)).values()) == {"quiet"}
    assert set(verdicts(year, seen(coverage=0.49)).values()) == {"blind"}
    assert set(verdicts({m: set() for m in MONTHS[:11]}, seen()).values()) == {"short"}


def test_b11_other_media_are_printed_where_they_are_asked_for(tmp_path, small_study):
    assert {item.medium for item in patrol_items()} == {"air"}
    assert [i.medium for i in patrol_items(("noise", "water"))] == ["water"] * 3 + ["noise"]
    with pytest.raises(ValueError, match="none of air, water"):
        patrol_items(("light",))
    words = ["patrol", "--study", str(small_study), "--out", str(tmp_path), "--medium", "air", "--medium", "soil"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0 and "土壤  2项" in said.stdout, said.output
    sheet = openpyxl.load_workbook(next(tmp_path.glob("*/loop/patrol-list.xlsx")))["巡查清单"]
    assert {row[0].value for row in sheet.iter_rows(min_row=3) if row[1].value} == {"大气", "土壤"}
