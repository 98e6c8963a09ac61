"""F19, F25, F26: what verify finds in a chain of months, a ledger and a manifest that somebody touched."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from tiny_month import MONTH, install, publish

from hotspot.patterns import digest_of
from hotspot.publish import manifest
from hotspot.variables import DataError
from hotspot.workflows.proof.verify import verify_folder, verify_month, verify_study

EARLY, LATE = {"A": 60.0, "B": 55.0}, {"A": 61.0, "C": 57.0}
OTHER = "2020-02"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A study with three entries: two months, the second of them revised."""
    install(monkeypatch)
    publish(tmp_path, EARLY, month=OTHER)
    publish(tmp_path, EARLY)
    publish(tmp_path, LATE)
    return tmp_path / "tiny"


def tamper(home, *statements):
    """What somebody with a database tool can do."""
    connection = sqlite3.connect(home / "ledger.sqlite")
    connection.executescript("drop trigger entry_is_not_changed; drop trigger entry_is_not_removed;")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def rewrite(folder, change):
    stated = json.loads((folder / manifest.NAME).read_text(encoding="utf-8"))
    change(stated)
    manifest.write_json(folder / manifest.NAME, stated)


def test_a_whole_chain_is_verified_with_every_folder_it_speaks_of(home):
    told = verify_study(home)
    assert told["verified"] and told["entries"] == 3
    assert [month["directory"].rsplit("tiny/")[1] for month in told["months"]] == [
        OTHER, f"revisions/{MONTH}-r1", MONTH,
    ]  # fmt: skip
    assert verify_folder(home)["entries"] == 3, "a folder with a ledger is a study"
    assert verify_folder(home / MONTH, rederive=False)["checked"] == "files, head, ledger"


def test_an_outsider_recomputes_the_head_from_the_manifest_alone(home, monkeypatch, capsys):
    """The lines of docs/releases.md, with nothing of ours."""
    page = Path(__file__).resolve().parents[2] / "docs" / "releases.md"
    (block,) = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert "hotspot" not in block
    monkeypatch.chdir(home / MONTH)
    exec(compile(block, str(page), "exec"), {})
    head = capsys.readouterr().out.strip()
    assert head == manifest.read_manifest(home / MONTH)["chain"]["head"]
    assert head in (home / MONTH / "notice.docx").read_text()


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["update entry set body = replace(body, '60.0', '20.0') where seq = 2"], r"entry 2 \(month .* was altered"),
        (["delete from entry where seq = 2"], "entry 2 is missing"),
        (
            ["update entry set seq = 9 where seq = 1", "update entry set seq = 1 where seq = 2",
             "update entry set seq = 2 where seq = 9"],
            r"entry 1 .* does not follow",
        ),
    ],
)  # fmt: skip
def test_f25_verify_names_the_line_that_was_altered_removed_or_moved(home, statements, named):
    tamper(home, *statements)
    told = verify_study(home)
    assert not told["verified"]
    assert re.search(named, told["differences"][0]), told["differences"]
    assert re.search(named, verify_month(home / MONTH, rederive=False)["differences"][0]), "the month's own check too"


def test_f26_lines_cut_off_the_end_are_found_by_a_printed_head(home):
    printed = manifest.read_manifest(home / MONTH)["chain"]["head"]
    assert verify_study(home, heads=[printed, printed[:16].upper()])["verified"]
    tamper(home, "delete from entry where seq = 3")
    shutil.rmtree(home / MONTH)
    (home / "revisions" / f"{MONTH}-r1").rename(home / MONTH)  # whoever cuts the ledger puts the old month back too
    assert verify_study(home)["verified"], "in itself the shorter chain is whole"
    told = verify_study(home, heads=[printed[:16]])
    assert not told["verified"] and "not among its 2 entries" in told["differences"][0]
    with pytest.raises(ValueError, match="at least 8"):
        verify_study(home, heads=["12"])


def test_f26_a_month_in_place_betrays_a_ledger_that_was_cut(home):
    tamper(home, "delete from entry where seq = 3")
    told = verify_study(home)
    assert any(text.startswith(MONTH) and "does not know the head" in text for text in told["differences"])


def test_a_month_by_itself_is_checked_against_a_head_on_paper(home, tmp_path):
    alone = tmp_path / "sent" / MONTH
    shutil.copytree(home / MONTH, alone)
    head = manifest.read_manifest(alone)["chain"]["head"]
    assert verify_month(alone, heads=[head[:16]], rederive=False)["verified"]
    assert "is not that of this month" in verify_month(alone, heads=["0" * 16], rederive=False)["differences"][0]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda s: s.update(state="confirmed"), "manifest_sha256"),
        (lambda s: s["changes"].clear(), "manifest_sha256"),
        (lambda s: s.update(history={}), "manifest_sha256"),
        (lambda s: s["chain"]["entry"].update(by="somebody else"), "does not follow from its entry"),
        (lambda s: s["chain"].update(seq=2), "does not follow from its entry"),
        (lambda s: s["chain"].update(revision=1), "revision of its entry"),
        (lambda s: s["outputs"]["warnings.csv"].update(sha256="0" * 64), "warnings.csv: published file differs"),
        (lambda s: s["notices"].pop("notice.docx"), "notice.docx: published file is not in the manifest"),
        (lambda s: s.update(chain={}), "no draft"),
    ],
)
def test_a_manifest_that_somebody_touched_is_named_without_any_ledger(home, tmp_path, change, named):
    alone = tmp_path / "sent" / MONTH
    shutil.copytree(home / MONTH, alone)
    rewrite(alone, change)
    told = verify_month(alone, rederive=False)
    assert not told["verified"] and named in told["differences"][0]


