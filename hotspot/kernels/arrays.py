"""What an array holds, for signatures; the docstrings say its dimensions."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]
Objects = NDArray[np.object_]
Times = NDArray[np.datetime64]
Numbers = NDArray[np.floating]  # float64 or float32
