"""Linear algebra that is the same on any number of cores: BLAS adds in another order for each number of threads."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

from threadpoolctl import ThreadpoolController

Given = ParamSpec("Given")
Made = TypeVar("Made")


def one_thread(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """
    The function with BLAS held to one thread while it runs.

    Draws come from factors of matrices; an eigenvector may turn its sign with the number of threads, and a published
    probability with it. The matrices of this package are small, so nothing is lost.

    Examples
    --------
    >>> import numpy as np
    >>> one_thread(np.linalg.det)(np.eye(2))
    np.float64(1.0)
    """

    @wraps(function)
    def held(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with one_thread_each():
            return function(*args, **kwargs)

    return held


def one_thread_each() -> AbstractContextManager[Any]:
    """
    BLAS held to one thread until the block ends.

    The number is the process's, not a thread's. Where several threads run what ``one_thread`` decorates, this stands
    round all of them: else the first to end would set the number free for the others.
    """
    return cast(AbstractContextManager[Any], _pools().limit(limits=1, user_api="blas"))


@cache
def _pools() -> ThreadpoolController:
    """The libraries are looked for once; scipy brings one of its own, so it is loaded before."""
    import numpy.linalg  # noqa: F401
    import scipy.linalg  # noqa: F401

    return ThreadpoolController()
