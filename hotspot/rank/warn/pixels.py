"""What a product coarser than the cells cannot see of a cell: how far it stands from what its pixel says."""

import numpy as np

from hotspot.kernels.arrays import Flags, Floats

_LEAST_PAIRS = 10  # below that all cells say how much pixels differ
_DRAWS_ASKED = 100  # enough to know the one number, and a large city's pairs stay small


def within_pixels(
    draws: Floats, place: Floats, native_resolution: float, spacing: float, *, share: float, seed: list[int]
) -> Floats:
    """
    Draws of what is true of cells, from draws of what is true of the pixels they are seen by.

    Parameters
    ----------
    draws : float64[n_cell, n_draw]
    place : float64[n_cell, 2], m
    native_resolution : float, m, or NaN
    spacing : float, m, of the cells
    share : float
        Of the semivariance between neighbouring pixels, over ``m - 1 / m`` with ``m`` the resolution in cells: the
        variance of cells within a pixel.
    seed : list of int

    Returns
    -------
    float64[n_cell, n_draw], the same where the product is as fine as the cells

    Notes
    -----
    The smaller the cells and the rougher the air, the more is hidden in a pixel; how rough it is below its own
    resolution a product cannot say. Pixels are neighbours whose cells lie one to two resolutions apart.

    Examples
    --------
    >>> place = 3000.0 * np.stack([np.arange(20.0), np.zeros(20)], axis=1)
    >>> draws = np.repeat(np.arange(5.0), 4)[:, None] + np.zeros((20, 500))
    >>> found = within_pixels(draws, place, 12_000.0, 3000.0, share=0.55, seed=[1])
    >>> within_pixels(draws, place, 1000.0, 3000.0, share=0.55, seed=[1]) is draws, bool(found.std() > 1.5)
    (True, True)
    """
    cells = native_resolution / spacing
    if not cells > 1 or len(draws) < 2:
        return draws
    gap = _gaps(place)
    one, other = np.nonzero(np.triu((gap > native_resolution) & (gap <= 2 * native_resolution)))
    some = draws.T[:: max(draws.shape[1] // _DRAWS_ASKED, 1)]
    between = np.mean([np.mean((d[one] - d[other]) ** 2) / 2 if one.size >= _LEAST_PAIRS else d.var() for d in some])
    hidden = np.sqrt(share * (cells - 1 / cells) * between)
    return draws + hidden * np.random.default_rng(seed).normal(size=draws.shape)


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
    gap = _gaps(place)
    with np.errstate(invalid="ignore"):
        near = gap < native_resolution
    np.fill_diagonal(near, False)
    return near


def _gaps(place: Floats) -> Floats:
    return np.asarray(np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)))
