"""
Pages set by typst: a template of ours, data as JSON, the faces of ``fonts``.

A template gets finished strings and drawings, never markup, so a name from a
file can only ever be printed. Same data, same bytes: no date, no random name.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from hotspot.publish.fonts import FACES, font_path
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.variables import DataError

_FACES = "faces.typ"  # comes before every template
DRAWN = ("svg", "qr", "symbol")  # keys whose strings are drawings, not text


def typeset(
    template: str,
    data: Mapping[str, Any],
    *,
    kind: str = "pdf",
    ppi: float | None = None,
    parts: Sequence[str] = (),
    fonts: Path | None = None,
    of: Pollutant = PM25,
) -> Any:
    """
    Set a template of ``publish/templates`` with its data.

    Parameters
    ----------
    template : str or Path
        Name of the file, e.g. ``"sheet.typ"``, or the whole path of one elsewhere; it reads ``sys.inputs.data``.
    data : dict or list of plain values
    kind : "pdf", "png" or "svg"
    ppi : float, optional
        Of a png.
    parts : sequence of str
        Templates set before it: what several pages share.
    fonts : Path, optional
        A folder of further font files, such as an office's own.
    of : Pollutant
        Whose words the template's own texts are said in.

    Returns
    -------
    bytes, or a list of bytes with one picture per page

    Raises
    ------
    DataError
        The page could not be set; carries typst's own words.
    """
    import typst

    try:
        compile_page: Any = typst.compile
        return compile_page(
            template_source(template, parts, of),
            font_paths=_fonts(fonts),
            ignore_system_fonts=True,
            format=kind,
            ppi=ppi,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        )
    except RuntimeError as error:
        raise DataError(f"{template}: the page could not be set: {error}") from None


def template_source(template: str, parts: Sequence[str] = (), of: Pollutant = PM25) -> bytes:
    """What typst is given of a template and the parts set before it."""
    folder = resources.files("hotspot.publish") / "templates"
    source = b"\n".join((folder / name).read_bytes() for name in (_FACES, *parts, template))
    return of.words(source.decode()).encode() if of.own_words else source


@cache
def _fonts(more: Path | None) -> Any:
    """The faces, read once for all pages."""
    import typst

    folders = {font_path(face).parent: None for face in FACES} | ({} if more is None else {more: None})
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders])


def set_texts(value: str | float | bool | dict[str, Any] | list[Any]) -> Iterator[str]:
    """
    Every string of a template's data that is set as text, for ``fonts.check_glyphs``.

    Examples
    --------
    >>> list(set_texts({"code": "PR1847K", "rows": [["一", 2]], "svg": "<svg/>"}))
    ['PR1847K', '一']
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in DRAWN:
                yield from set_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from set_texts(inner)
    elif isinstance(value, str):
        yield value
