"""The officials' cell names: a label, never the key (METHODS 1, RELIABILITY 22, 81, 93)."""

import pytest
import xarray as xr

from hotspot.grid.labels import add_labels, read_labels
from hotspot.variables import DataError


@pytest.fixture
def cells():
    codes = ["PQ1847G", "PQ1848E"]
    return xr.Dataset(coords={"cell": codes, "label": ("cell", ["", ""])}, attrs={"spacing": 3000.0})


def write(folder, text, encoding="utf-8"):
    path = folder / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_labels_are_joined_by_code(cells, tmp_path, encoding):
    path = write(tmp_path, "label,cell,note\r\nＴ８５７１１,pq1848e,石家庄\r\nT85712,NN5846L,\r\n\r\n", encoding)
    named = add_labels(cells, path)
    assert named.label.values.tolist() == ["", "T85711"]
    assert named.attrs == {"spacing": 3000.0, "labels_unused": 1}
    assert cells.label.values.tolist() == ["", ""]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "row 1: columns are none"),
        ("code,name\nPQ1848E,T1\n", "row 1: columns are code, name"),
        ("cell,label\nPQ1848F,T1\n", "row 2, column cell: cell code 'PQ1848F': the check character"),
        ("cell,label\nPQ1848E/../x,T1\n", "row 2, column cell"),
        ("cell,label\nPQ1848E,T1,extra\n", "row 2: 3 fields, the header has 2"),
        ("cell,label\nPQ1848E,\n", "row 2, column label"),
        ("cell,label\nPQ1848E,T\x001\n", "row 2, column label"),
        ("cell,label\nPQ1848E,T1\nPQ1848E,T2\n", "row 3, column label: cell PQ1848E has two labels"),
        ("cell,label\nPQ1848E,T1\nPQ1847G,T1\n", "row 3, column label: 'T1' names two cells"),
    ],
)
def test_a_doubtful_table_is_refused_by_row(tmp_path, text, why):
    with pytest.raises(DataError) as refusal:
        read_labels(write(tmp_path, text))
    assert why in str(refusal.value) and str(refusal.value).startswith("labels.csv")


def test_a_file_in_no_known_encoding_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_bytes(b"cell,label\nPQ1848E,\xff\xff\n")
    with pytest.raises(DataError, match="byte 19: 0xff is neither UTF-8"):
        read_labels(tmp_path / "labels.csv")
