"""Fires and bare soil of a month, read and told of its warned cells: evidence beside a list, no part of its making."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hotspot.deliveries.opening import around
from hotspot.sources.intake import Intake
from hotspot.study import Study

if TYPE_CHECKING:
    import geopandas as gpd

    from hotspot.trace.visits.seen_beside import Seen


def evidence_beside(
    study: Study, month: str, cells: Iterable[str], intake: Intake
) -> "tuple[gpd.GeoDataFrame | None, dict[str, list[Seen]]]":
    """
    The layers of a month, and what they hold of some cells.

    Parameters
    ----------
    cells : codes

    Returns
    -------
    (layers, seen)
        As ``Derived`` has them: (None, {}) where the study delivers none.

    Raises
    ------
    DataError
        A file cannot be read.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> evidence_beside(small.study, small.month, [], small.intake)
    (None, {})
    """
    if not study.evidence_layer:
        return None, {}
    from hotspot.sources.places.evidence_layers import read_layers
    from hotspot.trace.visits.seen_beside import seen_beside

    layers = read_layers(
        study.evidence_layer, study.root, intake, month=month, utc_offset=study.utc_offset, bounds=around(study)
    )
    found: dict[str, list[Seen]] = {}
    for one in seen_beside(layers, study.cells, sorted(set(map(str, cells))), study.criteria.tracing):
        found.setdefault(one.cell, []).append(one)
    return layers, found
