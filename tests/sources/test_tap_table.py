"""TAP tables in one pass of the parser: what the reader of single cells says, word for word, on broken files too."""

import zipfile

import numpy as np
import pytest

from hotspot.sources.satellite import tap
from hotspot.variables import DataError

BROKEN = (
    *(
        "NA",
        "",
        "abc",
        "1,5",
        '"3.5"',
        " 4.25 ",
        "1e2",
        "inf",
        "-inf",
        "nan",
        "NULL",
        "0x10",
        "True",
        "1_000",
        "+7",
        "--1",
    ),
    *("３", "1.5.2", "0.1000000000000000055511151231257827", "123456789012345678901234567890", "1e400", '"', "\x00"),
    *("\r", "#N/A"),
)


def whole(rng, n=40):
    rows = [["GridID", "X_Lon", "Y_Lat", "PM2.5", "SO4"]]
    for k in range(n):
        value = f"{rng.uniform(1, 200):.{rng.integers(0, 17)}f}"
        rows.append([str(k + 1), f"{114 + k % 8 * 0.1:.2f}", f"{36 + k // 8 * 0.1:.2f}", value, "1.0"])
    return rows


def told(reader, path):
    """What a reader gives, as bytes by column, or the words of its refusal."""
    try:
        return {name: values.tobytes() for name, values in reader(path).items()}
    except DataError as error:
        return str(error)


def test_both_readers_say_the_same_of_mutated_tables(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "20200101_PM25_and_species.csv"
    seen = {True: 0, False: 0}
    for turn in range(400):
        rows = whole(rng)
        for _ in range(rng.integers(0, 3)):
            row, kind = int(rng.integers(0, len(rows))), rng.integers(0, 10)
            if kind < 7:
                rows[row][int(rng.integers(0, len(rows[row])))] = str(rng.choice(BROKEN))
            elif kind == 7:
                rows[row] = rows[row][: int(rng.integers(0, 4))] or [""]
            elif kind == 8:
                rows[row] = rows[row] + ["9"]
            else:
                rows[0][int(rng.integers(0, len(rows[0])))] = str(rng.choice(["PM2.5", "pm25", "", "GridID"]))
        text = "\n".join(",".join(row) for row in rows)
        path.write_bytes(text.encode("gb18030" if turn % 50 == 7 else "utf-8-sig" if turn % 2 else "utf-8"))
        one, other = told(tap._table, path), told(tap._read_cells, path)
        assert one == other, text
        seen[isinstance(one, str)] += 1
    assert min(seen.values()) > 30


@pytest.mark.parametrize("text", ["", "GridID,PM2.5\n", "GridID,PM2.5\n1\n"])
def test_empty_tables_are_told_alike(tmp_path, text):
    path = tmp_path / "China_PM25_1km_2020_001_074.csv"
    path.write_text(text)
    assert told(tap._table, path) == told(tap._read_cells, path)


def test_a_zip_is_read_and_refused_alike(tmp_path):
    path = tmp_path / "China_PM25_1km_2020_001_074.csv.zip"
    for names in (["a.csv"], ["a.csv", "b.csv"], ["a.txt"]):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "GridID,PM2.5\n1,2.5\n2,3.5\n")
        assert told(tap._table, path) == told(tap._read_cells, path)
    path.write_bytes(path.read_bytes()[:60])
    assert told(tap._table, path) == told(tap._read_cells, path)
