"""
The notice as a page to print: the same texts as the DOCX, in the layout of ``templates/notice.typ``.
"""

from typing import Any

from hotspot.publish.fonts import check_glyphs
from hotspot.publish.office.faces import PLAIN, Faces, folder_of
from hotspot.publish.paper.typeset import set_texts, typeset
from hotspot.rules.pollutants import PM25, Pollutant


def notice_pdf(context: dict[str, Any], *, faces: Faces = PLAIN, of: Pollutant = PM25) -> bytes:
    """
    Set a notice.

    Parameters
    ----------
    context : dict, from ``notice.notice``
    faces : Faces
        Of the office, from ``faces_of``.
    of : Pollutant
        Whose words the layout speaks.

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw, or the page could not be set.
    """
    check_glyphs(set_texts(context))
    data = context | {"faces": faces.data()}
    return typeset("notice.typ", data, fonts=folder_of(faces.files), of=of)
