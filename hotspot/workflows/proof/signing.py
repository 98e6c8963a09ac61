"""
A detached signature of the chain's head, by a key that is not this program's: OpenPGP where ``gpg`` is installed, or
``minisign``.

The chain shows that nothing was changed after it was published; a signature shows who said so. It lies beside the
ledger and is no part of it, so a month is the same bytes with it and without. Nothing this package depends on can check
either kind, so the program is asked.
"""

import base64
import binascii
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.study import Study
from hotspot.text.door import shown
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger

if TYPE_CHECKING:
    from hotspot.ledger.chain.store import Ledger

FOLDER = "signatures"
ENDINGS = {"gpg": ".txt.asc", "minisign": ".txt.minisig"}
_SECONDS = 120  # a passphrase may be asked for
_NAME = re.compile(r"\d{6}-[0-9a-f]{16}\.txt")


def sign_head(study: Study, *, key: str, program: str = "gpg", out: Path | str = "out") -> dict[str, Any]:
    """
    Sign the head of a study's chain.

    Parameters
    ----------
    key : str
        As ``gpg --local-user`` takes it: a fingerprint, a name, an address. Of minisign: the file of the secret key,
        whose passphrase is asked for at a terminal only.
    program : str, "gpg" or "minisign"
    out : str or Path
        Writes ``OUT/<study id>/signatures/SEQ-HEAD.txt`` and beside it ``.txt.asc`` or ``.txt.minisig``; what was
        signed already is not signed again.

    Returns
    -------
    dict: ``seq``, ``head``, ``files``, ``sentences``

    Raises
    ------
    DataError
        Nothing was published, the chain is broken, the program is not installed or refuses the key, a passphrase is
        wanted and nobody is there to ask.
    """
    if program not in ENDINGS:
        raise ValueError(f"program is {program!r}; give one of {', '.join(ENDINGS)}.")
    with published_ledger(study, out) as ledger:
        seq, head = ledger.verify(), ledger.head
    folder = Path(out) / study.id / FOLDER
    text = folder / f"{seq:06d}-{head[:16]}.txt"
    signature = text.with_suffix(ENDINGS[program])
    if not signature.is_file():
        found = shutil.which(program)
        if found is None:
            raise DataError(f"the head was not signed: {program} is not installed here; {_instead(program)}.")
        phrase = _phrase(Path(key)) if program == "minisign" else ""
        folder.mkdir(parents=True, exist_ok=True)
        part, fresh = signature.with_suffix(".part"), not text.is_file()
        text.write_text(_words(study.id, seq, head), encoding="utf-8", newline="\n")
        to, of = str(part), str(text)
        call = {
            "gpg": ["--batch", "--yes", "--armor", "--local-user", key, "--output", to, "--detach-sign", of],
            "minisign": ["-S", "-s", key, "-x", to, "-m", of],
        }[program]
        try:
            told = _run([found, *call], phrase)
            if told.returncode or not part.is_file():
                said = _said(told.stderr)
                raise DataError(f"the head was not signed: {program} says {said}; name a key that it holds.")
            part.replace(signature)
        finally:
            if fresh and not signature.is_file():
                text.unlink()  # a text without a signature is a difference to `verify`
    said = f"{study.id}: entry {seq} of the chain, head {head[:16]}, is signed"
    return {"seq": seq, "head": head, "files": [str(text), str(signature)], "sentences": [said, str(signature)]}


