"""An archive as the near side asks it: the child process behind it, and its faults as sentences."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from hotspot.foreign.child import Child
from hotspot.study_archive import Archive
from hotspot.variables import DataError

START_S = 60.0  # for the child to load its library
LISTING_S = 900.0  # for one answer of a listing: a folder comes whole, a thousand names a question (proposal)
SLOWEST = 1_000  # bytes a second, as long as a store may be silent: less is as good as nothing (proposal)
MEMORY = 4 << 30  # bytes of address space of the child; beyond it a listing has no end (proposal)
# What the store's library is called where it is not fsspec's own.
_LIBRARIES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
_LIBRARIES |= {"http": "aiohttp", "https": "aiohttp"}
_WORDS = {
    "protocol": "is of no kind that fsspec knows; give s3://, https://, gs://, az:// or file://",
    "denied": "the store refused: give its library credentials where it looks for them (environment, profile file), "
    "never in the study; or say anonymous = true of a public one",
    "missing": "there is no such folder",
    "silent": "the store says nothing; try again, or raise silent_s",
    "unreachable": "the store cannot be reached; try again",
    "endless": "its listing does not end, or holds more names than a fetch takes; name a folder below it",
    "cut": "the connection was cut",
    "died": "the process that asks it ended; try again, or report this",
}
_SAYS_ALL = {"protocol", "missing", "silent", "endless", "died", "cut", "larger", "moved"}
# Of one file: the others may still come.
_OF_A_FILE = {
    "cut": "came cut",
    "unreachable": "came cut",
    "moved": "was written while it was read",
    "larger": "is larger than the store said",
    "missing": "is listed, but not there",
    "denied": "may not be read",
    "odd": "cannot be read",
}


class Refused(Exception):
    """One file did not come whole; the words say why. ``broken`` of a connection that was cut."""

    def __init__(self, why: str, *, broken: bool = False) -> None:
        super().__init__(why)
        self.broken = broken


class Far:
    """
    An open archive.

    Parameters
    ----------
    archive : study_archive.Archive

    Raises
    ------
    DataError
        The library of the store is not installed, or knows no such address.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.tif").write_bytes(b"1234")
    >>> with Far(Archive(url=f"file://{folder}", files=["*.tif"])) as far:
    ...     found = list(far.listed())
    ...     bytes_, sha256 = far.get(found[0], folder / "copy", lambda n: None)
    >>> found[0]["name"], bytes_, sha256[:8]
    ('a.tif', 4, '03ac6742')
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._child = Child(MEMORY, "hotspot.archive.remote")
        try:
            how = {"endpoint": archive.endpoint, "anonymous": archive.anonymous, "silent_s": archive.silent_s}
            self._whole(self._ask({"do": "open", "url": archive.url} | how, archive.silent_s + START_S))
        except BaseException:
            self._child.process.kill()
            self._child.close()
            raise

    def __enter__(self) -> "Far":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self._child.process.kill()  # it may be waiting for a store that says nothing
        self._child.close()

    def listed(self) -> Iterator[dict[str, Any]]:
        """
        Every file that is wanted.

        Yields
        ------
        dict: ``name`` (below the url), ``raw`` (as the store calls it), ``size``, ``etag``, ``when``, and ``why`` it
        cannot be taken, or ""

        Raises
        ------
        DataError
            There is no such folder, no right to it, no answer, no end.
        """
        job: dict[str, Any] = {"do": "list", "files": self._archive.files}
        while True:
            page = self._whole(self._ask(job, LISTING_S))
            yield from page["found"]
            if page["done"]:
                return
            job = {"do": "more"}

    def get(self, found: dict[str, Any], to: Path, came: Callable[[int], object]) -> tuple[int, str]:
        """
        Bring one file, onto the disk.

        Parameters
        ----------
        found : dict, as it was listed
        to : Path, where nothing stands
        came : callable, given the bytes that came since it was called last

        Returns
        -------
        (int, str): its bytes and its SHA-256

        Raises
        ------
        Refused
            This file did not come whole.
        DataError
            The store says nothing any more, or the disk is full.
        """
        # A turn reads a few MB, each piece of which may take as long as the store may be silent.
        patience = 4 * self._archive.silent_s
        report = self._ask({**found, "do": "get", "to": str(to.resolve())}, patience)
        got, had, since = 0, 0, time.monotonic()
        while True:
            self._file(report, found)
            if "got" in report:
                came(report["got"] - got)
                got = report["got"]
            if report.get("done"):
                return got, str(report["sha256"])
            if time.monotonic() - since > self._archive.silent_s:
                if got - had < SLOWEST * self._archive.silent_s:
                    self._whole({"fault": "silent", "class": "", "status": None})
                had, since = got, time.monotonic()
            report = self._ask({"do": "next"}, patience)

    def _ask(self, job: dict[str, Any], seconds: float) -> dict[str, Any]:
        begun = time.monotonic()
        report = self._child.ask(job, seconds)
        if "died" in report:  # whatever it said last may repeat what it was given
            silent = time.monotonic() - begun >= seconds
            return {"fault": "silent" if silent else "died", "class": "", "status": None}
        return report

    def _whole(self, report: dict[str, Any]) -> dict[str, Any]:
        if "fault" not in report:
            return report
        url, protocol = self._archive.url, self._archive.protocol
        if report["fault"] == "library":
            library = _LIBRARIES.get(protocol, "a library of its own")
            raise DataError(f"{url}: {protocol}:// needs {library}; pip install 'hotspot[archive]', or that library.")
        raise DataError(f"{url}: {_WORDS.get(report['fault'], 'the store cannot be read')}{_exactly(report)}.")

    def _file(self, report: dict[str, Any], found: dict[str, Any]) -> None:
        fault = report.get("fault", "")
        if fault == "disk":
            why = f"the data folder cannot be written ({report['class']}); is the disk full?"
            raise DataError(f"{why} Nothing half is left.")
        if fault in _OF_A_FILE:
            broken = fault in ("cut", "unreachable")
            how = f" ({report['got']:,} of {found['size']:,} bytes)" if broken else _exactly(report)
            raise Refused(f"{_OF_A_FILE[fault]}{how}", broken=broken)
        self._whole(report)


def _exactly(report: dict[str, Any]) -> str:
    """The class of a fault and its status, where our words do not say all."""
    if report["fault"] in _SAYS_ALL:
        return ""
    said = " ".join(str(one) for one in (report["class"], report["status"]) if one)
    return f" ({said})" if said else ""
