"""
The notice as a page to print: the same texts as the DOCX, in the layout of ``templates/notice.typ``.
"""

from typing import Any

from hotspot.publish.fonts import check_glyphs
from hotspot.publish.paper.typeset import set_texts, typeset


def notice_pdf(context: dict[str, Any], *, kind: str = "pdf", ppi: int | None = None) -> bytes:
    """
    Set a notice.

    Parameters
    ----------
    context : dict, from ``notice.notice``
    kind, ppi : as ``typeset`` takes them

    Returns
    -------
    what ``typeset`` returns

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw, or the page could not be set.
    """
    check_glyphs(set_texts(context))
    return typeset("notice.typ", context, kind=kind, ppi=ppi)
