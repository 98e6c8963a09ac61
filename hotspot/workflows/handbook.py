"""The handbook of a study's profile as PDF and DOCX (D22)."""

from pathlib import Path

from hotspot.publish.office.handbook import handbook
from hotspot.publish.office.paper import paper_docx, paper_pdf


def write_handbook(study, *, out="out") -> list[Path]:
    """
    Write the handbook.

    Parameters
    ----------
    study : Study
    out : str or Path
        ``OUT/<study id>/handbook.pdf`` and ``.docx``

    Returns
    -------
    list of Path
    """
    folder = Path(out) / study.id
    folder.mkdir(parents=True, exist_ok=True)
    paper = handbook(study)
    paths = []
    for name, content in (("handbook.pdf", paper_pdf(paper)), ("handbook.docx", paper_docx(paper))):
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content[0])
        paths.append(path)
    return paths
