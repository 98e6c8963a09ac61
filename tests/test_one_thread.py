"""What is drawn and published does not depend on the number of cores."""

import numpy as np
from threadpoolctl import ThreadpoolController

from hotspot.rank.warn.posterior import posterior_draws


def test_draws_are_the_same_on_one_thread_of_blas_and_on_two():
    """124 cells, the most a city of 2+26 has: large enough that BLAS parts the work."""
    rng = np.random.default_rng(5)
    place = rng.uniform(0, 60, (124, 2))
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    covariance = 0.05**2 * (0.3 * np.eye(124) + 0.7 * np.exp(-away / 25))
    mean = 4 + 0.1 * rng.standard_normal(124)
    drawn = []
    for threads in (1, 2):
        with ThreadpoolController().limit(limits=threads, user_api="blas"):
            drawn.append(posterior_draws(mean, covariance, place, 400, [1, 2]))
    assert np.array_equal(*drawn)
