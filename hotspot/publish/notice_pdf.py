"""
The notice as a page to print: set by typst with the one font we ship.

The layout stands in ``templates/notice.typ``; texts enter it as JSON, never as markup.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from hotspot.publish.fonts import check_glyphs, font_path
from hotspot.variables import DataError

_TEMPLATE = "notice.typ"


def notice_pdf(context, *, kind="pdf", ppi=None):
    """
    Set a notice.

    Parameters
    ----------
    context : dict, from ``notice.notice``
    kind : "pdf", "png" or "svg"
    ppi : float, optional
        Of a png.

    Returns
    -------
    bytes, or a list of bytes with one picture per page

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw, or the page could not be set.
    """
    import typst

    check_glyphs(_strings(context))
    template: Any = (resources.files("hotspot.publish") / "templates" / _TEMPLATE).read_bytes()
    try:
        return typst.compile(
            template,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format=kind,
            ppi=ppi,
            sys_inputs={"data": json.dumps(context, ensure_ascii=False, sort_keys=True)},
        )
    except RuntimeError as error:
        raise DataError(f"{_TEMPLATE}: the notice could not be set: {error}") from None


@cache
def _fonts():
    """The one font, read once for all notices."""
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(font_path().parent)])


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
