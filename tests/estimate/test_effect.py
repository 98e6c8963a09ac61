"""Before and after an intervention: coverage on planted truth, laws, and what must be refused."""

import numpy as np
import pytest
import xarray as xr
from planted_effect import planted

import hotspot as hs
from hotspot.estimate.level.background import regional_background
from hotspot.estimate.weather.effect import effect
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

BEFORE, AFTER = ("2024-01-01", "2024-12-31"), ("2025-01-01", "2025-12-31")
SEEDS = range(1, 16)


@pytest.fixture(scope="module")
def found():
    """Per seed and stopped plant: the effect found, the true one."""
    pairs = []
    for seed in SEEDS:
        field, steps, stopped, control, true = planted(seed)
        for cell in stopped:
            pairs.append((effect(field, BEFORE, AFTER, cells=[cell], control=control, steps=steps), true[cell]))
    return pairs


def test_interval_holds_the_true_change_in_90_percent_of_seeds(found):
    inside = np.mean([one.low_pct <= true <= one.high_pct for one, true in found])
    width = np.mean([one.high_pct - one.low_pct for one, _ in found])
    print(f"{len(SEEDS)} seeds, {len(found)} stopped plants: {inside:.0%} inside, mean width {width:.1f} points")
    assert inside >= 0.9
    assert width < 10  # an interval that holds everything says nothing


def test_adjusting_errs_far_less_than_before_against_after(found):
    ours = np.sqrt(np.mean([(one.change_pct - true) ** 2 for one, true in found]))
    raw = np.sqrt(np.mean([(one.raw_pct - true) ** 2 for one, true in found]))
    print(f"error of the change: {ours:.2f} points adjusted, {raw:.2f} raw")
    assert ours < 0.5 * raw
    assert abs(np.mean([one.change_pct - true for one, true in found])) < 1.0


def test_nothing_happened_is_found_as_nothing():
    field, steps, _, control, _ = planted(1)
    one = effect(field, BEFORE, AFTER, cells=control[:1], control=control[1:], steps=steps)
    assert one.low_pct < 0 < one.high_pct


def simple(share=0.6, seed=0):
    """Two cells under one air; the first falls to ``share`` with 2025."""
    day = np.arange("2024-01-01", "2026-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    rng = np.random.default_rng(seed)
    air = 40 * np.exp(0.4 * np.convolve(rng.standard_normal(day.size + 4), np.ones(5) / 2, "valid"))
    treated = (
        air * np.where(day < np.datetime64("2025-01-01"), 1.5, 1.5 * share) * np.exp(rng.normal(0, 0.05, day.size))
    )
    return xr.Dataset({"pm25": (("cell", "day"), [treated, air])}, {"cell": ["A", "B"], "day": day})


def test_exported_and_exact_where_only_the_cell_changed():
    one = hs.effect(simple(), BEFORE, AFTER, control=["B"])
    assert one.change_pct == pytest.approx(-40, abs=1.0)
    assert one.change == pytest.approx(one.change_pct / 100 * 1.5 * 40 * 1.2, rel=0.5)
    assert one.low < one.change < one.high < 0
    assert one.n_before == 366 and one.n_after == 365


def test_the_same_again_and_whatever_the_unit_of_concentration():
    field = simple()
    one = effect(field, BEFORE, AFTER, control=["B"])
    assert effect(field, BEFORE, AFTER, control=["B"]) == one
    double = effect(field.assign(pm25=field["pm25"] * 2), BEFORE, AFTER, control=["B"])
    assert double.change_pct == pytest.approx(one.change_pct, abs=1e-9)
    assert double.change == pytest.approx(2 * one.change, rel=1e-9)


def test_holes_in_single_cells_shift_nothing():
    """A dirty cell that is missing more often after must not look like an improvement."""
    field = simple(share=1.0)
    dirty = field["pm25"].sel(cell="A").values * 3
    dirty[np.arange(dirty.size) % 10 < np.where(np.arange(dirty.size) < 366, 0, 4)] = np.nan
    values = np.vstack([field["pm25"].values, dirty])
    three = xr.Dataset({"pm25": (("cell", "day"), values)}, {"cell": ["A", "B", "D"], "day": field["day"]})
    one = effect(three, BEFORE, AFTER, cells=["A", "D"], control=["B"])
    assert one.change_pct == pytest.approx(0, abs=1.5)


def test_the_ring_can_stand_in_for_control_cells():
    col, row = (axis.ravel() for axis in np.meshgrid(np.arange(30), np.arange(30)))
    base = simple()
    values = np.repeat(base["pm25"].values[1:], 900, axis=0)
    here = 15 * 30 + 15
    values[here] = base["pm25"].values[0]
    names = [f"C{n:03d}" for n in range(900)]
    coords = {"cell": names, "col": ("cell", col), "row": ("cell", row), "day": base["day"]}
    field = xr.Dataset({"pm25": (("cell", "day"), values)}, coords, {"spacing": 3000.0})
    behind = regional_background(field).sel(cell=names[here], drop=True)
    one = effect(field, BEFORE, AFTER, cells=[names[here]], control=behind)
    assert one.change_pct == pytest.approx(-40, abs=1.0)


def test_what_cannot_be_told_is_refused():
    field = simple()
    with pytest.raises(DataError, match="10 days after have data"):
        effect(field, BEFORE, ("2025-01-01", "2025-01-10"), control=["B"])
    with pytest.raises(ValueError, match="overlap"):
        effect(field, BEFORE, ("2024-06-01", "2025-12-31"), control=["B"])
    with pytest.raises(DataError, match="cell X is not in the field"):
        effect(field, BEFORE, AFTER, cells=["X"])
    with pytest.raises(DataError, match="one series"):
        effect(field["pm25"].sel(cell="A"), BEFORE, AFTER, control=["B"])
    wide = Criteria(effect={"level": 0.999})
    one, other = (effect(field, BEFORE, AFTER, control=["B"], criteria=c) for c in (None, wide))
    assert other.high_pct - other.low_pct > one.high_pct - one.low_pct
