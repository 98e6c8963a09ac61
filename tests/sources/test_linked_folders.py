"""Linked delivery folders, and files of one name (RELIABILITY G 9)."""

import os
import sys
from pathlib import Path

import pytest

from hotspot.patterns import find_files, match_files
from hotspot.sources.intake import Intake
from hotspot.sources.tables import read_table
from hotspot.variables import DataError


@pytest.fixture
def root(tmp_path):
    """Deliveries of two months that lie outside the root, linked into it, with files of one name."""
    root = tmp_path / "root"
    root.mkdir()
    for month, value in (("2020-01", 1), ("2020-02", 2)):
        far = tmp_path / "disk" / month
        far.mkdir(parents=True)
        (far / "pm25.csv").write_text(f"station,pm25\nA,{value}\n")
        (root / month).symlink_to(far, target_is_directory=True)
    return root


@pytest.mark.parametrize("pattern", ["*/pm25.csv", "**/*.csv", "2020-0[12]/*"])
def test_a_linked_folder_is_a_folder(root, pattern):
    intake = Intake(root)
    paths = find_files(root, [pattern], "stations")
    tables = [read_table(path, intake) for path in paths]
    for table in tables:
        table.close()
    assert list(intake.files) == ["2020-01/pm25.csv", "2020-02/pm25.csv"]
    assert [table.frame["pm25"].item() for table in tables] == ["1", "2"]
    intake.check()
    assert intake.counts["read"] == 2


def test_two_files_of_one_name_outside_the_root_are_two(tmp_path, root):
    intake = Intake(root)
    for month in ("2020-01", "2020-02"):
        read_table(tmp_path / "disk" / month / "pm25.csv", intake).close()
    assert list(intake.files) == ["pm25.csv", "pm25.csv (2)"]
    intake.check()
    assert intake.name(tmp_path / "disk" / "2020-02" / "pm25.csv") == "pm25.csv (2)"


def test_a_file_found_by_two_names_is_one(root):
    (root / "again").symlink_to(root / "2020-01", target_is_directory=True)
    (root / "plain.csv").write_text("station,pm25\nA,3\n")
    (root / "latest.csv").symlink_to(root / "plain.csv")
    found = [path.relative_to(root).as_posix() for path in match_files(root, "**/*.csv")]
    assert found == ["2020-01/pm25.csv", "2020-02/pm25.csv", "plain.csv"]


def test_a_link_to_nothing_is_refused_and_not_left_out(root):
    (root / "2020-02" / "pm10.csv").symlink_to(root / "gone.csv")
    assert len(find_files(root, ["*/pm25.csv"], "stations")) == 2
    with pytest.raises(DataError, match=r"2020-02/pm10\.csv: a link to a file that is not there"):
        find_files(root, ["*/*.csv"], "stations")


def test_a_folder_that_may_not_be_listed_is_said_and_not_left_out(root, monkeypatch):
    listed = Path.iterdir

    def guarded(folder):
        if folder.name == "2020-02":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", guarded)  # the rights of a folder do not bind an administrator
    with pytest.raises(DataError, match=r"2020-02: cannot be listed \(Permission denied\); check the rights"):
        find_files(root, ["*/*.csv"], "stations")
    assert find_files(root, ["2020-01/*.csv"], "stations")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such a name")
def test_a_name_that_no_product_can_write_is_refused(root):
    """A raster of that name was called broken, to be fetched again."""
    (root / os.fsdecode(b"pm25_\xff.csv")).write_text("station,pm25\nA,1\n")
    with pytest.raises(DataError, match="its name is not written in UTF-8; rename the file"):
        find_files(root, ["*.csv"], "stations")


def test_links_in_a_ring_end(root):
    for name in ("ring", "round"):
        (root / name).symlink_to(root, target_is_directory=True)
    assert [path.relative_to(root).as_posix() for path in match_files(root, "**/*.csv")] == [
        "2020-01/pm25.csv", "2020-02/pm25.csv"
    ]  # fmt: skip


def test_patterns_still_stay_below_the_root(root):
    with pytest.raises(DataError, match="leaves the data folder"):
        find_files(root, ["../disk/*/pm25.csv"], "stations")
