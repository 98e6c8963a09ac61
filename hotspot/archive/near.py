"""The near side of a fetch: what stands in the data folder, and how a file gets to its place."""

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from hotspot.archive.far import Far
from hotspot.archive.names import folded, wanted
from hotspot.archive.record import FOLDER, Fetched, Record, same_state
from hotspot.patterns import BEFORE, BESIDE, below, digest_of
from hotspot.study_archive import Archive
from hotspot.text.whole import to_disk
from hotspot.variables import DataError


@dataclass(frozen=True)
class Place:
    """Where a listed file belongs, and what stands there."""

    file: str  # below the data root
    path: Path
    found: dict[str, Any]  # as it was listed
    state: str  # "new", "unchanged" or "restated"
    why: str = ""  # it cannot come there
    before: Fetched | None = None  # as it was fetched last


class Near:
    """
    A data folder that is fetched into; only one process at a time does.

    Parameters
    ----------
    root : Path
        The data root.
    dry_run : bool
        Nothing is written.

    Raises
    ------
    DataError
        Another fetch is under way there.
    """

    def __init__(self, root: Path, *, dry_run: bool = False) -> None:
        self.root, self.dry_run = Path(root), dry_run
        self._held = ExitStack()
        self._names: dict[Path, dict[str, set[str]]] = {}  # of a folder: folded name -> names

    def __enter__(self) -> "Near":
        from filelock import FileLock, Timeout

        if not self.dry_run:
            (self.root / FOLDER).mkdir(parents=True, exist_ok=True)
            try:
                self._held.enter_context(FileLock(self.root / FOLDER / "lock", timeout=0))
            except Timeout:
                raise DataError(f"another fetch into {self.root} is under way; wait for it.") from None
        self.record = Record(self.root)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._held.close()

    def named(self, archive: Archive, name: str) -> str:
        """What a file of an archive is called below the data root."""
        into = Path(archive.into).as_posix()
        return name if into == "." else f"{into}/{name}"

    def place(self, file: str, found: dict[str, Any], archive: Archive) -> Place:
        """Where a file belongs, and what is to be done about it."""
        path = below(self.root, file, "archive.into")
        before = self.record.of(file)
        other = self._spelt_otherwise(path)
        if other:
            return Place(file, path, found, "new", f"would stand beside {other}, which differs only in case")
        try:
            there = path.lstat()
        except FileNotFoundError:
            return Place(file, path, found, "new", before=before)
        except NotADirectoryError:
            return Place(file, path, found, "new", "needs a folder where a file stands")
        if not stat.S_ISREG(there.st_mode):
            what = "a folder" if stat.S_ISDIR(there.st_mode) else "a link" if stat.S_ISLNK(there.st_mode) else "no file"
            return Place(file, path, found, "new", f"has {what} in its place here, which is left alone")
        if before is None:
            return Place(file, path, found, "new", "stands here already and was never fetched; it is left alone")
        if (there.st_size, there.st_mtime_ns) != (before.size, before.changed_ns):
            digest = digest_of(path)
            if digest in {one.sha256 for one in self.record.earlier(file)} - {before.sha256}:
                return Place(file, path, found, "restated", before=before)  # a run ended just before it put it there
            if digest != before.sha256:
                return Place(file, path, found, "new", "was changed here since it was fetched; it is left alone")
        state = "unchanged" if same_state(found, before._asdict()) else "restated"
        return Place(file, path, found, state, before=before)

    def gone(self, archive: Archive, listed: set[str]) -> list[str]:
        """What came from an archive and stands here, but is listed no longer by the patterns it has now."""
        patterns = [pattern.split("/") for pattern in archive.files]
        into = self.named(archive, "")
        return [
            file
            for file in self.record.files(archive.url)
            if file not in listed
            and file.startswith(into)
            and wanted(file.removeprefix(into).split("/"), patterns)
            and (self.root / file).is_file()
        ]

    def bring(self, place: Place, far: Far, came: Callable[[int], object], archive: Archive) -> dict[str, Any]:
        """
        Fetch a file into its place.

        Returns
        -------
        dict: ``what`` ("new", "restated", or "unchanged" where the same bytes came), ``file``, ``size``, ``sha256``,
        ``words`` (list of str) to be told

        Raises
        ------
        Refused, DataError
            As ``Far.get``; nothing half is left.
        OSError
            The folder cannot be written.
        """
        answer = {"what": place.state, "file": place.file, "size": place.found["size"], "sha256": "", "words": []}
        if self.dry_run:
            return answer | {"words": [""] if place.state == "restated" else []}
        path, before = place.path, place.before
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if place.found["size"] > free:
            raise DataError(f"{place.file} has {place.found['size']:,} bytes, the disk {free:,} left; make room.")
        part = path.with_name(f"{BESIDE}{path.name}.part")
        part.unlink(missing_ok=True)
        try:
            size, sha256 = far.get(place.found, part, came)
            changed = part.stat().st_mtime_ns
            if place.state == "restated":
                answer["words"], answer["what"] = self._keep(path, sha256)
            elif before is not None and before.sha256 != sha256:
                answer["words"] = [" was fetched before with other bytes, and is not here any more"]
            said = {key: place.found[key] for key in ("etag", "when")}
            self.record.add(Fetched(place.file, archive.url, size, sha256=sha256, changed_ns=changed, **said))
            os.replace(part, path)
            to_disk(path.parent)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return answer | {"sha256": sha256}

    def _keep(self, path: Path, sha256: str) -> tuple[list[str], str]:
        """What a restated file was, kept beside it; nothing where the bytes are the same."""
        was = digest_of(path)
        if was == sha256:
            return [], "unchanged"
        before = path.with_name(f"{path.name}{BEFORE}{was[:8]}")
        if not before.exists():
            try:
                os.link(path, before)
            except OSError:  # a file system without links
                half = path.with_name(f"{BESIDE}{before.name}.part")
                shutil.copy2(path, half)
                os.replace(half, before)
        return [f", what it was is {before.name}"], "restated"

    def _spelt_otherwise(self, path: Path) -> str:
        """A name in the same folder that differs only in case, or "", whatever the file system thinks of case."""
        folder = path.parent
        if folder not in self._names:
            self._names[folder] = {}
            with suppress(OSError):
                for name in os.listdir(folder):
                    self._names[folder].setdefault(folded(name), set()).add(name)
        return min(self._names[folder].get(folded(path.name), set()) - {path.name}, default="")
