"""The head of a chain signed by a key of the office, and checked; without gpg a sentence."""

import shutil
import subprocess
import tempfile
from types import SimpleNamespace

import pytest

from hotspot.ledger.store import open_ledger
from hotspot.variables import DataError
from hotspot.workflows import signing
from hotspot.workflows.signing import sign_head, signature_faults
from hotspot.workflows.verify import verify_study

STUDY = SimpleNamespace(id="town")


@pytest.fixture
def home(tmp_path):
    (tmp_path / STUDY.id).mkdir()
    with open_ledger(tmp_path / STUDY.id / "ledger.sqlite") as ledger:
        ledger.append("decision", "2020-02", {"text": "one"})
    return tmp_path


@pytest.fixture
def key(monkeypatch):
    """A key in a ring of its own; its folder's name is short, since gpg's socket lies in it."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    ring = tempfile.mkdtemp(prefix="ring")
    monkeypatch.setenv("GNUPGHOME", ring)
    made = ["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "office@example.org", "ed25519", "sign", "0"]
    subprocess.run(made, check=True, capture_output=True)
    yield "office@example.org"
    subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)
    shutil.rmtree(ring, ignore_errors=True)


def faults(home):
    with open_ledger(home / STUDY.id / "ledger.sqlite") as ledger:
        return signature_faults(home / STUDY.id, ledger)


def test_signed_checked_and_every_change_found(home, key, monkeypatch):
    answer = sign_head(STUDY, key=key, out=home)
    text, signature = (home / name for name in answer["files"])
    assert answer["seq"] == 1 and answer["head"] in text.read_text() and faults(home) == ([], [])
    before = signature.read_bytes()
    sign_head(STUDY, key=key, out=home)
    assert signature.read_bytes() == before, "what is signed is not signed again"
    told = verify_study(home / STUDY.id)
    assert told["verified"] and told["warnings"] == []
    with open_ledger(home / STUDY.id / "ledger.sqlite") as ledger:
        ledger.append("decision", "2020-02", {"text": "two"})
    assert sign_head(STUDY, key=key, out=home)["seq"] == 2 and faults(home) == ([], [])
    other = sorted(signature.parent.glob("*.asc"))[1]
    signature.write_bytes(other.read_bytes())
    assert ["signature is wrong" in line for line in faults(home)[0]] == [True]
    assert not verify_study(home / STUDY.id)["verified"]
    signature.unlink()
    assert "its signature is not there" in faults(home)[0][0]
    signature.write_bytes(before)
    text.write_text(text.read_text().replace("entry 1", "entry 7"))
    assert "not what this chain says" in faults(home)[0][0]
    monkeypatch.setenv("GNUPGHOME", tempfile.mkdtemp(prefix="none"))
    assert any("does not hold the key" in line for line in faults(home)[1]), "a stranger's ring: said, not refused"


def test_a_key_that_is_not_there_is_a_sentence(home, key):
    with pytest.raises(DataError, match="was not signed: gpg says"):
        sign_head(STUDY, key="nobody@example.org", out=home)
    assert not list((home / STUDY.id).rglob("*.asc"))


def test_without_gpg_a_sentence(home, monkeypatch):
    monkeypatch.setattr(signing, "_PROGRAM", "no-such-program-here")
    with pytest.raises(DataError, match="gpg is not installed here"):
        sign_head(STUDY, key="a", out=home)
