"""
The typefaces of an official paper: a serif for the body, a heavier one for the title.

GB/T 9704 asks for FangSong and XiaoBiaoSong, which no open package carries. An office that has them names the files
(``[office] body_font``, ``title_font``); they are inputs of its notices, with their hash in the manifest. Elsewhere
Noto Serif SC is set, its titles with a stroke for want of an open bold.
"""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hotspot.patterns import below
from hotspot.publish.fonts import SERIF
from hotspot.study import Study
from hotspot.variables import DataError

LARGEST = 64 << 20  # bytes of a font file; the largest Chinese ones have 30 million


class Faces(NamedTuple):
    """Families in order of preference, whether titles need a stroke, and the files beside ours."""

    body: tuple[str, ...] = (SERIF.family,)
    title: tuple[str, ...] = (SERIF.family,)
    stroked: bool = True
    files: tuple[Path, ...] = ()

    def data(self) -> dict[str, Any]:
        """
        The faces as a template reads them.

        Examples
        --------
        >>> Faces().data()
        {'body': ['Noto Serif SC'], 'title': ['Noto Serif SC'], 'stroked': True}
        """
        return {"body": list(self.body), "title": list(self.title), "stroked": self.stroked}


PLAIN = Faces()


def faces_of(study: Study) -> Faces:
    """
    The faces that an office names, before ours.

    Raises
    ------
    DataError
        A file is no font, too large, or lies outside the data folder.
    """
    families: dict[str, tuple[str, ...]] = {}
    files: list[Path] = []
    for part in ("body", "title"):
        own = getattr(study.office, f"{part}_font")
        if own:
            path = below(study.root, own, f"office.{part}_font", links=False)
            families[part] = (_family(path), SERIF.family)
            files.append(path)
    return Faces(**families, stroked="title" not in families, files=tuple(files))


def folder_of(files: tuple[Path, ...]) -> Path | None:
    """A folder with these files and nothing else, kept as long as the process; None for none."""
    return Path(_copied(files).name) if files else None


@cache
def _copied(files: tuple[Path, ...]) -> "tempfile.TemporaryDirectory[str]":
    """The typesetter takes every font of a folder, so an office's files stand in one of their own."""
    holder = tempfile.TemporaryDirectory(prefix="hotspot-fonts-")
    for number, path in enumerate(files):
        shutil.copyfile(path, Path(holder.name) / f"{number}{path.suffix}")
    return holder


def _family(path: Path) -> str:
    """The family's English name as a typesetter looks it up."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path.name}: larger than {LARGEST >> 20} MB; a font of an office is not.")
        with TTFont(path, lazy=True, fontNumber=0) as font:
            name = font["name"].getBestFamilyName() or ""
    except FileNotFoundError:
        raise DataError(f"{path.name}: not found; [office] names it as a font below the data folder.") from None
    except (TTLibError, OSError, KeyError, AssertionError, ValueError) as error:
        raise DataError(
            f"{path.name}: not a font that can be read ({type(error).__name__}); give a TTF or OTF."
        ) from None
    return str(name)
