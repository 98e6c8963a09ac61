"""
An office's own Word template, filled in the child of ``readers``.

Its marks run in Jinja's sandbox: they print what they are given, loop and choose, and reach
nothing else. What loops too long or grows too large is stopped by the child's limits.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

from hotspot.foreign import limits
from hotspot.variables import DataError

MAX_MEMBERS = 500
MAX_UNPACKED = 64 << 20


def decode(job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Fill a template.

    Parameters
    ----------
    job : dict
        ``path, name, folder`` and ``context``: what it prints, as JSON knows it.

    Returns
    -------
    (dict, dict): nothing; and the file ``document``

    Raises
    ------
    DataError
        It is no DOCX, or holds a mark that cannot be filled.
    """
    name = job["name"]
    data = Path(job["path"]).read_bytes()
    _check(data, name)
    (Path(job["folder"]) / "document").write_bytes(render(data, job["context"], name))
    return {}, {"document": "document"}


def render(data: bytes, context: dict[str, Any], name: str) -> bytes:
    """
    A DOCX with its marks filled.

    Parameters
    ----------
    name : str
        For messages.
    """
    from docxtpl import DocxTemplate
    from jinja2.sandbox import SandboxedEnvironment

    document, saved = DocxTemplate(io.BytesIO(data)), io.BytesIO()
    try:
        document.render(context, jinja_env=SandboxedEnvironment(autoescape=True), autoescape=True)
        document.save(saved)
    except MemoryError:
        raise
    except Exception as error:  # jinja2, lxml, python-docx and zipfile each fail in their own ways
        raise DataError(f"{name}: the template cannot be filled ({error}); mend it.") from None
    return saved.getvalue()


def _check(data: bytes, name: str) -> None:
    if len(data) > limits.MAX_BYTES:
        raise DataError(f"{name}: {len(data)} bytes, more than {limits.MAX_BYTES}; a template is smaller.")
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise DataError(f"{name}: the template is no DOCX; give the path of a DOCX file.") from None
    names = [member.filename.lower() for member in members]
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise DataError(f"{name}: the template unpacks to more than a notice ever holds; not opened.")
    if "word/document.xml" not in names:
        raise DataError(f"{name}: the template is no DOCX; give the path of a DOCX file.")
    if any("vbaproject" in member for member in names):
        raise DataError(f"{name}: the template carries macros; save it as .docx without them.")
