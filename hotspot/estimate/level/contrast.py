"""
Simple rivals of the inversion, on the mean of a year: local contrast, and sharpening by Richardson and Lucy.

They need no weather, so they also stand in where none was delivered.
"""

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Ints, Numbers

_BLUR = 1.0  # cells, standard deviation of the blur that sharpening takes out


def lattice_image(values: Numbers, col: ArrayLike, row: ArrayLike) -> tuple[Numbers, Ints, Ints]:
    """
    Values of cells as an image, NaN where there is no cell.

    Parameters
    ----------
    values : float array (cell, ...)
    col, row : int arrays (cell,)

    Returns
    -------
    float array (rows, cols, ...), int64[cell] rows, int64[cell] columns of the cells in it

    Examples
    --------
    >>> image, at_row, at_col = lattice_image(np.array([1.0, 2.0]), [7, 8], [3, 4])
    >>> image.shape, image[at_row, at_col].tolist()
    ((2, 2), [1.0, 2.0])
    """
    col, row = np.asarray(col, np.int64), np.asarray(row, np.int64)
    at_col, at_row = col - col.min(), row - row.min()
    image = np.full((at_row.max() + 1, at_col.max() + 1, *values.shape[1:]), np.nan, values.dtype)
    image[at_row, at_col] = values
    return image, at_row, at_col


def local_contrast(mean: Floats, col: Ints, row: Ints, *, width: float = 2.5) -> Floats:
    """
    Mean of a cell less a Gaussian mean of what surrounds it.

    Parameters
    ----------
    mean : float array (cell,), NaN where not known
    col, row : int arrays (cell,)
    width : float
        Standard deviation of the Gaussian, cells.

    Returns
    -------
    float64[cell], unit of the mean

    Notes
    -----
    ``contrast = m - (G * m) / (G * 1)``, both convolutions over the cells that are known, the cell itself among them.

    Examples
    --------
    >>> col, row = (axis.ravel() for axis in np.meshgrid(np.arange(9), np.arange(9)))
    >>> found = local_contrast(np.where((col == 4) & (row == 4), 30.0, 20.0), col, row)
    >>> int(found.argmax()), round(float(found.max()), 1)
    (40, 9.7)
    """
    image, at_row, at_col = lattice_image(np.asarray(mean, float), col, row)
    known = np.isfinite(image)
    around = _blurred(np.where(known, image, 0.0), width) / np.maximum(_blurred(known.astype(float), width), 1e-12)
    return np.where(known, image - around, np.nan)[at_row, at_col]


def richardson_lucy(mean: Floats, col: Ints, row: Ints, *, rounds: int = 10) -> Floats:
    """
    Mean above the region's lowest, sharpened as if every source were blurred by one Gaussian.

    Parameters
    ----------
    mean, col, row
        As for ``local_contrast``.

    Returns
    -------
    float64[cell]

    Notes
    -----
    With ``y = m - min m`` and ``q = y`` at first, ``q <- q x G^T(y / G q) / G^T 1`` (Richardson 1972, Lucy 1974);
    what is not known has no weight. It keeps positive what is positive, and its total.

    Examples
    --------
    >>> col, row = (axis.ravel() for axis in np.meshgrid(np.arange(9), np.arange(9)))
    >>> blurred = np.exp(-((col - 4.0) ** 2 + (row - 4.0) ** 2) / 2)
    >>> found = richardson_lucy(blurred, col, row)
    >>> bool(found[40] > 1.5 * blurred[40])
    True
    """
    image, at_row, at_col = lattice_image(np.asarray(mean, float), col, row)
    known = np.isfinite(image)
    if not known.any():
        return np.full(len(at_row), np.nan)
    y = np.where(known, np.maximum(image - image[known].min(), 1e-6), 0.0)
    weight = np.maximum(_blurred(known.astype(float), _BLUR), 1e-12)
    q = np.where(known, y, y[known].mean())
    for _ in range(rounds):
        ratio = np.where(known, y / np.maximum(_blurred(q, _BLUR), 1e-12), 0.0)
        q = q * _blurred(ratio, _BLUR) / weight
    return np.where(known, q, np.nan)[at_row, at_col]


def _blurred(image: Floats, width: float) -> Floats:
    """Gaussian mean, nothing beyond the edges."""
    from scipy import ndimage

    return ndimage.gaussian_filter(image, width, mode="constant")
