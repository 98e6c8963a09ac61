"""The head of a chain signed by a key of the office, and checked; without the program a sentence."""

import base64
import shutil
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import pytest

from hotspot.ledger.chain.store import open_ledger
from hotspot.variables import DataError
from hotspot.workflows.proof import signing
from hotspot.workflows.proof.signing import sign_head, signature_faults
from hotspot.workflows.proof.verify import verify_study

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
    assert not list((home / STUDY.id).rglob("*.asc")) and faults(home) == ([], [])


@pytest.fixture
def keys(tmp_path_factory, monkeypatch):
    """Where minisign holds its keys: ``office.key`` without a passphrase, and its public half."""
    if shutil.which("minisign") is None:
        pytest.skip("minisign is not installed")
    folder = tmp_path_factory.mktemp("minisign")
    monkeypatch.setenv("MINISIGN_CONFIG_DIR", str(folder))
    paired(folder, "office")
    return folder


def paired(folder, name):
    made = ["minisign", "-G", "-W", "-p", folder / f"{name}.pub", "-s", folder / f"{name}.key"]
    subprocess.run(made, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return folder / f"{name}.key"


def test_minisign_signs_and_every_change_is_found(home, keys):
    answer = sign_head(STUDY, key=str(keys / "office.key"), program="minisign", out=home)
    signature = home / answer["files"][1]
    assert signature.name == f"000001-{answer['head'][:16]}.txt.minisig" and faults(home) == ([], [])
    before = signature.read_text()
    sign_head(STUDY, key=str(keys / "office.key"), program="minisign", out=home)
    assert signature.read_text() == before, "what is signed is not signed again"
    assert verify_study(home / STUDY.id)["verified"]
    signature.write_text(before.replace("file:", "fi1e:"))
    assert ["signature is wrong" in line for line in faults(home)[0]] == [True]
    assert not verify_study(home / STUDY.id)["verified"]
    signature.write_text("no signature\n")
    assert "no signature of minisign" in faults(home)[0][0]
    signature.write_text(before)
    paired(keys, "another")
    assert faults(home) == ([], []), "the key is found among others by its number"
    (keys / "office.pub").unlink()
    shutil.copy(keys / "another.pub", signature.parent / "office.pub")
    wrong, unchecked = faults(home)
    assert not wrong and "minisign does not hold the key" in unchecked[0]


def test_a_key_of_minisign_that_is_locked_is_refused_where_nobody_can_be_asked(home, keys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(DataError, match="there is no file"):
        sign_head(STUDY, key=str(keys / "none.key"), program="minisign", out=home)
    comment, held = (keys / "office.key").read_text().splitlines()
    body = bytearray(base64.b64decode(held))
    body[2:4] = b"Sc"  # as a key with a passphrase says; to unlock a real one takes a gigabyte
    (keys / "locked.key").write_text(f"{comment}\n{base64.b64encode(body).decode()}\n")
    with pytest.raises(DataError, match="has a passphrase and nobody is at a terminal"):
        sign_head(STUDY, key=str(keys / "locked.key"), program="minisign", out=home)
    assert not (home / STUDY.id / signing.FOLDER).exists()


@pytest.mark.parametrize(
    ("program", "has", "said"),
    [
        ("gpg", (), "gpg is not installed here; nor is minisign"),
        ("minisign", (), "minisign is not installed here; nor is gpg"),
        ("minisign", ("gpg",), "gpg is: sign with that"),
    ],
)
def test_without_the_program_a_sentence(home, monkeypatch, program, has, said):
    monkeypatch.setattr(signing.shutil, "which", lambda name: name if name in has else None)
    with pytest.raises(DataError, match=said):
        sign_head(STUDY, key="a", program=program, out=home)


def test_what_cannot_be_checked_here_is_a_warning(home, monkeypatch):
    with open_ledger(home / STUDY.id / "ledger.sqlite") as ledger:
        head = ledger.head
    text = home / STUDY.id / signing.FOLDER / f"000001-{head[:16]}.txt"
    text.parent.mkdir()
    text.write_text(f"hotspot chain\nstudy {STUDY.id}\nentry 1\nhead {head}\n")
    for ending in signing.ENDINGS.values():
        text.with_suffix(ending).write_text("a signature\n")
    monkeypatch.setattr(signing.shutil, "which", lambda name: None)
    wrong, unchecked = faults(home)
    assert not wrong and ["is not installed here" in line for line in unchecked] == [True, True]


def test_no_other_program_signs(home):
    with pytest.raises(ValueError, match="give one of gpg, minisign"):
        sign_head(STUDY, key="a", program="ssh", out=home)
