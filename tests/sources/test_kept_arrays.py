"""Arrays come out of a store as numpy reads them, and nothing else does."""

import io
import zipfile

import numpy as np
import pytest

from hotspot.sources.store import Store

ARRAYS = {
    "none": np.zeros(0), "flat": np.zeros((3, 0), "f4"), "one": np.array(3), "word": np.array("热点"),
    "blank": np.array(["", ""]),
    "across": np.asfortranarray(np.arange(12.0).reshape(3, 4)), "big": np.arange(6, dtype=">i4").reshape(2, 3),
    "day": np.array(["2020-01-01", "NaT"], "M8[D]"), "table": np.zeros(2, [("x", "f8"), ("name", "U3")]),
    "wide": np.zeros(2, [(f"column {n} " + "." * 40, "f8") for n in range(140)]), "flag": np.array([True, False]),
}  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    store = Store(tmp_path)
    key = store.key("everything")
    store.put(key, ARRAYS)
    return store, key, next(tmp_path.rglob("*.npz"))


def test_arrays_are_what_numpy_reads_and_ones_own(kept):
    store, key, path = kept
    found = store.get(key)
    with np.load(path) as slow:
        assert found.keys() == ARRAYS.keys() == set(slow.files) - {"key"}
        for name, array in found.items():
            assert (array.dtype, array.shape, array.tobytes()) == (
                slow[name].dtype, slow[name].shape, slow[name].tobytes()
            ), name  # fmt: skip
            assert array.flags.writeable and array.flags.f_contiguous == slow[name].flags.f_contiguous, name
            assert array.dtype == ARRAYS[name].dtype
    found["across"][:] = -1
    assert (store.get(key)["across"] == ARRAYS["across"]).all()


def spoilt(path, name, data):
    """The archive with other bytes as one member, sound as an archive."""
    with zipfile.ZipFile(path) as old:
        members = {one.filename: old.read(one) for one in old.infolist()}
    with zipfile.ZipFile(path, "w") as new:
        for one, own in members.items():
            new.writestr(one, data(own) if one == name else own)


def pickled(own):
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pickled,
        lambda own: own[:-1],
        lambda own: own[:60],
        lambda own: b"",
        lambda own: b"no array",
    ],
    ids=["pickled", "short", "head", "empty", "other"],
)
def test_what_is_no_array_is_thrown_away(kept, data):
    store, key, path = kept
    spoilt(path, "across.npy", data)
    assert store.get(key) is None and not path.exists()


def test_a_bit_that_turned_is_told(kept):
    store, key, path = kept
    raw = bytearray(path.read_bytes())
    raw[raw.index(np.float64(11.0).tobytes())] ^= 1
    path.write_bytes(raw)
    assert store.get(key) is None and not path.exists()
