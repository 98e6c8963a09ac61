"""
A detached signature of the chain's head, by a key that is not this program's: OpenPGP, where ``gpg`` is installed.

The chain shows that nothing was changed after it was published; a signature shows who said so. It lies beside the
ledger and is no part of it, so a month is the same bytes with it and without.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.study import Study
from hotspot.text.door import shown
from hotspot.variables import DataError
from hotspot.workflows.loop import published_ledger

if TYPE_CHECKING:
    from hotspot.ledger.store import Ledger

FOLDER = "signatures"
_PROGRAM = "gpg"
_SECONDS = 120  # a passphrase may be asked for
_NAME = re.compile(r"\d{6}-[0-9a-f]{16}\.txt")


def sign_head(study: Study, *, key: str, out: Path | str = "out") -> dict[str, Any]:
    """
    Sign the head of a study's chain.

    Parameters
    ----------
    key : str
        As ``gpg --local-user`` takes it: a fingerprint, a name, an address.
    out : str or Path
        Writes ``OUT/<study id>/signatures/SEQ-HEAD.txt`` and ``.txt.asc``; what was signed already is not signed again.

    Returns
    -------
    dict: ``seq``, ``head``, ``files``, ``sentences``

    Raises
    ------
    DataError
        Nothing was published, the chain is broken, ``gpg`` is not installed or refuses the key.
    """
    with published_ledger(study, out) as ledger:
        seq, head = ledger.verify(), ledger.head
    folder = Path(out) / study.id / FOLDER
    text = folder / f"{seq:06d}-{head[:16]}.txt"
    signature = text.with_suffix(".txt.asc")
    if not signature.is_file():
        program = shutil.which(_PROGRAM)
        if program is None:
            raise DataError("the head was not signed: gpg is not installed here; install GnuPG, or sign it elsewhere.")
        folder.mkdir(parents=True, exist_ok=True)
        text.write_text(_words(study.id, seq, head), encoding="utf-8", newline="\n")
        part = signature.with_suffix(".part")
        call = ["--batch", "--yes", "--armor", "--local-user", key, "--output", str(part), "--detach-sign", str(text)]
        told = _run(program, call)
        if told.returncode or not part.is_file():
            raise DataError(f"the head was not signed: gpg says {_said(told.stderr)}; name a key that it holds.")
        part.replace(signature)
    said = f"{study.id}: entry {seq} of the chain, head {head[:16]}, is signed"
    return {"seq": seq, "head": head, "files": [str(text), str(signature)], "sentences": [said, str(signature)]}


def signature_faults(home: Path, ledger: "Ledger") -> tuple[list[str], list[str]]:
    """
    What does not fit between the signatures beside a ledger and its chain.

    Parameters
    ----------
    home : Path, ``OUT/<study id>``

    Returns
    -------
    (differences, warnings): a signature that is wrong or of no entry of this chain; one that nobody can check here
    """
    folder, differences, warnings = Path(home) / FOLDER, [], []
    if folder.is_symlink() or not folder.is_dir():
        return [], []
    heads = {entry.seq: entry.hash for entry in ledger.entries()}
    program = shutil.which(_PROGRAM)
    for path in sorted(folder.glob("*.txt")):
        name, signature = f"{FOLDER}/{shown(path.name)}", path.with_suffix(".txt.asc")
        seq = int(path.name[:6]) if _NAME.fullmatch(path.name) else -1
        if seq not in heads or path.is_symlink() or path.read_bytes() != _words(home.name, seq, heads[seq]).encode():
            differences.append(f"{name}: is not what this chain says of its entry")
        elif not signature.is_file() or signature.is_symlink():
            differences.append(f"{name}: its signature is not there")
        elif program is None:
            warnings.append(f"{name}: gpg is not installed here, its signature was not checked")
        else:
            told = _run(program, ["--batch", "--no-auto-key-retrieve", "--verify", str(signature), str(path)])
            if told.returncode and "No public key" in told.stderr:
                warnings.append(f"{name}: gpg does not hold the key of its signer, the signature was not checked")
            elif told.returncode:
                differences.append(f"{name}: its signature is wrong ({_said(told.stderr)})")
    return differences, warnings


def _words(study: str, seq: int, head: str) -> str:
    return f"hotspot chain\nstudy {study}\nentry {seq}\nhead {head}\n"


def _run(program: str, words: list[str]) -> "subprocess.CompletedProcess[str]":
    """gpg in plain English, whatever the office's language, and not for ever."""
    try:
        env = os.environ | {"LC_ALL": "C"}
        return subprocess.run([program, *words], capture_output=True, text=True, errors="replace", env=env,
                              timeout=_SECONDS, check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DataError(f"gpg did not answer within {_SECONDS} s; unlock its key first.") from None


def _said(text: str) -> str:
    lines = [line.removeprefix("gpg: ") for line in text.splitlines() if line.strip()]
    return shown(lines[-1])[:160] if lines else "nothing"
