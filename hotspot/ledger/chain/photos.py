"""
Photos of a study, kept by their hash beside the ledger; an entry names them, and the chain thus holds them.

Three files of each in ``photos/``: ``HASH.original`` as it came (evidence, never shown), ``HASH.json`` what the camera
wrote of place and time (private), and last, so that it says the others are whole, ``HASH.jpg``, drawn anew for showing.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hotspot.foreign.child import ask
from hotspot.variables import DataError

FOLDER = "photos"  # below OUT/<study id>, beside the ledger
SHOWN_AS = "image/jpeg"  # the only type a photo is ever served as


@dataclass(frozen=True)
class Photo:
    """A photo taken in: its hash, its size upright (px), and, private, where and when by the camera, if it said so."""

    sha256: str
    kind: str
    width: int
    height: int
    lon: float | None
    lat: float | None
    taken: str


class NotKept(DataError):
    """The photo may be sound; it could not be written."""


class Photos:
    """
    The photos of one study.

    Parameters
    ----------
    folder : Path
        Made with the first photo, for its owner alone.

    Examples
    --------
    >>> Photos(Path("nowhere")).shown("0" * 64) is None
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def take(self, data: bytes, name: str = "photo", said: Mapping[str, Any] | None = None) -> Photo:
        """
        Take a photo in; one that is there already stays as it is.

        Parameters
        ----------
        data : bytes, as sent
        name : str, for messages
        said : mapping, optional
            ``lon, lat, taken`` that a phone read of it before shrinking, where the photo itself says nothing.

        Raises
        ------
        DataError
            It is no photo (see ``foreign.pictures``); ``NotKept`` where it cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        there = self.about(digest)
        if there is not None:
            return there
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(prefix=".taking-", dir=self.folder) as place:
                original = Path(place) / "original"
                _write(original, data)
                found = ask("picture", original, name)
                _write(Path(place) / "jpg", found.pop("shown"))
                photo = Photo(digest, **(found | _noted(said or {}, found)))
                _write(Path(place) / "json", json.dumps(asdict(photo), sort_keys=True).encode())
                for ending in ("original", "json", "jpg"):
                    os.replace(Path(place) / ending, self._file(digest, ending))
        except OSError as error:
            why = f"{name} cannot be kept ({error.strerror}); check space and rights."
            raise NotKept(f"{self.folder}: {why}") from None
        return photo

    def about(self, sha256: str) -> Photo | None:
        """What is known of a photo, its position too; None where it was not taken in whole."""
        if self.shown(sha256) is None:
            return None
        return Photo(**json.loads(self._file(sha256, "json").read_text()))

    def shown(self, sha256: str) -> Path | None:
        """The file to show, or None; a text that is no hash names no file."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            return None
        path = self._file(sha256, "jpg")
        return path if path.is_file() else None

    def files(self) -> list[Path]:
        """All files of photos taken in whole, by name, for a backup."""
        if not self.folder.is_dir():
            return []
        whole = sorted(path.stem for path in self.folder.glob("*.jpg") if self.shown(path.stem))
        return [self._file(digest, ending) for digest in whole for ending in ("original", "json", "jpg")]

    def _file(self, sha256: str, ending: str) -> Path:
        return self.folder / f"{sha256}.{ending}"


def _noted(said: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What a phone noted of a photo that says nothing itself; what is no place or no time is as if not said."""
    noted: dict[str, Any] = {}
    lon, lat, taken = (said.get(name) for name in ("lon", "lat", "taken"))
    if found["lon"] is None and isinstance(lon, int | float) and isinstance(lat, int | float):
        lon, lat = float(lon), float(lat)
        noted |= {"lon": round(lon, 6), "lat": round(lat, 6)} if abs(lon) <= 180 and abs(lat) <= 90 else {}
    if not found["taken"] and isinstance(taken, str) and re.fullmatch(r"[0-9: ]{10,19}", taken):
        noted["taken"] = taken
    return noted


def _write(path: Path, data: bytes) -> None:
    """A file for its owner alone, on the disk when this returns."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