def signature_faults(home: Path, ledger: "Ledger") -> tuple[list[str], list[str]]:
    """
    What does not fit between the signatures beside a ledger and its chain.

    gpg has the keys of its ring; of minisign they are the files ``*.pub`` of ``~/.minisign`` (``MINISIGN_CONFIG_DIR``),
    never one that lies beside the signature: who exchanges the one could exchange the other.

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
    for path in sorted(folder.glob("*.txt")):
        name = f"{FOLDER}/{shown(path.name)}"
        signed = {program: path.with_suffix(ending) for program, ending in ENDINGS.items()}
        signed = {program: at for program, at in signed.items() if at.is_file() and not at.is_symlink()}
        seq = int(path.name[:6]) if _NAME.fullmatch(path.name) else -1
        if seq not in heads or path.is_symlink() or path.read_bytes() != _words(home.name, seq, heads[seq]).encode():
            differences.append(f"{name}: is not what this chain says of its entry")
        elif not signed:
            differences.append(f"{name}: its signature is not there")
        else:
            for program, signature in signed.items():
                wrong, unchecked = _checked(program, path, signature)
                differences += [f"{name}: its signature is wrong ({wrong})"] if wrong else []
                warnings += [f"{name}: {unchecked}, the signature was not checked"] if unchecked else []
    return differences, warnings


def _checked(program: str, path: Path, signature: Path) -> tuple[str, str]:
    """(what is wrong with a signature, why it cannot be checked here), "" where nothing is."""
    found = shutil.which(program)
    if found is None:
        return "", f"{program} is not installed here"
    stranger = f"{program} does not hold the key of its signer"
    if program == "gpg":
        told = _run([found, "--batch", "--no-auto-key-retrieve", "--verify", signature, path])
        if told.returncode and "No public key" in told.stderr:
            return "", stranger
    else:
        home = Path(os.environ.get("MINISIGN_CONFIG_DIR") or Path.home() / ".minisign")
        signer = _second_line(signature)[2:10]  # two bytes of algorithm, eight of the key's number, the signature
        held = [key for key in sorted(home.glob("*.pub")) if signer and _second_line(key)[2:10] == signer]
        if not held:
            return ("", stranger) if signer else ("it is no signature of minisign", "")
        told = _run([found, "-V", "-q", "-p", held[0], "-x", signature, "-m", path])
    return (_said(told.stderr), "") if told.returncode else ("", "")


def _phrase(key: Path) -> str:
    """The passphrase of a secret key of minisign; "" of one that has none."""
    if not key.is_file():
        raise DataError(f"the head was not signed: there is no file {shown(str(key))}; name the secret key's file.")
    if _second_line(key)[2:4] == bytes(2):  # the way in which the key is locked: none
        return ""
    if not sys.stdin.isatty():
        raise DataError(
            "the head was not signed: the key has a passphrase and nobody is at a terminal to ask; sign by hand, or "
            "give a timer a key of its own (minisign -G -W)."
        )
    return getpass("passphrase of the key: ")


def _second_line(path: Path) -> bytes:
    """What a file of minisign says below its comment; nothing where it is none."""
    try:
        return base64.b64decode(path.read_text(encoding="utf-8").splitlines()[1], validate=True)
    except (OSError, UnicodeDecodeError, IndexError, binascii.Error):
        return b""


def _instead(program: str) -> str:
    other = next(name for name in ENDINGS if name != program)
    if shutil.which(other):
        return f"{other} is: sign with that (--with {other}), or install {program}"
    return f"nor is {other}: install one of them, or sign it elsewhere"


def _words(study: str, seq: int, head: str) -> str:
    return f"hotspot chain\nstudy {study}\nentry {seq}\nhead {head}\n"


def _run(words: Sequence[str | Path], typed: str = "") -> "subprocess.CompletedProcess[str]":
    """A program in plain English, whatever the office's language; it can ask nobody, and does not run for ever."""
    try:
        env = os.environ | {"LC_ALL": "C"}
        return subprocess.run([str(word) for word in words], capture_output=True, text=True, errors="replace", env=env,
                              input=f"{typed}\n" if typed else "", timeout=_SECONDS, check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DataError(f"{Path(words[0]).stem} did not answer within {_SECONDS} s; unlock its key first.") from None


def _said(text: str) -> str:
    lines = [line.removeprefix("gpg: ") for line in text.splitlines() if line.strip()]
    return shown(lines[-1])[:160] if lines else "nothing"
