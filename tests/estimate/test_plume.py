"""Plumes: the spectrum is the formula, the formula is the known solution in still air, and the wind turns it."""

import numpy as np
import pytest
from scipy import special

from hotspot.estimate.level.plume import Plume, Winds, daily_spectra, plume_spectrum, wind_classes

SIDE = 3000.0


def spectrum_by_hand(u, plume, shape):
    """The formula of the docstring, one wave number at a time."""
    found = np.zeros((shape[0], shape[1] // 2 + 1), complex)
    turn = np.radians(plume.turn)
    east = plume.pace * (u[0] * np.cos(turn) - u[1] * np.sin(turn))
    north = plume.pace * (u[0] * np.sin(turn) + u[1] * np.cos(turn))
    speed = np.hypot(east, north)
    for i in range(shape[0]):
        for j in range(shape[1] // 2 + 1):
            ky = 2 * np.pi * ((i + shape[0] // 2) % shape[0] - shape[0] // 2) / (shape[0] * SIDE)
            kx = 2 * np.pi * j / (shape[1] * SIDE)
            box = np.sinc(ky * SIDE / (2 * np.pi)) * np.sinc(kx * SIDE / (2 * np.pi))
            spread = plume.spread * (500 + 200 * speed) * (kx**2 + ky**2)
            found[i, j] = box / (1 / plume.lifetime + speed / 20_000 + spread + 1j * (kx * east + ky * north)) / 3600
    return found


@pytest.mark.parametrize("plume", [Plume(), Plume(900.0, 3.0, 20.0, 1.5), Plume(pace=0.0)])
def test_the_spectrum_is_its_formula(plume):
    wind = np.array([[3.0, 1.0], [0.0, 0.0]])
    found = plume_spectrum(wind, plume, (12, 10), SIDE)
    for one, u in zip(found, wind, strict=True):
        np.testing.assert_allclose(one, spectrum_by_hand(u, plume, (12, 10)), rtol=2e-5, atol=1e-7)


def test_in_still_air_a_plume_is_the_bessel_function():
    """K0(r / sqrt(D T)) / (2 pi D), a few cells away, where a cell's own width no longer matters."""
    plume, n, side = Plume(lifetime=7200.0, spread=4.0), 512, 500.0
    image = np.fft.irfft2(plume_spectrum(np.zeros((1, 2)), plume, (n, n), side)[0], (n, n)) * 3600.0 / side**2
    diffusion = 4.0 * 500.0
    for cells in (8, 12, 16):
        expected = special.k0(cells * side / np.sqrt(diffusion * 7200.0)) / (2 * np.pi * diffusion)
        assert image[0, cells] == pytest.approx(expected, rel=0.02)
        assert image[cells, 0] == pytest.approx(image[0, cells], rel=1e-3)


def test_turning_the_wind_turns_the_plume():
    east, north = (np.fft.irfft2(plume_spectrum(np.array([u]), Plume(), (33, 33), SIDE)[0], (33, 33))
                   for u in ((4.0, 0.0), (0.0, 4.0)))  # fmt: skip
    np.testing.assert_allclose(east, north.T, atol=1e-5)
    assert east[0, 2] > 5 * abs(east[0, -2]), "downwind, not upwind"
    turned = np.fft.irfft2(plume_spectrum(np.array([[4.0, 0.0]]), Plume(turn=90.0), (33, 33), SIDE)[0], (33, 33))
    np.testing.assert_allclose(turned, north, atol=1e-5)


def test_classes_hold_every_hour_once():
    rng = np.random.default_rng(1)
    u, v, day = rng.normal(0, 3, 480), rng.normal(0, 3, 480), np.repeat(np.arange(20), 24)
    u[30] = np.nan
    day[40:48] = -1
    winds = wind_classes(u, v, None, day, 21)
    np.testing.assert_allclose(winds.share[:20].sum(axis=1), 1.0, rtol=1e-6)
    assert winds.share[20].sum() == 0, "a day without wind has no plume"
    shallow = wind_classes(u, v, np.full(480, 125.0), day, 21)
    np.testing.assert_allclose(shallow.share, 2.0 * winds.share, rtol=1e-6)  # (500 / 125) ** 0.5


def test_the_mean_day_has_an_own_share_of_one():
    winds = Winds(np.array([[1, 0], [0, 1], [0.5, 0.5]], "f4"), np.array([[0.2, 0.1], [5.0, 2.0]]))
    spectra, scale, own = daily_spectra(winds, Plume(), (24, 20), SIDE)
    images = np.fft.irfft2(spectra, (24, 20))
    np.testing.assert_allclose(images[:, 0, 0], own, rtol=1e-4)
    assert own.mean() == pytest.approx(1.0) and scale > 0 and own[2] == pytest.approx(own[:2].mean(), rel=1e-6)
