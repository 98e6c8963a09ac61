"""The loops behind the flags against plain loops and an independent peer."""

import datetime

import naive_flags
import numpy as np
import pytest

from hotspot.kernels import flags as kernels
from hotspot.quality.hours import single
from hotspot.rules.sensors import Screening

RULES = Screening()


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(30, 6, (4, 90)))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[1, 20:31] = 25.0
    return values


def test_kernels_are_their_plain_loops(series):
    mask = series > 28
    np.testing.assert_array_equal(kernels.run_lengths(mask), naive_flags.run_lengths(mask.tolist()))
    for n, tolerance in ((3, 0.0), (4, 5.0), (6, 0.0)):
        np.testing.assert_array_equal(
            kernels.flat_windows(series, n, tolerance), naive_flags.flat_windows(series.tolist(), n, tolerance)
        )
    np.testing.assert_array_equal(kernels.spike_heights(series), naive_flags.spike_heights(series.tolist()))
    np.testing.assert_allclose(
        kernels.local_medians(series, 3, 3), naive_flags.local_medians(series.tolist(), 3, 3), rtol=0
    )
    near = np.array([[1, 2, 3], [0, 2, -1], [0, 1, 3]])
    np.testing.assert_allclose(
        kernels.neighbour_medians(series, near, 2), naive_flags.neighbour_medians(series.tolist(), near.tolist(), 2)
    )


def test_window_slopes_are_theil_sen(series):
    from scipy.stats import theilslopes

    slope, tau, scatter = kernels.window_slopes(series, 12, 8)
    for row in range(4):
        for last in range(11, 90):
            window = [(t, series[row, t]) for t in range(last - 11, last + 1) if np.isfinite(series[row, t])]
            if len(window) < 8:
                assert np.isnan(slope[row, last])
                continue
            want = naive_flags.window_slope(window)
            np.testing.assert_allclose((slope[row, last], tau[row, last], scatter[row, last]), want, atol=1e-9)
            assert slope[row, last] == pytest.approx(theilslopes(*np.array(window).T[::-1])[0])


def test_qartod_tests_agree_with_ioos_qc(series):
    qartod = pytest.importorskip("ioos_qc.qartod", reason="the peer of the flags is not installed")
    start = datetime.datetime(2020, 3, 1)
    time = np.array([start + datetime.timedelta(hours=k) for k in range(90)], dtype="datetime64[s]")
    for row in series:
        theirs = qartod.spike_test(row, suspect_threshold=7.0, fail_threshold=1e9, method="differential")
        np.testing.assert_array_equal(theirs == 3, np.nan_to_num(np.abs(kernels.spike_heights(row[None])[0])) > 7.0)
        theirs = qartod.rate_of_change_test(row, time, threshold=8.0 / 3600)
        ours = single.fast_changes(row[None], RULES.model_copy(update={"change_per_hour": 8.0}))[0]
        np.testing.assert_array_equal(theirs == 3, ours)
        theirs = qartod.gross_range_test(row, fail_span=(20, 40))
        ours = single.gross_range(row[None], RULES.model_copy(update={"low": 20.0, "high": 40.0}))["impossible"][0]
        np.testing.assert_array_equal(theirs == 4, ours)
    whole = np.nan_to_num(series, nan=11.0)  # the peer skips holes inside a window, we do not judge over them
    for row in whole:
        # The peer marks the last hour of a flat window of five steps, we mark all six hours of it.
        theirs = qartod.flat_line_test(row, time, suspect_threshold=5 * 3600, fail_threshold=10**9, tolerance=1e-9)
        ends = np.flatnonzero(np.asarray(theirs) == 3)
        want = np.zeros(90, bool)
        for end in ends:
            want[end - 5 : end + 1] = True
        np.testing.assert_array_equal(kernels.flat_windows(row[None], 6, 0.0)[0], want)


def test_alike_is_every_pair_compared():
    """Also rows with gaps, rows of nothing, and a share that is met to the hour."""
    rng = np.random.default_rng(8)
    values = rng.integers(0, 9, (40, 60)).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[12], values[30] = values[5], np.nan
    values[20, :54], values[21, :53] = values[6, :54], values[6, :53]
    values[22] = np.where(rng.random(60) < 0.2, np.nan, values[12])
    found = kernels.alike(values, 20, 0.9)
    pairs = [(at, other) for at in range(40) for other in range(at)
             if (same := (values[at] == values[other]).sum()) >= 20
             and same >= 0.9 * np.isfinite(values[at]).sum() - 1e-6]  # fmt: skip
    assert found.tolist() == [list(pair) for pair in pairs] and (12, 5) in pairs and len(pairs) > 3
    assert kernels.alike(np.full((3, 60), np.nan), 1, 0.9).shape == (0, 2)
