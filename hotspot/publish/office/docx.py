"""
A filled Word template as bytes: the same content gives the same file.

The template is the office's: any DOCX with the same names works. Texts from data
are escaped by the template engine, so that a name can only ever be printed; an office's
own template runs in a sandbox, in the child of ``hotspot.foreign``.
"""

import io
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

from hotspot.foreign.child import ask
from hotspot.foreign.documents import render
from hotspot.publish.archive import STAMP
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.variables import DataError


def filled(name: str, context: dict[str, Any], template: Path | str | None = None, *, of: Pollutant = PM25) -> bytes:
    """
    Fill a template.

    Parameters
    ----------
    name : str
        Of the template that ships, "letter.docx" or "notice.docx".
    context : dict
        What the template prints.
    template : str or Path, optional
        The office's own DOCX instead; its texts are the office's.
    of : Pollutant
        Whose words the texts of the template that ships are said in.

    Raises
    ------
    DataError
        The template is missing, is no DOCX, or holds a mark that cannot be filled.

    Examples
    --------
    >>> filled("letter.docx", {}, template="nowhere.docx")
    Traceback (most recent call last):
    hotspot.variables.DataError: nowhere.docx: there is no such template; give the path of a DOCX file.
    """
    if template is None:
        shipped = resources.files("hotspot.publish") / "templates" / name
        return same_bytes(render(shipped.read_bytes(), context, name), of)
    path = Path(template)
    if not path.is_file():
        raise DataError(f"{path.name}: there is no such template; give the path of a DOCX file.")
    report = ask("document", path, path.name, context=context)
    return same_bytes(report["document"])


def same_bytes(data: bytes, of: Pollutant = PM25) -> bytes:
    """A document written again without its dates, its body in the words of a jurisdiction: bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            member = zipfile.ZipInfo(name, STAMP)
            member.compress_type = zipfile.ZIP_DEFLATED
            part = before.read(name)
            if of.own_words and name == "word/document.xml":
                part = of.words(part.decode()).encode()
            after.writestr(member, part)
    return whole.getvalue()
