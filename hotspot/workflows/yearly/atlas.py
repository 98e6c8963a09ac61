"""The atlas of a city, from the year's list to the printed book."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.grid.city_files import city_files
from hotspot.patterns import digest_of
from hotspot.publish.fonts import check_glyphs
from hotspot.publish.paper.atlas import atlas_data, render
from hotspot.publish.paper.typeset import set_texts
from hotspot.study import Study
from hotspot.text.escape import one_name
from hotspot.text.whole import write_whole
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger(__name__)


def write_atlas(study: Study, year: int, *, city: str | None = None, out: Path | str = "out") -> list[Path]:
    """
    Write ``atlas-YEAR-CITYCODE.pdf``: the hotspot list of a year as a book for those who look after its cells.

    Parameters
    ----------
    study : Study
    year : int
        Of the list; selected first if nobody did.
    city : str, optional
        Name or code of one city, or the beginning of one alone; default every city that has a hotspot cell.
    out : str or Path
        The files appear in ``OUT/<study id>``.

    Returns
    -------
    list of Path, by city code

    Raises
    ------
    DataError
        The study has no such city, the city has no hotspot cell, or a text holds a letter the font
        cannot draw.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study.with_criteria(selection={"second_criterion": "none"})
    >>> [path.name for path in write_atlas(study, 2025, city="990100", out=tempfile.mkdtemp())]
    ['atlas-2025-990100.pdf']
    """
    from tqdm import tqdm

    from hotspot.deliveries.run import Deliveries
    from hotspot.sources.places.backdrop import read_backdrop
    from hotspot.workflows.closing.network import people_of_month
    from hotspot.workflows.yearly.year import open_hotspots

    deliveries = Deliveries(study, Path(out) / study.id)
    hot = open_hotspots(study, int(year), out=out, deliveries=deliveries)
    hot = hot[hot["status"] != "exited"]
    chosen = _cities(study, hot, city)
    intake = deliveries.intake()
    facilities: Any = deliveries.year(int(year), kinds=("facilities",)).facilities
    features = read_backdrop(study.backdrop, study.root, intake, bounds=study.boundaries.total_bounds)
    people = people_of_month(study, f"{year}-12", intake)
    folder = Path(out) / study.id
    digest = digest_of(folder / f"hotspots-{year}.csv")[:8]
    paths = []
    total = sum(int((hot["city"] == name).sum()) for _, name in chosen)
    with tqdm(total=total, desc="atlas", unit="cell", disable=None, leave=False) as bar:
        for code, name in chosen:
            data = atlas_data(
                study, int(year), name, hot=hot, facilities=facilities, backdrop=features, digest=digest,
                progress=bar.update, people=people,
            )  # fmt: skip
            check_glyphs(set_texts(data))
            paths.append(write_whole(folder / f"atlas-{year}-{code}.pdf", render(data, of=study.pollutant)))
    _LOG.info("%s %s: atlas of %d files", study.id, year, len(paths))
    return paths


def _cities(study: Study, hot: "pd.DataFrame", wanted: str | None) -> list[tuple[str, str]]:
    """(name of the file, city) of the cities asked for, by name, by code, or by what one of them alone begins with."""
    every = [(file, name) for name, file in city_files(study.cells).items()]
    there = [pair for pair in every if pair[1] in set(hot["city"])]
    if wanted is None:
        return there
    wanted = one_name(wanted)
    exact = [pair for pair in there if wanted in pair]
    found = exact or [pair for pair in there if any(text.startswith(wanted) for text in pair)]
    if len(found) == 1:
        return found
    if found:
        raise DataError(f"{wanted}: begins several cities, {', '.join(name for _, name in found)}; write more of one.")
    why = "has no hotspot cell" if any(wanted in pair for pair in every) else "is no city of this study"
    listed = ", ".join(f"{name} ({file})" for file, name in there)
    raise DataError(f"{wanted}: {why}; there are: {listed or 'none'}.")
