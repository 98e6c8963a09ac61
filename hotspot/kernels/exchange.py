"""What every exchange of two stations does to the fit of a network to its map."""

from numba import njit

from hotspot.kernels.arrays import Floats


@njit(cache=True, nogil=True)
def least_squares(together: Floats, q: Floats, cross: Floats, here: Floats, scale: float, least: Floats) -> None:
    """
    Lower the least weighted squares so far of each exchange to those under one covariance of the map.

    Exchanging a and b changes sum q_ij C_ij by 2 sum_k (q_ak - q_bk) (C_bk - C_ak), k neither a nor b, and
    (q_aa - q_bb) (C_bb - C_aa).

    together : float64[d, n, n], covariances C of the stations
    q : float64[n, n], inverse of the map's covariance, for contrasts
    cross : float64[d, n, n], q @ C
    here : float64[d], sum q_ij C_ij as they stand
    scale : float, what makes the squares of covariances comparable
    least : float64[d, n, n], lowered in place above the diagonal
    """
    n_draw, n, _ = together.shape
    for d in range(n_draw):
        c, x = together[d], cross[d]
        for a in range(n):
            for b in range(a + 1, n):
                change = x[a, b] + x[b, a] - x[a, a] - x[b, b]
                change -= (q[a, a] - q[a, b]) * (c[a, b] - c[a, a])
                change -= (q[a, b] - q[b, b]) * (c[b, b] - c[a, b])
                change = 2 * change + (q[a, a] - q[b, b]) * (c[b, b] - c[a, a])
                least[d, a, b] = min(least[d, a, b], max(here[d] + change, 1e-12) * scale)
