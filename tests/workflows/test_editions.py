"""States and revisions of a month (RELIABILITY G, F8, F9): tiny products, the real publishing, the real ledger."""

import json

import pytest
from tiny_month import MONTH, RULES, install, publish

from hotspot.ledger.chain.store import open_ledger
from hotspot.patterns import digest_of
from hotspot.publish import manifest, revisions
from hotspot.publish.edition import stated_edition
from hotspot.study import Study
from hotspot.variables import DataError
from hotspot.workflows.proof.releases import confirm_month, list_releases, sentences
from hotspot.workflows.proof.verify import verify_study

EARLY = {"A": 60.0, "B": 55.0, "D": 50.0}
LATE = {"A": 61.0, "C": 57.0, "D": 50.0}  # A has another value, B is gone, C is new, D is where it was
STUDY = Study.model_construct(id="tiny")


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    install(monkeypatch)


def edition(out, month=MONTH):
    return stated_edition(manifest.read_manifest(out / "tiny" / month))


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def states(out):
    return [(row["month"], row["revision"], row["state"]) for row in list_releases(STUDY, out=out)]


def test_a_first_month_is_preliminary_and_begins_the_chain(tmp_path):
    publish(tmp_path, EARLY)
    told = edition(tmp_path)
    assert (told.state, told.revision, told.replaces, told.changes, told.history) == ("preliminary", 1, 0, (), {})
    with open_ledger(tmp_path / "tiny" / "ledger.sqlite") as ledger:
        assert told.head == ledger.head
    assert told.list_digest == digest_of(tmp_path / "tiny" / MONTH / "warnings.csv")[:8]
    assert told.head in (tmp_path / "tiny" / MONTH / "notice.docx").read_text(), "the notice prints the head"


def test_f8_published_again_not_a_byte_nor_a_time_of_the_folder_changes(tmp_path):
    publish(tmp_path, EARLY)
    home = tmp_path / "tiny"
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (home / MONTH).rglob("*")}
    ledger = (home / "ledger.sqlite").read_bytes()
    publish(tmp_path, EARLY)
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (home / MONTH).rglob("*")}
    assert (home / "ledger.sqlite").read_bytes() == ledger
    assert not (home / "revisions").exists()


def test_f9_late_data_make_a_revision_and_the_old_one_is_kept_whole(tmp_path):
    publish(tmp_path, EARLY)
    first = everything(tmp_path / "tiny" / MONTH)
    publish(tmp_path, LATE)
    told = edition(tmp_path)
    assert (told.state, told.revision, told.replaces) == ("preliminary", 2, 1)
    assert everything(tmp_path / "tiny" / "revisions" / f"{MONTH}-r1") == first
    assert states(tmp_path) == [(MONTH, 1, "superseded"), (MONTH, 2, "preliminary")]
    assert verify_study(tmp_path / "tiny")["verified"]


def test_f9_the_changes_are_those_between_the_two_lists(tmp_path):
    publish(tmp_path, EARLY)
    publish(tmp_path, LATE)
    assert [(row["cell"], row["what"]) for row in edition(tmp_path).changes] == [
        ("A", "changed"), ("B", "removed"), ("C", "added"),
    ]  # fmt: skip
    a, b, c = edition(tmp_path).changes
    assert a["before"] == {"rank": 1, "pm25": 60.0, "change": None} and a["now"]["pm25"] == 61.0
    assert b["now"] is None and c["before"] is None and c["now"] == {"rank": 2, "pm25": 57.0, "change": None}
    assert {row["city"] for row in (a, b, c)} == {"甲市"}


def test_a_third_revision_replaces_the_second_and_going_back_is_a_revision_too(tmp_path):
    for rows in (EARLY, LATE, EARLY, EARLY):
        publish(tmp_path, rows)
    told = edition(tmp_path)
    assert (told.revision, told.replaces) == (3, 2)
    assert [(row["cell"], row["what"]) for row in told.changes] == [("A", "changed"), ("B", "added"), ("C", "removed")]
    assert sorted(path.name for path in (tmp_path / "tiny" / "revisions").iterdir()) == [f"{MONTH}-r1", f"{MONTH}-r2"]
    assert verify_study(tmp_path / "tiny")["verified"]


