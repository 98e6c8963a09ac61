"""Where a ledger lies: a file or a database, the same hashes on both, moved without losing one, never two at once."""

import uuid
from pathlib import Path

import pytest
from tiny_month import STUDY, install, publish
from typer.testing import CliRunner

from hotspot.ledger.chain import moving
from hotspot.ledger.chain.handed_over import read_ledger
from hotspot.ledger.chain.moving import move_ledger
from hotspot.ledger.chain.postgres import split_url
from hotspot.ledger.chain.storage import FILE, POINTER, is_there, place_of
from hotspot.ledger.chain.store import open_ledger
from hotspot.variables import DataError
from hotspot.workflows.proof.releases import list_releases
from hotspot.workflows.proof.verify import verify_study

# The chain as the first program wrote it; an old file must keep these digits.
OLD = ["e86721db", "008d172e", "eade2793"]


def fill(place):
    with open_ledger(place) as ledger:
        ledger.append("month", "2020-02", {"warned": [["A", "highest"]], "n": 1.5})
        ledger.append("alarm", "2020-02", {"alarm": "a1", "cell": "甲", "text": "线\n\u0000?%s"})
        ledger.append("month", "2020-02", {"warned": []})
        return [entry.hash for entry in ledger.entries()]


def test_the_same_entries_have_the_same_hashes_wherever_they_lie(ledger_place):
    assert [hash_[:8] for hash_ in fill(ledger_place)] == OLD


def test_a_ledger_moves_with_every_hash_and_the_study_follows(tmp_path, postgres):
    home = tmp_path / "demo"
    home.mkdir()
    hashes = fill(home / FILE)
    url = f"{postgres}&study=moved"
    assert move_ledger(home, url) == 3
    assert place_of(home / FILE) == url and is_there(home / FILE) and not (home / FILE).exists()
    with open_ledger(home / FILE) as ledger:  # what every command asks for
        assert [entry.hash for entry in ledger.entries()] == hashes and ledger.verify(hashes[0][:8]) == 3
        assert ledger.append("test", "2020-03", {}).seq == 4
    with open_ledger(home / "ledger-moved.sqlite") as old:
        assert old.verify() == 3
    with pytest.raises(DataError, match="not empty"):
        other = tmp_path / "other"
        other.mkdir()
        fill(other / FILE)
        move_ledger(other, url)


def test_a_ledger_that_has_moved_is_not_left_behind_by_another_move(tmp_path, postgres):
    """A second move pointed the study at an empty database, and said that 0 entries were moved."""
    home = tmp_path / "demo"
    home.mkdir()
    fill(home / FILE)
    url = f"{postgres}&study=m{uuid.uuid4().hex[:20]}"
    assert (move_ledger(home, url), move_ledger(home, url)) == (3, 0)
    with pytest.raises(DataError, match=r"its ledger lies in .*; take it elsewhere with `hotspot backup`"):
        move_ledger(home, f"{postgres}&study=other")
    with open_ledger(home / FILE) as ledger:
        assert ledger.verify() == 3


def test_a_move_that_was_cut_off_never_leaves_a_study_without_its_ledger(tmp_path, postgres, monkeypatch):
    home = tmp_path / "demo"
    home.mkdir()
    fill(home / FILE)
    url = f"{postgres}&study=m{uuid.uuid4().hex[:20]}"

    def cut(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(moving, "write_whole", cut)
        move_ledger(home, url)
    with open_ledger(home / FILE) as ledger:
        assert ledger.verify() == 3, "the file is the ledger still"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", cut)
        move_ledger(home, url)
    with pytest.raises(DataError, match="two ledgers"), open_ledger(home / FILE):
        pass
    assert move_ledger(home, url) == 3
    with open_ledger(home / FILE) as ledger:
        assert ledger.verify() == 3 and place_of(home / FILE) == url


def test_two_ledgers_of_one_study_are_refused(tmp_path):
    fill(tmp_path / FILE)
    (tmp_path / POINTER).write_text("postgresql:///air?study=a", encoding="utf-8")
    with pytest.raises(DataError, match="two ledgers"), open_ledger(tmp_path / FILE):
        pass
    (tmp_path / POINTER).write_text("mysql://x", encoding="utf-8")
    with pytest.raises(DataError, match="no database"), open_ledger(tmp_path / FILE):
        pass


def test_a_strangers_folder_calls_no_server(tmp_path, postgres, monkeypatch):
    url = f"{postgres}&study=strange"
    fill(url)
    (tmp_path / POINTER).write_text(url, encoding="utf-8")
    monkeypatch.delenv("HOTSPOT_LEDGER", raising=False)
    with pytest.raises(DataError, match="HOTSPOT_LEDGER"), read_ledger(tmp_path / FILE):
        pass
    monkeypatch.setenv("HOTSPOT_LEDGER", url)
    with read_ledger(tmp_path / FILE) as ledger:
        assert ledger.verify() == 3


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://a:b@h/d?study=x", "password"),
        ("postgresql://h/d?study=x&password=b", "password"),
        ("postgresql://h/d", "names the study ''"),
        ("postgresql://h/d?study=X;drop", "names the study"),
        ("postgresql://h:port:x/d?study", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_meant(url, why):
    with pytest.raises(DataError, match=why):
        split_url(url)


def test_no_server_is_said_in_one_line(tmp_path):
    pytest.importorskip("psycopg")
    place = f"postgresql:///none?host={tmp_path}&study=a"
    with pytest.raises(DataError, match="check that the server runs") as caught, open_ledger(place):
        pass
    assert "\n" not in str(caught.value)


def test_the_shell_moves_a_ledger_and_reads_it_from_there(tmp_path, postgres, small_study):
    from hotspot.cli import app
    from hotspot.study import load_study

    file = small_study
    name = load_study(file, data=file.parent).id
    (tmp_path / name).mkdir()
    fill(tmp_path / name / FILE)
    words = ["--study", str(file), "--out", str(tmp_path)]
    said = CliRunner().invoke(app, ["move-ledger", postgres, *words])
    assert said.exit_code == 0 and "3 entries, 0 accounts moved" in said.stdout, said.output
    read = CliRunner().invoke(app, ["ledger", *words])
    assert read.exit_code == 0 and read.stdout.startswith("3 of 3 entries, the chain is whole"), read.output
    assert [row["state"] for row in list_releases(load_study(file), out=tmp_path)] == ["superseded", "preliminary"]


def test_months_published_into_a_database_are_those_of_a_file(tmp_path, postgres, monkeypatch):
    """Publishing, revising and verifying a study's chain ask the same of both."""
    install(monkeypatch)
    rows, late = {"A": 70.0, "B": 61.0}, {"A": 70.0, "C": 62.0}
    homes = [tmp_path / name / STUDY.id for name in ("file", "database")]
    homes[1].mkdir(parents=True)
    url = f"{postgres}&study={STUDY.id}"
    (homes[1] / POINTER).write_text(url, encoding="utf-8")
    monkeypatch.setenv("HOTSPOT_LEDGER", url)
    heads = []
    for home in homes:
        publish(home.parent, rows)
        publish(home.parent, rows)
        publish(home.parent, late)
        told = verify_study(home)
        assert told["entries"] == 2 and told["verified"], told["differences"]
        heads.append(told["head"])
        with open_ledger(home / FILE) as ledger:
            assert [entry.body["revision"] for entry in ledger.entries("month")] == [1, 2]
    assert heads[0] == heads[1]
    assert not (homes[1] / FILE).exists()
