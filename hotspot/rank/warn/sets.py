"""
Rank sets of this month from draws of what is true: of each cell, of all cells at once, and the cells that
may be among the worst (METHODS 16).
"""

import numpy as np

from hotspot.kernels.arrays import Floats, Ints

# Draws of cells that see one satellite pixel differ by the order of a sum; this many decimals do not.
_DUST_DECIMALS = 8


def rank_sets(draws: Floats, *, k: int, level: float) -> dict[str, np.ndarray]:
    """
    Ranks each cell may hold, alone and all at once, and how often it leads the draws.

    Parameters
    ----------
    draws : float64[n_cell, n_draw], of what is ranked, larger is worse
    k : int
        Length of the published list.
    level : float, e.g. 0.95

    Returns
    -------
    dict of arrays: ``p_worst`` share of draws in which the cell is the worst, ``p_top`` within the ``k`` worst
    (ties joint); ``rank_low, rank_high`` the shortest run of ranks with ``level`` of the draws; ``all_low,
    all_high`` sets that hold the ranks of all cells together in ``level`` of the draws; ``may_top`` bool, the cells
    that hold all of the ``k`` worst in ``level`` of the draws

    Notes
    -----
    The sets of all cells together reach equally many spreads from every cell's mean rank (after Besag, Green, Higdon
    and Mengersen 1995, section 6.3). They ask of the draws what Mogstad, Romano, Shaikh and Wilhelm (2024) ask of
    pairs, whose sets are wider than stated where cells differ. ``may_top`` is their set of the tau
    worst (csranks ``cstauworst``).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sets = rank_sets(np.array([[90.0], [50.0], [49.0]]) + rng.normal(size=(3, 2000)), k=1, level=0.95)
    >>> sets["rank_low"].tolist(), sets["rank_high"].tolist(), sets["p_worst"].tolist(), sets["may_top"].tolist()
    ([1, 2, 2], [1, 3, 3], [1.0, 0.0, 0.0], [True, False, False])
    """
    from hotspot.kernels import ranks

    draws = np.ascontiguousarray(np.round(draws, _DUST_DECIMALS))
    first, among = ranks.rank_shares(draws, max(int(k), 1))
    best, worst = ranks.draw_ranks(draws)
    n_cell = draws.shape[0]
    low, high = ranks.shortest_runs(best, worst, n_cell, level)
    all_low, all_high = _together(best, worst, level)
    # Equally many spreads may end short of a lopsided cell's own set; what holds for all holds for each.
    all_low, all_high = np.minimum(all_low, low), np.maximum(all_high, high)
    return {
        "p_worst": first, "p_top": among, "rank_low": low, "rank_high": high, "all_low": all_low, "all_high": all_high,
        "may_top": ranks.may_lead(best, among, max(int(k), 1), level),
    }  # fmt: skip


def _together(best: Ints, worst: Ints, level: float) -> tuple[Ints, Ints]:
    """
    Ends of the ranks of all cells: their mean less and more so many spreads that ``level`` of the draws lie inside.

    A spread for each side; one number for all cells, because the tails of each alone hang on a few draws.
    """
    middle = (best + worst) / 2
    mean = middle.mean(axis=1, keepdims=True)
    off = middle - mean
    spread = [
        np.sqrt((np.where(side, off, 0.0) ** 2).sum(axis=1) / np.maximum(side.sum(axis=1), 1))[:, None]
        for side in (off < 0, off > 0)
    ]
    size = np.where(off < 0, spread[0], spread[1])
    far = np.divide(np.abs(off), size, out=np.zeros_like(off), where=size > 0).max(axis=0)
    # The draws are a sample: a share of them is known to its standard error, and the sets must not fall short by it.
    reach = np.quantile(far, min(level + np.sqrt(level * (1 - level) / far.size), 1.0), method="higher")
    joint = (worst - best).max(axis=1) / 2
    low = np.ceil(mean[:, 0] - reach * spread[0][:, 0] - joint - 1e-9)
    high = np.floor(mean[:, 0] + reach * spread[1][:, 0] + joint + 1e-9)
    return np.maximum(low, 1).astype("int64"), np.minimum(high, best.shape[0]).astype("int64")
