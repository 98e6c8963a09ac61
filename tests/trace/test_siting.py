"""Siting: greedy against 500 random layouts, stations that stand already, and which cells."""

import numpy as np
import pytest

from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.footprint import wind_table
from hotspot.trace.unlisted.siting import choose_sites, concentration, ground, judge


def area(seed, existing=(), centre=(0.0, 0.0)):
    rng = np.random.default_rng(seed)
    wind = wind_table(*rng.normal(0.5, 2.0, (2, 150)))
    sources, emission = rng.uniform(-6000, 6000, (8, 2)), rng.gamma(2, 5, 8)
    existing, rule = np.reshape(existing, (-1, 2)), Tracing()
    return ground(centre, existing, sources, emission, wind, spacing=3000.0, fine=500.0, tracing=rule)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_greedy_is_not_worse_than_500_random_layouts(seed):
    here = area(seed)
    layout, rng = choose_sites(here, 4), np.random.default_rng(seed)
    best = max(judge(here, rng.choice(36, 4, replace=False))[3] for _ in range(500))
    assert layout.value[-1] >= best
    assert len(set(layout.site.tolist())) == 4 and (np.diff(layout.value) > 0).all()
    # Each further station gains less than the one before, and the shares move the right way.
    assert layout.value[1] - layout.value[0] > layout.value[4] - layout.value[3]
    assert (np.diff(layout.error_share) < 0).all() and (np.diff(layout.split_share) >= 0).all()


def test_a_station_that_stands_counts_and_its_place_is_not_taken_again():
    empty, held = area(3), area(3, [[-1250.0, 1250.0], [1250.0, -1250.0]])
    assert choose_sites(held, 4).site.size == 2 and choose_sites(held, 2).site.size == 0
    assert choose_sites(held, 4).error_share[0] < choose_sites(empty, 4).error_share[0] == 1.0
    assert not {0, 35} & set(choose_sites(held, 4).site.tolist())


def test_a_thousand_of_five_thousand_cells_hold_more_emission_than_any_random_thousand():
    rng = np.random.default_rng(1)
    cells, sources = rng.uniform(0, 300_000, (5000, 2)), rng.uniform(0, 300_000, (2000, 2))
    weight = concentration(cells, sources, rng.gamma(1, 5, 2000), ring_km=6.0, decay_km=3.0)
    best = np.sort(weight)[-1000:].sum()
    assert best > 1.5 * max(rng.choice(weight, 1000, replace=False).sum() for _ in range(500))