def test_a_draft_is_no_part_of_the_chain(tmp_path):
    publish(tmp_path, EARLY, month="2020-02")
    head = list_releases(STUDY, out=tmp_path)[0]["head"]
    folder = publish(tmp_path, EARLY, draft=True)
    assert folder == tmp_path / "tiny" / "drafts" / MONTH
    told = stated_edition(manifest.read_manifest(folder))
    assert (told.state, told.revision, told.head) == ("draft", 0, "")
    assert told.history == {"2020-02": ("A", "B", "D")}, "what stands in the ledger is told to a draft too"
    assert states(tmp_path) == [("2020-02", 1, "preliminary"), (MONTH, 0, "draft")]
    assert not (tmp_path / "tiny" / MONTH).exists() and list_releases(STUDY, out=tmp_path)[0]["head"] == head
    publish(tmp_path, LATE, draft=True)  # drawn up again: the new one takes its place
    assert "C" in (folder / "warnings.csv").read_text() and not (tmp_path / "tiny" / "revisions").exists()


def test_a_draft_makes_no_ledger(tmp_path):
    publish(tmp_path, EARLY, draft=True)
    assert not (tmp_path / "tiny" / "ledger.sqlite").exists()


def test_confirmed_by_somebody_and_twice_changes_nothing(tmp_path):
    publish(tmp_path, EARLY)
    publish(tmp_path, EARLY, confirm=True, by="王芳", reason="各项核对无误")
    told = edition(tmp_path)
    assert (told.state, told.revision, told.replaces, told.changes) == ("confirmed", 2, 0, ()), "it replaces no list"
    before = everything(tmp_path / "tiny")
    publish(tmp_path, EARLY, confirm=True, by="李四")
    assert confirm_month(STUDY, MONTH, by="李四", out=tmp_path) == tmp_path / "tiny" / MONTH
    assert everything(tmp_path / "tiny") == before
    row = list_releases(STUDY, out=tmp_path)[-1]
    assert (row["by"], row["reason"], row["state"]) == ("王芳", "各项核对无误", "confirmed")
    assert "confirmed" in sentences([row])[0] and "王芳" in sentences([row])[0]


def test_a_confirmed_month_stays_confirmed_until_its_inputs_change(tmp_path):
    publish(tmp_path, EARLY)
    publish(tmp_path, EARLY, confirm=True, by="王芳")
    before = everything(tmp_path / "tiny")
    publish(tmp_path, EARLY)
    assert everything(tmp_path / "tiny") == before
    publish(tmp_path, LATE)
    told = edition(tmp_path)
    assert (told.state, told.revision, told.replaces) == ("preliminary", 3, 2), "late data are not confirmed by anybody"
    kept = manifest.read_manifest(tmp_path / "tiny" / "revisions" / f"{MONTH}-r2")
    assert kept["state"] == "confirmed", "the kept one is unaltered; that it is superseded follows from the ledger"
    assert states(tmp_path)[1] == (MONTH, 2, "superseded")


def test_only_what_was_published_can_be_confirmed(tmp_path):
    with pytest.raises(DataError, match="not published"):
        confirm_month(STUDY, MONTH, by="王芳", out=tmp_path)
    with pytest.raises(DataError, match="not published"):
        publish(tmp_path, EARLY, confirm=True, by="王芳")
    publish(tmp_path, EARLY)
    with pytest.raises(DataError, match=r"input input\.csv is not what it was"):
        publish(tmp_path, LATE, confirm=True, by="王芳")
    assert states(tmp_path) == [(MONTH, 1, "preliminary")] and verify_study(tmp_path / "tiny")["verified"]
    with pytest.raises(ValueError, match="needs a name"):
        confirm_month(STUDY, MONTH, by="  ", out=tmp_path)
    with pytest.raises(ValueError, match="one line"):
        publish(tmp_path, EARLY, confirm=True, by="a\nb")


def test_history_is_of_the_months_before_inside_the_window(tmp_path):
    months = ["2019-03", "2019-04", "2020-01", "2020-02", "2020-04"]
    for number, month in enumerate(months):
        publish(tmp_path, {"A": 60.0, f"N{number}": 50.0}, month=month)
    publish(tmp_path, {"Z": 40.0}, month="2020-01")  # revised: the new list counts
    publish(tmp_path, EARLY)
    assert RULES["escalation"]["window_months"] == 12
    chances = {"2019-04": {"A": 1.0, "N1": 0.5}, "2020-01": {"Z": 1.0}, "2020-02": {"A": 1.0, "N3": 0.5}}
    assert edition(tmp_path).chances == chances, "how sure those lists were, as the ledger has it"
    assert edition(tmp_path).history == {"2019-04": ("A", "N1"), "2020-01": ("Z",), "2020-02": ("A", "N3")}
    assert verify_study(tmp_path / "tiny")["verified"]


