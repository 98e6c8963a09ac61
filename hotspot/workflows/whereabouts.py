"""
From a code or an official label to its place, and back: what ``hotspot cell`` prints.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hotspot.grid.place import find_place


def where_is(
    words: Sequence[str], *, datum: str = "wgs84", study: Path | str | None = None, data: Path | str | None = None
) -> dict[str, Any]:
    """
    A place by its code, by an official label, or by its position.

    Parameters
    ----------
    words : sequence of str, a code or label, or longitude and latitude
    datum : str, as ``grid.place.find_place``
    study : str or Path, optional
        Study file whose labels are known; its lattice is then the one meant.

    Returns
    -------
    dict as ``grid.place.place``, and ``label`` where the study gives the cell one

    Examples
    --------
    >>> where_is(["PQ1848E"])["cell"]
    'PQ1848E'
    """
    if study is None:
        return find_place(*words, datum=datum)
    from hotspot.study import load_study

    opened = load_study(study, data=data)
    asked = [opened.code_of(words[0])] if len(words) == 1 else list(words)
    found = find_place(*asked, datum=datum, grid=opened.grid)
    own = opened.labelled.get(str(found.get("parent") or found["cell"]), "")
    return found | ({"label": own} if own else {})
