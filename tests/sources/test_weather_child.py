"""Weather decoded in a child process: the same as here, and a fault carries the file's name."""

import numpy as np
import pytest
from weather_files import UNITS, fields, save

from hotspot.sources.once import Once
from hotspot.sources.store import Store
from hotspot.sources.weather.child import decode_all
from hotspot.sources.weather.netcdf import decode
from hotspot.variables import DataError


def test_direct_decoding_equals_decoding_in_the_child(tmp_path):
    path = save(fields(), tmp_path / "a.nc")
    here = decode(str(path), "a.nc", list(UNITS), None)
    (there,) = decode_all([path], ["a.nc"], list(UNITS))
    assert (here.n_steps, here.units, here.packing) == (there.n_steps, there.units, there.packing)
    assert (here.first, here.last) == (there.first, there.last)
    for name in UNITS:
        np.testing.assert_array_equal(here.values[name], there.values[name])


def test_what_the_child_cannot_read_is_told_with_its_name(tmp_path):
    good = save(fields(), tmp_path / "good.nc")
    whole = good.read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"^cut of May: "):
        decode_all([tmp_path / "cut.nc"], ["cut of May"], list(UNITS))
    with pytest.raises(DataError, match=r"^good: "):
        decode_all([good], ["good"], list(UNITS), once=Once(Store(tmp_path / "kept")), memory=64 << 20)
