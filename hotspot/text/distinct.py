"""Distinct texts of a column, without an array as wide as its longest text."""

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Ints, Objects


def distinct(texts: ArrayLike) -> tuple[Objects, Ints]:
    """
    The distinct texts in order, and which of them each text is.

    As ``np.unique(..., return_inverse=True)``, but numpy gives every element the width of the longest
    one: 30,000 rows with one text of 10,000 letters take 1.2 GB (RELIABILITY second G 8). This takes
    what the texts themselves take.

    Parameters
    ----------
    texts : array of anything with a ``str``, any shape

    Returns
    -------
    (object[n] of str, int64 of the shape of ``texts``)

    Examples
    --------
    >>> distinct(["b", "a", "b"])
    (array(['a', 'b'], dtype=object), array([1, 0, 1]))
    """
    import pandas as pd

    texts = np.asarray(texts, dtype=object)
    flat = texts.ravel()
    if pd.api.types.infer_dtype(flat, skipna=False) not in ("string", "empty"):
        flat = np.array([str(text) for text in flat.tolist()], dtype=object)
    code, found = pd.factorize(flat)
    order = np.array(sorted(range(len(found)), key=found.__getitem__), dtype=np.int64)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return found[order], place[code].reshape(texts.shape)
