"""What a product coarser than the cells cannot see of a cell: how far it stands from what its pixel says."""

import numpy as np
from scipy.spatial import cKDTree

from hotspot.kernels.arrays import Flags, Floats

_LEAST_PAIRS = 10  # below that all cells say how much pixels differ
_DRAWS_ASKED = 100  # enough to know the one number, and a large city's pairs stay small


def hidden_spread(draws: Floats, place: Floats, native_resolution: float, spacing: float, *, share: float) -> float:
    """
    Standard deviation of cells around what their pixel says of them.

    Parameters
    ----------
    draws : float64[n_cell, n_draw], of what is true of the pixels; one column where nothing is drawn
    place : float64[n_cell, 2], m
    native_resolution : float, m, or NaN
    spacing : float, m, of the cells
    share : float
        Of the semivariance between neighbouring pixels, over ``m - 1 / m`` with ``m`` the resolution in cells: the
        variance of cells within a pixel.

    Returns
    -------
    float, in the unit of the draws; 0 where the product is as fine as the cells

    Notes
    -----
    The smaller the cells and the rougher the air, the more is hidden in a pixel; how rough it is below its own
    resolution a product cannot say. Pixels are neighbours whose cells lie one to two resolutions apart.

    Examples
    --------
    >>> place = 3000.0 * np.stack([np.arange(20.0), np.zeros(20)], axis=1)
    >>> pixels = np.repeat(np.arange(5.0), 4)[:, None]
    >>> [round(hidden_spread(pixels, place, native, 3000.0, share=0.55), 2) for native in (1000.0, 12_000.0)]
    [0.0, 1.66]
    """
    cells = native_resolution / spacing
    if not cells > 1 or len(draws) < 2:
        return 0.0
    pairs = cKDTree(place).query_pairs(2 * native_resolution, output_type="ndarray")
    one, other = pairs[np.lexsort(pairs.T[::-1])].T  # in one order wherever it runs: sums round the same
    apart = np.hypot(*(place[one] - place[other]).T) > native_resolution
    one, other = one[apart], other[apart]
    some = draws.T[:: max(draws.shape[1] // _DRAWS_ASKED, 1)]
    between = np.mean([np.mean((d[one] - d[other]) ** 2) / 2 if one.size >= _LEAST_PAIRS else d.var() for d in some])
    return float(np.sqrt(share * (cells - 1 / cells) * between))


def within_pixels(
    draws: Floats, place: Floats, native_resolution: float, spacing: float, *, share: float, seed: list[int]
) -> Floats:
    """
    Draws of what is true of cells, from draws of what is true of the pixels they are seen by.

    Parameters
    ----------
    draws, place, native_resolution, spacing, share
        As for ``hidden_spread``.

    Returns
    -------
    float64[n_cell, n_draw], the same where the product is as fine as the cells

    Examples
    --------
    >>> place = 3000.0 * np.stack([np.arange(20.0), np.zeros(20)], axis=1)
    >>> draws = np.repeat(np.arange(5.0), 4)[:, None] + np.zeros((20, 500))
    >>> found = within_pixels(draws, place, 12_000.0, 3000.0, share=0.55, seed=[1])
    >>> within_pixels(draws, place, 1000.0, 3000.0, share=0.55, seed=[1]) is draws, bool(found.std() > 1.5)
    (True, True)
    """
    hidden = hidden_spread(draws, place, native_resolution, spacing, share=share)
    return draws + hidden * np.random.default_rng(seed).normal(size=draws.shape) if hidden else draws


def near_pairs(place: Floats, native_resolution: float) -> Flags:
    """
    Pairs of cells whose centres lie closer than the product's native resolution.

    Parameters
    ----------
    place : float64[n_cell, 2], m
    native_resolution : float, m, or NaN

    Returns
    -------
    bool[n_cell, n_cell], False on the diagonal

    Examples
    --------
    >>> near_pairs(np.array([[0.0, 0.0], [3000.0, 0.0], [30_000.0, 0.0]]), 10_000.0).sum(axis=1)
    array([1, 1, 0])
    """
    with np.errstate(invalid="ignore"):
        near = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) < native_resolution
    np.fill_diagonal(near, False)
    return np.asarray(near)
