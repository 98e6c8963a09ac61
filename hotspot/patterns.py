"""The files that a study's patterns name, and none outside its data root; the digest of one."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from hotspot.variables import DataError

BEFORE = ".before-"  # and eight digits of its hash: what a delivery held before it was restated
BESIDE = ".hotspot-"  # what a fetch keeps for itself, and a file that is on its way
_KEPT = re.compile(rf"{re.escape(BESIDE)}.*|.*{re.escape(BEFORE)}[0-9a-f]{{8}}", re.DOTALL)


def kept_beside(name: str) -> bool:
    """
    Whether a file or folder is what ``hotspot fetch`` keeps beside deliveries: no pattern takes it for one.

    Examples
    --------
    >>> [kept_beside(name) for name in ("a.tif", "a.tif.before-0a1b2c3d", ".hotspot-a.tif.part")]
    [False, True, True]
    """
    return _KEPT.fullmatch(name) is not None


def find_files(root: Path, patterns: Iterable[str], what: str) -> list[Path]:
    """
    The delivered files that match, sorted by name.

    Parameters
    ----------
    root : Path
        The data root.
    patterns : sequence of str
        Globs below the root; ``..``, absolute paths and network paths are refused.
    what : str
        What is looked for, for the message.

    Raises
    ------
    DataError
        A pattern leaves the root, or nothing matches.
    """
    found = set()
    for pattern in patterns:
        if pattern.startswith(("/", "\\", "/vsi")) or ".." in Path(pattern).parts or "://" in pattern:
            raise DataError(f"{what}: pattern {pattern!r} leaves the data folder; give one below {root}.")
        matches = match_files(root, pattern)
        if not matches:
            raise DataError(
                f"{what}: nothing matches {pattern!r} below {root}; "
                "check the folder, or point HOTSPOT_DATA or --data at it."
            )
        found.update(matches)
    return sorted(found)


def match_files(root: Path | str, pattern: str) -> list[Path]:
    """
    The files that one pattern finds; a linked folder is a folder, and a file found by two ways is one file.

    Parameters
    ----------
    pattern : str
        As ``Path.glob`` takes it, below the root.

    Returns
    -------
    list of Path, sorted; of two names of one file the one that is no link

    Raises
    ------
    DataError
        A link leads to nothing, a folder may not be listed: what was delivered is not there. Or a name is no UTF-8.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for place in ("far/a.csv", "here/a.csv"):
    ...     (root / place).parent.mkdir()
    ...     (root / place).touch()
    >>> (root / "here" / "linked").symlink_to(root / "far", target_is_directory=True)
    >>> [path.relative_to(root).as_posix() for path in match_files(root, "here/**/*.csv")]
    ['here/a.csv', 'here/linked/a.csv']
    """
    root = Path(root)
    named = sorted(set(_expand(root, Path(pattern).parts, ())))
    named.sort(key=lambda path: os.path.realpath(path) != os.path.abspath(path))  # links last
    files: dict[str, Path] = {}
    for path in named:
        if path.name != path.name.encode(errors="replace").decode():  # no manifest can name it
            raise DataError(f"{path.relative_to(root)}: its name is not written in UTF-8; rename the file.")
        if path.is_file():
            files.setdefault(os.path.realpath(path), path)
        elif not path.exists():
            raise DataError(
                f"{path.relative_to(root)}: a link to a file that is not there; deliver it, or take it out."
            )
    return sorted(files.values())


def _expand(folder: Path, parts: tuple[str, ...], above: tuple[str, ...]) -> Iterator[Path]:
    """Paths below a folder that the parts of a pattern name; ``above`` guards against links in a ring."""
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if not any(mark in part for mark in "*?["):
        if (folder / part).exists():
            yield from _expand(folder / part, rest, above)
        return
    here = os.path.realpath(folder)
    if here in above:
        return
    if part == "**":
        yield from _expand(folder, rest, above)
    try:
        entries = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:  # what lies in it would be left out without a word
        raise DataError(f"{folder}: cannot be listed ({error.strerror}); check the rights of the folder.") from None
    for entry in entries:
        if kept_beside(entry.name):
            continue
        if part == "**":
            if entry.is_dir():
                yield from _expand(entry, parts, (*above, here))
        elif fnmatchcase(entry.name, part):
            yield from _expand(entry, rest, above)


def below(root: Path | str, name: str, what: str, *, links: bool = True) -> Path:
    """
    One file that a study names below its data root.

    Parameters
    ----------
    what : str
        The key of the study that names it, for the message.
    links : bool
        Whether a link may lead out of the root, as a linked delivery folder does.

    Raises
    ------
    DataError
        The name is absolute or climbs out, or a link leads out that may not.

    Examples
    --------
    >>> below("data", "/etc/passwd", "labels")
    Traceback (most recent call last):
    hotspot.variables.DataError: labels: '/etc/passwd' leaves the data folder; give a file below it.
    """
    root, path = Path(root), Path(root) / name
    out = not links and not path.resolve().is_relative_to(root.resolve())
    if out or Path(name).is_absolute() or "\0" in name or ".." in Path(name).parts:
        raise DataError(f"{what}: {name!r} leaves the data folder; give a file below it.")
    return path


def digest_of(path: str | Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
