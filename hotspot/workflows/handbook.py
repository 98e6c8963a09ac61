"""The handbook of a study's profile as PDF and DOCX (D22)."""

from pathlib import Path

from hotspot.publish.office.paper import write_paper
from hotspot.publish.office.periods.handbook import handbook
from hotspot.study import Study


def write_handbook(study: Study, *, out: Path | str = "out") -> list[Path]:
    """
    Write the handbook.

    Parameters
    ----------
    out : str or Path
        ``OUT/<study id>/handbook.pdf`` and ``.docx``
    """
    return write_paper(Path(out) / study.id / "handbook", handbook(study).told(study.pollutant))
