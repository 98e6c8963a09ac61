"""
The typefaces of an official paper: a serif for the body, a bold for the title.

GB/T 9704 asks for FangSong and XiaoBiaoSong, which no open package carries. An office that has them names the files
(``[office] body_font``, ``title_font``); they are inputs of its notices, with their hash in the manifest. Elsewhere
the body is Noto Serif SC, of which no package holds a bold, and the title the bold sans of every page.
"""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hotspot.patterns import below
from hotspot.publish.fonts import BOLD, SANS, SERIF
from hotspot.study import Study
from hotspot.variables import DataError

LARGEST = 64 << 20  # bytes of a font file; the largest Chinese ones have 30 million


class Faces(NamedTuple):
    """Families in order of preference, and the files beside ours."""

    body: tuple[str, ...] = (SERIF.family,)
    title: tuple[str, ...] = (BOLD.family, SANS.family)
    files: tuple[Path, ...] = ()

    def data(self) -> dict[str, Any]:
        """
        The faces as a template reads them.

        Examples
        --------
        >>> Faces().data()
        {'body': ['Noto Serif SC'], 'title': ['Noto Sans CJK TC', 'Noto Sans SC']}
        """
        return {"body": list(self.body), "title": list(self.title)}


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
    for part, ours in (("body", PLAIN.body), ("title", PLAIN.title)):
        own = getattr(study.office, f"{part}_font")
        if own:
            path = below(study.root, own, f"office.{part}_font", links=False)
            families[part] = (_family(path), *ours)
            files.append(path)
    return Faces(**families, files=tuple(files))


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
