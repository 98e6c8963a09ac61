"""What is drawn and published does not depend on the number of cores."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import scipy.linalg  # noqa: F401 - it brings a BLAS of its own
from threadpoolctl import ThreadpoolController

from hotspot.one_thread import one_thread, one_thread_each
from hotspot.rank.warn.posterior import posterior_draws


def test_the_first_of_two_threads_to_end_does_not_set_the_other_free():
    """The number of BLAS threads is the process's; what the first found when it began is not what the second needs."""
    first_in, second_in, first_out = Event(), Event(), Event()

    @one_thread
    def first():
        first_in.set()
        second_in.wait(60)

    @one_thread
    def second():
        second_in.set()
        first_out.wait(60)
        return {one["num_threads"] for one in ThreadpoolController().info() if one["user_api"] == "blas"}

    with (
        ThreadpoolController().limit(limits=2, user_api="blas"),
        one_thread_each(),
        ThreadPoolExecutor(2) as both,
    ):
        both.submit(first).add_done_callback(lambda _: first_out.set())
        first_in.wait(60)
        assert both.submit(second).result() == {1}


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
