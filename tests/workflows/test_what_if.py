"""Two lists beside each other, and a list under other criteria."""

import pandas as pd
import pytest

import hotspot as hs


@pytest.fixture(scope="module")
def made():
    study = hs.synthetic_month(size="small").study
    return study, hs.derive_year(study, 2025)


def warned(*rows):
    return pd.DataFrame(rows, columns=["cell", "reason", "rank", "pm25"]).assign(month="2025-12", city="甲市")


def test_a_cell_warned_of_twice_is_two_rows():
    was = warned(("A", "highest", 1, 80.0), ("A", "year_on_year", 1, 80.0))
    now = warned(("A", "highest", 2, 70.0), ("B", "highest", 1, 75.0))
    told = hs.compare_lists(was, now)
    assert told["what"].tolist() == ["enters", "leaves", "stays"]
    assert told.loc[2, ["rank_before", "rank_after", "pm25_before", "pm25_after"]].tolist() == [1, 2, 80.0, 70.0]
    assert told.attrs == {"kept": 1, "entered": 1, "left": 1, "jaccard": pytest.approx(1 / 3)}
    assert hs.compare_lists(was.iloc[:0], was.iloc[:0]).attrs["jaccard"] == 1.0


def test_lists_that_cannot_be_compared_are_refused(made):
    one = warned(("A", "highest", 1, 80.0))
    with pytest.raises(hs.DataError, match="two of a kind"):
        hs.compare_lists(one, made[1].hot)
    with pytest.raises(hs.DataError, match=r"\['A', 'highest'\] twice"):
        hs.compare_lists(pd.concat([one, one]), one)
    with pytest.raises(TypeError, match="before is a list"):
        hs.compare_lists(["A"], one)


def test_the_yearly_list_under_another_quota(made):
    study, year = made
    told = hs.what_if(study, year, selection={"quota_share": 0.05})
    assert told.attrs["entered"] == 0 and told.attrs["kept"] + told.attrs["left"] == len(year.hot)
    again = hs.select_hotspots(
        year.annual, study.with_criteria(selection={"quota_share": 0.05}), 2025, level=year.level
    )
    assert set(told.loc[told["what"] == "stays", "cell"]) == set(again["cell"])
    same = hs.what_if(study, year, selection={"quota_share": study.criteria.selection.quota_share})
    assert same.attrs["jaccard"] == 1.0


def test_what_acts_before_the_ranking_says_so(made):
    study, year = made
    with pytest.raises(hs.DataError, match=r"completeness acts before .* derive_year"):
        hs.what_if(study, year, completeness={"min_days": 20})
    with pytest.raises(hs.DataError, match="name a criterion"):
        hs.what_if(study, year)
    with pytest.raises(hs.DataError, match=r"criteria: selection\.quota"):
        hs.what_if(study, year, selection={"quota": 1})
    with pytest.raises(TypeError, match="made is a DataFrame"):
        hs.what_if(study, year.hot, selection={"quota_share": 0.05})