def test_a_month_before_that_was_revised_makes_the_next_ones_notice_anew(tmp_path):
    publish(tmp_path, EARLY, month="2020-02")
    publish(tmp_path, EARLY)
    publish(tmp_path, LATE, month="2020-02")
    publish(tmp_path, EARLY)
    told = edition(tmp_path)
    assert (told.revision, told.replaces, told.changes) == (2, 1, ()), "the list is the same, what it leads to is not"
    assert told.history == {"2020-02": ("A", "C", "D")}


def test_an_alarm_entered_between_proposal_and_entry_is_no_fork(tmp_path, monkeypatch):
    """F6, compare and swap: the notices are written again with the place that the chain has by then."""
    from hotspot.ledger.chain.store import Ledger

    publish(tmp_path, EARLY)
    enter = Ledger.enter

    def late(ledger, entry):
        if not ledger.entries("alarm"):
            with open_ledger(ledger.path) as other:
                other.append("alarm", MONTH, {"alarm": "a1"})
        return enter(ledger, entry)

    monkeypatch.setattr(Ledger, "enter", late)
    publish(tmp_path, LATE)
    stated = manifest.read_manifest(tmp_path / "tiny" / MONTH)
    assert (stated["chain"]["seq"], stated["chain"]["revision"]) == (3, 2)
    assert stated["chain"]["head"] in (tmp_path / "tiny" / MONTH / "notice.docx").read_text()
    assert verify_study(tmp_path / "tiny")["verified"]


def test_a_folder_altered_or_lost_is_put_right_by_the_next_run(tmp_path):
    publish(tmp_path, EARLY)
    whole = everything(tmp_path / "tiny" / MONTH)
    (tmp_path / "tiny" / MONTH / "warnings.csv").write_text("by hand")
    publish(tmp_path, EARLY)
    assert everything(tmp_path / "tiny" / MONTH) == whole
    (tmp_path / "tiny" / MONTH).rename(tmp_path / "elsewhere")
    publish(tmp_path, EARLY)
    assert everything(tmp_path / "tiny" / MONTH) == whole
    assert states(tmp_path) == [(MONTH, 1, "preliminary")]


def test_a_chain_is_never_begun_anew_beside_a_published_month(tmp_path):
    publish(tmp_path, EARLY)
    (tmp_path / "tiny" / "ledger.sqlite").unlink()
    with pytest.raises(DataError, match=r"ledger\.sqlite does not know it; restore the ledger"):
        publish(tmp_path, EARLY)


def test_a_ledger_older_than_revisions_is_followed(tmp_path):
    """Its entries hold cell and reason only: who came and who went can be said, not what changed."""
    (tmp_path / "tiny").mkdir()
    with open_ledger(tmp_path / "tiny" / "ledger.sqlite") as ledger:
        ledger.append("month", MONTH, {"manifest_sha256": "0", "warned": [["A", "highest"], ["B", "highest"]]})
    publish(tmp_path, LATE)
    told = edition(tmp_path)
    assert (told.revision, told.replaces) == (2, 1)
    assert [(row["cell"], row["what"]) for row in told.changes] == [("B", "removed"), ("C", "added"), ("D", "added")]


def test_a_month_older_than_revisions_is_refused_with_what_to_do(tmp_path):
    old = {"month": MONTH, "outputs": {}, "chain": {"head": "0"}, "program": {"hotspot": "0.1.0"}}
    (tmp_path / manifest.NAME).write_text(json.dumps(old))
    with pytest.raises(DataError, match=r"before months had revisions.*\(hotspot 0\.1\.0\)"):
        manifest.read_manifest(tmp_path)


def test_what_is_printed_is_what_the_chain_compares():
    from tiny_month import warned

    before, now = (revisions.printed_rows(warned({"A": value}), 1) for value in (60.04, 59.96))
    assert revisions.differences(before, now) == [], "60.0 was printed both times"
