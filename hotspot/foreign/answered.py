"""Whatever a library says of a file or a setting, the user hears it as one sentence that names it."""

from collections.abc import Iterator
from contextlib import contextmanager

from hotspot.text.door import outward
from hotspot.variables import DataError

_REMEDY = "ask for the delivery again, or report this"


@contextmanager
def answered(what: str) -> Iterator[None]:
    """
    Turn any fault of a block into a ``DataError`` that says what was being read.

    Parameters
    ----------
    what : str
        The file, delivery or setting.

    Raises
    ------
    DataError
        Those of the block as they are; every other fault in these words, with its cause kept for developers.

    Examples
    --------
    >>> with answered("weather a.nc"):
    ...     {}["time"]
    Traceback (most recent call last):
    hotspot.variables.DataError: weather a.nc: cannot be used (KeyError: 'time'); ask for the delivery again, ...
    """
    try:
        yield
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{what}: needs more memory than there is; {_REMEDY}.") from None
    except Exception as error:
        said = " ".join(outward(f"{type(error).__name__}: {error}").split())[:300]
        raise DataError(f"{what}: cannot be used ({said}); {_REMEDY}.") from error
