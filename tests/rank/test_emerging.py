"""Emerging classes: the published definitions on hand-made cells, Gi* by plain loops, laws."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from hotspot.rank.warn.clusters import false_discovery, gi_star
from hotspot.rank.warn.emerging import CLASSES, classify, emerging, scores

H, C, N, X = 1.0, -1.0, 0.0, np.nan
# One month each, oldest first; ten months, so that nine of ten are 90 %.
HAND = {
    "new hot": ([N] * 9 + [H], 0),
    "consecutive hot": ([N] * 7 + [H] * 3, 1),
    "intensifying hot": ([N] + [H] * 9, 1),
    "persistent hot": ([H] * 4 + [N] + [H] * 5, 0),
    "diminishing hot": ([H] * 10, -1),
    "sporadic hot": ([H, N, N, H, N, N, N, N, H, H], 0),
    "oscillating hot": ([H, C, N, H, N, N, N, N, N, H], 0),
    "historical hot": ([H] * 9 + [N], 0),
    "no pattern": ([H, N, H, C, N, N, H, H, N, N], 0),
}


@pytest.mark.parametrize("name", HAND)
def test_hand_made_cells_have_the_published_class(name):
    row, way = HAND[name]
    assert classify(np.array(row), way) == name
    # The cold classes are the same with the sign turned: a cold cluster that grows has falling scores.
    assert classify(-np.array(row), -way) == name.replace("hot", "cold")


def test_there_are_seventeen_classes():
    assert len(set(CLASSES)) == 17 and {name.replace("hot", side) for name in HAND for side in ("hot", "cold")} == set(
        CLASSES
    )


@pytest.mark.parametrize(
    "row, way, name",
    [
        ([N] * 8 + [H, H], 0, "consecutive hot"),  # two are enough
        ([H] + [N] * 7 + [H, H], 0, "sporadic hot"),  # hot once before the run
        ([N] + [H] * 9, 0, "persistent hot"),  # a run, but 90 % of all
        ([N, N] + [H] * 8, 0, "consecutive hot"),  # 80 %
        ([C] * 9 + [H], 0, "new hot"),  # never hot before, so new though it was cold
        ([H] * 9 + [C], 0, "historical hot"),
        ([X, H, H, X, H, H, H, H, H, H], 0, "persistent hot"),  # of the eight seen, all
        ([N, N, N, N, N, N, N, H, X, H], 0, "consecutive hot"),  # a gap does not break the run
        ([N] * 10, 1, "no pattern"),
        ([H] * 8 + [N, N], 0, "no pattern"),  # 80 %, not hot at last
    ],
)
def test_edges_of_the_definitions(row, way, name):
    assert classify(np.array(row), way) == name


def lattice(n):
    col, row = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n)))
    return xr.Dataset(coords={"cell": np.arange(n * n), "col": ("cell", col), "row": ("cell", row)})


def naive_scores(values, cells):
    """Ord and Getis, written out for one bin after the other."""
    col, row = cells["col"].values, cells["row"].values
    z = np.full(values.shape, np.nan)
    for i in range(values.shape[0]):
        for t in range(values.shape[1]):
            world = [v for v in values[:, t] if np.isfinite(v)]
            near = [
                values[j, t]
                for j in range(values.shape[0])
                if max(abs(col[j] - col[i]), abs(row[j] - row[i])) <= 1 and np.isfinite(values[j, t])
            ]
            n, w, m = len(world), len(near), np.mean(world)
            if np.isfinite(values[i, t]) and n * w > w * w:
                z[i, t] = (sum(near) - w * m) / (np.std(world) * np.sqrt((n * w - w * w) / (n - 1)))
    return z


def test_scores_are_those_of_plain_loops():
    rng = np.random.default_rng(3)
    values = rng.gamma(4, 10, (25, 6)) + 20 * np.cos(np.arange(6))
    values[rng.random(values.shape) < 0.2] = np.nan
    cells = lattice(5)
    np.testing.assert_allclose(scores(values, cells), naive_scores(values, cells), atol=1e-10)


def test_a_month_against_itself_is_gi_star():
    values = np.random.default_rng(4).gamma(4, 10, (64, 3))
    cells = lattice(8)
    z = scores(values, cells)
    for month in range(3):
        np.testing.assert_allclose(z[:, month], gi_star(values[:, month], cells)["gi_z"].values, atol=1e-12)


def world(n_month=13):
    """A corner that is always high, one that is high at last, one that is always low; the season lifts all."""
    rng = np.random.default_rng(5)
    values = 60 + 20 * np.cos(2 * np.pi * np.arange(n_month) / 12) + rng.normal(0, 1, (144, n_month))
    cells = lattice(12)
    col, row = cells["col"].values, cells["row"].values
    corners = {"persistent": (col < 3) & (row < 3), "new": (col > 8) & (row > 8), "cold": (col < 3) & (row > 8)}
    values[corners["persistent"]] += 15
    values[corners["new"], -1] += 15
    values[corners["cold"]] -= 15
    return values, cells, {name: int(np.flatnonzero(chosen)[4]) for name, chosen in corners.items()}


def test_planted_corners_are_found_and_hardly_anything_else():
    values, cells, at = world()
    found = emerging(values, cells)["emerging"].values
    assert (found[at["persistent"]], found[at["new"]], found[at["cold"]]) == (
        "persistent hot", "new hot", "persistent cold",
    )  # fmt: skip
    away = (cells["col"].values > 4) & (cells["col"].values < 8) & (cells["row"].values > 4) & (cells["row"].values < 8)
    assert (found[away] == "no pattern").all()


def test_against_all_months_the_season_is_a_cluster_everywhere():
    """Why a month is compared with itself."""
    values, cells, _ = world()
    col, row = cells["col"].values, cells["row"].values
    near = (np.maximum(abs(col - col[:, None]), abs(row - row[:, None])) <= 1).astype(float)
    n, number = values.size, near.sum(axis=1, keepdims=True)
    room = np.sqrt((n * number - number**2) / (n - 1))
    z = (near @ values - number * values.mean()) / (values.std() * room)
    kept = false_discovery(2 * stats.norm.sf(np.abs(z.ravel())), 0.05).reshape(z.shape)
    assert (kept & (z > 0)).any(axis=1).mean() > 0.9
    assert float((emerging(values, cells)["n_hot"] > 0).mean("cell")) < 0.3


def test_turning_the_sign_turns_every_class():
    values, cells, _ = world()
    found, turned = (emerging(one, cells)["emerging"].values for one in (values, -values))
    other = {"hot": "cold", "cold": "hot"}
    assert [" ".join(other.get(word, word) for word in kind.split()) for kind in found] == turned.tolist()


def test_missing_months_are_left_out_and_too_few_give_no_class():
    values, cells, at = world()
    values[at["persistent"], [2, 5]] = np.nan
    values[at["new"], -1] = np.nan
    values[at["cold"], :4] = np.nan
    found = emerging(values, cells)
    assert (
        found["emerging"].values[at["persistent"]] == "persistent hot"
        and found["n_seen"].values[at["persistent"]] == 11
    )
    assert found["emerging"].values[at["new"]] == "" and found["emerging"].values[at["cold"]] == ""


def test_noise_has_few_clusters():
    """The false discoveries of 13 months of noise are held over all of them together."""
    rng = np.random.default_rng(6)
    cells = lattice(12)
    wrong = [int((emerging(rng.normal(50, 5, (144, 13)), cells)["n_hot"] > 0).sum()) for _ in range(20)]
    assert np.mean([n > 0 for n in wrong]) <= 0.25