def test_a_manifest_forged_with_its_own_head_is_not_in_the_ledger(home):
    def forge(stated):
        stated["state"] = stated["chain"]["entry"]["state"] = "confirmed"
        chain, entry = stated["chain"], stated["chain"]["entry"]
        entry["manifest_sha256"] = manifest.body_digest(stated)
        chain["head"] = manifest.entry_hash(
            chain["seq"], "month", MONTH, manifest.canonical(entry), chain["previous"]
        )  # fmt: skip

    rewrite(home / MONTH, forge)
    assert manifest.chain_faults(manifest.read_manifest(home / MONTH)) == [], "in itself it is sound"
    assert "does not know the head" in verify_month(home / MONTH, rederive=False)["differences"][0]


def test_a_kept_revision_that_was_altered_removed_or_added_is_named(home):
    kept = home / "revisions" / f"{MONTH}-r1"
    (kept / "warnings.csv").write_text("by hand")
    assert f"revisions/{MONTH}-r1: warnings.csv: published file differs" in verify_study(home)["differences"][0]
    kept.rename(home / "revisions" / f"{MONTH}-r7")
    told = verify_study(home)["differences"]
    assert f"revisions/{MONTH}-r1: entry 2 of the chain speaks of it, but there is no such folder" in told
    assert f"revisions/{MONTH}-r7: the chain does not know it" in told


def test_a_run_cut_off_after_its_entry_is_told_and_the_next_run_finishes_it(home, tmp_path):
    from hotspot.ledger.chain.store import Ledger

    enter = Ledger.enter

    def die(ledger, entry):
        enter(ledger, entry)
        raise KeyboardInterrupt

    folder = home / MONTH
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Ledger, "enter", die)
        publish(tmp_path, EARLY)
    assert manifest.read_manifest(folder)["chain"]["revision"] == 3, "entered, so it was put in place on the way out"
    assert verify_study(home)["verified"]


def test_a_run_cut_off_before_its_entry_may_leave_a_copy_of_the_month_in_place(home, tmp_path):
    kept = home / "revisions" / f"{MONTH}-r2"
    shutil.copytree(home / MONTH, kept)
    assert verify_study(home)["verified"]
    publish(tmp_path, EARLY)
    assert verify_study(home)["verified"] and manifest.head_of(kept) != manifest.head_of(home / MONTH)


def test_a_month_behind_its_ledger_is_told(home, tmp_path):
    kept = home / "revisions" / f"{MONTH}-r1"
    shutil.rmtree(home / MONTH)
    shutil.copytree(
        kept, home / MONTH
    )  # as a kill between entry and exchange, and a lost hidden folder, would leave it
    told = verify_month(home / MONTH, rederive=False)["differences"]
    assert "the ledger has revision 2" in told[0] and "finishes it" in told[0]
    publish(tmp_path, LATE)
    assert verify_study(home)["verified"]


def test_f19_a_flipped_bit_of_an_input_is_named(tmp_path):
    """Before anything is computed: the inputs are hashed first."""
    from hotspot.workflows.proof.verify import _inputs

    (tmp_path / "input.csv").write_bytes(b"A,60.0\n")
    stated = {"inputs": [{"path": "input.csv", "sha256": digest_of(tmp_path / "input.csv")}]}
    assert _inputs(stated, tmp_path) == []
    (tmp_path / "input.csv").write_bytes(bytes([b"A"[0] ^ 1]) + b",60.0\n")
    assert _inputs(stated, tmp_path) == ["input.csv: input differs from the one the month was made with"]


@pytest.mark.parametrize("how", ["grows", "changes", "goes"])
def test_f18_an_input_still_being_written_stops_the_month(tmp_path, monkeypatch, how):
    import os

    from tiny_month import STUDY, derived

    from hotspot.publish import release

    install(monkeypatch)
    delivered = tmp_path / "hours.csv"
    delivered.write_text("a,b\n1,2\n")
    month = derived(EARLY, tmp_path)
    month.delivered.intake.register(delivered)
    month.delivered.intake.check()
    os.utime(delivered, (0, 0))
    month.delivered.intake.check()  # touched, but not written
    if how == "grows":
        delivered.write_text("a,b\n1,2\n3,4\n")
    elif how == "changes":
        delivered.write_text("a,b\n1,9\n")
    else:
        delivered.unlink()
    with pytest.raises(DataError, match=r"hours\.csv: changed while the month was made"):
        release.publish(STUDY, MONTH, month, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
